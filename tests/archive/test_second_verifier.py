"""The second verifier, `verify.py`: its own Ed25519, its own reading of the formats, and archive folders.

It shares no code with the rest, so its parts are held against others' here.
"""

from __future__ import annotations

import ast
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.dossier import verify
from schemas import entry
from tests import casebook
from tests.judges import judge

SMALL_ORDER = (  # the points of order 1, 2, 4 and 8, in their canonical and other spellings
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
)


def test_it_imports_the_standard_library_alone():
    tree = ast.parse(Path(verify.__file__).read_text("utf-8"))
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert set() == names - set(sys.stdlib_module_names)


def test_it_knows_the_entry_types_that_the_ledger_writes():
    assert {t: (" ".join(must), " ".join(may)) for t, (must, may) in entry.BODIES.items()} == verify.BODIES
    assert entry.KINDS == verify.KINDS


@settings(max_examples=25, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), at=st.integers(0, 511))
def test_its_ed25519_says_what_openssl_says(seed, message, at):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    verify.ed25519_verify(public, message, bytes(signature))
    signature[at // 8] ^= 1 << at % 8
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
    with pytest.raises(verify.Broken):
        verify.ed25519_verify(public, message, bytes(signature))


def test_it_follows_the_first_vectors_of_rfc_8032():
    for public, message, signature in (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ):  # fmt: skip
        verify.ed25519_verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_weak_key_is_refused(point):
    with pytest.raises(verify.Broken):
        verify.ed25519_key(bytes.fromhex(point))


def test_a_signature_with_a_larger_spelling_of_itself_is_refused():
    """s + L verifies under a lax verifier: two signatures of one text."""
    key = Ed25519PrivateKey.generate()
    signature = key.sign(b"x")
    larger = (int.from_bytes(signature[32:], "little") + verify.ORDER).to_bytes(32, "little")
    with pytest.raises(verify.Broken, match="canonical"):
        verify.ed25519_verify(key.public_key().public_bytes_raw(), b"x", signature[:32] + larger)


def test_it_checks_what_ssh_keygen_signs(tmp_path):
    subprocess.run([judge("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tmp_path / "key"], check=True)
    (tmp_path / "text").write_bytes(b"five lines\n")
    subprocess.run(
        [judge("ssh-keygen"), "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "sijill-test@v1", tmp_path / "text"], check=True
    )
    line = " ".join((tmp_path / "key.pub").read_text().split()[:2])
    signed = (tmp_path / "text.sig").read_text()
    assert verify.fingerprint(verify.key_blob(line)) == verify.sshsig_verify(b"five lines\n", "sijill-test@v1", signed)
    for message, namespace in ((b"five lines", "sijill-test@v1"), (b"five lines\n", "sijill-test@v2")):
        with pytest.raises(verify.Broken):
            verify.sshsig_verify(message, namespace, signed)


@given(st.integers(1, 70), st.data())
@settings(max_examples=60, deadline=None)
def test_a_proof_also_gives_the_tree_before_its_leaf(size, data):
    """The siblings on the left are the tree that a commit signed: no other proof of that is needed."""
    from archive import merkle

    index = data.draw(st.integers(0, size - 1))
    leaves = [bytes([n]) for n in range(size)]
    hashes = [verify.leaf_hash(leaf) for leaf in leaves]

    def get(level, n):
        return merkle.root_of(hashes[n << level : (n + 1) << level])

    proof = list(merkle.inclusion_proof(index, size, get))
    whole, before = verify.walk_proof(hashes[index], index, size, proof)
    tree = verify.Tree()
    for leaf in leaves[:index]:
        tree.add(leaf)
    assert whole == merkle.root_of(hashes)
    assert before == (tree.root() if index else None)


# --- archive folders


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    casebook.filled_archive(folder)
    return folder / "archive"


@pytest.fixture
def folder(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "archive"))


def run(folder, *more):
    return subprocess.run(
        [sys.executable, "-I", verify.__file__, *more, folder], capture_output=True, text=True, check=False
    )


def sql(folder, *statements):
    db = sqlite3.connect(folder / "sijill.db")
    for trigger in ("ledger_no_update", "ledger_no_delete"):
        db.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for journal in folder.glob("sijill.db-*"):
        journal.unlink()


def test_a_whole_archive_holds(kept):
    answer = run(kept)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "BLAKE3 not recomputed" in answer.stdout and "self-attested" in answer.stdout


TAMPERED = {
    "an entry's bytes": "UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), 'record.add', 'record.edit') AS BLOB)",
    "one letter of an entry": "UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"at\":\"2', '\"at\":\"1') AS BLOB)"
    " WHERE idx = 12",
    "the last entries": "DELETE FROM ledger WHERE idx > (SELECT max(idx) - 2 FROM ledger)",
    "the commit at the end": "DELETE FROM ledger WHERE idx = (SELECT max(idx) FROM ledger)",
    "an entry in the middle": "DELETE FROM ledger WHERE idx = 12",
    "a disclosure": "UPDATE private SET disclosures = replace(disclosures, 'W', 'X') WHERE idx = 12",
    "all disclosures of an entry": "DELETE FROM private WHERE idx = 12",
    "a disclosure moved": "UPDATE private SET idx = 10000 WHERE idx = 12",
    "a checkpoint": "DELETE FROM checkpoint WHERE size = (SELECT min(size) FROM checkpoint)",
    "a checkpoint's note": "UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), 'casebook', 'casebouk') AS BLOB)",
    "a checkpoint more": "INSERT INTO checkpoint SELECT 3, note FROM checkpoint LIMIT 1",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_change_behind_the_ledgers_back_is_noticed(folder, name):
    sql(folder, TAMPERED[name])
    answer = run(folder)
    assert 1 == answer.returncode, answer.stdout + answer.stderr
    assert "BROKEN" in answer.stdout and "" == answer.stderr


def objects(folder):
    return sorted(p for p in (folder / "objects").rglob("*") if p.is_file())


def test_a_changed_object_is_noticed(folder):
    path = objects(folder)[0]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[::-1])
    assert 1 == run(folder).returncode


def test_a_missing_object_and_a_link_in_its_place_are_noticed(folder):
    path = objects(folder)[0]
    path.parent.chmod(0o700)
    path.rename(folder / "aside")
    assert 1 == run(folder).returncode
    path.symlink_to(folder / "aside")
    assert 1 == run(folder).returncode


def test_a_file_checkpoint_of_another_ledger_is_noticed(folder, tmp_path):
    casebook.filled_archive(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "archive" / "checkpoint", folder / "checkpoint")
    assert 1 == run(folder).returncode


def test_an_archive_is_held_against_what_was_given(kept):
    report = verify.check_archive(str(kept))
    assert report.ok
    assert 1 == run(kept, "--genesis", "ab" * 32).returncode
    assert 1 == run(kept, "--log-vkey", "x+00000000+AAAA").returncode


def test_it_writes_nothing_into_an_archive(kept):
    before = {p: p.stat().st_mtime_ns for p in kept.rglob("*")}
    run(kept)
    assert before == {p: p.stat().st_mtime_ns for p in kept.rglob("*")}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_could_not_be_looked_at(folder):
    (folder / "sijill.db").chmod(0)
    assert 3 == run(folder).returncode


def test_a_database_that_is_none_could_not_be_looked_at(folder):
    (folder / "sijill.db").write_bytes(b"no database" * 1000)
    answer = run(folder)
    assert 3 == answer.returncode and "Traceback" not in answer.stderr
