"""What does not fit together in a case: clocks, places, numbers. Told, never judged, never weighed.

Each finding names both sides and the difference. A disagreement may be a wrong
clock, a slip of the pen, or a sign; people decide. Only bounds that cannot
both be true disagree: a window that touches another does not. Without a bound
nothing is said.

Times are UTC, places WGS 84 in whole micro-degrees, distances geodesic in km.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.docket import Case, Item
from evidence.where import Point, distance_km
from schemas.extent import bounds, read_instant

GPS_TOLERANCE = timedelta(minutes=5)  # of a camera clock from its own satellite clock, its zone allowed for
PLACE_TOLERANCE_KM = 1.0
Facts = Mapping[str, Mapping[str, Any]]  # item id -> what a reader found, dotted names


@dataclass(frozen=True)
class Disagreement:
    """Two sides that cannot both be true as told, and by how much."""

    kind: str
    one: str
    other: str
    difference: str

    def document(self) -> dict[str, str]:
        """Give the member of `consistency`."""
        return {"kind": self.kind, "one": self.one, "other": self.other, "difference": self.difference}


def disagreements(case: Case, facts: Facts) -> list[Disagreement]:
    """Give everything that does not fit, in the order of the items."""
    found: list[Disagreement] = []
    items = [item for item in case.items if not item.withdrawn and "disposed" not in item.excluded]
    for item in items:
        read = facts.get(item.id, {})
        found += _camera(item, read)
        found += _places(item, read, case.record)
        found += _uploaded(item, case.record)
        found += _intercept(item, case.record)
    found += _testimonies(items)
    found += _satellites(items, case.record)
    found += _casualties(case.record)
    return found


Window = tuple[datetime | None, datetime | None]


def _apart(one: Window, two: Window) -> timedelta | None:
    """Give the gap between two windows that cannot overlap; positive where the second is later. None where they may."""
    if one[1] is not None and two[0] is not None and two[0] > one[1]:
        return two[0] - one[1]
    if one[0] is not None and two[1] is not None and two[1] < one[0]:
        return two[1] - one[0]
    return None


def _window(extent: Any) -> Window:
    return bounds(extent if isinstance(extent, Mapping) else None)


def _span(gap: timedelta) -> str:
    minutes = abs(round(gap.total_seconds() / 60))
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(filter(None, parts)) or "less than a minute"


def _said(extent: Any) -> str:
    low, high = _window(extent)
    words = [f"{one:%Y-%m-%dT%H:%M:%SZ}" if one else "open" for one in (low, high)]
    return words[0] if words[0] == words[1] else f"{words[0]} to {words[1]}"


def _camera(item: Item, read: Mapping[str, Any]) -> Iterator[Disagreement]:
    """The camera's clock against its own satellite clock, and against the time that was claimed."""
    if "captured.earliest" not in read or "captured.latest" not in read:
        return
    captured = {"earliest": read["captured.earliest"], "latest": read["captured.latest"]}
    gps = read.get("gps.time_utc")
    if isinstance(gps, str):
        at = read_instant(gps)
        gap = _apart(_window(captured), (at - GPS_TOLERANCE, at + GPS_TOLERANCE))
        if gap is not None:
            yield Disagreement("camera-gps", f"{item.id}: camera clock {_said(captured)}",
                               f"{item.id}: GPS clock {gps}", _span(gap))  # fmt: skip
    claimed = item.record.get("claimed.time")
    gap = _apart(_window(captured), _window(claimed))
    if gap is not None:
        yield Disagreement("camera-claimed", f"{item.id}: camera clock {_said(captured)}",
                           f"{item.id}: claimed {_said(claimed)}", _span(gap))  # fmt: skip


def _point(record: Mapping[str, Any], stem: str) -> Point | None:
    lat, lon = record.get(f"{stem}.lat"), record.get(f"{stem}.lon")
    return (lat, lon) if type(lat) is int and type(lon) is int else None


def _places(item: Item, read: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Where the camera says it was, against where the picture was claimed or the case says it happened."""
    taken = _point(read, "gps")
    claimed = _point(item.record, "claimed")
    sides = [("exif-claimed", f"{item.id}: camera position", taken, f"{item.id}: claimed place", claimed)]
    sides.append(("claimed-case", f"{item.id}: claimed place", claimed, "case: place", _point(case, "place")))
    for kind, one, here, other, there in sides:
        if here is None or there is None:
            continue
        allowed = PLACE_TOLERANCE_KM + sum(float(r.get(n, 0)) for r, n in (
            (item.record, "claimed.accuracy_m"), (case, "place.accuracy_m"))) / 1000  # fmt: skip
        distance = distance_km(here, there)
        if distance > allowed:
            yield Disagreement(kind, one, other, f"{distance:.1f} km")


def _uploaded(item: Item, case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """What was uploaded before it happened shows something else, or happened earlier."""
    uploaded = _window(item.record.get("uploaded_at"))[1]
    begun = _window(case.get("occurred"))[0]
    if uploaded is not None and begun is not None and uploaded < begun:
        yield Disagreement("upload-before", f"{item.id}: uploaded {_said(item.record.get('uploaded_at'))}",
                           f"case: occurred {_said(case.get('occurred'))}", _span(begun - uploaded))  # fmt: skip


def _intercept(item: Item, case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """A release heard after the strike is not the release of that strike."""
    if item.record.get("message_type") != "release":
        return
    heard, struck = _window(item.record.get("recorded")), _window(case.get("occurred"))
    if heard[0] is not None and struck[1] is not None and heard[0] > struck[1]:
        yield Disagreement("release-after", f"{item.id}: release heard {_said(item.record.get('recorded'))}",
                           f"case: occurred {_said(case.get('occurred'))}", _span(heard[0] - struck[1]))  # fmt: skip


def _testimonies(items: list[Item]) -> Iterator[Disagreement]:
    """Two statements whose times cannot both be right."""
    told = [(i, i.record.get("claimed.time")) for i in items if i.record.get("kind") == "statement"]
    told = [(item, extent) for item, extent in told if extent]
    for number, (one, first) in enumerate(told):
        for other, second in told[number + 1 :]:
            gap = _apart(_window(first), _window(second))
            if gap is not None:
                sides = f"{one.id}: says {_said(first)}", f"{other.id}: says {_said(second)}"
                yield Disagreement("testimony-times", *sides, _span(gap))


def _satellites(items: list[Item], case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """An image called before that was taken after, or the reverse, brackets nothing."""
    struck = _window(case.get("occurred"))
    for item in items:
        role = item.record.get("pair_role")
        extent = item.record.get("claimed.time")
        taken = _window(extent)
        wrong = None
        if role == "before" and taken[0] is not None and struck[0] is not None and taken[0] > struck[0]:
            wrong = taken[0] - struck[0]
        if role == "after" and taken[1] is not None and struck[1] is not None and taken[1] < struck[1]:
            wrong = struck[1] - taken[1]
        if wrong is not None:
            yield Disagreement("bracket", f"{item.id}: called {role}, taken {_said(extent)}",
                               f"case: occurred {_said(case.get('occurred'))}", _span(wrong))  # fmt: skip


def _casualties(case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Parts that make more than the whole: the least of each group against the most of all."""
    least = sum(v for k, v in case.items() if k.startswith("casualties.") and k.endswith(".min") and type(v) is int)
    ends = [case.get(f"{name}.max") for name in ("killed", "injured")]
    if all(type(end) is int for end in ends):
        most = sum(end for end in ends if isinstance(end, int))
        if least > most:
            sides = f"case: at least {least} by groups", f"case: at most {most} killed and injured"
            yield Disagreement("casualties", *sides, str(least - most))
