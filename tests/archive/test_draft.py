"""Entries whose values other processes make ready: the same entries, the same refusals, or none at all."""

import sys

import pytest

from archive import disclosure, draft, ledger
from archive.audit import audit
from archive.draft import Draft, made_ready, ready
from archive.workers import WorkerLost, forked
from schemas.errors import CanonicalError, FormatError, UnreachableError
from tests.casebook import case, files, filled_archive, new_archive, signers, take, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
FIELDS = {"action": "receive", "at": {"said": "2019", "earliest": "2019-01-01T00:00:00Z"}, "by": "مكتب", "purpose": ""}


@pytest.fixture(autouse=True)
def several(monkeypatch):
    """Few entries are many already, and the threads of the tests' runner hold none of our locks."""
    monkeypatch.setattr(draft, "MANY", 2)
    monkeypatch.setattr(draft, "BATCH", 3)
    monkeypatch.setattr(draft, "can_fork", lambda: True)


def drafts(count, odd=None):
    return [Draft("custody.prior", "ab" * 16, None, {**FIELDS, "by": "\0" if n == odd else f"desk {n}"}) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_every_draft_comes_back_in_its_turn_with_its_values(count):
    for number, (given, made) in enumerate(made_ready(drafts(count))):
        assert given == drafts(count)[number]
        assert [disclosure.read(one)[1:] for one in disclosure_list(made)] == list(given.fields.items())
        assert made.digests == sorted(map(disclosure.digest, disclosure_list(made)))


def disclosure_list(made):
    return made.private.removeprefix('["').removesuffix('"]').split('","')


def test_salts_are_never_the_same():
    private = [line for _, made in made_ready(drafts(20)) for line in disclosure_list(made)]

    assert len({disclosure.read(one)[0] for one in private}) == 20 * len(FIELDS)


def test_a_value_that_is_refused_there_is_refused_here(tmp_path):
    archive = filled_archive(tmp_path)
    before = audit(archive).document()["entries"]
    with pytest.raises(CanonicalError, match="NUL"), ledger.writing(archive, signers(archive)) as act:
        act.add_all(drafts(10, odd=7))

    assert audit(archive).document()["entries"] == before


def test_where_a_process_is_lost_nothing_is_recorded(tmp_path, monkeypatch):
    def losing(work, jobs, **options):
        answers = forked(work, jobs, **options)
        yield next(answers)
        raise WorkerLost("worker process 7 ended before its work was done")

    archive = new_archive(tmp_path)
    before = audit(archive).document()["entries"]
    monkeypatch.setattr(draft, "forked", losing)
    with pytest.raises(UnreachableError, match="nothing was recorded"):
        take(archive, write(tmp_path / "in", case(), files()))

    assert audit(archive).document()["entries"] == before


def test_an_intake_with_other_processes_holds_to_the_last_rule(tmp_path):
    archive = filled_archive(tmp_path)

    assert audit(archive).exit_status == 0
    assert take(archive, tmp_path / "in").receipt is None


def test_what_no_such_entry_discloses_is_refused_there_and_here(tmp_path):
    archive = filled_archive(tmp_path)
    odd = Draft("custody.prior", "ab" * 16, None, {**FIELDS, "colour": "red"})
    with pytest.raises(FormatError, match="discloses what no such entry does"):
        ready(odd)
    with pytest.raises(FormatError, match="discloses"), ledger.writing(archive, signers(archive)) as act:
        act.add_all([*drafts(10), odd])
