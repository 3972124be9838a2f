"""The cells of a flight log: what one of them says, or that it cannot be read.

A time needs its day; a date is the whole local day; a local time that the zone
skipped or had twice is refused. Numbers are read exactly, as whole
micro-degrees and hundredths of a degree. Nothing is rounded to a likelier
value, and no reading is guessed where there are two.

Follows ISO 8601-1 for times and standards of `evidence.when` and `evidence.where`.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from functools import lru_cache

from evidence.when import YEARS, read_clock, read_day, slashed_days, western_digits
from evidence.where import read_coordinate
from evidence.zone import bounds_of, find_zone
from schemas.aircraft import compass_heading
from schemas.errors import FormatError
from schemas.sentences import say

Extent = tuple[int, int]  # first and last second, since 1970, UTC
_WITHIN_HOUR = {f"{at // 60:02d}:{at % 60:02d}": at for at in range(3600)}

_HOUR = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):\Z", re.ASCII)
_MOMENT = re.compile(
    r"(?:(?P<day>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})(?:[Tt\s,]+|\Z))?"
    r"(?:(?P<clock>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s*(?P<half>am|pm|a\.m\.|p\.m\.|ص|م|صباحا|مساء)?)?"
    r"\s*(?P<offset>z|utc|gmt|[+-]\d\d:?\d\d|[+-]\d\d)?\Z",
    re.IGNORECASE,
)
_TANWIN = re.compile("[\u064b-\u0652]")
_DEGREES = re.compile(r"(\d{1,3})(?:[.,](\d{1,10}))?\s*(?:°|º|deg|degrees|درجة)?\Z", re.ASCII | re.IGNORECASE)
_COUNT = re.compile(r"\d{1,3}\Z", re.ASCII)


def dated_order(text: str) -> tuple[bool, bool] | None:
    """Whether the day in a cell may be day-month-year, and month-day-year; None where its year stands first."""
    match = _MOMENT.match(_TANWIN.sub("", western_digits(text)))
    return slashed_days(match["day"]) if match and match["day"] else None


def read_observed(said: str, day_cell: str, *, zone: str | None, order: str | None, epoch: bool) -> Extent:
    """Read when something was observed: a whole time in one cell, or a clock time beside its day.

    Raises FormatError with a sentence; the order of a date is what the log's `date_order` says or proves.
    """
    text = _TANWIN.sub("", western_digits(said))
    if epoch and re.fullmatch(r"\d{9,10}(?:\.\d{1,6})?|\d{12,13}", text, re.ASCII):
        moment = int(text) // 1000 if len(text) >= 12 and "." not in text else int(float(text))
        return moment, moment
    match = _MOMENT.match(text)
    if not match or not (match["day"] or match["clock"]):
        if not text and day_cell:
            match = _MOMENT.match("")
        else:
            raise FormatError(say("log-time-unread" if text else "log-no-time"))
    assert match is not None
    day_text = match["day"] or _TANWIN.sub("", western_digits(day_cell))
    if not day_text:
        raise FormatError(say("log-no-date"))
    day = _day_of(day_text.split(" ")[0].split("T")[0], order)
    if match["clock"] is None:
        return _seconds(*bounds_of(day, zone))
    clock = _twelve_hours(read_clock(match["clock"])[0], (match["half"] or "").lower())
    if clock is None:  # 12:00 AM beside a date is what programs write when no time was given
        return _seconds(*bounds_of(day, zone))
    moment_at = datetime.combine(day, clock)
    if match["offset"]:
        moment_at = _with_offset(moment_at, match["offset"].upper())
    return _seconds(*bounds_of(moment_at, zone))


def _twelve_hours(clock: time, half: str) -> time | None:
    if not half:
        return clock
    if not 1 <= clock.hour <= 12:
        raise FormatError(say("log-twelve"))
    if half.startswith(("p", "م")):
        return clock.replace(hour=clock.hour % 12 + 12)
    if clock == time(12):
        return None
    return clock.replace(hour=clock.hour % 12)


def _with_offset(moment: datetime, offset: str) -> datetime:
    if offset in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    digits = offset[1:].replace(":", "").ljust(4, "0")
    try:
        return datetime.fromisoformat(f"{moment.isoformat()}{offset[0]}{digits[:2]}:{digits[2:]}")
    except ValueError:
        raise FormatError(say("log-offset")) from None


@lru_cache(maxsize=65_536)
def _day_of(text: str, order: str | None) -> date:
    if order == "ymd" and slashed_days(text) is not None:
        raise FormatError(say("log-year-first"))
    return read_day(text, order)


class WholeTimes:
    """The quick way for `2019-02-03T14:55`, `…:20` and `…:20Z`: each hour's start is found once.

    Gives None for whatever needs a closer look: other shapes, hours in which a
    clock changed, times without a zone. It never refuses anything itself.
    """

    def __init__(self, zone: str | None) -> None:
        self._utc = _Hours("UTC")
        self._local = _Hours(zone)

    def read(self, said: str) -> int | None:
        """Give the second, or None."""
        size = len(said)
        if size == 20 and said[19] == "Z":
            start, within = self._utc[said[:14]], _WITHIN_HOUR.get(said[14:19])
        elif size in (16, 19):
            start = self._local[said[:14]]
            within = _WITHIN_HOUR.get(said[14:] if size == 19 else said[14:] + ":00")
        else:
            return None
        return None if start is None or within is None else start + within


class _Hours(dict[str, int | None]):
    """`2019-02-03T14:` -> the second at which that local hour begins; None where it is none, or not a whole one."""

    def __init__(self, zone: str | None) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, hour: str) -> int | None:
        if len(self) > 100_000:
            self.clear()
        start = self[hour] = self._start(hour)
        return start

    def _start(self, hour: str) -> int | None:
        match = _HOUR.match(hour)
        if match is None or self._zone is None or int(match[1]) not in YEARS:
            return None
        try:
            if self._zone == "UTC":
                return int(datetime.fromisoformat(f"{hour}00Z").timestamp()) if match[4] != "24" else None
            first = datetime(int(match[1]), int(match[2]), int(match[3]), int(match[4]), tzinfo=find_zone(self._zone))
        except ValueError:
            return None
        ends = (first, first.replace(minute=59, second=59))
        offsets = {moment.replace(fold=fold).utcoffset() for moment in ends for fold in (0, 1)}
        return int(first.timestamp()) if len(offsets) == 1 else None


def _seconds(first: datetime, last: datetime) -> Extent:
    return math.floor(first.timestamp()), math.floor(last.timestamp())


def read_point(lat_text: str, lon_text: str) -> tuple[int, int] | None:
    """Read a position as whole micro-degrees; None where it cannot be read, is out of range, or is 0,0."""
    # With six decimals or fewer a double is off by less than a millionth of a micro-degree: rounding is exact.
    is_short = (len(lat_text) < 9 or "." in lat_text[-7:]) and (len(lon_text) < 9 or "." in lon_text[-7:])
    if is_short and (lat_text + lon_text).replace(".", "").replace("-", "").isdigit():
        try:
            lat, lon = round(float(lat_text) * 1e6), round(float(lon_text) * 1e6)
        except ValueError:
            return None
        if not (-90_000_000 <= lat <= 90_000_000 and -180_000_000 <= lon <= 180_000_000):
            return None
    else:
        try:
            lat, lon = read_coordinate(lat_text, "lat"), read_coordinate(lon_text, "lon")
        except FormatError:
            return None
    return (lat, lon) if lat or lon else None


def read_heading(text: str) -> int | None:
    """Read degrees or a compass word as hundredths of a degree, 0 to 35999; None where it cannot be read."""
    match = _DEGREES.match(western_digits(text).replace("٫", "."))
    if not match:
        return compass_heading(text)
    hundredths = round(float(f"{match[1]}.{match[2] or '0'}") * 100)
    return hundredths % 36_000 if hundredths <= 36_000 else None


def read_count(text: str) -> int | None:
    """Read how many aircraft were seen; None where it is no number from 1 to 999."""
    digits = western_digits(text)
    return int(digits) or None if _COUNT.match(digits) else None
