"""What the archive holds, as documents: cases, items, custody with its gaps named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.custody import gaps_in
from archive.show import case_document, case_list, custody_document, find_item, item_document, newest_record_entry
from evidence.requirements import chain
from schemas.errors import InputError, NotFound
from tests.casebook import CODE, case, files, filled_archive, new_archive, take, write


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Give an archive with the small case."""
    return filled_archive(tmp_path_factory.mktemp("show"))


def test_a_case_is_listed_with_its_items_and_without_a_grade_nobody_gave(archive):
    """The grade is that of the last recorded assessment; there is none."""
    with archive.reading() as db:
        document = case_list(db)
    assert document["format"] == "sijill-case-list/1"
    (listed,) = document["cases"]
    assert {"code": CODE, "items": 3, "grade": None, "exercise": True}.items() <= listed.items()


def test_a_case_shows_all_that_is_registered_under_it(archive):
    """Ids as people say them; coordinates in degrees."""
    with archive.reading() as db:
        document = case_document(db, CODE)
    assert document["format"] == "sijill-case/1"
    assert [item["id"] for item in document["items"]] == [f"{CODE}/W1", f"{CODE}/V1", f"{CODE}/F1"]
    assert document["place"]["lat"] == 35.812
    assert [len(document[name]) for name in ("sources", "links", "relations")] == [3, 2, 0]


def test_an_item_shows_record_reading_links_custody_and_objects(archive):
    """What a person said of it and what a reader found in it stand apart."""
    with archive.reading() as db:
        document = item_document(db, f"{CODE}/V1")
    assert document["format"] == "sijill-item/1"
    assert document["reading"]["facts"]["captured"]["local"] == "2019-02-03T14:55:00"
    assert document["reading"]["facts"]["gps"] is None
    assert [link["item"] for link in document["links"]] == ["V1"]
    assert [one["role"] for one in document["objects"]] == ["file"]
    assert document["objects"][0]["blake3"] == document["blake3"]


def test_a_flight_log_shows_how_many_rows_could_be_read(archive):
    """One row of three is smudged."""
    with archive.reading() as db:
        facts = item_document(db, f"{CODE}/F1")["reading"]["facts"]
    assert (facts["rows"], facts["rows_readable"]) == (3, 2)
    assert "rows_salt" not in facts


def test_custody_runs_from_capture_to_the_archive(archive):
    """Events told of the time before come first; from accession on each is an entry."""
    with archive.reading() as db:
        document = custody_document(db, f"{CODE}/V1")
    actions = [event["action"] for event in document["events"]]
    assert actions[:2] == ["capture", "accession"]
    assert document["unbroken"]
    assert all(event["at"]["earliest"] for event in document["events"])


def test_a_bare_id_does_where_one_case_alone_has_it(archive, tmp_path):
    """Two cases with a W1 need the code."""
    with archive.reading() as db:
        assert find_item(db, "W1").name == f"{CODE}/W1"
    two = filled_archive(tmp_path)
    tables = case()
    tables["case"]["code"] = "EX-2019-0002"
    take(two, write(tmp_path / "in2", tables, files()))
    with two.reading() as db, pytest.raises(InputError, match="2 cases"):
        find_item(db, "W1")


def test_a_name_that_is_not_there_is_refused_with_the_nearest(archive):
    """Exit 2, and what was perhaps meant."""
    with archive.reading() as db:
        with pytest.raises(NotFound, match="did you mean EX-2019-0001"):
            case_document(db, "EX-2019-001")
        with pytest.raises(NotFound, match=f"did you mean {CODE}/V1"):
            item_document(db, f"{CODE}/V7")


def test_the_newest_record_entry_is_the_last_revision(tmp_path):
    """An edit moves the proof on; a reading does not."""
    archive = filled_archive(tmp_path)
    with archive.reading() as db:
        first = newest_record_entry(db, f"{CODE}/V1")
        assert first == find_item(db, f"{CODE}/V1").first
    tables = case()
    tables["item"][1]["notes"] = "seen again"
    take(archive, write(tmp_path / "in", tables, files()), reason="a note")
    with archive.reading() as db:
        assert newest_record_entry(db, f"{CODE}/V1") > first


def _told(action, by, to=None):
    return {"action": action, "by": by, "told": True, **({"to": to} if to else {})}


ACCESSION = {"action": "accession", "by": "mona", "told": False}


@pytest.mark.parametrize(
    ("events", "gaps"),
    [
        ([_told("capture", "A"), _told("transfer", "A", "B"), ACCESSION], []),
        ([_told("receive", "B"), ACCESSION], []),
        ([ACCESSION], ["nothing was told"]),
        ([_told("transfer", "A", "B"), ACCESSION], ["does not begin"]),
        ([_told("capture", "A"), _told("transfer", "C", "B"), ACCESSION], ["handed over by C; the last known to hold it was A"]),
        ([_told("capture", "A"), _told("receive", "B"), ACCESSION], []),
        ([_told("capture", "A"), _told("transfer", "A"), ACCESSION], ["not told to whom"]),
        ([_told("capture", "A"), _told("transfer", "A"), _told("receive", "B"), ACCESSION], []),
        (
            [_told("capture", "A"), _told("transfer", "A", "B"), _told("receive", "C"), _told("transfer", "B", "D"), ACCESSION],
            ["handed over by B; the last known to hold it was C"],
        ),
        ([_told("capture", "A"), _told("transfer", "A", "B"), _told("receive", "B"), ACCESSION], []),
        ([_told("capture", "A"), ACCESSION, {"action": "custody.transfer", "by": "mona", "to": "omar"}], ["not accepted"]),
        (
            [_told("capture", "A"), ACCESSION, {"action": "custody.transfer", "by": "mona", "to": "omar"},
             {"action": "custody.accept", "by": "omar"}],
            [],
        ),
    ],
)  # fmt: skip
def test_every_gap_is_named(events, gaps):
    """A gap is said, never filled."""
    found = gaps_in(events)
    assert len(found) == len(gaps)
    for one, words in zip(found, gaps, strict=True):
        assert words in one["what"]


_PEOPLE = st.sampled_from("ABC")
_EVENTS = st.lists(
    st.one_of(
        st.builds(_told, st.sampled_from(["capture", "receive", "copy", "access"]), _PEOPLE),
        st.builds(_told, st.just("transfer"), _PEOPLE, st.one_of(st.none(), _PEOPLE)),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(events=_EVENTS)
def test_custody_names_a_gap_where_a_standard_finds_none_unbroken_and_nowhere_else(events):
    """What `custody` shows and what `check` answers is one reading."""
    answer, _ = chain(events)
    assert (answer == "met") == (gaps_in([*events, ACCESSION]) == [])


def test_a_receipt_by_somebody_else_than_it_was_handed_to_is_shown_and_breaks_nothing(tmp_path):
    tables = case()
    tables["item"][1]["custody"] = [
        {"action": "capture", "at": "2019-02-03T14:55", "by": "desk"},
        {"action": "transfer", "at": "2019-02-04", "by": "desk", "to": "I-3"},
        {"action": "receive", "at": "2019-02-05", "by": "I-9"},
    ]
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, files()))
    with archive.reading() as db:
        document = custody_document(db, f"{CODE}/V1")
    assert document["unbroken"]
    assert document["events"][2]["what"] == "it was handed over to I-3"


def test_an_empty_archive_lists_no_case(tmp_path):
    """Nothing is no error."""
    with new_archive(tmp_path).reading() as db:
        assert case_list(db)["cases"] == []
