"""Extents: a time known only within bounds, a place known only within a circle, a fact that is not there.

A time is kept as the words that were said with its bounds in UTC; a place in
WGS 84, north and east positive, as whole micro-degrees. Bounds are text
(`2019-02-03T11:20:00Z`), so that a record holds no float and no local time.
Follows ISO 8601-1 and EPSG:4326. Nothing here reads words: `evidence.when` and
`evidence.where` do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from schemas.errors import FormatError

MICRO = 1_000_000
PRECISIONS = (
    ["second", "minute", "quarter_hour", "hour", "part_of_day", "day", "week", "month", "year", "interval", "unknown"]
)  # how finely a time was told
BASES = ["clock", "exif", "upload", "testimony", "sun", "prayer", "log", "derived"]  # where a time comes from
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z\Z", re.ASCII)


class Absence(StrEnum):
    """Why a fact is not shown: three answers, never one."""

    NOT_THERE = "not-there"
    UNREADABLE = "unreadable"
    WITHHELD = "withheld"


def write_instant(moment: datetime) -> str:
    """Give an aware time as UTC text ending in `Z`, whole seconds unless it is finer. Raises FormatError if naive."""
    if moment.tzinfo is None:
        raise FormatError("a time without offset cannot be written as UTC")
    moment = moment.astimezone(UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}Z"


def read_instant(text: str) -> datetime:
    """Read UTC text ending in `Z`. Raises FormatError."""
    if not _INSTANT.match(text):
        raise FormatError(f"not a UTC time of the form 2019-02-03T11:20:00Z: {text!r}")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise FormatError(f"no such time: {text!r}") from None


def bounds(extent: Mapping[str, Any] | None) -> tuple[datetime | None, datetime | None]:
    """Give a recorded time's earliest and latest in UTC; None where an end is open or there is no time.

    Raises FormatError for a bound of another form than a record has.
    """
    if not extent:
        return None, None
    earliest, latest = extent.get("earliest"), extent.get("latest")
    return (
        read_instant(earliest) if earliest else None,
        read_instant(latest) if latest else None,
    )


def occurred(
    case: Mapping[str, Any],
) -> tuple[float | None, float | None, tuple[int, int] | None]:
    """Give when a case was, in seconds since 1970 UTC, and where, in micro-degrees; None for what is not told."""
    time = case.get("occurred")
    earliest, latest = bounds(time if isinstance(time, Mapping) else None)
    lat, lon = case.get("place.lat"), case.get("place.lon")
    place = (lat, lon) if type(lat) is int and type(lon) is int else None
    return (earliest.timestamp() if earliest else None), (latest.timestamp() if latest else None), place


def degrees(micro: int) -> float:
    """Give whole micro-degrees as degrees, WGS 84."""
    return micro / MICRO
