"""Two people at work at once: whoever decided on what is no longer so is told, and nothing of theirs is recorded."""

import pytest
from PIL import Image

from archive import assess, ledger, operators
from archive.acts import amend_case, withdraw
from archive.audit import audit
from archive.checked import record_checks
from archive.consent import answer
from archive.dossier.build import Extras
from archive.dossier.export import Place, export
from archive.handed_over import Request
from archive.redact import replace
from archive.seal import seal
from archive.show import custody_document
from archive.transfer import accept, hand_over
from archive.verify import named, object_rows, verify_objects
from schemas.errors import RefusedError
from tests.archive.test_operators import key
from tests.casebook import CODE, case, entries, files, filled_archive, signers, take, write

V1, W1, S1 = f"{CODE}/V1", f"{CODE}/W1", f"{CODE}/S1"


@pytest.fixture
def archive(tmp_path):
    archive = filled_archive(tmp_path)
    operators.add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["custodian"])
    return archive


@pytest.fixture
def before_the_next(monkeypatch):
    """Let somebody else do something between what the next act decided on and its lock."""

    def meanwhile(deed):
        writing = ledger.writing

        def later(*given, **options):
            monkeypatch.setattr(ledger, "writing", writing)
            deed()
            return writing(*given, **options)

        monkeypatch.setattr(ledger, "writing", later)

    return meanwhile


def refused(archive, deed):
    """What a refused deed says; and that nothing of it stands."""
    with archive.reading() as db:
        before = db.execute("SELECT count(*) FROM ledger WHERE json_extract(leaf, '$.t') = 'commit'").fetchone()
    with pytest.raises(RefusedError, match="was recorded about .* meanwhile") as refusal:
        deed()
    with archive.reading() as db:
        after = db.execute("SELECT count(*) FROM ledger WHERE json_extract(leaf, '$.t') = 'commit'").fetchone()
    assert after[0] == before[0] + 1  # the other's act alone
    assert audit(archive).exit_status == 0
    return refusal.value.where


def test_an_item_is_accepted_once(archive, before_the_next):
    """A second acceptance of one transfer would be a finding for ever."""
    hand_over(archive, signers(archive), V1, "lena", "second office")
    lena = [archive.home.signer("lena")]
    before_the_next(lambda: accept(archive, lena, V1))
    assert refused(archive, lambda: accept(archive, lena, V1)) == V1


@pytest.mark.parametrize("deed", ["hand over", "redact"])
def test_what_was_withdrawn_meanwhile_is_neither_handed_over_nor_redacted(archive, tmp_path, before_the_next, deed):
    Image.new("RGB", (320, 240)).save(tmp_path / "covered.jpg")
    deeds = {
        "hand over": lambda: hand_over(archive, signers(archive), V1, "lena", "second office"),
        "redact": lambda: replace(archive, V1, "court", tmp_path / "covered.jpg", "a face", signers(archive)),
    }
    before_the_next(lambda: withdraw(archive, signers(archive), V1, "another place", ("item",)))
    assert refused(archive, deeds[deed]) == V1


def test_a_statement_whose_consent_is_taken_back_while_a_dossier_is_made_does_not_leave(archive, tmp_path, before_the_next):
    def hand_out():
        export(archive, CODE, Request("court", "trial"), Place(tmp_path / "out" / "d"), signers(archive), extras=Extras(pdf=False))

    before_the_next(lambda: answer(archive, signers(archive), item=W1, audience="court", said="no", reason="asked"))
    assert refused(archive, hand_out) == CODE
    assert [] == [*(tmp_path / "out").iterdir()]
    hand_out()


def test_an_identity_is_sealed_by_one_of_two(archive, tmp_path, before_the_next):
    (tmp_path / "who.txt").write_text("Somebody of Tel Marjan")
    before_the_next(lambda: seal(archive, signers(archive), S1, tmp_path / "who.txt"))
    assert refused(archive, lambda: seal(archive, signers(archive), S1, tmp_path / "who.txt")) == S1


def test_an_assessment_of_what_is_no_longer_so_is_not_recorded(archive, before_the_next):
    before_the_next(lambda: withdraw(archive, signers(archive), V1, "another place", ("item",)))
    assert refused(archive, lambda: assess.check(archive, [CODE], record_as=signers(archive))) == CODE


def verified(archive):
    """What a verification of everything says, and how many entries there were when it began."""
    size = entries(archive)
    with archive.reading() as db:
        return named(db, verify_objects(object_rows(db), archive.objects)), size


def checks(archive, name):
    with archive.reading() as db:
        events = custody_document(db, f"{CODE}/{name}")["events"]
    return [event["what"] for event in events if event["action"] == "custody.check"]


def test_what_came_in_while_all_was_read_again_was_not_read_again(archive, tmp_path):
    document, size = verified(archive)
    tables = case()
    tables["item"].append(tables["item"][0] | {"id": "W2", "file": "statements/w2.txt"})
    take(archive, write(tmp_path / "in", tables, files() | {"statements/w2.txt": "Invented: later."}))

    record_checks(archive, signers(archive), document, [], size)

    assert checks(archive, "W1") == ["as it was taken in"] and checks(archive, "W2") == []
    assert audit(archive).exit_status == 0


def test_what_could_not_be_read_is_not_told_as_whole(archive):
    document, size = verified(archive)
    document["unreadable"] = [{"item": V1, "object": "00" * 32, "what": "input/output error"}]

    record_checks(archive, signers(archive), document, [], size)
    assert checks(archive, "W1") == ["as it was taken in"] and checks(archive, "V1") == []

    before = entries(archive)
    assert {} == record_checks(archive, signers(archive), document, [V1], size) and entries(archive) == before


def test_of_two_who_amend_a_case_the_second_looks_at_what_the_first_wrote(archive, before_the_next):
    """Each writes the whole case as it was read: what the other changed would be taken back, and nobody told."""
    before_the_next(lambda: amend_case(archive, signers(archive), CODE, {"summary.en": "[EXERCISE] Longer."}, "read again"))
    assert refused(archive, lambda: amend_case(archive, signers(archive), CODE, {"title.en": "[EXERCISE] Another"}, "x")) == CODE
