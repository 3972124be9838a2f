"""What does not fit together in a case: clocks, places, numbers. Told, never judged, never weighed.

Each finding names both sides and the difference. A disagreement may be a wrong
clock, a slip of the pen, or a sign; people decide. Windows that touch do not
disagree, and without a bound nothing is said. A camera clock without a zone is
26 hours wide; where that hides a difference, it is also read as it is written
in the zone of the case, and the finding says so.

Times are UTC, places WGS 84 in whole micro-degrees, distances geodesic in km.
Sources: docs/standards.md, "What does not fit together".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from evidence import sky
from evidence.clock import CLOCKS_AGREE, clocks_apart
from evidence.distance import Point, distance_km
from evidence.docket import Case, Item, Sighting
from evidence.reason import FIELD, Reason, Several, Term, reason, told
from evidence.told_time import Window, gap_between, in_words, said_time, span, window_of
from evidence.zone import local_offset
from schemas.aircraft import speeds_kmh
from schemas.errors import ExtraMissing, FormatError
from schemas.extent import read_instant

PLACE_TOLERANCE_KM = 1.0
STANDOFF_KM = 20.0  # how far from the place a weapon may be released, and a spotter's position be wrong
RELEASE_BEFORE = timedelta(minutes=10)  # how long before the strike its release may be heard
MOST = 50  # disagreements of one kind that are told one by one
_NEVER = datetime.max.replace(tzinfo=UTC)
Side = tuple[Any, Window]  # what is told (a reason), and its bounds


@dataclass(frozen=True)
class Disagreement:
    """Two sides that cannot both be true as told, and by how much: reasons, said at the door."""

    kind: str
    one: Any
    other: Any
    difference: Any

    def document(self, tell: Callable[[Any], str] = told) -> dict[str, str]:
        """Give the member of `consistency`; `tell` says reasons."""
        sides = {"one": self.one, "other": self.other, "difference": self.difference}
        return {"kind": self.kind, **{name: tell(side) for name, side in sides.items()}}


def disagreements(case: Case) -> list[Disagreement]:
    """Give everything that does not fit, in the order of the items; what belongs to the whole case comes last."""
    facts, case_record = case.facts, case.record
    items = [item for item in case.items if _may_differ(item.record, item.id in facts) and not item.withdrawn]
    strikes = _strikes(case_record) if items else []
    found: list[Disagreement] = []
    for item in items:
        record, read = item.record, facts.get(item.id)
        if read:
            found += _camera(item, read, record.get("zone") or case_record.get("zone"))
            found += _places(item, read, case_record)
        if record.get("uploaded_at"):
            found += _uploaded(item, strikes)
        if record.get("message_type") == "release":
            found += _release(item, strikes, case.sightings, _point(case_record, "place"))
    dated = [item for item in items if item.record.get("claimed.time")]
    if dated:
        statements = [one for one in dated if one.record["kind"] == "statement"]
        found += _few("testimony-times", _testimonies(statements, strikes))
        found += _satellites([one for one in dated if one.record.get("medium") == "satellite"], strikes)
    found += _casualties(case_record)
    for other in case.merged:
        found += _merged(case_record, other)
    found += _by_the_sky(dated, case_record)
    return found


def _may_differ(record: Mapping[str, Any], read: bool) -> bool:
    """Tell whether an item, not erased, tells anything that can be set against something else."""
    told = read or "claimed.time" in record or "uploaded_at" in record or "message_type" in record
    return told and "kind" in record


def _few(kind: str, found: Iterable[Disagreement]) -> list[Disagreement]:
    """Give the first of one kind, and how many more there are."""
    every = list(found)
    more, others = len(every) - MOST, reason("others")
    return [*every[:MOST], *([Disagreement(kind, others, others, reason("more", count=more))] if more > 0 else [])]


def _of(name: Any, what: Any) -> Reason:
    """Give one side: whose it is, and what is told."""
    return reason("such", what=name, these=what)


def _strikes(case: Mapping[str, Any]) -> list[Side]:
    """Give the times the case claims: of each strike that has one, else of the whole."""
    rows: Any = case.get("strikes") or []
    sides = [
        (reason("strike", label=row.get("label") or number, time=said_time(row["time"])), window_of(row["time"]))
        for number, row in enumerate(rows, 1)
        if isinstance(row, Mapping) and isinstance(row.get("time"), Mapping) and window_of(row["time"]) != (None, None)
    ]
    occurred = case.get("occurred")
    whole = [(_occurred(said_time(occurred)), window_of(occurred))] if window_of(occurred) != (None, None) else []
    return sides or whole


def _occurred(time: Any) -> Reason:
    return reason("of-the-case", what=reason("occurred", time=time))


def _nearest(window: Window, sides: Sequence[Side]) -> tuple[Any, timedelta] | None:
    """Give the side with the smallest gap to a window, and the gap; None where one may overlap, or none is told."""
    gaps = [(name, gap_between(other, window)) for name, other in sides]
    apart = [(name, gap) for name, gap in gaps if gap is not None]
    return min(apart, key=lambda one: abs(one[1])) if apart and len(apart) == len(gaps) else None


# -- items


def _camera(item: Item, read: Mapping[str, Any], zone: Any) -> Iterator[Disagreement]:
    """Set the camera's clock against its own satellite clock, and against the time that was claimed."""
    if not {"captured.local", "captured.earliest", "captured.latest"} <= read.keys():
        return
    local, offset = str(read["captured.local"]), read.get("captured.offset")
    taken = {"local": local, "offset": offset, "earliest": read["captured.earliest"]}
    shown = _of(item.id, reason("camera-clock", time=f"{local}{offset}") if offset else reason("no-zone", time=local))
    gps = read.get("gps.time_utc")
    written = _in_zone(local, zone) if offset is None and isinstance(zone, str) else None
    in_zone = _of(item.id, reason("read-in-zone", time=local, zone=str(zone)))
    if isinstance(gps, str):
        apart = clocks_apart(taken, gps)
        side = shown
        if apart is None and written is not None and abs(written - read_instant(gps)) > CLOCKS_AGREE:
            apart, side = written - read_instant(gps), in_zone
        if apart is not None:
            yield Disagreement("camera-gps", side, _of(item.id, reason("gps-clock", time=gps)), span(apart))
    claimed = item.record.get("claimed.time")
    captured: Window = (read_instant(read["captured.earliest"]), read_instant(read["captured.latest"]))
    gap = gap_between(captured, window_of(claimed))
    if gap is None and written is not None:
        gap, shown = gap_between((written, written), window_of(claimed)), in_zone
    if gap is not None:
        yield Disagreement("camera-claimed", shown, _claimed(item, claimed), span(gap))


def _claimed(item: Item, time: Any) -> Reason:
    return _of(item.id, reason("claimed", time=said_time(time)))


def _in_zone(local: str, zone: str) -> datetime | None:
    """Read a camera clock as it is written, in a zone; None where that zone had no such time, or had it twice."""
    try:
        moment = datetime.fromisoformat(local)
        return read_instant(f"{(moment - local_offset(moment, zone)).replace(microsecond=0).isoformat()}Z")
    except (ValueError, OverflowError, FormatError):
        return None


def _point(record: Mapping[str, Any], stem: str) -> Point | None:
    lat, lon = record.get(f"{stem}.lat"), record.get(f"{stem}.lon")
    return (lat, lon) if type(lat) is int and type(lon) is int else None


def _places(item: Item, read: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Set where the camera says it was against where the picture is claimed to be from; else, against the case."""
    taken = _point(read, "gps")
    if taken is None:
        return
    claimed, accuracy = _point(item.record, "claimed"), item.record.get("claimed.accuracy_m")
    own = claimed is not None
    if claimed is None:
        claimed, accuracy = _point(case, "place"), case.get("place.accuracy_m")
    if claimed is None:
        return
    distance = distance_km(taken, claimed)
    if distance > PLACE_TOLERANCE_KM + float(accuracy or 0) / 1000:
        there = reason("claimed-place" if own else "place-of-case", place=_degrees(claimed))
        yield Disagreement("exif-place", _of(item.id, reason("camera-position", place=_degrees(taken))),
                           _of(item.id, there) if own else reason("of-the-case", what=there),
                           reason("km", km=f"{distance:.1f}"))  # fmt: skip


def _degrees(point: Point) -> str:
    return f"{point[0] / 1e6:.4f}, {point[1] / 1e6:.4f}"


def _uploaded(item: Item, strikes: Sequence[Side]) -> Iterator[Disagreement]:
    """Tell what was uploaded before it happened, or before it is claimed to have been taken."""
    uploaded, claimed = item.record.get("uploaded_at"), item.record.get("claimed.time")
    events: list[Side] = [(_claimed(item, claimed), window_of(claimed))] if window_of(claimed)[0] else []
    if strikes:
        events.append(min(strikes, key=lambda side: side[1][0] or _NEVER))
    for name, window in events:
        gap = gap_between(window_of(uploaded), window)
        if gap is not None and gap > timedelta():
            shown = _of(item.id, reason("uploaded", time=said_time(uploaded)))
            yield Disagreement("upload-before", shown, name, span(gap))


def _release(
    item: Item, strikes: Sequence[Side], sightings: Sequence[Sighting], place: Point | None
) -> Iterator[Disagreement]:
    """Set a release that was heard against the strike, and against where the aircraft was seen."""
    recorded = item.record.get("recorded")
    heard = window_of(recorded)
    shown = _of(item.id, reason("release-heard", time=said_time(recorded)))
    before = [(name, (low - RELEASE_BEFORE if low else None, high)) for name, (low, high) in strikes]
    found = _nearest(heard, before)
    if found is not None:
        name, gap = found
        yield Disagreement("release-strike", shown, name, span(gap if gap > timedelta() else gap - RELEASE_BEFORE))
    if place is None or heard[0] is None or heard[1] is None:
        return
    for seen in sightings:
        if seen.point is None:
            continue
        distance = distance_km(seen.point, place)
        fastest = speeds_kmh().get(seen.aircraft_class, speeds_kmh()["unknown"])[1]
        gap = abs(gap_between(heard, (seen.earliest, seen.latest + timedelta(seconds=59))) or timedelta())
        reach = STANDOFF_KM + fastest * (gap.total_seconds() + 60) / 3600
        if distance > reach:
            when = in_words(seen.earliest, seen.latest)
            where = _of(seen.name, reason("seen", time=when, km=f"{distance:.0f}"))
            apart = reason("too-far", span=span(gap), km=f"{distance:.0f}", most=f"{reach:.0f}")
            yield Disagreement("release-sighting", shown, where, apart)


def _testimonies(items: Iterable[Item], strikes: Sequence[Side]) -> Iterator[Disagreement]:
    """Tell two statements whose times cannot both be right, and one that fits no time the case claims."""
    told = [
        (item.id, item.record["claimed.time"], window_of(item.record["claimed.time"]))
        for item in items
    ]
    for (one, first, low), (other, second, high) in combinations(told, 2):
        gap = gap_between(low, high)
        if gap is not None:
            yield Disagreement("testimony-times", _says(one, first), _says(other, second), span(gap))
    for one, first, low in told:
        found = _nearest(low, strikes)
        if found is not None:
            yield Disagreement("testimony-times", _says(one, first), found[0], span(found[1]))


def _says(name: str, time: Any) -> Reason:
    return _of(name, reason("says-time", time=said_time(time)))


# -- the whole case


def _satellites(items: Sequence[Item], strikes: Sequence[Side]) -> Iterator[Disagreement]:
    """Tell satellite images that do not bracket: called before or after and are not, or all of them on one side."""
    lows = [window[0] for _, window in strikes if window[0] is not None]
    highs = [window[1] for _, window in strikes if window[1] is not None]
    if not items or not lows or not highs:
        return
    event: Window = (min(lows), max(highs))
    shown = _occurred(in_words(*event))
    sides: dict[str, list[tuple[Reason, timedelta]]] = {"before": [], "after": []}
    dated, ill_called = 0, False
    for item in items:
        extent = item.record.get("claimed.time")
        dated += window_of(extent) != (None, None)
        gap = gap_between(event, window_of(extent))
        if gap is None:
            continue
        name, side = _of(item.id, reason("taken", time=said_time(extent))), "after" if gap > timedelta() else "before"
        sides[side].append((name, gap))
        role = item.record.get("pair_role")
        if role is not None and role != side:
            ill_called = True
            called = reason("called", image=name, role=Term("pair_role", str(role)))
            yield Disagreement("bracket", called, shown, reason(f"span-{side}", span=span(gap)))
    for side, images in sides.items():
        if not ill_called and len(images) == dated > 1:
            name, gap = min(images, key=lambda one: abs(one[1]))
            yield Disagreement("bracket", reason(f"all-{side}", count=dated, nearest=name), shown,
                               reason(f"only-{side}", span=span(gap)))  # fmt: skip


def _casualties(case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Tell parts that make more than the whole: the least of each group against the most of all."""
    killed, injured = case.get("killed.max"), case.get("injured.max")
    if type(killed) is not int or type(injured) is not int:
        return
    groups = {k: v for k, v in case.items() if k.startswith("casualties.") and k.endswith(".min") and type(v) is int}
    if not groups:
        return
    least, most = sum(groups.values()), killed + injured
    if least > most:
        named = [
            reason("counted", what=Term("casualty_category", name.split(".")[1]), count=count)
            for name, count in groups.items()
        ]
        by_groups = reason("by-groups", least=least, groups=Several("comma", named))
        yield Disagreement("casualties", reason("of-the-case", what=by_groups),
                           reason("of-the-case", what=reason("at-most", most=most)), str(least - most))  # fmt: skip


def _merged(case: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Tell where a case claims of time, place or numbers what the case that takes it in excludes."""
    code, kind = str(other.get("code")), "merged-claims"
    for name, window in _strikes(other):
        found = _nearest(window, _strikes(case))
        if found is not None:
            own = name.names["what"] if name.code == "of-the-case" else name
            yield Disagreement(kind, _of(code, own), found[0], span(found[1]))
    here, there = _point(case, "place"), _point(other, "place")
    if here is not None and there is not None:
        distance = distance_km(here, there)
        allowed = sum(float(record.get("place.accuracy_m") or 0) for record in (case, other)) / 1000
        if distance > PLACE_TOLERANCE_KM + allowed:
            yield Disagreement(kind, _of(code, reason("place-of-case", place=_degrees(there))),
                               reason("of-the-case", what=reason("place-of-case", place=_degrees(here))),
                               reason("km", km=f"{distance:.1f}"))  # fmt: skip
    for name in ("killed", "injured"):
        ranges = [[record.get(f"{name}.{end}") for end in ("min", "max")] for record in (case, other)]
        (least, most), (their_least, their_most) = ranges
        for lower, upper, turned in ((their_least, most, False), (least, their_most, True)):
            if type(lower) is int and type(upper) is int and lower > upper:
                sides = [reason("least-of", count=lower, what=Term(FIELD, name)),
                         reason("most-of", count=upper, what=Term(FIELD, name))]  # fmt: skip
                one, two = sides[::-1] if turned else sides
                yield Disagreement(kind, _of(code, one), reason("of-the-case", what=two), str(lower - upper))


def _by_the_sky(items: Iterable[Item], case: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Set times that are told by prayer or the sun against when that was, there, on that day.

    Words without bounds of their own are set against the time the case claims.
    """
    place, occurred = _point(case, "place"), case.get("occurred")
    if place is None:
        return
    sides: list[tuple[Any, Any]] = [(reason("the-case"), occurred)]
    sides += [
        (reason("a-strike", label=row.get("label") or number), row.get("time"))
        for number, row in enumerate(_rows(case), 1)
    ]
    sides += [(item.id, item.record.get("claimed.time")) for item in items]
    for name, extent in sides:
        said = extent.get("said") if isinstance(extent, Mapping) else None
        if not isinstance(said, str) or sky.told(said) is None:
            continue
        window, meant = window_of(extent), _of(name, reason("bounds", time=said_time(extent)))
        if window == (None, None):
            window, meant = window_of(occurred), _occurred(said_time(occurred))
        low, high = window
        if low is None or high is None or high - low > timedelta(days=1):
            continue
        try:
            found = sky.expected(said, place, low + (high - low) / 2)
        except ExtraMissing as error:
            words = _of(name, reason("says-words", words=said))
            yield Disagreement("not-compared", words, reason("no-sky"), error.hint)
            return
        gap = gap_between(found[1], window) if found is not None else None
        if found is not None and gap is not None:
            by_sun = in_words(*(_minute(end) for end in found[1]))
            words = _of(name, reason("by-the-sun", words=said, event=found[0].reason, time=by_sun))
            yield Disagreement("sky", words, meant, span(gap))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _rows(case: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows: Any = case.get("strikes") or []
    return [row for row in rows if isinstance(row, Mapping)]
