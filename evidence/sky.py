"""Times told by prayer or by the sun: where and when the sky would have had them.

    expected("half an hour after iftar", (35_812_000, 36_604_000), around)

Reads a few words in English and Arabic and nothing else: what it does not know
it leaves alone. Calendars of prayer differ, so each time is a span that holds
the calendars in use: dawn and night at 15 to 20 degrees below the horizon,
Asr at one and two shadow lengths. A span is never used as a time of a record;
it is only compared with what was told (`evidence.consistency`).

Places are WGS 84 micro-degrees, times UTC. The sun is from astral (the extra
`geo`), which follows NOAA; heights above the sea and hills are left out.
Raises ExtraMissing where astral is not installed.
"""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from evidence.distance import Point
from evidence.reason import Reason, reason
from evidence.reason import told as said_in_words
from schemas.aircraft import fold
from schemas.errors import ExtraMissing
from schemas.extent import MICRO

AROUND = timedelta(minutes=30)  # how far "at" reaches: calls, clocks and prayers take their time
LATER = timedelta(hours=3)  # how far "after" and "before" reach when nothing says how long

Span = tuple[datetime, datetime]

EVENTS: dict[str, tuple[str, ...]] = {  # forms in English and Arabic, as people write them
    "fajr": ("fajr", "fajr prayer", "dawn prayer", "الفجر", "صلاة الفجر"),
    "dawn": ("dawn", "daybreak", "first light"),
    "sunrise": ("sunrise", "الشروق", "شروق الشمس"),
    "friday prayer": ("friday prayer", "friday prayers", "jumuah", "jumu'ah", "صلاة الجمعة"),
    "dhuhr": ("dhuhr", "zuhr", "noon prayer", "midday prayer", "صلاة الظهر", "أذان الظهر"),
    "asr": ("asr", "asr prayer", "afternoon prayer", "العصر", "صلاة العصر"),
    "sunset": ("sunset", "maghrib", "maghrib prayer", "sunset prayer", "iftar", "breaking the fast",
               "المغرب", "صلاة المغرب", "الغروب", "غروب الشمس", "الإفطار", "إفطار"),
    "dusk": ("dusk", "nightfall"),
    "isha": ("isha", "ishaa", "isha prayer", "night prayer", "العشاء", "صلاة العشاء"),
}  # fmt: skip
_SIDES = {"after": 1, "past": 1, "following": 1, "بعد": 1, "عقب": 1, "before": -1, "قبل": -1, "قبيل": -1}
_AMOUNTS: tuple[tuple[str, int], ...] = (  # minutes; the longer form first
    ("half an hour", 30), ("quarter of an hour", 15), ("an hour and a half", 90), ("two hours", 120), ("an hour", 60),
    ("one hour", 60), ("نصف ساعة", 30), ("ربع ساعة", 15), ("ساعة ونصف", 90), ("ساعتين", 120), ("ساعة", 60),
)  # fmt: skip
_NUMBERED = re.compile(
    r"(\d{1,3}) (?:(minutes?|mins?|دقيقه|دقايق)|(hours?|ساعات|ساعه))(?!\w)"
)
_NEAR = 40  # letters between an amount or a side and the event that they belong to


def _pattern(forms: dict[str, str]) -> re.Pattern[str]:
    longest = sorted(forms, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:[وبلك]?)({'|'.join(map(re.escape, longest))})(?!\w)")


_FORMS = {fold(form): event for event, forms in EVENTS.items() for form in forms}
_EVENT = _pattern(_FORMS)
_SIDE = _pattern({fold(word): word for word in _SIDES})
_AMOUNT = {fold(words): minutes for words, minutes in _AMOUNTS}
_SAID_AMOUNT = _pattern({words: words for words in _AMOUNT})


@dataclass(frozen=True)
class Told:
    """What words say: an event of the sky, on which side of it (0 at, 1 after, -1 before), and how far, if told."""

    event: str
    side: int = 0
    minutes: int | None = None
    until: str | None = None  # the second event of "between asr and maghrib"

    @property
    def reason(self) -> Reason:
        """Give how it was understood."""
        event = _named(self.event)
        if self.until is not None:
            return reason("sky-between", one=event, other=_named(self.until))
        side = ("at", "after", "before")[self.side]
        if self.side and self.minutes:
            return reason(f"sky-minutes-{side}", minutes=self.minutes, event=event)
        return reason(f"sky-{side}", event=event)

    def __str__(self) -> str:
        """Say it as it was understood."""
        return said_in_words(self.reason)


def _named(event: str) -> Reason:
    return reason("sky-event-" + event.replace(" ", "-"))


def told(said: str) -> Told | None:
    """Find what event of the sky words name; None where they name none."""
    text = fold(said)
    events = list(_EVENT.finditer(text))
    if not events:
        return None
    first = events[0]
    head = text[max(0, first.start() - _NEAR) : first.start()]
    if len(events) > 1 and re.search(r"(?<!\w)(?:between|بين)(?!\w)", head):
        return Told(_FORMS[first[1]], until=_FORMS[events[1][1]])
    sides = list(_SIDE.finditer(head))
    if not sides:
        return Told(_FORMS[first[1]])
    side = next(way for word, way in _SIDES.items() if fold(word) == sides[-1][1])
    tail = text[first.end() : first.end() + _NEAR]  # Arabic tells how long after it: قبل المغرب بنصف ساعة
    minutes = _minutes(head[: sides[-1].end()])
    return Told(_FORMS[first[1]], side, _minutes(tail) if minutes is None and tail.startswith(" ب") else minutes)


def _minutes(words: str) -> int | None:
    number = _NUMBERED.search(words)
    if number is not None:
        return int(number[1]) * (60 if number[3] else 1)
    found = _SAID_AMOUNT.search(words)
    return _AMOUNT[found[1]] if found else None


def expected(said: str, place: Point, around: datetime) -> tuple[Told, Span] | None:
    """Give when what words name was, there, nearest to a moment; None where they name nothing or it did not happen.

    Raises ExtraMissing.
    """
    what = told(said)
    if what is None:
        return None
    spans = []
    for days in range(-3, 4):  # a Friday is at most three days away
        span = _span(what, place, around.astimezone(UTC).date() + timedelta(days=days))
        if span is not None:
            spans.append(span)
    if not spans:
        return None
    return what, min(spans, key=lambda span: max(span[0] - around, around - span[1]))


def _span(what: Told, place: Point, day: date) -> Span | None:
    event = _event(what.event, place, day)
    if event is None:
        return None
    if what.until is not None:
        end = _event(what.until, place, day)
        return (event[0], end[1]) if end is not None and end[1] > event[0] else None
    if not what.side:
        return event[0] - AROUND, event[1] + AROUND
    if what.minutes is not None:
        shift = what.side * timedelta(minutes=what.minutes)
        return event[0] + shift - AROUND, event[1] + shift + AROUND
    return (event[0], event[1] + LATER) if what.side > 0 else (event[0] - LATER, event[1])


@lru_cache(maxsize=4096)
def _event(event: str, place: Point, day: date) -> Span | None:
    """Give the earliest and latest time of one event on a UTC day; None where the sun does not do it there."""
    try:
        from astral import Observer, SunDirection, sun
    except ImportError:
        raise ExtraMissing(
            "times told by sun or prayer are compared with the sky by an extra that is not installed",
            hint="pip install 'sijill[geo]'",
        ) from None
    observer = Observer(place[0] / MICRO, place[1] / MICRO)

    def at(degrees: float, direction: Any) -> datetime:
        return sun.time_at_elevation(observer, degrees, day, direction, UTC, with_refraction=False)

    rising, setting, horizon = SunDirection.RISING, SunDirection.SETTING, -0.833
    if event == "friday prayer" and day.weekday() != calendar.FRIDAY:
        return None
    try:
        if event == "fajr":
            return at(-20, rising), at(-15, rising)
        if event == "dawn":
            return at(-18, rising), at(horizon, rising)
        if event == "sunrise":
            return (at(horizon, rising),) * 2
        if event in ("dhuhr", "friday prayer"):
            noon = sun.noon(observer, day, UTC)
            return noon, noon + timedelta(minutes=15 if event == "dhuhr" else 75)
        if event == "asr":
            low = math.radians(90 - sun.elevation(observer, sun.noon(observer, day, UTC), with_refraction=False))
            heights = (math.degrees(math.atan(1 / (shadows + math.tan(low)))) for shadows in (1, 2))
            first, second = (at(height, setting) for height in heights)
            return first, second
        if event == "sunset":
            return at(horizon, setting), at(horizon, setting) + timedelta(minutes=10)
        if event == "dusk":
            return at(horizon, setting), at(-18, setting)
        return at(-15, setting), max(at(-20, setting), at(horizon, setting) + timedelta(hours=2))
    except (ValueError, ZeroDivisionError):
        return None
