"""Answers that no longer stand, and rules set aside for a while."""

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.acts import withdraw
from archive.assess import check
from archive.audit import audit
from archive.changed import changed
from archive.operators import add
from archive.waiver import in_force, waive
from schemas.errors import InputError, NotFound, RefusedError
from schemas.standard import load, packaged_bytes
from tests.archive.test_operators import key
from tests.casebook import CODE, filled_archive, signers

STANDARD = load(packaged_bytes("sijill-minimum"))
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.fixture
def archive(tmp_path):
    archive = filled_archive(tmp_path)
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["registrar"])
    return archive


def two(archive):
    return [*signers(archive), archive.home.signer("lena")]


def items(archive):
    with archive.reading() as db:
        return [f"{CODE}/{name}" for (name,) in db.execute("SELECT id FROM record WHERE kind = 'item' ORDER BY first")]


def test_a_case_that_was_never_assessed_is_said_to_be(archive):
    assert changed(archive)["not_recorded"] == [CODE]
    assert changed(archive)["cases"] == []


def test_the_entry_that_made_the_difference_is_named(archive):
    """Acts follow one another; only the one under which the answer is another is blamed."""
    recorded = check(archive, [CODE], record_as=signers(archive))
    assert changed(archive)["cases"] == []
    then = {name: str(answer) for name, answer in recorded.assessments[0].verdicts.items()}
    blamed = None
    for name in items(archive):
        document = withdraw(archive, signers(archive), name, "exercise", ("item",))
        now = check(archive, [CODE]).assessments[0]
        if blamed is None and dict(now.verdicts) != then:
            blamed = (name, document["entries"]["first"])
    assert blamed is not None
    (one,) = changed(archive)["cases"]
    assert (one["cause"]["about"], one["cause"]["entry"]) == blamed
    assert one["cause"]["t"] == "record.withdraw"
    assert one["recorded"]["verdicts"] == then


def test_looking_for_what_changed_changes_nothing(archive):
    check(archive, [CODE], record_as=signers(archive))
    withdraw(archive, signers(archive), items(archive)[0], "exercise", ("item",))
    before = sorted((path.name, path.stat().st_mtime_ns) for path in archive.folder.iterdir())
    changed(archive)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in archive.folder.iterdir()) == before


def test_a_waived_rule_is_undetermined_and_shown_with_why_and_by_whom(archive):
    waive(archive, two(archive), CODE, "custody", STANDARD, "told by telephone", TOMORROW)
    (case,) = check(archive, [CODE]).document()["cases"]
    answers = {rule["id"]: rule["answer"] for rule in case["rules"]}
    assert answers["custody"] == "waived"
    assert case["verdicts"]["handling"] != "met"
    assert "told by telephone" in str(case["waivers"])
    assert "lena" in str(case["waivers"])
    assert "told by telephone" in check(archive, [CODE]).text()
    assert "told by telephone" in check(archive, [CODE]).junit()
    assert audit(archive).exit_status == 0


def test_one_person_waives_nothing(archive, tmp_path):
    add(archive, signers(archive), "mine too", key(tmp_path, "mine"), person=signers(archive)[0].name,
        roles=["registrar"])  # fmt: skip
    for one in (signers(archive), [*signers(archive), archive.home.signer("mine too")]):
        with pytest.raises(RefusedError, match="two persons"):
            waive(archive, one, CODE, "custody", STANDARD, "x", TOMORROW)


@pytest.mark.parametrize(
    ("rule", "reason", "until", "said"),
    [
        ("custdy", "x", TOMORROW, "no rule"), ("custody", "", TOMORROW, "reason"),
        ("custody", "x", "2020-01-01", "has passed"), ("custody", "x", "soon", "no day"),
    ],
)  # fmt: skip
def test_a_wrong_waiver_is_refused(archive, rule, reason, until, said):
    with pytest.raises(InputError, match=said):
        waive(archive, two(archive), CODE, rule, STANDARD, reason, until)
    with pytest.raises(NotFound):
        waive(archive, two(archive), "EX-none", "custody", STANDARD, "x", TOMORROW)


def test_a_waiver_ends_with_its_day_and_counts_for_its_standard_alone():
    said = [("waiver.set", {"rule": "custody", "standard": "one", "reason": "x", "until": "2026-03-01"})]
    assert list(in_force(said, "one", date(2026, 3, 1))) == ["custody"]
    assert in_force(said, "one", date(2026, 3, 2)) == {}
    assert in_force(said, "other", date(2026, 3, 1)) == {}
