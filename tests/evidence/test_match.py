"""The match of flights and attacks: bounds, classes, headings, the date line, and where silence counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, example, given
from hypothesis import strategies as st

from evidence.distance import distance_km, geodesic
from evidence.flight_log import read_log
from evidence.match import classify, coverage_holds, great_circle, reach_km, search_box
from evidence.when import read_time

PLACE = (35_812_000, 36_604_000)
NOON = 1_549_200_000
points = st.tuples(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))


def sighting(km=5.0, minutes=-11.0, *, bearing=270.0, log="F1", row=2, **more):
    """An observation `km` from the place on that bearing, `minutes` from noon."""
    from geographiclib.geodesic import Geodesic

    line = Geodesic.WGS84.Direct(PLACE[0] / 1e6, PLACE[1] / 1e6, bearing, km * 1000)
    at = NOON + round(minutes * 60)
    return {
        "log": log, "row": row, "earliest": at, "latest": at, "lat": round(line["lat2"] * 1e6),
        "lon": round(line["lon2"] * 1e6), **more,
    }  # fmt: skip


def match(observation, earliest=NOON, latest=NOON, place=PLACE, **window):
    return classify(
        earliest, latest, place, observation, **({"within_km": 20, "before_min": 75, "after_min": 35} | window)
    )


def kind(observation, **given):
    found = match(observation, **given)
    return found.kind if found else None


def test_a_jet_nine_kilometres_away_eleven_minutes_before_is_near():
    found = match(sighting(9, -11, heading=9000, aircraft_class="fixed_wing"))

    assert ("F1", 2, "near", -11.0) == (found.log, found.row, found.kind, found.offset_min)
    assert pytest.approx(9, abs=0.001) == found.distance_km
    assert pytest.approx(90, abs=0.2) == found.bearing_deg
    assert pytest.approx(9 / (11 / 60), rel=0.001) == found.speed_kmh
    assert pytest.approx(0, abs=0.2) == found.heading_diff_deg


def test_inside_the_attacks_own_time_the_offset_is_nought_and_no_speed_is_implied():
    found = match(sighting(9, 3), latest=NOON + 600)

    assert (0.0, None) == (found.offset_min, found.speed_kmh)


def test_after_the_latest_time_the_offset_is_positive():
    assert 5.0 == match(sighting(9, 15), latest=NOON + 600).offset_min


@pytest.mark.parametrize(("minutes", "expected"), [(-75, "near"), (-75.02, None), (35, "near"), (35.02, None)])
def test_the_windows_ends_belong_to_it(minutes, expected):
    assert expected == kind(sighting(1, minutes))


def test_the_circles_edge_belongs_to_it():
    there = sighting(20)
    exactly = distance_km((there["lat"], there["lon"]), PLACE)

    assert "near" == kind(there, within_km=exactly)
    assert None is kind(there | {"earliest": NOON + 60, "latest": NOON + 60}, within_km=exactly - 1e-6)


def test_a_whole_day_is_near_when_it_overlaps_the_window():
    day = sighting(1) | {"earliest": NOON - 40_000, "latest": NOON + 46_399}

    assert 0.0 == match(day).offset_min
    assert None is match(day, earliest=NOON + 60_000, latest=NOON + 60_000)


@pytest.mark.parametrize(
    ("aircraft_class", "km", "minutes", "expected"),
    [
        ("fixed_wing", 100, -24, "en_route"),  # 250 km/h
        ("fixed_wing", 100, -25, None),
        ("fixed_wing", 400, -20.2, "en_route"),  # 1,188
        ("fixed_wing", 400, -19.8, None),  # 1,212
        ("rotary", 50, -30, "en_route"),
        ("rotary", 50, -9, None),  # 333
        ("drone", 50, -30, "en_route"),
        ("drone", 50, -40, None),  # 75
        ("unknown", 50, -40, "en_route"),
        (None, 50, -40, "en_route"),
        (None, 50, -60, None),
        ("a word nobody knows", 50, -40, "en_route"),
    ],
)
def test_en_route_needs_a_speed_that_the_class_can_fly(aircraft_class, km, minutes, expected):
    more = {} if aircraft_class is None else {"aircraft_class": aircraft_class}

    assert expected == kind(sighting(km, minutes, **more))


def test_en_route_is_before_the_attack_only():
    assert None is kind(sighting(100, 20))
    assert None is kind(sighting(100, 0))


@pytest.mark.parametrize(
    ("heading", "expected"),
    [(9000, "en_route"), (4600, "en_route"), (13400, "en_route"), (4400, None), (27000, None), (None, "en_route")],
)
def test_en_route_is_headed_within_45_degrees_of_the_place_where_a_heading_is_noted(heading, expected):
    more = {} if heading is None else {"heading": heading}

    assert expected == kind(sighting(100, -15, **more))


def test_a_heading_across_north_is_compared_across_north():
    found = match(sighting(100, -15, bearing=178, heading=200))

    assert pytest.approx(4, abs=0.2) == found.heading_diff_deg


@pytest.mark.parametrize("missing", ["lat", "lon", "earliest", "latest"])
def test_what_has_no_position_or_time_matches_nothing(missing):
    assert None is match({key: value for key, value in sighting().items() if key != missing})


def test_a_case_without_time_or_place_has_no_matches():
    assert None is match(sighting(), earliest=None)
    assert None is match(sighting(), latest=None)
    assert None is match(sighting(), place=None)


def test_a_place_across_the_date_line_is_near():
    here, there = (0, 179_950_000), (0, -179_950_000)
    found = classify(
        NOON, NOON, there, {"earliest": NOON, "latest": NOON, "lat": here[0], "lon": here[1], "row": 1}, 20
    )

    assert "near" == found.kind
    assert pytest.approx(90) == found.bearing_deg


@given(points, points, st.floats(0, 3000))
@example((89_990_000, 0), (89_990_000, 180_000_000), 5.0)
@example((0, 180_000_000), (0, -180_000_000), 0.0)
@example((10_000_000, -179_990_000), (10_000_000, 179_990_000), 20.0)
def test_the_box_holds_the_circle(place, other, radius):
    other = tuple(a + (b - a) // 8 for a, b in zip(place, other, strict=True))
    assume(distance_km(place, other) <= radius)
    lat, lon = other

    assert any(south <= lat <= north and west <= lon <= east for south, north, west, east in search_box(place, radius))


@given(points, st.floats(0.001, 1500), st.floats(0, 360))
def test_the_box_holds_the_circles_edge(place, radius, bearing):
    from geographiclib.geodesic import Geodesic

    line = Geodesic.WGS84.Direct(place[0] / 1e6, place[1] / 1e6, bearing, radius * 1000)
    lat, lon = round(line["lat2"] * 1e6), round(line["lon2"] * 1e6)

    assert any(south <= lat <= north and west <= lon <= east for south, north, west, east in search_box(place, radius))


@given(points, st.floats(0, 2000))
def test_a_box_lies_on_the_earth(place, radius):
    for south, north, west, east in search_box(place, radius):
        assert -90_000_000 <= south <= north <= 90_000_000
        assert -180_000_000 <= west <= east <= 180_000_000


def test_a_small_circle_has_a_small_box():
    ((south, north, west, east),) = search_box(PLACE, 20)

    assert (north - south) / 1e6 < 0.37
    assert (east - west) / 1e6 < 0.46


@given(points, points)
def test_the_great_circle_is_never_further_off_than_the_prefilter_allows(here, there):
    true = geodesic(here, there)[0]

    assert great_circle(here, there)[0] <= 1.006 * true + 0.001
    assert true <= 1.006 * great_circle(here, there)[0] + 0.001


@given(st.integers(-80_000_000, 80_000_000), st.floats(0.002, 3000), st.floats(0, 360))
@example(79_999_999, 2999.0, 90.0)
@example(0, 0.002, 359.9)
def test_the_great_circles_bearing_is_never_further_off_than_the_prefilter_allows(lat, km, bearing):
    end = Geodesic.WGS84.Direct(lat / 1e6, 36.6, bearing, km * 1000)
    here, there = (lat, 36_600_000), (round(end["lat2"] * 1e6), round(end["lon2"] * 1e6))
    if abs(there[0]) > 80_000_000 or here == there:
        return
    off = (great_circle(here, there)[1] - geodesic(here, there)[1] + 180) % 360 - 180

    assert abs(off) <= 1


@given(
    st.floats(0.01, 1600), st.floats(-80, 40), st.floats(0, 359), st.none() | st.integers(0, 35_999),
    st.sampled_from(["fixed_wing", "rotary", "drone", "unknown"]),
)  # fmt: skip
def test_a_match_is_what_the_rule_says_and_lies_within_reach(km, minutes, bearing, heading, aircraft_class):
    """The rule again, in the words of the standard, without a short cut."""
    more = {"aircraft_class": aircraft_class} | ({} if heading is None else {"heading": heading})
    seen = sighting(km, minutes, bearing=bearing, **more)
    distance, towards = geodesic((seen["lat"], seen["lon"]), PLACE)
    offset_s = seen["earliest"] - NOON
    low, high = {"fixed_wing": (250, 1200), "rotary": (60, 330), "drone": (80, 400), "unknown": (60, 1200)}[
        aircraft_class
    ]
    expected = None
    if -75 * 60 <= offset_s <= 35 * 60:
        turned = 0 if heading is None else min(abs(heading / 100 - towards), 360 - abs(heading / 100 - towards))
        if distance <= 20:
            expected = "near"
        elif offset_s < 0 and low <= distance / (-offset_s / 3600) <= high and turned <= 45:
            expected = "en_route"

    found = match(seen)

    assert expected == (found.kind if found else None)
    if expected == "en_route":
        assert distance <= reach_km(75, aircraft_class) <= reach_km(75)


COVERAGE = {
    "coverage.from": read_time("2019-02-03T06:00", zone="Asia/Damascus"),
    "coverage.to": read_time("2019-02-03T20:00", zone="Asia/Damascus"),
}
SIX, EIGHT_PM = 1_549_166_400, 1_549_216_800


EDGES = [PLACE, (0, 179_990_000), (-17_000_000, -180_000_000), (60_000_000, 180_000_000), (89_990_000, 10_000_000),
         (90_000_000, 0), (-90_000_000, 77_000_000), (-89_999_000, -1)]  # fmt: skip


def _rule(place, seen):
    """The rule in the words of the standard, on the ellipsoid, without a short cut."""
    line = Geodesic.WGS84.Inverse(seen["lat"] / 1e6, seen["lon"] / 1e6, place[0] / 1e6, place[1] / 1e6)
    offset = seen["earliest"] - NOON
    if not -75 * 60 <= offset <= 35 * 60:
        return None
    if line["s12"] <= 20_000:
        return "near"
    low, high = {"fixed_wing": (250, 1200), "rotary": (60, 330)}.get(seen["aircraft_class"], (60, 1200))
    turned = abs((seen.get("heading", line["azi1"] * 100) / 100 - line["azi1"] + 180) % 360 - 180)
    possible = offset < 0 and low <= line["s12"] / 1000 / (-offset / 3600) <= high
    return "en_route" if possible and turned <= 45 else None


@pytest.mark.parametrize("place", EDGES)
@given(
    st.one_of(st.floats(0, 25), st.floats(25, 1600)), st.integers(-80 * 60, 40 * 60), st.floats(0, 360),
    st.none() | st.integers(0, 35_999), st.sampled_from(["fixed_wing", "rotary", "unknown"]),
)  # fmt: skip
def test_at_the_date_line_and_the_poles_a_match_is_what_the_rule_says(place, km, seconds, bearing, heading, kind_of):
    """Wherever the place lies: longitudes that jump, and meridians that meet."""
    there = Geodesic.WGS84.Direct(place[0] / 1e6, place[1] / 1e6, bearing, km * 1000)
    seen = {
        "row": 1, "earliest": NOON + seconds, "latest": NOON + seconds, "lat": round(there["lat2"] * 1e6),
        "lon": round(there["lon2"] * 1e6), "aircraft_class": kind_of, **({} if heading is None else {"heading": heading}),
    }  # fmt: skip

    assert _rule(place, seen) == kind(seen, place=place)


@pytest.mark.parametrize("place", EDGES)
@given(st.floats(1, 3000), st.floats(0, 360), st.floats(0, 2))
def test_a_circle_of_coverage_is_a_circle_on_the_earth(place, radius, bearing, part):
    """At the date line and the poles too, and whichever of its two names a longitude of 180 degrees has."""
    there = Geodesic.WGS84.Direct(place[0] / 1e6, place[1] / 1e6, bearing, radius * part * 1000)
    centre = (round(there["lat2"] * 1e6), round(there["lon2"] * 1e6))
    far = Geodesic.WGS84.Inverse(centre[0] / 1e6, centre[1] / 1e6, place[0] / 1e6, place[1] / 1e6)["s12"] / 1000
    assume(abs(far - radius) > 1e-6)
    circle = {"coverage.lat": centre[0], "coverage.lon": centre[1], "coverage.radius_km": repr(radius)}

    assert (far <= radius) is coverage_holds(COVERAGE | circle, SIX, SIX + 1, place)


@given(
    st.integers(-7200, 60_000), st.integers(0, 60_000),
    st.lists(st.tuples(st.integers(-7200, 60_000), st.integers(0, 7200)), max_size=4),
)  # fmt: skip
def test_coverage_with_gaps_holds_what_every_second_of_it_is_listened_to(start, lasts, away):
    """A gap is told to the second, and its ends belong to it."""
    first, last = SIX + start, SIX + start + lasts
    gaps = [{"from": _told(SIX + at), "to": _told(SIX + at + long)} for at, long in away]
    listened = SIX <= first and last <= EIGHT_PM and not any(
        SIX + at <= last and SIX + at + long >= first for at, long in away
    )  # fmt: skip

    assert listened is coverage_holds(COVERAGE | {"coverage.gaps": gaps}, first, last, PLACE)


def _told(second):
    return read_time(f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}", zone=None)


CHANGES = {  # zone: a day on which clocks were set forward, and one on which they were set back
    "Asia/Damascus": ("2019-03-29", "2019-10-24"), "Asia/Gaza": ("2019-03-29", "2019-10-26"),
    "Europe/Kyiv": ("2022-03-27", "2022-10-30"), "Australia/Lord_Howe": ("2019-10-06", "2019-04-07"),
    "America/Asuncion": ("2019-10-06", "2019-03-23"),
}  # fmt: skip


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("which", [0, 1])
def test_where_clocks_change_a_row_is_read_as_its_zone_has_it_or_kept_unread(zone, which):
    """Every ten minutes of three days: an instant where the zone has one, else a row that counts for nothing."""
    begin = datetime.fromisoformat(CHANGES[zone][which]) - timedelta(days=1)
    local = [begin + timedelta(minutes=10 * step) for step in range(3 * 144)]
    text = "Time,Lat,Lon\n" + "".join(f"{one:%Y-%m-%d %H:%M},35.82,36.51\n" for one in local)
    rows = list(read_log(text.encode(), zone=zone).rows)
    unread = 0
    for one, row in zip(local, rows, strict=True):
        instants = {
            int(made.timestamp()) for fold in (0, 1)
            if (made := one.replace(tzinfo=ZoneInfo(zone), fold=fold)).astimezone(UTC).astimezone(ZoneInfo(zone))
            .replace(tzinfo=None) == one
        }  # fmt: skip
        unread += len(instants) != 1
        assert ({row["earliest"], row["latest"]} if "earliest" in row else None) == (instants if len(instants) == 1 else None)
        if "earliest" in row:
            (instant,) = instants
            assert "near" == classify(instant, instant, PLACE, row).kind
    assert unread in (3, 6)  # half an hour at Lord Howe, an hour elsewhere


@given(st.floats(0.1, 30), st.floats(-80, 40), st.floats(0, 50), st.floats(0, 50))
def test_a_wider_window_never_loses_a_match(km, minutes, wider_km, wider_min):
    seen = sighting(km, minutes)
    if match(seen):
        assert match(seen, within_km=20 + wider_km, before_min=75 + wider_min, after_min=35 + wider_min)


def test_coverage_holds_a_window_to_its_ends():
    assert True is coverage_holds(COVERAGE, SIX, EIGHT_PM, PLACE)
    assert False is coverage_holds(COVERAGE, SIX - 1, EIGHT_PM, PLACE)
    assert False is coverage_holds(COVERAGE, SIX, EIGHT_PM + 1, PLACE)


def test_a_log_without_coverage_covers_nothing_and_a_case_without_time_or_place_is_not_asked():
    assert False is coverage_holds({}, SIX, EIGHT_PM, PLACE)
    assert False is coverage_holds(None, SIX, EIGHT_PM, PLACE)
    assert None is coverage_holds(COVERAGE, None, EIGHT_PM, PLACE)
    assert None is coverage_holds(COVERAGE, SIX, EIGHT_PM, None)


def test_coverage_with_a_circle_covers_only_what_lies_within():
    circle = {"coverage.lat": PLACE[0], "coverage.lon": PLACE[1] + 1_000_000}

    assert True is coverage_holds(COVERAGE | circle | {"coverage.radius_km": "91"}, SIX, SIX + 1, PLACE)
    assert False is coverage_holds(COVERAGE | circle | {"coverage.radius_km": "90"}, SIX, SIX + 1, PLACE)
    assert False is coverage_holds(COVERAGE | circle, SIX, SIX + 1, PLACE)


def test_a_gap_in_the_window_is_no_coverage():
    gap = {
        "from": read_time("2019-02-03T12:00", zone="Asia/Damascus"),
        "to": read_time("2019-02-03T12:30", zone="Asia/Damascus"),
    }
    gaps = COVERAGE | {"coverage.gaps": [gap]}

    assert False is coverage_holds(gaps, SIX, EIGHT_PM, PLACE)
    assert True is coverage_holds(gaps, SIX, SIX + 3600, PLACE)


def test_coverage_in_days_is_whole_days_where_the_zone_is_known():
    day = {"from": read_time("2019-02-03", zone="Asia/Damascus"), "to": read_time("2019-02-03", zone="Asia/Damascus")}
    anywhere = {"from": read_time("2019-02-03", zone=None), "to": read_time("2019-02-05", zone=None)}

    assert True is coverage_holds(day, SIX, EIGHT_PM, PLACE)
    assert False is coverage_holds(anywhere, SIX, EIGHT_PM, PLACE)
