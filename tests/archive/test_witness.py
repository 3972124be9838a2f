"""Witnesses by file: who counts, how many must agree, and what they are asked."""

import base64
import hashlib
import json

import pytest

from archive import ledger, merkle, note
from archive.audit import audit
from archive.dossier import verify as second
from archive.head import checkpoint_note
from archive.policy import Policy
from archive.registry import registry_of
from archive.witness import attach, request, set_policy
from schemas.errors import FormatError, InputError
from tests.archive.outsider import TIME, Outsider
from tests.casebook import filled_archive, signers

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


def strangers(archive):
    return second.check_archive(str(archive.folder))


def newest(archive):
    with archive.reading() as db:
        return checkpoint_note(db)[1].decode()


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
    told = strangers(archive)
    assert told.ok
    said = next(what for name, _, what in told.checks if name == "anchors")
    assert f"{document['size']} entries are cosigned by one, two: the quorum" in said


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
    request(archive, tmp_path / "ask", str(tmp_path / "seen"))
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
        request(archive, tmp_path / "ask2", str(tmp_path / "foreign"))


def one_more(archive, t="audit.note", **fields):
    with ledger.writing(archive, signers(archive)) as act:
        act.add(t, sub=ledger.subject(), fields=fields or {"outcome": "seen"})


def test_a_witness_that_refuses_with_its_size_is_asked_again_from_there(archive, tmp_path):
    """A refusal (409) of tlog-witness names the number of entries that the witness saw last."""
    size = note.Checkpoint.parse(text_of(newest(archive))).size
    one_more(archive)
    assert request(archive, tmp_path / "ask", str(size))["old"] == size
    assert (tmp_path / "ask" / "add-checkpoint").read_bytes().startswith(f"old {size}\n".encode())
    for strange in ("1", str(size + 1000), "9" * 40):
        with pytest.raises(InputError):
            request(archive, tmp_path / "ask2", strange)
    assert not (tmp_path / "ask2").exists()


def test_lines_that_come_back_one_after_another_find_what_was_cosigned(archive, tmp_path):
    """Keeping the first witness's line is itself an act, so the second's is for an older checkpoint."""
    text = text_of(newest(archive))
    for outsider, met in ((ONE, False), (TWO, False)):
        (tmp_path / "line").write_text(outsider.line(text))
        document = attach(archive, signers(archive), tmp_path / "line")
        assert document["size"] == note.Checkpoint.parse(text).size
        assert document["quorum"] is met
    assert audit(archive).witnessed[0]["quorum"] is True


def test_a_cosignature_is_kept_once(archive, tmp_path):
    (tmp_path / "line").write_text(ONE.line(text_of(newest(archive))))
    attach(archive, signers(archive), tmp_path / "line")
    before = archive.database.read_bytes()
    with pytest.raises(InputError, match="already"):
        attach(archive, signers(archive), tmp_path / "line")
    assert archive.database.read_bytes() == before


def test_lines_of_strangers_are_passed_over(archive, tmp_path):
    stored = newest(archive)
    stranger = Outsider("stranger.example/1", 7)
    (tmp_path / "back").write_text(stored + stranger.line(text_of(stored)) + ONE.line(text_of(stored)))
    assert attach(archive, signers(archive), tmp_path / "back")["witnesses"] == ["one"]
    with archive.reading() as db:
        (kept,) = db.execute("SELECT fields FROM act WHERE t = 'anchor.witness'").fetchone()
    assert [line.split()[1] for line in json.loads(kept)["cosignatures"]] == [ONE.name]


def test_a_witness_that_is_dismissed_counts_no_longer(archive, tmp_path):
    stored = newest(archive)
    (tmp_path / "back").write_text(stored + ONE.line(text_of(stored)) + TWO.line(text_of(stored)))
    assert attach(archive, signers(archive), tmp_path / "back")["quorum"] is True
    (tmp_path / "policy").write_text(POLICY.replace(TWO.vkey, Outsider("witness.example/4", 4).vkey))
    set_policy(archive, signers(archive), tmp_path / "policy")
    (found,) = audit(archive).witnessed
    assert (found["witnesses"], found["quorum"]) == (["one"], False)


def insiders(archive):
    """What an insider with the role anchor may write past the command."""
    stored = newest(archive).encode()
    text = text_of(stored.decode())
    size, digest = note.Checkpoint.parse(text).size, hashlib.sha256(stored).hexdigest()
    good = ONE.line(text).rstrip("\n")
    forged = ONE.line(text.replace(str(size), str(size + 1))).rstrip("\n")
    return {
        "forged": {"size": size, "note_sha256": digest, "cosignatures": [forged]},
        "another size": {"size": size + 1, "note_sha256": digest, "cosignatures": [good]},
        "another digest": {"size": size, "note_sha256": "0" * 64, "cosignatures": [good]},
        "no list": {"size": size, "note_sha256": digest, "cosignatures": 5},
        "no lines": {"size": size, "note_sha256": digest, "cosignatures": [1, True]},
        "no size": {"size": [size], "note_sha256": digest, "cosignatures": [good]},
        "nothing": {"note": "x"},
    }


@pytest.mark.parametrize("name", ["forged", "another size", "another digest", "no list", "no lines", "no size", "nothing"])
def test_an_audit_believes_no_cosignature_that_it_cannot_check(archive, name):
    one_more(archive, "anchor.witness", **insiders(archive)[name])
    report = audit(archive)
    assert [f.code for f in report.findings if f.severity == "finding"] == ["witness"]
    assert not any(one["witnesses"] for one in report.witnessed)
    assert {name for name, _ in strangers(archive).findings} == {"anchors"}


def test_an_anchor_that_says_nothing_is_told_by_both(archive, monkeypatch):
    monkeypatch.setattr(ledger, "ready", lambda _: None)
    with ledger.writing(archive, signers(archive)) as act:
        act.projection.add = lambda *_: None
        act.add("anchor.witness", sub=ledger.subject())
    assert "record-malformed" in [f.code for f in audit(archive).findings]
    assert ("disclosures", "an anchor that says nothing") in [
        (name, what.rpartition(": ")[2]) for name, what in strangers(archive).findings
    ]


def test_a_policy_past_the_command_is_a_finding_and_counts_nobody(archive):
    with ledger.writing(archive, signers(archive)) as act:
        act.add("policy.set", fields={"policy": f"witness a {ONE.vkey}\nwitness b {ONE.vkey}\nquorum a\n"})
    report = audit(archive)
    assert [f.code for f in report.findings if f.severity == "finding"] == ["witness"]
    assert not any(one["witnesses"] for one in report.witnessed)
    assert [name for name, _ in strangers(archive).findings] == ["anchors"]


P, Q = Outsider("witness.example/5", 5), Outsider("witness.example/6", 6)
LOG = note.Verifier.of("log.example/x", bytes.fromhex(
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")).vkey()  # fmt: skip
HEAD = f"witness p {P.vkey}\nwitness q {Q.vkey}\n"
POLICIES = [
    f"log {LOG}\n{HEAD}group both all p q\nquorum both\n", f"{HEAD}group one any p q\nquorum one\n",
    f"# none\n\t\n{HEAD}group two 2 p q\ngroup outer 1 two\nquorum outer", f"{HEAD}quorum none\n", f"{HEAD}quorum p\n",
    f"{HEAD}", f"{HEAD}quorum nobody\n", f"{HEAD}quorum p\nquorum q\n", f"{HEAD}group g 3 p q\nquorum g\n",
    f"{HEAD}group g 0 p q\nquorum g\n", f"{HEAD}group g +1 p q\nquorum g\n", f"{HEAD}group g ١ p q\nquorum g\n",
    f"{HEAD}group g 1 p p\nquorum g\n", f"{HEAD}group g 1 p\ngroup h 1 p\nquorum g\n", f"{HEAD}group p 1 q\nquorum p\n",
    f"{HEAD}group g any g\nquorum g\n", f"{HEAD}group g any\nquorum g\n", f"{HEAD}witness none {ONE.vkey}\nquorum p\n",
    f"{HEAD}witness r {P.vkey}\nquorum p\n", f"{HEAD}witness r {LOG}\nquorum p\n", f"log {P.vkey}\n{HEAD}quorum p\n",
    f"log {LOG}\nlog {LOG}\n{HEAD}quorum p\n", f"{HEAD}quorum p\r\n", f"{HEAD}quorum p q\n", f"{HEAD}watch p\nquorum p\n",
    f"{HEAD}witness r {ONE.vkey} https://one.example\nquorum r\n", f"{HEAD}witness r {ONE.vkey} a b\nquorum r\n",
    f"{HEAD}witness r {ONE.vkey[:-4]}AAA=\nquorum r\n", f"{HEAD} \tquorum\t p \n", "", "quorum none",
]


@pytest.mark.parametrize("text", POLICIES)
def test_both_readers_take_the_same_policies_and_count_alike(text):
    """Who counts and how many must agree is read in one way, by tlog-policy."""
    try:
        ours = Policy.parse(text)
    except FormatError:
        with pytest.raises(second.Broken):
            second.Policy(text)
        return
    theirs = second.Policy(text)
    body = "log.example/x\n1\n" + base64.b64encode(bytes(32)).decode() + "\n"
    for who in ((), (P,), (Q,), (P, Q), (ONE,)):
        lines = [one.line(body).rstrip("\n") for one in who]
        read = note.SignedNote.parse(f"{body}\n".encode() + "".join(f"{line}\n" for line in [*lines, P.line("x")[:-1]]).encode())
        found = ours.check(body, read.signatures[: len(lines)])
        assert theirs.signed(body, lines) == set(found)
        assert theirs.met(set(found)) is ours.met(found)
    if "p" in ours.witnesses:
        for wrong in (P.line("x"), P.line(body)[:-6] + "\n", P.line(body, 2**62)):
            with pytest.raises(second.Broken):
                theirs.signed(body, [wrong.rstrip("\n")])
