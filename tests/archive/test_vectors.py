"""What others published and their tools make: trees, notes, signatures, disclosures, digests, keys."""

import base64
import hashlib
import io
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import disclosure, merkle, note, sshsig
from archive.dossier import verify as second
from archive.policy import cosigned_at
from evidence.digest import digest_stream
from schemas.errors import SijillError
from tests.judges import judge

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "published.toml").read_text("utf-8"))
LEAVES = [f"leaf {number}".encode() for number in range(130)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def naive(hashes):
    """RFC 6962 section 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return merkle.node_hash(naive(hashes[:split]), naive(hashes[split:]))


def subtree(height, number):
    return naive(HASHES[number << height : (number + 1) << height])


def test_the_published_roots_come_out():
    leaves = [bytes.fromhex(leaf) for leaf in VECTORS["rfc6962"]["leaves"]]
    compact = merkle.CompactRange()
    for leaf, root in zip(leaves, VECTORS["rfc6962"]["roots"], strict=True):
        compact.extend([leaf])
        assert compact.root().hex() == root
        assert merkle.CompactRange.from_edge(compact.size, compact.hashes).root() == compact.root()


def test_every_inclusion_proof_up_to_seventy_holds_and_no_other():
    for size in range(1, 71):
        root = naive(HASHES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, subtree)
            assert merkle.verify_inclusion(HASHES[index], index, size, proof, root)
            assert second.walk_proof(HASHES[index], index, size, proof)[0] == root
            assert not merkle.verify_inclusion(HASHES[index], (index + 1) % size, size, proof, root) or size == 1
            for wrong in ([*proof, bytes(32)], proof[:-1] or [bytes(32)], [h[::-1] for h in proof] or [bytes(32)]):
                assert not merkle.verify_inclusion(HASHES[index], index, size, wrong, root)


def test_every_consistency_proof_between_two_sizes_up_to_seventy_holds_and_no_other():
    roots = [naive(HASHES[:size]) for size in range(71)]
    for new in range(71):
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, subtree)
            assert merkle.verify_consistency(old, new, proof, roots[old], roots[new])
            if 0 < old < new:
                assert not merkle.verify_consistency(old, new, proof, roots[old - 1], roots[new])
                assert not merkle.verify_consistency(old, new, proof, roots[old], roots[new - 1])
                assert not merkle.verify_consistency(old, new, [*proof, bytes(32)], roots[old], roots[new])
                assert not merkle.verify_consistency(old, new, proof[:-1], roots[old], roots[new])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 130), st.data())
def test_a_proof_with_one_bit_changed_never_holds(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(index, size, subtree), naive(HASHES[:size])
    if not proof:
        return
    at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    changed = bytearray(proof[at])
    changed[bit // 8] ^= 1 << bit % 8
    assert not merkle.verify_inclusion(HASHES[index], index, size, [*proof[:at], bytes(changed), *proof[at + 1 :]], root)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_is_made_or_held_outside_the_tree(index, size):
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_proof(index, size, subtree)
    assert not merkle.verify_inclusion(HASHES[0], index, size, [], HASHES[0])


def test_the_published_note_holds_and_none_of_its_bytes_may_change():
    one = VECTORS["signed_note"]
    signed, verifier = note.SignedNote.parse(one["note"].encode()), note.Verifier.parse(one["vkey"])
    (signature,) = signed.signatures
    assert (signature.name, signature.key_id) == (verifier.name, verifier.key_id)
    assert verifier.holds(signed.text.encode(), signature.signature)
    assert not verifier.holds(signed.text.encode() + b"x", signature.signature)
    assert verifier.vkey() == one["vkey"]


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
POINT = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
CHECKPOINT = note.Checkpoint("log.example/one", 7, hashlib.sha256(b"x").digest())
VKEY = note.vkey_of("log.example/one", KEY)


def test_the_published_checkpoint_is_read_by_both_and_written_as_it_was():
    vector = VECTORS["checkpoint"]
    signed = note.SignedNote.parse(vector["note"].encode())
    found = note.Checkpoint.parse(signed.text)
    assert (found.origin, found.size) == (vector["origin"], vector["size"])
    assert base64.b64encode(found.root).decode() == vector["root"]
    assert found.text() == signed.text
    assert [(one.name, len(one.signature)) for one in signed.signatures] == [(vector["origin"], 64), (vector["witness"], 72)]
    lines = vector["note"].split("\n")[4:6]
    theirs = [second.signature_line(line) for line in lines]
    assert theirs == [(one.name, one.key_id + one.signature) for one in signed.signatures]
    with pytest.raises(SijillError, match="not signed, once"):  # nobody has a key of theirs
        note.open_checkpoint(vector["note"].encode(), note.Verifier.of(vector["origin"], POINT).vkey())


def test_the_published_cosignature_says_its_time_and_a_witness_signs_the_published_lines():
    vector = VECTORS["checkpoint"]
    signed = note.SignedNote.parse(vector["note"].encode())
    raw = signed.signatures[1].signature
    assert int.from_bytes(raw[:8], "big") == vector["time"]
    witness = note.Verifier.of(vector["witness"], POINT, note.COSIGNATURE)
    line = vector["time"].to_bytes(8, "big") + KEY.sign(vector["message"].encode())
    assert cosigned_at(witness, signed.text, line).timestamp() == vector["time"]
    with pytest.raises(SijillError, match="does not hold"):
        cosigned_at(witness, signed.text, raw)


def test_a_checkpoint_comes_back_as_it_was_signed():
    signed = note.sign_checkpoint(CHECKPOINT, KEY)
    assert note.open_checkpoint(signed, VKEY) == CHECKPOINT
    assert second.open_checkpoint(signed, second.LogKey(VKEY))[:2] == ("log.example/one", 7)


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (b"\n7\n", b"\n+7\n"), (b"\n7\n", b"\n07\n"), (b"\n7\n", b"\n 7\n"), (b"\n7\n", b"\n7_0\n"),
        (b"\n7\n", "\n٧\n".encode()), (b"\n7\n", b"\n-7\n"), (b"\n7\n", b"\n99999999999999999999\n"), (b"\n7\n", b"\n8\n"),
        (b"log.example/one\n7", b"log.example/two\n7"), (b"\n\n", b"\nextension\n\n"), (b"\n\n", b"\r\n\r\n"),
        (b"=\n\n", b"\n\n"), ("— ".encode(), b"- "), ("— ".encode(), "—  ".encode()), (b"\n7\n", b"\n7\n\n"),
    ],
)  # fmt: skip
def test_a_checkpoint_in_another_spelling_is_refused_by_both(change, to):
    signed = note.sign_checkpoint(CHECKPOINT, KEY)
    broken = signed.replace(change, to, 1)
    assert broken != signed
    with pytest.raises(SijillError):
        note.open_checkpoint(broken, VKEY)
    with pytest.raises(second.Broken):
        second.open_checkpoint(broken, second.LogKey(VKEY))


def test_a_log_signs_once_and_others_may_sign_beside_it():
    signed = note.sign_checkpoint(CHECKPOINT, KEY)
    own = signed.rsplit(b"\n\n", 1)[1]
    with pytest.raises(SijillError, match="once"):
        note.open_checkpoint(signed + own, VKEY)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    line = note.sign_checkpoint(note.Checkpoint("witness.example", 7, CHECKPOINT.root), other).rsplit(b"\n\n", 1)[1]
    assert note.open_checkpoint(signed + line, VKEY) == CHECKPOINT


def test_a_proof_file_comes_back_as_it_was_written():
    proof = note.TlogProof(3, tuple(HASHES[:4]), note.sign_checkpoint(CHECKPOINT, KEY))
    assert note.TlogProof.parse(proof.write()) == proof
    extra = note.TlogProof(3, (), proof.checkpoint_note, b"anything")
    assert note.TlogProof.parse(extra.write()) == extra


PARSERS = {
    "note": lambda data: note.open_checkpoint(data, VKEY),
    "vkey": lambda data: note.Verifier.parse(data.decode("utf-8", "replace")),
    "proof": note.TlogProof.parse,
    "signature": lambda data: sshsig.verify(b"x", "sijill-commit@v1", data.decode("utf-8", "replace")),
    "key": lambda data: sshsig.parse_public_line(data.decode("utf-8", "replace")),
    "disclosure": lambda data: disclosure.read(data.decode("utf-8", "replace")),
}
SOUND = {
    "note": note.sign_checkpoint(CHECKPOINT, KEY),
    "vkey": VKEY.encode(),
    "proof": note.TlogProof(3, tuple(HASHES[:4]), note.sign_checkpoint(CHECKPOINT, KEY)).write(),
    "signature": sshsig.sign(b"x", "sijill-commit@v1", KEY).encode(),
    "key": sshsig.public_line(sshsig.blob_of(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))).encode(),
    "disclosure": disclosure.make("title.en", {"a": [1, True, "x"]}).encode(),
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_bytes_come_a_parser_refuses_or_reads_and_never_breaks(name, data):
    """Random bytes, and sound ones cut, doubled and changed."""
    sound = SOUND[name]
    kind = data.draw(st.sampled_from(["random", "cut", "change", "insert", "double"]))
    at = data.draw(st.integers(0, len(sound) - 1))
    if kind == "random":
        given_bytes = data.draw(st.binary(max_size=400))
    elif kind == "cut":
        given_bytes = sound[:at]
    elif kind == "change":
        given_bytes = sound[:at] + bytes([data.draw(st.integers(0, 255))]) + sound[at + 1 :]
    elif kind == "insert":
        given_bytes = sound[:at] + data.draw(st.binary(min_size=1, max_size=40)) + sound[at:]
    else:
        given_bytes = sound + sound
    try:
        PARSERS[name](given_bytes)
    except SijillError as error:
        assert error.exit_status in (1, 2)


def ssh_keygen(*arguments, **options):
    return subprocess.run([judge("ssh-keygen"), *arguments], capture_output=True, check=False, **options)


def test_ssh_keygen_makes_and_checks_the_same_signatures(tmp_path):
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    key = load_ssh_private_key((tmp_path / "key").read_bytes(), None)
    message = "sijill-commit/v1\nأصل\n".encode()
    ours = sshsig.sign(message, "sijill-commit@v1", key)
    (tmp_path / "message").write_bytes(message)
    ssh_keygen("-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "sijill-commit@v1", tmp_path / "message")
    assert (tmp_path / "message.sig").read_text() == ours
    line = (tmp_path / "key.pub").read_text().rsplit(" ", 1)[0]
    blob = sshsig.parse_public_line(line)
    assert sshsig.verify(message, "sijill-commit@v1", ours) == blob
    assert sshsig.public_line(blob) == line
    told = ssh_keygen("-l", "-f", tmp_path / "key.pub").stdout.decode()
    assert sshsig.fingerprint(blob) in told
    for wrong in (("sijill-key@v1", message), ("sijill-commit@v1", message + b"x")):
        with pytest.raises(SijillError):
            sshsig.verify(wrong[1], wrong[0], ours)


def _string(data):
    return len(data).to_bytes(4, "big") + data


def touch_signature(message, namespace, flags, application=b"ssh:"):
    """What a token gives (OpenSSH PROTOCOL.u2f): a signature over application, flags, counter and the signed data."""
    point = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    blob = _string(sshsig.TOUCH) + _string(point) + _string(application)
    signed = b"SSHSIG" + b"".join(
        map(_string, (namespace, b"", b"sha512", hashlib.sha512(message).digest()))
    )
    rest = bytes([flags]) + (7).to_bytes(4, "big")
    raw = KEY.sign(hashlib.sha256(application).digest() + rest + hashlib.sha256(signed).digest())
    body = b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(
        map(_string, (blob, namespace, b"", b"sha512", _string(sshsig.TOUCH) + _string(raw) + rest))
    )
    return blob, sshsig._armour(body)


@pytest.mark.parametrize(("line", "holds"), [
    ("— ab AAAAAAAAAAAA", True), ("— ab AAAAAAA=", True), ("— ab AAAA", False), ("— a+b AAAAAAAA", False),
    ("— a\tb AAAAAAAA", False), ("— a\u00a0b AAAAAAAA", False), ("— a\u2028b AAAAAAAA", False),
    ("— a\x7fb AAAAAAAA", False), ("— ab AAAAAAB=", False), ("ab AAAAAAAA", False), ("", False),
])  # fmt: skip
def test_both_readers_take_the_same_lines_of_others_on_a_checkpoint(line, holds):
    stored = note.sign_checkpoint(note.Checkpoint("sijill.example/x", 5, bytes(32)), KEY) + line.encode() + b"\n"
    vkey = note.vkey_of("sijill.example/x", KEY)
    for read, refusal in (
        (lambda: note.open_checkpoint(stored, vkey), SijillError),
        (lambda: second.open_checkpoint(stored, second.LogKey(vkey)), second.Broken),
    ):
        if holds:
            read()
        else:
            with pytest.raises(refusal):
                read()


@pytest.mark.parametrize("kind", ["plain", "touched"])
def test_the_published_ssh_signatures_hold_and_no_other(kind):
    said = VECTORS["sshsig"]
    message, armoured = said["message"].encode(), said[kind]
    assert sshsig.fingerprint(sshsig.verify(message, said["namespace"], armoured)) == said[f"{kind}_key"]
    assert second.sshsig_verify(message, said["namespace"], armoured) == said[f"{kind}_key"]
    for wrong in ((message + b"\n", said["namespace"]), (message, "file")):
        with pytest.raises(SijillError):
            sshsig.verify(*wrong, armoured)
        with pytest.raises(second.Broken):
            second.sshsig_verify(*wrong, armoured)


def test_a_touch_key_counts_when_it_was_touched(tmp_path):
    blob, armoured = touch_signature(b"x", b"sijill-commit@v1", 1)
    assert sshsig.verify(b"x", "sijill-commit@v1", armoured) == blob
    assert second.sshsig_verify(b"x", "sijill-commit@v1", armoured) == sshsig.fingerprint(blob)
    (tmp_path / "allowed").write_text(f"one {sshsig.public_line(blob)}\n")
    (tmp_path / "sig").write_text(armoured)
    told = ssh_keygen("-Y", "verify", "-f", tmp_path / "allowed", "-I", "one", "-n", "sijill-commit@v1", "-s",
                      tmp_path / "sig", input=b"x")  # fmt: skip
    assert told.returncode == 0, told.stderr
    _, untouched = touch_signature(b"x", b"sijill-commit@v1", 0)
    with pytest.raises(SijillError, match="without being touched"):
        sshsig.verify(b"x", "sijill-commit@v1", untouched)


@pytest.mark.parametrize("point", VECTORS["ed25519"]["good"])
def test_good_keys_are_taken(point):
    sshsig.check_ed25519_point(bytes.fromhex(point))
    second.ed25519_key(bytes.fromhex(point))


@pytest.mark.parametrize("point", VECTORS["ed25519"]["bad"])
def test_weak_and_non_canonical_keys_are_refused_by_both(point):
    with pytest.raises(SijillError):
        sshsig.check_ed25519_point(bytes.fromhex(point))
    with pytest.raises(second.Broken):
        second.ed25519_key(bytes.fromhex(point))


def test_a_key_of_mixed_order_is_refused():
    """A good point plus one of order eight: it verifies some signatures under some tools, and denies them under others."""
    good = bytes.fromhex(VECTORS["ed25519"]["good"][0])
    eight = bytes.fromhex(VECTORS["ed25519"]["bad"][6])
    mixed = second._encode(second._add(second._point(good), second._point(eight)))
    with pytest.raises(SijillError, match="prime order"):
        sshsig.check_ed25519_point(mixed)


def test_the_published_digest_of_a_disclosure_comes_out():
    one = VECTORS["rfc9901"]
    assert disclosure.digest(one["disclosure"]) == one["digest"]


def test_a_disclosure_comes_back_and_its_salt_is_new_each_time():
    made = [disclosure.make("title.ar", "تل مرجان") for _ in range(50)]
    assert all(disclosure.read(one)[1:] == ("title.ar", "تل مرجان") for one in made)
    assert len(set(made)) == 50
    assert all(second.read_disclosure(one)[0] == disclosure.digest(one) for one in made)


@pytest.mark.parametrize("value", ["[1,2,3]", '["short","n",1]', '["AAAAAAAAAAAAAAAAAAAAAA","n",1.5]', "{}", "nonsense",
                                   '["AAAAAAAAAAAAAAAAAAAAAA","n",{"a":1,"a":2}]'])  # fmt: skip
def test_what_is_no_disclosure_is_refused_by_both(value):
    coded = base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()
    with pytest.raises(SijillError):
        disclosure.read(coded)
    with pytest.raises(second.Broken):
        second.read_disclosure(coded)


def test_the_published_blake3_digests_come_out():
    for length, digest in zip(VECTORS["blake3"]["lengths"], VECTORS["blake3"]["digests"], strict=True):
        data = bytes(number % 251 for number in range(length))
        assert digest_stream(io.BytesIO(data).read).blake3 == digest


def test_numbers_of_a_tree_grow_by_one():
    """The edge of every size has one hash for each 1 of its binary form."""
    compact = merkle.CompactRange()
    for hashed in HASHES:
        compact.append(hashed)
        assert len(compact.hashes) == compact.size.bit_count()
    assert all(one != two for one, two in pairwise(HASHES))
