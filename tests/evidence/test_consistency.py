"""What does not fit together is told with both sides and the difference, and nothing else is."""

import pytest

from evidence.consistency import disagreements
from evidence.docket import Case, Item


def time(earliest, latest=None):
    return {"earliest": f"2019-02-03T{earliest}:00Z", "latest": f"2019-02-03T{latest or earliest}:00Z"}


CASE = {"occurred": time("12:20", "12:40"), "place.lat": 35_812_000, "place.lon": 36_604_000, "place.accuracy_m": "100"}


def item(name="V1", **record):
    return Item(id=name, record={"kind": "imagery", **{k.replace("__", "."): v for k, v in record.items()}}, index=1)


def kinds(record=CASE, facts=None, *items):
    return [one.kind for one in disagreements(Case(record=record, items=items), facts or {})]


def read(**facts):
    return {"V1": {key.replace("__", "."): value for key, value in facts.items()}}


CLOCK = {"captured__earliest": "2019-02-03T12:30:00Z", "captured__latest": "2019-02-03T12:30:00Z"}


@pytest.mark.parametrize(
    ("one", "facts", "kind"),
    [
        (item(), read(**CLOCK, gps__time_utc="2019-02-04T10:28:00Z"), "camera-gps"),
        (item(claimed__time=time("14:55")), read(**CLOCK), "camera-claimed"),
        (item(claimed__lat=35_812_000, claimed__lon=36_604_000), read(gps__lat=35_912_000, gps__lon=36_604_000), "exif-claimed"),
        (item(claimed__lat=36_812_000, claimed__lon=36_604_000), {}, "claimed-case"),
        (item(uploaded_at=time("11:00")), {}, "upload-before"),
        (item(kind="intercept", message_type="release", recorded=time("13:00")), {}, "release-after"),
        (item(pair_role="before", claimed__time=time("13:00")), {}, "bracket"),
        (item(pair_role="after", claimed__time=time("12:00")), {}, "bracket"),
    ],
)  # fmt: skip
def test_each_disagreement_is_told_with_both_sides(one, facts, kind):
    found = [d for d in disagreements(Case(record=CASE, items=[one]), facts) if d.kind == kind]
    assert len(found) == 1
    assert found[0].one
    assert found[0].other
    assert found[0].difference


@pytest.mark.parametrize(
    ("one", "facts"),
    [
        (item(), {}), (item(), read(**CLOCK)), (item(), read(**CLOCK, gps__time_utc="2019-02-03T12:33:00Z")),
        (item(claimed__time=time("12:00", "13:00")), read(**CLOCK)), (item(uploaded_at=time("12:20")), {}),
        (item(claimed__lat=35_812_100, claimed__lon=36_604_000), read(gps__lat=35_812_000, gps__lon=36_604_000)),
        (item(kind="intercept", message_type="release", recorded=time("12:10")), {}),
        (item(kind="intercept", message_type="unclear", recorded=time("13:00")), {}),
        (item(pair_role="after", claimed__time=time("13:00")), {}),
        (item(claimed__time={"said": "in the morning"}), read(**CLOCK)),
    ],
)  # fmt: skip
def test_what_may_both_be_true_is_not_told(one, facts):
    assert kinds(CASE, facts, one) == []


def test_statements_disagree_only_where_their_windows_cannot_meet():
    one, two = item("W1", kind="statement", claimed__time=time("12:00", "12:30")), item(
        "W2", kind="statement", claimed__time=time("13:00")
    )
    assert kinds(CASE, None, one, two) == ["testimony-times"]
    (found,) = disagreements(Case(record=CASE, items=[one, two]), {})
    assert found.difference == "30 min"


def test_groups_that_make_more_than_all_are_told():
    record = {**CASE, "casualties.children.min": 9, "killed.max": 3, "injured.max": 4}
    assert kinds(record) == ["casualties"]
    assert kinds({**record, "injured.max": 40}) == []


def test_what_was_withdrawn_disagrees_with_nothing():
    gone = Item(id="V1", record={"kind": "imagery", "uploaded_at": time("11:00")}, index=1, withdrawn=True)
    assert kinds(CASE, None, gone) == []
