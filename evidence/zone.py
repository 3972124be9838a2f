"""Zones of civil time: what a local day or moment may mean, in UTC.

Where a zone's clock skipped a local time or showed it twice, that is refused
with both readings. A date is the whole local day, also where that day has no
midnight. Without a zone a moment lies anywhere from local - 14 h to local + 12 h.

Follows the IANA time zone database.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from evidence.faults import part
from schemas.errors import FormatError
from schemas.extent import write_instant
from schemas.sentences import say
from schemas.text import nearest, visible

EASTMOST, WESTMOST = timedelta(hours=14), timedelta(hours=12)  # how far civil time is ahead of and behind UTC


class NoTime(FormatError):
    """What cannot be read as a time, and why: a sentence of `schemas.sentences` by its code, and in English here."""

    def __init__(self, code: str, **names: Any) -> None:
        super().__init__(say(code, **names))
        self.because = part(code, **names)


@lru_cache(maxsize=256)
def find_zone(name: str) -> ZoneInfo:
    """Give the IANA zone of that name. Raises FormatError with the nearest known name."""
    try:
        if name.split("/", maxsplit=1)[0] in ("posix", "right", "localtime", "posixrules", "Factory"):
            raise ValueError
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = nearest(name[:64], sorted(available_timezones())) or "Asia/Damascus"
        raise FormatError(
            f"{visible(name[:64])} is no time zone that is known; the nearest is {near}", hint="use an IANA name"
        ) from None


def bounds_of(value: date | datetime, zone: str | None) -> tuple[datetime, datetime]:
    """Give the first and last instant, in UTC, that a day or a moment may mean; both are the same for a known moment.

    Raises FormatError for an unknown zone, and for a local time that the zone skipped or had twice.
    """
    try:
        if not isinstance(value, datetime):
            return day_bounds(value, zone)
        if value.tzinfo is not None:
            instant = value.astimezone(UTC)
            return instant, instant
        if zone is None:
            moment = value.replace(tzinfo=UTC)
            return moment - EASTMOST, moment + WESTMOST
        offset = local_offset(value, zone)
        instant = value.replace(tzinfo=UTC, fold=0) - offset
        return instant, instant
    except OverflowError:
        raise FormatError("the year is out of range") from None


def local_offset(moment: datetime, zone: str) -> timedelta:
    """Give the offset of a naive local time. Raises FormatError, both readings named, where it has none or two."""
    place = find_zone(zone)
    before, after = (moment.replace(tzinfo=place, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    if before == after:
        return before
    first, second = (write_instant(moment.replace(tzinfo=UTC, fold=0) - offset) for offset in (before, after))
    raise NoTime(
        "time-twice" if before > after else "time-skipped", text=moment.isoformat(), zone=zone, first=first,
        second=second, offset=_offset_text(before), other=_offset_text(after),
    )  # fmt: skip


def _offset_text(offset: timedelta) -> str:
    sign, seconds = "-" if offset < timedelta() else "+", abs(int(offset.total_seconds()))
    tail = f":{seconds % 60:02d}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}{tail}"


@lru_cache(maxsize=65_536)
def day_bounds(day: date, zone: str | None) -> tuple[datetime, datetime]:
    """Give the first and last second of a local day, in UTC; without a zone, of that day anywhere.

    Raises FormatError for an unknown zone or a day that the zone left out.
    """
    try:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        end = start + timedelta(hours=23, minutes=59, seconds=59)
        if zone is None:
            return start - EASTMOST, end + WESTMOST
        firsts, lasts = [], []
        for begin, stop, offset in _stretches(start - timedelta(days=1), start + timedelta(days=2), find_zone(zone)):
            first, last = max(begin, start - offset), min(stop - timedelta(seconds=1), end - offset)
            if first <= last:
                firsts.append(first)
                lasts.append(last)
    except OverflowError:
        raise FormatError(f"{day.isoformat()}: the year is out of range") from None
    if not firsts:
        raise NoTime("time-day-skipped", text=day.isoformat(), zone=zone)
    return min(firsts), max(lasts)


def _stretches(begin: datetime, stop: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime, timedelta]]:
    """Give the stretches of one offset between two UTC instants, to the second."""

    def offset_at(instant: datetime) -> timedelta:
        return instant.astimezone(zone).utcoffset() or timedelta()

    found, since, offset, probe = [], begin, offset_at(begin), begin
    while probe < stop:
        following = min(probe + timedelta(hours=1), stop)
        if offset_at(following) != offset:
            low, high = probe, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if offset_at(middle) == offset else (low, middle)
            found.append((since, high, offset))
            since, offset = high, offset_at(high)
        probe = following
    return [*found, (since, stop, offset)]
