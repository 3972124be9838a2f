"""Time from outside: what a stamp proves, and every way in which one does not hold."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from archive import ledger, time_stamp
from archive.anchor import Anchor, attach, in_words, request, windows
from archive.audit import audit
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


def test_a_stamp_may_come_back_after_later_entries(archive, authority, tmp_path):
    asked, answer = stamped(archive, authority, tmp_path)
    with archive.reading() as db:
        size = ledger.checkpoint_note(db)[0]
    note_something(archive)
    assert attach(archive, signers(archive), answer, authority.roots, asked)["size"] == size


def nothing_recorded(archive, act):
    before = archive.database.read_bytes()
    with pytest.raises(SijillError) as error:
        act()
    assert error.value.exit_status == 2
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


def test_a_certificate_made_for_other_work_stamps_nothing(archive, tmp_path):
    """openssl itself refuses to answer with one, so the answer of a right one is put under it."""
    right = Authority(tmp_path / "right")
    wrong = tmp_path / "wrong"
    shutil.copytree(right.folder, wrong)
    asked, answer = stamped(archive, right, tmp_path)
    (wrong / "ext").write_text("extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    import subprocess

    made = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days",
            "30", "-extfile", "ext", "-out", "server.pem"]  # fmt: skip
    subprocess.run([judge("openssl"), *made], cwd=wrong, check=True, capture_output=True)
    roots = wrong / "server.pem"
    nothing_recorded(archive, lambda: attach(archive, signers(archive), answer, roots, asked))


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
        stored = ledger.checkpoint_note(db)[1]
    assert len(time_stamp.check(data, stored, roots, asked.read_bytes()).checked_by) == 2
    certificates = time_stamp._certificates(roots)
    with pytest.raises(IntegrityError, match="expired"):
        time_stamp._by_openssl(data, stored, certificates, datetime.now(UTC) + timedelta(days=3), None)


@pytest.mark.parametrize("byte", [0, 10, 60, 200, 400, -40, -1])
def test_a_changed_byte_of_the_answer_is_found_by_its_digest(archive, authority, tmp_path, byte):
    """Some bits of an answer's wrapping mean nothing to either tool; the ledger holds the whole."""
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    data = bytearray(answer.read_bytes())
    data[byte] ^= 1
    with archive.reading() as db:
        stored = ledger.checkpoint_note(db)[1]
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


def test_every_entry_has_its_window():
    """Stamps over 10 and over 20 entries, kept in entries 12 and 25 of 30."""
    found = windows([Anchor(12, 10, "T1", ()), Anchor(25, 20, "T2", ())], 30)
    assert [(w["first"], w["last"], w["after"], w["before"]) for w in found] == [
        (0, 9, None, "T1"), (10, 12, None, "T2"), (13, 19, "T1", "T2"), (20, 25, "T1", None), (26, 29, "T2", None),
    ]  # fmt: skip


def test_an_entry_that_dates_itself_outside_its_window_is_found(archive, authority, tmp_path, monkeypatch):
    asked, answer = stamped(archive, authority, tmp_path)
    attach(archive, signers(archive), answer, authority.roots, asked)
    monkeypatch.setattr(ledger, "now", lambda: "2020-01-01T00:00:00Z")
    note_something(archive)
    found = [finding for finding in audit(archive).findings if finding.code == "at-outside"]
    assert found
    assert "2020-01-01" in found[0].what


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
