"""The tests of a standard that look at a window of time round the event: aircraft on a log, satellite images.

They promise what all tests of `evidence.requirements` do, and stand apart
because they alone ask when the event was; where the case does not tell it the
answer is `undetermined`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from evidence.answer import MET, NOT_MET, OF_CASE, UNDETERMINED, Finding, conjunction
from evidence.reason import Reason, Several, clauses, few, listed, reason
from evidence.sight import Sight
from schemas.extent import bounds


def flight(want: Mapping[str, float], facet: str | None, sight: Sight) -> Finding:
    """A flight log of the archive has an observation near the place and time; silence counts only where one watched."""
    del facet
    record = sight.case.record
    missing = _untold(record, place=True)
    if missing:
        return _not_told(missing)
    within, before, after = want["within_km"], want["before_min"], want["after_min"]
    answer = sight.case.flights(within, before, after)
    window = reason("window", within=within, before=before, after=after)
    if answer.near:
        return Finding(MET, lambda: reason("logged", window=window, rows=listed(answer.near)))
    if not answer.covered:
        because, lacks = reason("nobody-watched", window=window), reason("a-log", before=before, after=after)
        return Finding(UNDETERMINED, lambda: because, (), lambda: lacks)

    def silent() -> Reason:
        nothing = reason("nothing-logged", window=window)
        return reason("with-warning", what=nothing, warnings=few(answer.warnings)) if answer.warnings else nothing

    return Finding(NOT_MET, silent, (), lambda: reason("an-observation", window=window))


def _not_told(what: Reason) -> Finding:
    return Finding(UNDETERMINED, lambda: reason("not-told", what=what), (), lambda: reason(OF_CASE, what=what))


def _untold(record: Mapping[str, Any], *, place: bool) -> Reason | None:
    """Name what a test of time (and place) needs and the case does not tell."""
    parts = [] if None not in bounds(record.get("occurred")) else ["time"]
    if place and (record.get("place.lat") is None or record.get("place.lon") is None):
        parts.append("place")
    return reason("-and-".join(parts)) if parts else None


def satellite(want: Mapping[str, Any], facet: str | None, sight: Sight) -> Finding:
    """Linked satellite images bracket the event by `claimed.time`."""
    earliest, latest = bounds(sight.case.record.get("occurred"))
    if earliest is None or latest is None:
        return _not_told(reason("time"))
    places = [
        place
        for place in sight.linked(facet)
        if sight.items[place].record.get("kind") == "imagery" and sight.items[place].record.get("medium") == "satellite"
    ]
    times = {place: bounds(sight.items[place].record.get("claimed.time")) for place in places}
    sides: list[tuple[Reason, str, list[int]]] = []
    if want.get("before"):
        answer = {place: _before(time, earliest) for place, time in times.items()}
        sides.append((reason("before-event"), *_side(answer)))
    days = want.get("after_within_days")
    if days is not None:
        limit = latest + timedelta(days=days)
        answer = {place: _after(time, latest, limit) for place, time in times.items()}
        sides.append((reason("day-after" if days == 1 else "days-after", days=days), *_side(answer)))

    def because() -> Reason:
        found = [
            reason("inexact" if side == UNDETERMINED else "such", what=name,
                   these=listed(sight.ids(at)) if at else reason("none"))
            for name, side, at in sides
        ]  # fmt: skip
        return reason("images", found=clauses(found))

    def lacks() -> Reason:
        images = [reason("an-image", when=name) for name, side, _ in sides if side != MET]
        return reason("these", these=Several("and", images))

    answers = conjunction(side for _, side, _ in sides)
    return Finding(answers, because, [place for _, _, at in sides for place in at], lacks)


def _side(answers: Mapping[int, str]) -> tuple[str, list[int]]:
    """Fold the images of one side: one that lies there, else one that might."""
    for wanted in (MET, UNDETERMINED):
        at = [place for place, answer in answers.items() if answer == wanted]
        if at:
            return wanted, at
    return NOT_MET, []


def _before(time: tuple[datetime | None, datetime | None], event: datetime) -> str:
    first, last = time
    if last is not None and last < event:
        return MET
    return UNDETERMINED if first is None or first < event else NOT_MET


def _after(time: tuple[datetime | None, datetime | None], event: datetime, limit: datetime) -> str:
    first, last = time
    if first is not None and last is not None and event < first and last <= limit:
        return MET
    return UNDETERMINED if (last is None or last > event) and (first is None or first <= limit) else NOT_MET
