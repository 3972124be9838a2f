"""Time from outside: what a stamp proves, and every way in which one does not hold."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from archive import ledger, time_stamp
from archive.anchor import Anchor, attach, in_words, proven, request, windows
from archive.audit import audit
from archive.cli.audit import in_words as show_audit
from archive.dossier import verify
from archive.head import checkpoint_note
from schemas.errors import FormatError, InputError, IntegrityError, SijillError
from tests.archive.authority import Authority, seconds
from tests.casebook import filled_archive, signers
from tests.judges import judge


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "one")


@pytest.fixture
def archive(tmp_path):
    return filled_archive(tmp_path)


def stamped(archive, authority, folder, name="a"):
    """Ask and answer; gives the files of question and answer."""
    asked = folder / f"{name}.tsq"
    request(archive, asked)
    return asked, authority.answer(asked, folder / f"{name}.tsr")


def note_something(archive):
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})


def test_a_stamp_is_checked_twice_and_kept(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    document = attach(archive, signers(archive), answer, authority.roots, asked)
    assert [tool.split()[0] for tool in document["checked_by"]] == ["rfc3161-client", "OpenSSL"]
    report = audit(archive)
    assert report.exit_status == 0
    assert [anchor.size for anchor in report.anchors] == [document["size"]]
    assert abs(seconds(document["time"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_stranger_checks_the_stamp_by_the_roots_that_are_kept_or_given(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    size = attach(archive, signers(archive), answer, authority.roots, asked)["size"]
    alone = verify.check(str(archive.folder))
    assert alone.ok and (
        "anchors", True, f"a time-stamp over the first {size} entries holds, by roots that the archive brings along"
    ) in alone.checks
    assert verify.check(str(archive.folder), tsa_roots=str(authority.roots)).ok
    other = verify.check(str(archive.folder), tsa_roots=str(Authority(tmp_path / "stranger").roots))
    assert [name for name, _ in other.findings] == ["anchors"]


def test_a_stamp_may_come_back_after_later_entries(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    with archive.reading() as db:
        size = checkpoint_note(db)[0]
    note_something(archive)
    assert attach(archive, signers(archive), answer, authority.roots, asked)["size"] == size


def nothing_recorded(archive, act):
    before = archive.database.read_bytes()
    with pytest.raises(SijillError) as error:
        act()
    assert error.value.exit_status == 2
    assert error.value.where
    assert archive.database.read_bytes() == before
    return error.value.message


def test_a_stamp_of_another_archive_is_refused(archive, authority, tmp_path):
    asked, answer = stamped(filled_archive(tmp_path / "other"), authority, tmp_path)
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots, asked))
    assert "no checkpoint of this archive" in said


def test_a_stamp_under_a_root_that_was_not_chosen_is_refused(archive, authority, tmp_path):
    forger = Authority(tmp_path / "forger")
    asked, answer = stamped(archive, forger, tmp_path)
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots, asked))
    assert "does not hold" in said


def test_an_answer_to_another_question_is_refused(archive, authority, tmp_path):
    _, answer = stamped(archive, authority, tmp_path, "a")
    other, _ = stamped(archive, authority, tmp_path, "b")
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots, other))
    assert "does not hold" in said


def test_the_nonce_is_held_against_the_answer_also_without_openssl(archive, authority, tmp_path, monkeypatch):
    _, answer = stamped(archive, authority, tmp_path, "a")
    other, _ = stamped(archive, authority, tmp_path, "b")
    monkeypatch.setenv("PATH", str(tmp_path))
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots, other))
    assert "Nonce mismatch" in said
    document = attach(archive, signers(archive), answer, authority.roots, tmp_path / "a.tsq")
    assert [tool.split()[0] for tool in document["checked_by"]] == ["rfc3161-client"]


def test_an_answer_under_another_policy_is_refused(archive, authority, tmp_path):
    """The policy that somebody named, and the one that stood in the request, both count."""
    asked, answer = stamped(archive, authority, tmp_path)
    said = nothing_recorded(
        archive, lambda: attach(archive, signers(archive), answer, authority.roots, asked, policy="1.3.6.1.4.1.99999.2")
    )
    assert "1.3.6.1.4.1.99999.1" in said
    own = tmp_path / "own.tsq"
    digest = hashlib.sha256((archive.folder / "checkpoint").read_bytes()).hexdigest()
    query = ["ts", "-query", "-digest", digest, "-sha256", "-cert", "-tspolicy", "1.3.6.1.4.1.99999.2", "-out", own]
    subprocess.run([judge("openssl"), *query], check=True, capture_output=True)
    nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots, own))
    right = authority.answer(own, tmp_path / "own.tsr")
    kept = attach(archive, signers(archive), right, authority.roots, own, policy="1.3.6.1.4.1.99999.2")
    assert kept["policy"] == "1.3.6.1.4.1.99999.2"


def test_an_authority_that_refuses_has_stamped_nothing(archive, authority, tmp_path):
    """An answer may say no: here, to a policy that the authority does not have."""
    own = tmp_path / "own.tsq"
    digest = hashlib.sha256((archive.folder / "checkpoint").read_bytes()).hexdigest()
    query = ["ts", "-query", "-digest", digest, "-sha256", "-tspolicy", "1.2.3.4", "-out", own]
    subprocess.run([judge("openssl"), *query], check=True, capture_output=True)
    answer = authority.answer(own, tmp_path / "own.tsr")
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots))
    assert "the authority refused" in said


def test_an_answer_in_an_order_that_one_tool_cannot_read_rests_on_the_other(archive, tmp_path, monkeypatch):
    """openssl writes the certificates of a chain unsorted, which strict DER forbids; the tool that spoke is named."""
    sending_chain = Authority(tmp_path / "chain", chain=True)
    asked, answer = stamped(archive, sending_chain, tmp_path)
    document = attach(archive, signers(archive), answer, sending_chain.roots, asked)
    assert [tool.split()[0] for tool in document["checked_by"]] == ["OpenSSL"]
    assert audit(archive).exit_status == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    report = audit(archive)
    assert (report.exit_status, [f.code for f in report.findings if f.severity == "finding"]) == (1, ["anchor"])


def test_a_whole_store_of_roots_is_no_authority(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    store = b"".join(authority.other_root(n) for n in range(16))
    (tmp_path / "store.pem").write_bytes(store + authority.roots.read_bytes())
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, tmp_path / "store.pem", asked))
    assert "more than one authority has" in said


def test_of_a_file_of_roots_only_the_certificates_are_kept(archive, authority, tmp_path):
    """Whoever keeps certificate and key in one file must not find the key in the ledger."""
    asked, answer = stamped(archive, authority, tmp_path)
    both = b"# \xd8\xac\xd8\xb0\xd8\xb1\n" + (authority.folder / "root.key").read_bytes() + authority.roots.read_bytes() * 2
    (tmp_path / "both.pem").write_bytes(both)
    attach(archive, signers(archive), answer, tmp_path / "both.pem", asked)
    with archive.reading() as db:
        (fields,) = db.execute("SELECT fields FROM act WHERE t = 'anchor.time'").fetchone()
    assert json.loads(fields)["roots"].encode() == authority.roots.read_bytes()
    assert audit(archive).exit_status == 0


@pytest.mark.parametrize("roots", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_root_is_refused_also_at_an_audit(archive, authority, tmp_path, roots):
    asked, answer = stamped(archive, authority, tmp_path)
    (tmp_path / "bad.pem").write_bytes(roots)
    nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, tmp_path / "bad.pem", asked))
    with pytest.raises(InputError):
        audit(archive, tsa_roots=tmp_path / "bad.pem")


def test_a_certificate_made_for_other_work_stamps_nothing(archive, tmp_path):
    """openssl itself refuses to answer with one, so the answer of a right one is put under it."""
    right = Authority(tmp_path / "right")
    wrong = tmp_path / "wrong"
    shutil.copytree(right.folder, wrong)
    asked, answer = stamped(archive, right, tmp_path)
    (wrong / "ext").write_text("extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    made = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days",
            "30", "-extfile", "ext", "-out", "server.pem"]  # fmt: skip
    subprocess.run([judge("openssl"), *made], cwd=wrong, check=True, capture_output=True)
    roots = wrong / "server.pem"
    nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, roots, asked))


def test_a_stamp_by_a_certificate_that_is_not_for_stamps_alone_is_refused_by_both_tools(archive, authority, tmp_path):
    """RFC 3161, 2.3: the purpose must be critical. openssl answers with no other, so the token is made by hand."""
    asked, answer = stamped(archive, authority, tmp_path)
    loose = Authority(tmp_path / "loose", purpose="timeStamping")
    token = verify.members(verify.der(answer.read_bytes())[1])[1][1]
    signed = verify.members(verify.members(verify.members(token)[1][1])[0][1])
    (tmp_path / "info").write_bytes(verify.members(verify.members(signed[2][1])[1][1])[0][1])
    made = ["cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256", "-econtent_type", "1.2.840.113549.1.9.16.1.4",
            "-in", tmp_path / "info", "-signer", "tsa.pem", "-inkey", "tsa.key", "-outform", "DER", "-out", tmp_path / "token"]  # fmt: skip
    subprocess.run([judge("openssl"), *made], cwd=loose.folder, check=True, capture_output=True)
    status, signed = b"\x30\x03\x02\x01\x00", (tmp_path / "token").read_bytes()
    forged = tmp_path / "forged.tsr"
    forged.write_bytes(b"\x30\x82" + len(status + signed).to_bytes(2, "big") + status + signed)
    with archive.reading() as db:
        stored = checkpoint_note(db)[1]
    roots = time_stamp.certificates(loose.roots.read_bytes())
    for check in (
        lambda: time_stamp._by_library(forged.read_bytes(), stored, roots, None),
        lambda: time_stamp._by_openssl(forged.read_bytes(), stored, roots, datetime.now(UTC), None),
    ):
        with pytest.raises(IntegrityError, match=r"does not hold: (openssl says )?unsuitable certificate purpose$"):
            check()
    nothing_recorded(archive, lambda: attach(archive, signers(archive), forged, loose.roots))


def test_the_same_stamp_is_kept_once(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, authority.roots, asked))
    assert "already" in said


def test_a_stamp_is_judged_at_its_own_time(archive, tmp_path):
    """What an authority said while its certificate was good stands when that has run out."""
    authority = Authority(tmp_path / "short", days=1)
    asked, answer = stamped(archive, authority, tmp_path)
    data, roots = answer.read_bytes(), authority.roots.read_bytes()
    with archive.reading() as db:
        stored = checkpoint_note(db)[1]
    assert len(time_stamp.check(data, stored, roots, asked.read_bytes()).checked_by) == 2
    certificates = time_stamp.certificates(roots)
    with pytest.raises(IntegrityError, match="expired"):
        time_stamp._by_openssl(data, stored, certificates, datetime.now(UTC) + timedelta(days=3), None)


@pytest.mark.parametrize(("first", "last"), [(-20, -10), (10, 20)])
def test_a_certificate_that_had_run_out_or_not_begun_stamps_nothing(archive, tmp_path, first, last):
    """The certificate counts at the time of the stamp, not on the day of the check."""
    late = Authority(tmp_path / "late")
    late.certify(first, last)
    asked, answer = stamped(archive, late, tmp_path)
    said = nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, late.roots, asked))
    assert "does not hold" in said


@pytest.mark.parametrize("byte", [0, 10, 60, 200, 400, -40, -1])
def test_a_changed_byte_of_the_answer_is_found_by_its_digest(archive, authority, tmp_path, byte):
    """Some bits of an answer's wrapping mean nothing to either tool; the ledger holds the whole."""
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    data = bytearray(answer.read_bytes())
    data[byte] ^= 1
    with archive.reading() as db:
        stored = checkpoint_note(db)[1]
    try:
        time_stamp.check(bytes(data), stored, authority.roots.read_bytes())
    except SijillError as error:
        assert error.exit_status in (1, 2)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"not a stamp", b"\x30\x82\xff\xff" + bytes(50), bytes(300_000)])
def test_what_is_no_answer_is_a_refusal(authority, data):
    with pytest.raises((FormatError, IntegrityError)):
        time_stamp.check(data, b"x", authority.roots.read_bytes())


def test_the_auditor_may_bring_other_roots(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    assert audit(archive, tsa_roots=authority.roots).exit_status == 0
    stranger = Authority(tmp_path / "stranger")
    report = audit(archive, tsa_roots=stranger.roots)
    assert [finding.code for finding in report.findings if finding.severity == "finding"] == ["anchor"]


def test_a_stamp_of_ones_own_making_is_told_by_its_root(archive, authority, tmp_path):
    """An insider may found an authority and set its clock; the audit says on whose word the time rests."""
    forger = Authority(tmp_path / "forger")
    asked, answer = stamped(archive, forger, tmp_path)
    attach(archive, signers(archive), answer, forger.roots, asked)
    document = audit(archive).document()
    der = subprocess.run([judge("openssl"), "x509", "-in", forger.roots, "-outform", "DER"], capture_output=True, check=True)
    digest = hashlib.sha256(der.stdout).hexdigest()
    (root,) = document["proven_window"]["own_roots"]
    assert digest in root
    said = show_audit(document)
    assert digest in said
    assert "bring your own (--tsa-roots)" in said
    assert "--tsa-roots" not in show_audit(audit(archive, tsa_roots=forger.roots).document())
    against = audit(archive, tsa_roots=authority.roots).document()
    assert against["anchors"] == []
    assert against["proven_window"]["says"].startswith("no outside anchor")


def past_the_command(archive, authority, folder):
    """What an insider with the role anchor may write without the checks of the command."""
    asked, answer = stamped(archive, authority, folder)
    stored = (archive.folder / "checkpoint").read_bytes()
    size = int(stored.split(b"\n")[1])
    data = answer.read_bytes()
    time = time_stamp.check(data, stored, authority.roots.read_bytes()).time
    good = {
        "size": size, "note_sha256": hashlib.sha256(stored).hexdigest(), "tsr": base64.b64encode(data).decode(),
        "tsr_sha256": hashlib.sha256(data).hexdigest(), "roots": authority.roots.read_text(),
        "time": f"{time:%Y-%m-%dT%H:%M:%SZ}", "policy": "1.3.6.1.4.1.99999.1", "checked_by": [],
    }  # fmt: skip
    return good, asked


@pytest.mark.parametrize(
    "change",
    [
        {"time": "2019-01-01T00:00:00Z"}, {"size": 5}, {"size": 10**15}, {"size": [1]}, {"size": "12"}, {"size": True},
        {"note_sha256": "0" * 64}, {"tsr_sha256": "0" * 64}, {"tsr": "AAAA"}, {"tsr": 5}, {"tsr": "ä"}, {"roots": 5},
        {"roots": ""}, {"roots": "nonsense"}, {"request": "AAAA"}, {"request": 5}, {"time": 5},
    ],
)  # fmt: skip
def test_an_audit_believes_no_stamp_that_it_cannot_check(archive, authority, tmp_path, change):
    good, _ = past_the_command(archive, authority, tmp_path)
    with ledger.writing(archive, signers(archive)) as act:
        act.add("anchor.time", sub=ledger.subject(), fields=good | change)
    report = audit(archive)
    assert [f.code for f in report.findings if f.severity == "finding"] == ["anchor"]
    assert report.anchors == []
    alone = verify.check(str(archive.folder))
    assert {name for name, _ in alone.findings} == {"anchors"}, alone.findings


def test_without_the_values_an_audit_says_that_it_did_not_look(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    window = audit(archive, ledger_only=True).document()["proven_window"]
    assert "not looked at" in window["says"]
    assert window["ranges"] == []


def test_a_fifo_or_a_device_is_no_paper(archive, authority, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    asked, answer = stamped(archive, authority, tmp_path)
    for strange in (tmp_path / "pipe", tmp_path, "/dev/zero", tmp_path / "absent", tmp_path / ("x" * 20 + "\0")):
        with pytest.raises(InputError):
            attach(archive, signers(archive), type(tmp_path)(strange), authority.roots, asked)
        with pytest.raises(InputError):
            attach(archive, signers(archive), answer, type(tmp_path)(strange), asked)


def test_every_entry_has_its_window():
    """Stamps over 10 and over 20 entries, kept in entries 12 and 25 of 30."""
    found = windows([Anchor(12, 10, "T1"), Anchor(25, 20, "T2")], 30)
    assert [(w["first"], w["last"], w["after"], w["before"]) for w in found] == [
        (0, 9, None, "T1"), (10, 11, None, "T2"), (12, 19, "T1", "T2"), (20, 24, "T1", None), (25, 29, "T2", None),
    ]  # fmt: skip


def test_what_is_proved_is_said_once_for_all():
    """Two authorities stamped the same 20 entries: the earlier word counts; ten are not yet covered."""
    whole = proven([Anchor(22, 20, "T2"), Anchor(23, 20, "T1")], 30)
    assert (whole["before"], whole["after"]) == ("T1", "T2")
    assert "entries 0 to 19 existed before T1" in whole["says"]
    assert "entries 20 to 29 have no anchor over them yet" in whole["says"]


def test_an_entry_that_dates_itself_outside_its_window_is_found(archive, authority, tmp_path, monkeypatch):
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    monkeypatch.setattr(ledger, "now", lambda: "2020-01-01T00:00:00Z")
    note_something(archive)
    found = [finding for finding in audit(archive).findings if finding.code == "at-outside"]
    assert found
    assert "2020-01-01" in found[0].what
    assert any("says a time that a time-stamp disproves" in what for _, what in verify.check(str(archive.folder)).findings)


def test_without_a_stamp_it_is_said(archive):
    document = audit(archive).document()
    assert "no outside anchor" in document["proven_window"]["says"]
    assert in_words([], 5).startswith("no outside anchor")
    json.dumps(document)


def test_the_request_overwrites_nothing(archive, tmp_path):
    (tmp_path / "a.tsq").write_text("mine")
    with pytest.raises(InputError, match="already"):
        request(archive, tmp_path / "a.tsq")
    assert (tmp_path / "a.tsq").read_text() == "mine"
