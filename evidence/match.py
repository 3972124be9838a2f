"""The match of flights and attacks: which observations fit a case's time and place.

A match is a suggestion and says no more than "consistent with"; it becomes a
link only when an analyst makes it one. **Near**: within the distance, and its
time overlaps the window. **En route**: in the same window, before the attack
and outside the circle, at a speed possible for its class and, where a heading
was noted, headed within 45 degrees of the place. An observation without a
position matches nothing, and silence counts only where someone was listening.

Times are seconds since 1970 UTC, positions whole micro-degrees (WGS 84), and
every bound is inclusive. Distances are geodesic. Looks at no clock and no
database: `search_box` and `reach_km` say where one need look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from evidence.distance import Point, distance_km, geodesic
from schemas.aircraft import speeds_kmh
from schemas.extent import MICRO, bounds

WITHIN_KM, BEFORE_MIN, AFTER_MIN = 20.0, 75.0, 35.0  # fitted to published incidents; for each house to review
HEADING_WITHIN_DEG = 45.0
Box = tuple[int, int, int, int]  # lowest and highest latitude, lowest and highest longitude, whole micro-degrees

_LEAST_RADIUS_KM = 6335.0  # of curvature anywhere on WGS 84 (6335.4 at the equator, north-south)
_FARTHEST = 1.006  # by how much a geodesic may differ from the great circle of the mean radius
_SLACK_KM = 0.001
_MEAN_RADIUS_KM = 6371.0088
_STRAIGHT_KM, _STRAIGHT_LAT = 3000.0, 80 * MICRO
SEEN = ("earliest", "latest", "lat", "lon", "heading", "aircraft_class")
Fit = tuple[str, float, float, float, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Match:
    """One observation that fits. Offset is negative before the earliest time, positive after the latest, else 0."""

    log: str
    row: int
    kind: str  # near, en_route
    offset_min: float
    distance_km: float
    bearing_deg: float  # from the observation to the place
    speed_kmh: float | None  # that distance and offset imply; None inside the case's own time
    heading_diff_deg: float | None  # unsigned; None where no heading was noted

    def document(self) -> dict[str, Any]:
        """Give the match as `sijill-match/1` shows it, rounded to what a spotter's log can carry."""
        return {
            "log": self.log,
            "row": self.row,
            "kind": self.kind,
            "offset_min": round(self.offset_min, 2),
            "distance_km": round(self.distance_km, 3),
            "bearing_deg": round(self.bearing_deg, 1) % 360.0,
            "speed_kmh": None if self.speed_kmh is None else round(self.speed_kmh, 1),
            "heading_diff_deg": None if self.heading_diff_deg is None else round(self.heading_diff_deg, 1),
        }


def classify(
    earliest: float | None,
    latest: float | None,
    place: Point | None,
    observation: Mapping[str, Any],
    within_km: float = WITHIN_KM,
    before_min: float = BEFORE_MIN,
    after_min: float = AFTER_MIN,
) -> Match | None:
    """Give how an observation fits a case, or None where it does not or where either lacks a time or a place.

    `earliest` and `latest` are the case's, in seconds since 1970 UTC. `observation` is a row of a flight log
    (`earliest`, `latest`, `lat`, `lon`, `heading`, `aircraft_class`, `row`, and `log` where it is known).
    """
    if earliest is None or latest is None or place is None:
        return None
    row = tuple(observation.get(name) for name in SEEN)
    found = fit(earliest, latest, place, row, within_km, before_min, after_min)
    name, number = str(observation.get("log", "")), int(observation.get("row", 0))
    return None if found is None else Match(name, number, *found)


def fit(
    earliest: float, latest: float, place: Point, seen: Sequence[Any], within_km: float, before_min: float,
    after_min: float,
) -> Fit | None:  # fmt: skip
    """Decide as `classify` does of one observation, told as `SEEN`: the members of its match from `kind` on, or None.

    `earliest` and `latest` are seconds since 1970 UTC, `place` and the position seen micro-degrees (WGS 84).
    The great circle is quick, and where it is far enough from every bound it decides; what is left is measured exactly.
    """
    first, last, lat, lon, heading, kind = seen
    if first is None or last is None or lat is None or lon is None:
        return None
    if last < earliest - 60 * before_min or first > latest + 60 * after_min:
        return None
    offset = last - earliest if last < earliest else first - latest if first > latest else 0.0
    limits = speeds_kmh()
    slowest, fastest = limits.get(kind) or limits["unknown"]
    here, hours = (lat, lon), offset / -3600
    about, towards = great_circle(here, place)
    if about > _FARTHEST * within_km + _SLACK_KM:  # not near; en route at most
        if hours <= 0 or not slowest * hours <= _FARTHEST * about + _SLACK_KM:
            return None
        if about > _FARTHEST * fastest * hours + _SLACK_KM:
            return None
        straight = about < _STRAIGHT_KM and max(abs(lat), abs(place[0])) < _STRAIGHT_LAT
        if straight and heading is not None and _apart(heading / 100, towards) > HEADING_WITHIN_DEG + 1:
            return None
    distance, bearing = geodesic(here, place)
    speed = distance / abs(hours) if offset else None
    difference = None if heading is None else _apart(heading / 100, bearing)
    if distance > within_km:
        if speed is None or offset >= 0 or not slowest <= speed <= fastest:
            return None
        if difference is not None and difference > HEADING_WITHIN_DEG:
            return None
    return "near" if distance <= within_km else "en_route", offset / 60, distance, bearing, speed, difference


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


def great_circle(here: Point, there: Point) -> tuple[float, float]:
    """Give distance and bearing on a sphere of the mean radius, much quicker than on the ellipsoid.

    The distance is within 0.6 % of the geodesic's. The bearing is within 1 degree of it up to `_STRAIGHT_KM` between
    the parallels of `_STRAIGHT_LAT`.
    """
    lat, other_lat = math.radians(here[0] / MICRO), math.radians(there[0] / MICRO)
    turn = math.radians((there[1] - here[1]) / MICRO)
    cos_lat, cos_other = math.cos(lat), math.cos(other_lat)
    half_lat, half_turn = math.sin((other_lat - lat) / 2), math.sin(turn / 2)
    chord = half_lat * half_lat + cos_lat * cos_other * half_turn * half_turn
    east = math.sin(turn) * cos_other
    # sin(other - lat), written so that a short distance keeps its digits
    north = math.sin(other_lat - lat) + 2 * math.sin(lat) * cos_other * half_turn * half_turn
    bearing = math.degrees(math.atan2(east, north)) % 360.0
    return 2 * _MEAN_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord))), bearing


def reach_km(before_min: float = BEFORE_MIN, aircraft_class: str | None = None) -> float:
    """Give how far out en route is looked for: the top speed of the class, or of any, times the window."""
    if aircraft_class is not None:
        return speeds_kmh().get(aircraft_class, speeds_kmh()["unknown"])[1] * before_min / 60
    return max(fastest for _, fastest in speeds_kmh().values()) * before_min / 60


def search_box(place: Point, radius_km: float) -> list[Box]:
    """Give boxes of latitude and longitude that hold every point within `radius_km`, and some beyond: micro-degrees.

    Two boxes where the circle crosses the date line; all longitudes where it holds a pole. A row without a
    position lies in no box.
    """
    angle = max(radius_km, 0.0) / _LEAST_RADIUS_KM
    lat, lon = place[0] / MICRO, place[1] / MICRO
    margin = 1e-5
    south, north = lat - math.degrees(angle) - margin, lat + math.degrees(angle) + margin
    if south <= -90 or north >= 90 or angle >= math.pi / 2:
        return [(floor(max(south, -90) * MICRO), ceil(min(north, 90) * MICRO), -180 * MICRO, 180 * MICRO)]
    # Latitudes on the ellipsoid are up to 0.2 degrees from those of the sphere: take the parallel farther out.
    widest = min(90.0, abs(lat) + 0.2)
    ratio = math.sin(angle) / math.cos(math.radians(widest)) if widest < 90 else 2.0
    span = math.degrees(math.asin(ratio)) * 1.005 + margin if ratio < 1 else 180.0
    low, high = floor(south * MICRO), ceil(north * MICRO)
    if span >= 180:
        return [(low, high, -180 * MICRO, 180 * MICRO)]
    west, east = floor((lon - span) * MICRO), ceil((lon + span) * MICRO)
    if west <= -180 * MICRO:
        return [(low, high, -180 * MICRO, east), (low, high, west + 360 * MICRO, 180 * MICRO)]
    if east >= 180 * MICRO:
        return [(low, high, west, 180 * MICRO), (low, high, -180 * MICRO, east - 360 * MICRO)]
    return [(low, high, west, east)]


def coverage_holds(
    coverage: Mapping[str, Any] | None, earliest: float | None, latest: float | None, place: Point | None
) -> bool | None:
    """Whether a log's `coverage` holds a whole window of time at a place; None without a window or a place.

    `coverage` has `from` and `to` (times), and may have `lat`, `lon`, `radius_km` and `gaps`; its keys may
    stand under `coverage.`. A log without one covers nothing, one with a circle only what lies within it.
    `earliest` and `latest` are those of the whole window: the case's time with the minutes before and after.
    """
    if earliest is None or latest is None or place is None:
        return None
    if not coverage:
        return False
    coverage = {key.removeprefix("coverage."): value for key, value in coverage.items()}
    starts, ends = coverage.get("from"), coverage.get("to")
    if not starts or not ends:
        return False
    begin, stop = _surely(starts)[0], _surely(ends)[1]
    if begin is None or stop is None or begin > earliest or latest > stop:
        return False
    for gap in coverage.get("gaps") or ():
        away, back = bounds(gap.get("from"))[0], bounds(gap.get("to"))[1]
        if (away is None or away.timestamp() <= latest) and (back is None or back.timestamp() >= earliest):
            return False
    if not {"lat", "lon", "radius_km"} & coverage.keys():
        return True
    if not has_place(coverage):
        return False
    return distance_km((coverage["lat"], coverage["lon"]), place) <= float(coverage["radius_km"])


def has_place(coverage: Mapping[str, Any]) -> bool:
    """Whether a coverage says where it listened; one that does not deserves a warning."""
    names = {key.removeprefix("coverage.") for key in coverage}
    return {"lat", "lon", "radius_km"} <= names


def _surely(time: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Give from when, and until when, someone was surely listening: whole days where days were said in a zone."""
    earliest, latest = bounds(time)
    whole = time.get("precision") in ("day", "month", "year") and "zone" in time
    first, last = (earliest, latest) if whole else (latest, earliest)
    return (first.timestamp() if first else None), (last.timestamp() if last else None)
