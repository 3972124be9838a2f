"""Witnesses by file: who counts, how many must agree, and what they are asked."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive import ledger, merkle, note
from archive.audit import audit
from archive.registry import registry_of
from archive.witness import Policy, attach, request, set_policy
from schemas.errors import FormatError, InputError
from tests.casebook import filled_archive, signers

TIME = 1_760_000_000


class Outsider:
    """A witness with a key of its own, who signs as C2SP cosignature/v1 says."""

    def __init__(self, name, seed):
        self.name, self.key = name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        typed = b"\x04" + self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(typed).decode()}"

    def line(self, text, time=TIME):
        signature = self.key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"— {self.name} {base64.b64encode(self.id + time.to_bytes(8, 'big') + signature).decode()}\n"


ONE, TWO, THREE = (Outsider(f"witness.example/{n}", n) for n in (1, 2, 3))
POLICY = (
    f"# exercise\nwitness one {ONE.vkey}\nwitness two {TWO.vkey}\nwitness three {THREE.vkey}\n"
    "group most 2 one two three\nquorum most\n"
)


@pytest.fixture
def archive(tmp_path):
    archive = filled_archive(tmp_path)
    (tmp_path / "policy").write_text(POLICY)
    set_policy(archive, signers(archive), tmp_path / "policy")
    return archive


def newest(archive):
    with archive.reading() as db:
        return ledger.checkpoint_note(db)[1].decode()


def text_of(stored):
    return note.SignedNote.parse(stored.encode()).text


def test_a_quorum_is_met_when_enough_agree(archive, tmp_path):
    stored = newest(archive)
    (tmp_path / "back").write_text(stored + ONE.line(text_of(stored)))
    document = attach(archive, signers(archive), tmp_path / "back")
    assert (document["witnesses"], document["quorum"]) == (["one"], False)
    (tmp_path / "more").write_text(stored + TWO.line(text_of(stored)))
    attach(archive, signers(archive), tmp_path / "more")
    report = audit(archive)
    assert report.exit_status == 0
    assert report.witnessed == [{"size": document["size"], "witnesses": ["one", "two"], "quorum": True}]


def test_signature_lines_alone_are_for_the_newest_checkpoint(archive, tmp_path):
    (tmp_path / "lines").write_text(ONE.line(text_of(newest(archive))))
    assert attach(archive, signers(archive), tmp_path / "lines")["witnesses"] == ["one"]


@pytest.mark.parametrize("change", ["stranger", "time", "text", "cut", "nothing"])
def test_what_no_witness_signed_is_not_recorded(archive, tmp_path, change):
    stored = newest(archive)
    line = {
        "stranger": Outsider("witness.example/1", 9).line(text_of(stored)),
        "time": ONE.line(text_of(stored), TIME).replace("A", "B", 1),
        "text": ONE.line(text_of(stored) + "x"),
        "cut": ONE.line(text_of(stored))[:-20] + "\n",
        "nothing": "",
    }[change]
    (tmp_path / "back").write_text(stored + line)
    before = archive.database.read_bytes()
    with pytest.raises(InputError):
        attach(archive, signers(archive), tmp_path / "back")
    assert archive.database.read_bytes() == before


def test_a_cosigned_state_of_another_log_is_not_recorded(archive, tmp_path):
    other = newest(filled_archive(tmp_path / "other"))
    (tmp_path / "back").write_text(other + ONE.line(text_of(other)))
    with pytest.raises(InputError, match="no checkpoint of this archive"):
        attach(archive, signers(archive), tmp_path / "back")


def test_a_witness_is_asked_with_the_proof_from_what_they_saw(archive, tmp_path):
    old = newest(archive)
    (tmp_path / "seen").write_text(old)
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    request(archive, tmp_path / "ask", tmp_path / "seen")
    head, _, stored = (tmp_path / "ask" / "add-checkpoint").read_bytes().partition(b"\n\n")
    first, *proof = head.decode().split("\n")
    before = note.Checkpoint.parse(text_of(old))
    with archive.reading() as db:
        after = note.open_checkpoint(stored, registry_of(db).log_vkey)
    assert first == f"old {before.size}"
    hashes = [base64.b64decode(line) for line in proof]
    assert merkle.verify_consistency(before.size, after.size, hashes, before.root, after.root)
    (tmp_path / "foreign").write_text(newest(filled_archive(tmp_path / "other")))
    with pytest.raises(InputError, match="no older state"):
        request(archive, tmp_path / "ask2", tmp_path / "foreign")


@pytest.mark.parametrize(
    "text",
    [
        "", "quorum one\n", f"witness one {ONE.vkey}\n", f"witness one {ONE.vkey}\nquorum two\n",
        f"witness one {ONE.vkey}\nwitness two {ONE.vkey}\nquorum one\n",
        f"witness one {ONE.vkey}\nwitness one {TWO.vkey}\nquorum one\n",
        f"witness one {ONE.vkey}\ngroup g 2 one\nquorum g\n", f"witness one {ONE.vkey}\ngroup g 0 one\nquorum g\n",
        f"witness one {ONE.vkey}\ngroup g +1 one\nquorum g\n", f"witness one {ONE.vkey[:-4]}\nquorum one\n",
        f"witness one {ONE.vkey}\nquorum one\nquorum one\n", "nonsense here now\nquorum none\n",
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(FormatError):
        Policy.parse(text)


def test_groups_may_stand_in_groups():
    policy = Policy.parse(
        f"witness one {ONE.vkey}\nwitness two {TWO.vkey}\nwitness three {THREE.vkey}\n"
        "group pair all one two\ngroup either any pair three\nquorum either\n"
    )
    assert policy.met(frozenset({"three"}))
    assert policy.met(frozenset({"one", "two"}))
    assert not policy.met(frozenset({"one"}))
    assert Policy.parse("quorum none\n").met(frozenset())
