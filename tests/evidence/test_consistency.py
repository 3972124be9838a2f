"""What does not fit together is told with both sides and the difference, and nothing else is."""

import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from evidence.consistency import MOST, disagreements
from evidence.docket import Case, Item, Sighting
from evidence.sky import _event, expected, told


def time(earliest, latest=None, **more):
    return {"earliest": f"2019-02-03T{earliest}:00Z", "latest": f"2019-02-03T{latest or earliest}:00Z"} | more


PLACE = {"place.lat": 35_812_000, "place.lon": 36_604_000, "place.accuracy_m": "100"}
CASE = {"occurred": time("12:20", "12:40"), "zone": "Asia/Damascus", **PLACE}


def item(name="V1", **record):
    return Item(id=name, record={"kind": "imagery", **{k.replace("__", "."): v for k, v in record.items()}}, index=1)


def found(*items, record=CASE, facts=None, sightings=()):
    case = Case(record=record, items=items, facts={"V1": facts or {}}, sightings=sightings)
    return [SimpleNamespace(**one.document()) for one in disagreements(case)]


def kinds(*items, **more):
    return [one.kind for one in found(*items, **more)]


def clock(local="2019-02-03T14:30:00", offset="+02:00", earliest="2019-02-03T12:30:00Z", latest=None, **more):
    facts = {"captured.local": local, "captured.earliest": earliest, "captured.latest": latest or earliest}
    return facts | ({"captured.offset": offset} if offset else {}) | {k.replace("__", "."): v for k, v in more.items()}


def unzoned(**more):
    return clock(offset=None, earliest="2019-02-03T00:30:00Z", latest="2019-02-04T02:30:00Z", **more)


@pytest.mark.parametrize(
    ("one", "facts", "kind", "difference"),
    [
        (item(), clock(gps__time_utc="2019-02-04T10:28:00Z"), "camera-gps", "21 h 58 min"),
        (item(), unzoned(gps__time_utc="2019-02-03T12:38:00Z"), "camera-gps", "8 min"),
        (item(), unzoned(gps__time_utc="2019-02-03T09:30:00Z"), "camera-gps", "3 h"),
        (item(claimed__time=time("14:55")), clock(), "camera-claimed", "2 h 25 min"),
        (item(claimed__time=time("14:55")), unzoned(), "camera-claimed", "2 h 25 min"),
        (item(claimed__lat=35_812_000, claimed__lon=36_604_000), {"gps.lat": 35_912_000, "gps.lon": 36_604_000},
         "exif-place", "11.1 km"),
        (item(), {"gps.lat": 35_912_000, "gps.lon": 36_604_000}, "exif-place", "11.1 km"),
        (item(uploaded_at=time("11:00")), {}, "upload-before", "1 h 20 min"),
        (item(uploaded_at=time("12:50"), claimed__time=time("13:00")), {}, "upload-before", "10 min"),
        (item(kind="intercept", message_type="release", recorded=time("13:00")), {}, "release-strike", "20 min"),
        (item(kind="intercept", message_type="release", recorded=time("12:00")), {}, "release-strike", "20 min"),
        (item(medium="satellite", pair_role="before", claimed__time=time("13:00")), {}, "bracket", "20 min after"),
        (item(medium="satellite", pair_role="after", claimed__time=time("12:00")), {}, "bracket", "20 min before"),
        (item(kind="statement", claimed__time=time("16:00")), {}, "testimony-times", "3 h 20 min"),
    ],
)  # fmt: skip
def test_each_disagreement_is_told_with_both_sides(one, facts, kind, difference):
    (told_,) = found(one, facts=facts)
    assert (told_.kind, told_.difference) == (kind, difference)
    assert "V1" in told_.one
    assert told_.other.startswith(("V1: ", "case: "))


@pytest.mark.parametrize(
    ("one", "facts"),
    [
        (item(), {}), (item(), clock()), (item(), clock(gps__time_utc="2019-02-03T12:33:00Z")),
        (item(), unzoned(gps__time_utc="2019-02-03T12:33:00Z")),
        (item(claimed__time=time("12:00", "13:00")), clock()), (item(claimed__time=time("12:30")), unzoned()),
        (item(claimed__time=time("12:30", precision="minute")), clock(earliest="2019-02-03T12:30:41Z")),
        (item(uploaded_at=time("12:20")), {}),
        (item(claimed__lat=35_812_100, claimed__lon=36_604_000), {"gps.lat": 35_812_000, "gps.lon": 36_604_000}),
        (item(kind="intercept", message_type="release", recorded=time("12:12")), {}),
        (item(kind="intercept", message_type="unclear", recorded=time("13:00")), {}),
        (item(medium="satellite", pair_role="after", claimed__time=time("13:00")), {}),
        (item(medium="satellite", claimed__time=time("13:00")), {}),
        (item(claimed__time={"said": "in the morning"}), clock()),
        (item(kind="statement", claimed__time=time("12:30")), {}),
    ],
)  # fmt: skip
def test_what_may_both_be_true_is_not_told(one, facts):
    assert kinds(one, facts=facts) == []


def test_a_clock_without_a_zone_is_not_read_in_one_that_nobody_named():
    record = {key: value for key, value in CASE.items() if key != "zone"}
    assert kinds(item(claimed__time=time("14:55")), facts=unzoned(), record=record) == []


def test_statements_disagree_only_where_their_windows_cannot_meet():
    one = item("W1", kind="statement", claimed__time=time("12:00", "12:30"))
    two = item("W2", kind="statement", claimed__time=time("12:35"))
    (told_,) = found(one, two)
    assert told_.difference == "5 min"
    assert told_.one.startswith("W1: ")
    assert told_.other.startswith("W2: ")


def test_of_many_statements_the_first_disagreements_are_told_and_the_rest_counted():
    many = [item(f"W{n}", kind="statement", claimed__time=time(f"12:{20 + n}")) for n in range(20)]
    told_ = found(*many)
    assert len(told_) == MOST + 1
    assert told_[-1].difference == f"{20 * 19 // 2 - MOST} more"


def test_satellite_images_that_all_lie_on_one_side_do_not_bracket():
    images = [item(f"S{n}", medium="satellite", claimed__time=time(f"1{n}:00")) for n in (3, 4)]
    (told_,) = found(*images)
    assert (told_.kind, told_.difference) == ("bracket", "20 min after, and none on the other side")
    assert kinds(*images, item("S5", medium="satellite", claimed__time=time("11:00"))) == []


def test_a_case_of_several_strikes_is_set_against_the_nearest_of_them():
    """A release at the second of two strikes fits, though the first was long before."""
    record = {**CASE, "occurred": time("12:20", "15:10"),
              "strikes": [{"label": "A", "time": time("12:20")}, {"label": "B", "time": time("15:10")}]}  # fmt: skip
    heard = item("R1", kind="intercept", message_type="release", recorded=time("15:08"))
    between = item("R2", kind="intercept", message_type="release", recorded=time("13:50"))
    (told_,) = found(heard, between, record=record)
    assert told_.one.startswith("R2: ")
    assert told_.other.startswith("strike B: ")
    assert told_.difference == "1 h 20 min"


def test_a_release_heard_while_the_aircraft_was_seen_elsewhere_is_told():
    """Nobody flies 300 km in three minutes; nine kilometres are no trouble."""
    heard = item("R1", kind="intercept", message_type="release", recorded=time("12:30"))
    at = datetime(2019, 2, 3, 12, 27, tzinfo=UTC)
    near = Sighting("F1 row 2", at, at, (35_812_000, 36_504_000), "fixed_wing")
    far = Sighting("F1 row 3", at, at, (38_512_000, 36_604_000), "fixed_wing")
    nowhere = Sighting("F1 row 4", at, at, None)
    (told_,) = found(heard, sightings=(near, far, nowhere))
    assert told_.kind == "release-sighting"
    assert told_.other.startswith("F1 row 3: ")


def test_groups_that_make_more_than_all_are_told():
    record = {**CASE, "casualties.children.min": 9, "killed.max": 3, "injured.max": 4}
    assert kinds(record=record) == ["casualties"]
    assert kinds(record={**record, "injured.max": 40}) == []


def test_what_was_withdrawn_or_erased_disagrees_with_nothing():
    gone = Item(id="V1", record={"kind": "imagery", "uploaded_at": time("11:00")}, index=1, withdrawn=True)
    erased = Item(id="V2", record={"id": "V2", "erased": 7}, index=2)
    assert kinds(gone, erased) == []


@pytest.mark.parametrize(
    ("said", "bounds", "difference"),
    [
        ("after Isha", time("14:00"), "2 h 15 min"), ("بعد صلاة العشاء", time("14:00"), "2 h 15 min"),
        ("half an hour after iftar", time("18:00"), "1 h 48 min"), ("قبل المغرب بنصف ساعة", time("11:00"), "3 h 2 min"),
        ("at sunrise", time("12:30"), "7 h 27 min"), ("between asr and maghrib", time("16:12"), "1 h"),
    ],
)  # fmt: skip
def test_a_time_told_by_prayer_or_sun_is_set_against_the_sky(said, bounds, difference):
    (told_,) = found(item(claimed__time={"said": said, **bounds}))
    assert (told_.kind, told_.difference) == ("sky", difference)
    assert said in told_.one


@pytest.mark.parametrize(
    "said",
    ["after Isha", "about an hour after sunset", "20 minutes before Isha", "بعد المغرب بساعة", "after the Maghrib prayer"],
)
def test_a_time_that_the_sky_bears_out_is_not_told(said):
    assert kinds(item(claimed__time={"said": said, **time("16:15")}), record={**CASE, "occurred": None}) == []


def test_words_without_bounds_are_set_against_the_claimed_time():
    (told_,) = found(item(claimed__time={"said": "after Isha", "precision": "unknown"}))
    assert told_.other.startswith("case: occurred ")


@pytest.mark.parametrize("said", ["بعد الظهر", "in the morning", "noon", "الجمعة", "disrobe at sunsets", "فجري"])
def test_words_that_name_no_time_of_the_sky_are_left_alone(said):
    assert told(said) is None


def test_the_sun_is_where_published_tables_have_it():
    """Sunrise at Greenwich on the spring equinox of 2019, by an almanac: 06:06 UT."""
    event = expected("at sunrise", (51_477_900, 0), datetime(2019, 3, 20, 6, tzinfo=UTC))
    middle = event[1][0] + (event[1][1] - event[1][0]) / 2
    assert abs((middle - datetime(2019, 3, 20, 6, 6, tzinfo=UTC)).total_seconds()) < 180
    assert expected("at sunset", (80_000_000, 0), datetime(2019, 6, 21, 12, tzinfo=UTC)) is None


def test_the_friday_prayer_is_on_a_friday():
    event = expected("after the Friday prayer", (35_812_000, 36_604_000), datetime(2019, 2, 3, 12, tzinfo=UTC))
    assert event[1][0].date().isoformat() == "2019-02-01"


def test_without_the_extra_it_is_said_once_that_the_sun_was_not_asked(monkeypatch):
    monkeypatch.setitem(sys.modules, "astral", None)
    _event.cache_clear()
    words = {"said": "after Isha", **time("14:00")}
    (told_,) = found(item("V1", claimed__time=words), item("V2", claimed__time=words))
    _event.cache_clear()
    assert told_.kind == "not-compared"
    assert "sijill[geo]" in told_.difference


@pytest.mark.parametrize(
    ("claims", "one", "other", "difference"),
    [
        ({"occurred": time("13:00")}, "EX-2: occurred 2019-02-03T13:00:00Z", "case: occurred", "20 min"),
        ({"place.lat": 35_912_000, "place.lon": 36_604_000}, "EX-2: place 35.9120", "case: place 35.8120", "11.1 km"),
        ({"killed.min": 8, "killed.max": 10}, "EX-2: at least 8 killed", "case: at most 3 killed", "5"),
        ({"killed.max": 1}, "EX-2: at most 1 killed", "case: at least 2 killed", "1"),
    ],
)
def test_what_a_merged_case_claimed_and_the_other_excludes_is_told(claims, one, other, difference):
    record = CASE | {"killed.min": 2, "killed.max": 3}
    (told_,) = disagreements(Case(record=record, merged=[{"code": "EX-2", **claims}]))
    said = told_.document()
    assert (said["kind"], said["difference"]) == ("merged-claims", difference)
    assert said["one"].startswith(one)
    assert said["other"].startswith(other)


def test_claims_of_merged_cases_that_overlap_are_not_told():
    claims = {"occurred": time("12:40", "13:00"), "place.lat": 35_813_000, "place.lon": 36_604_000, "killed.min": 3}
    record = CASE | {"killed.min": 2, "killed.max": 3}
    assert disagreements(Case(record=record, merged=[{"code": "EX-2", **claims}])) == []


def test_one_minute_and_the_next_touch():
    """A watch reads to the minute; the camera's clock a second later than that minute says the same."""
    claimed = time("12:29", precision="minute")
    assert kinds(item(claimed__time=claimed), facts=clock()) == []
    assert kinds(item(claimed__time=time("12:28", precision="minute")), facts=clock()) == ["camera-claimed"]
