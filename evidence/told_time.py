"""A time as it was told, set against another: its window in UTC, the gap between two, and both in words.

Windows that touch do not disagree; an end that is open is never taken for a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from evidence.reason import Several, reason
from schemas.extent import bounds

TOUCH = timedelta(seconds=1)
Window = tuple[datetime | None, datetime | None]


def window_of(extent: Any) -> Window:
    """Give the bounds of a time; one told to the minute is the whole minute when two are compared."""
    if not isinstance(extent, Mapping):
        return None, None
    low, high = bounds(extent)
    if low is not None and low == high and extent.get("precision") == "minute":
        return low, low + timedelta(seconds=59)
    return low, high


def gap_between(one: Window, two: Window) -> timedelta | None:
    """Give the gap between two windows that cannot overlap; positive where the second is later. None where they may.

    Their ends are whole seconds within them, so windows a second apart touch: one minute and the next do not disagree.
    """
    if one[1] is not None and two[0] is not None and two[0] - one[1] > TOUCH:
        return two[0] - one[1]
    if one[0] is not None and two[1] is not None and one[0] - two[1] > TOUCH:
        return two[1] - one[0]
    return None


def span(gap: timedelta) -> Any:
    """Say how long a gap is, in days, hours and minutes."""
    minutes = abs(round(gap.total_seconds() / 60))
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = {"days": days, "hours": hours, "minutes": minutes}
    told = [reason(f"span-{name}", count=count) for name, count in parts.items() if count]
    return Several("blank", told) if told else reason("span-none")


def said_time(extent: Any) -> Any:
    """Say a time by its bounds in UTC."""
    low, high = bounds(extent) if isinstance(extent, Mapping) else (None, None)
    return in_words(low, high)


def in_words(low: datetime | None, high: datetime | None) -> Any:
    """Say two bounds, UTC; None is an open end."""
    words = [f"{one:%Y-%m-%dT%H:%M:%SZ}" if one else reason("open-end") for one in (low, high)]
    return words[0] if words[0] == words[1] else reason("from-to", low=words[0], high=words[1])
