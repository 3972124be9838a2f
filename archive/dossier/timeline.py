"""Every clock of a dossier on one axis: what is claimed, what was said, what cameras, logs and documents state.

Nothing is corrected and nothing is merged: a camera whose clock disagrees with
its satellite clock stands there twice. Takes a `Dossier`, gives plain values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from archive.dossier.tables import rows_between
from archive.dossier.wording import is_day, when
from archive.handed_over import Dossier, Exhibit
from schemas.extent import bounds

MOST_FLIGHTS = 100
DRAWN = 40  # bars: the drawing, its heading and its note stand on one printed page
AROUND = timedelta(hours=6)  # what is drawn on each side of the event
BEFORE, AFTER = timedelta(minutes=75), timedelta(minutes=35)  # around the event: flights shown
_RECORD_CLOCKS = (
    ("taken", "testimony"), ("claimed.time", "source"), ("uploaded_at", "upload"), ("recorded", "radio"),
    ("dated", "document"), ("received", "received"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One time that one clock tells: bounds in UTC, the words it was told in, and the exhibit that tells it."""

    clock: str
    earliest: datetime
    latest: datetime
    said: str = ""
    exhibit: Exhibit | None = None
    text: str = ""
    unzoned: bool = False
    day: str = ""  # the date and its zone, where the time is one whole day
    row: int | None = None  # of a flight log


@dataclass(frozen=True)
class Bar:
    """One bar of the drawing, in its own units: 1000 wide."""

    x: float
    width: float
    y: int
    moment: Moment
    alike: int = 1  # moments of this clock with the same bounds, drawn once


def moments(dossier: Dossier) -> list[Moment]:
    """Give every time that is known, earliest first."""
    found = [*_claims(dossier.case.fields)]
    for one in dossier.merged:
        found += _claims(one.fields, str(one.fields["code"]))
    for exhibit in dossier.exhibits:
        found += _of_record(exhibit)
        for reading in exhibit.readings:
            found += _of_reading(exhibit, reading.fields)
    found += _flights(dossier)
    return sorted(found, key=lambda m: (m.earliest, m.latest, m.clock, m.exhibit.rank if m.exhibit else 0))


def _moment(clock: str, extent: Any, exhibit: Exhibit | None = None, text: str = "") -> Iterator[Moment]:
    if isinstance(extent, Mapping):
        earliest, latest = bounds(extent)
        if earliest is not None or latest is not None:
            start, end = earliest or latest, latest or earliest
            assert start is not None and end is not None  # noqa: PT018
            day = when(extent).split(" (“")[0] if is_day(extent) and extent.get("zone") else ""
            yield Moment(clock, start, end, str(extent.get("said", "")), exhibit, text, day=day)


def _claims(case: Mapping[str, Any], code: str = "") -> Iterator[Moment]:
    """Give what a case claims; `code` tells one that was merged into the case from the case itself."""
    yield from _moment("claim", case.get("occurred"), text=code)
    for strike in case.get("strikes", ()):
        yield from _moment("claim", strike.get("time"), text=f"{code} {strike.get('label', '')}".strip())


def _of_record(exhibit: Exhibit) -> Iterator[Moment]:
    for name, clock in _RECORD_CLOCKS:
        yield from _moment(clock, exhibit.record.fields.get(name), exhibit)


def _of_reading(exhibit: Exhibit, fields: Mapping[str, Any]) -> Iterator[Moment]:
    extent = {key: fields.get(f"facts.captured.{key}") for key in ("earliest", "latest")}
    local = str(fields.get("facts.captured.local", ""))
    for moment in _moment("camera", {**extent, "said": local} if extent["earliest"] else None, exhibit):
        yield replace(moment, unzoned="facts.captured.offset" not in fields)
    told = fields.get("facts.gps.time_utc")
    if isinstance(told, str):
        try:
            at = datetime.fromisoformat(told)
        except ValueError:
            return
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        yield Moment("gps", at, at, told, exhibit)


def _flights(dossier: Dossier) -> Iterator[Moment]:
    start, end = bounds(dossier.case.fields.get("occurred"))
    if start is None or end is None:
        return
    by_number = {exhibit.bates: exhibit for exhibit in dossier.exhibits}
    first, last = int((start - BEFORE).timestamp()), int((end + AFTER).timestamp())
    for number, row in rows_between(dossier, first, last, MOST_FLIGHTS):
        start, end = (datetime.fromtimestamp(row[key], UTC) for key in ("earliest", "latest"))
        words = [str(row[key]) for key in ("aircraft_type", "activity", "remarks") if row.get(key)]
        said, exhibit = str(row.get("said", "")), by_number[number]
        yield Moment("flight", start, end, said, exhibit, ", ".join(words), row=row["row"])


def drawing(found: Sequence[Moment]) -> tuple[list[Bar], list[tuple[float, str]], tuple[float, float] | None]:
    """Give the bars near the claimed event, ticks with their labels, and the claim's own span.

    Empty where the case claims no time, or nothing else lies near it. Where there are more bars than can be read, what
    is claimed and what is told most exactly is drawn; the list beside it has all.
    """
    claims = [m for m in found if m.clock == "claim"]
    if not claims:
        return [], [], None
    start, end = min(m.earliest for m in claims), max(m.latest for m in claims)
    low, high = start - AROUND, end + AROUND
    alike: dict[tuple[Any, ...], list[Moment]] = {}
    for m in found:
        if m.latest >= low and m.earliest <= high:
            alike.setdefault((m.clock, m.earliest, m.latest, m.text if m.clock == "claim" else ""), []).append(m)
    telling = sorted(alike, key=lambda key: (key[0] != "claim", key[2] - key[1]))[:DRAWN]
    drawn = [of_one for key, of_one in alike.items() if key in telling]
    near = [of_one[0] for of_one in drawn]
    first, last = max(min(m.earliest for m in near), low), min(max(m.latest for m in near), high)
    margin = max((last - first) / 20, timedelta(minutes=5))
    first, last = first - margin, last + margin
    scale = 1000 / (last - first).total_seconds()

    def x(at: datetime) -> float:
        return round(min(max((at - first).total_seconds() * scale, 0), 1000), 1)

    widths = [max(round(x(m.latest) - x(m.earliest), 1), 4) for m in near]
    bars = [
        Bar(x(m.earliest), width, row, m, len(drawn[row]))
        for row, (m, width) in enumerate(zip(near, widths, strict=True))
    ]
    return bars, _ticks(first, last, x), (x(start), max(x(end) - x(start), 4))


def _ticks(first: datetime, last: datetime, x: Any) -> list[tuple[float, str]]:
    """Give at most eight round times with their labels: times of a day, or days."""
    minutes, day = (last - first).total_seconds() / 60, 1440
    steps = (5, 10, 15, 30, 60, 120, 180, 360, 720, day, 2 * day, 5 * day, 7 * day, 14 * day, 30 * day, 90 * day)
    step = next((s for s in steps if minutes / s <= 8), math.ceil(minutes / 8 / day) * day)
    at = datetime.fromtimestamp((int(first.timestamp()) // (step * 60) + 1) * step * 60, UTC)
    ticks = []
    while at < last:
        ticks.append((x(at), f"{at:%m-%d}" if step >= day else f"{at:%H:%M}"))
        at += timedelta(minutes=step)
    return ticks
