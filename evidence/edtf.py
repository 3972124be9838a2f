"""Dates of ISO 8601-2 (EDTF): a small subset, read against the real calendar.

Read: level 0 dates (year, month, day) and intervals of them; of level 1 the
qualifiers `?`, `~` and `%` at the end of a date, `X` for a day, a month and the
last one or two digits of a year, and open (`..`) or unknown (empty) ends.
Not read: times of day, seasons, years of more than four digits, level 2. What
is not read is refused with a sentence and never guessed at. A qualifier is
kept and widens nothing. No zone is known here: a date is a date.

Follows ISO 8601-2:2019 and the Library of Congress profile of it, in part.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from schemas.errors import FormatError
from schemas.text import visible

_DATE = re.compile(r"(\d{4}|\d{3}X|\d\dXX)(?:-(\d\d|XX)(?:-(\d\d|XX))?)?([?~%]?)\Z", re.ASCII)
_SEASON = re.compile(r"\d{4}-(2[1-9]|3\d|4[01])[?~%]?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Edtf:
    """The first and last day it may mean; None where that end is open or unknown."""

    first: date | None
    last: date | None
    precision: str  # day month year interval
    qualifier: str = ""  # ? uncertain, ~ approximate, % both


def read_edtf(text: str) -> Edtf:
    """Read one date or one interval of dates. Raises FormatError with a sentence."""
    if text.count("/") > 1:
        raise FormatError(f"{visible(text[:64])}: more than one `/` in an interval of dates")
    if "/" not in text:
        return _read_date(text)
    start_text, end_text = text.split("/")
    start, end = _read_end(start_text), _read_end(end_text)
    if start is None and end is None:
        raise FormatError(f"{visible(text)}: an interval needs one end that is a date")
    if start and end and start.first and end.last and end.last < start.first:
        raise FormatError(f"{visible(text[:64])}: the end is before the start")
    marks = {part.qualifier for part in (start, end) if part and part.qualifier}
    qualifier = marks.pop() if len(marks) == 1 else "%" if marks else ""
    return Edtf(start.first if start else None, end.last if end else None, "interval", qualifier)


def _read_end(text: str) -> Edtf | None:
    return None if text in ("", "..") else _read_date(text)


def _read_date(text: str) -> Edtf:
    shown = visible(text[:64])
    if _SEASON.match(text):
        raise FormatError(f"{shown}: a season has no agreed days; write months, as in 2019-03/2019-05")
    match = _DATE.match(text)
    if not match:
        raise FormatError(f"{shown} is no date of ISO 8601-2 that is read here, as 2019-02-03~, 2019-02 or 2019-02-XX")
    year, month, day, qualifier = match[1], match[2], match[3], match[4]
    if "X" in year and month is not None:
        raise FormatError(f"{shown}: a year with X stands alone")
    if month == "XX" and day not in (None, "XX"):
        raise FormatError(f"{shown}: a day is given of a month that is not")
    low, high = int(year.replace("X", "0")), int(year.replace("X", "9"))
    if low < 1:
        raise FormatError(f"{shown}: years run from 0001 to 9999")
    if "X" in year:
        return Edtf(date(low, 1, 1), date(high, 12, 31), "interval", qualifier)
    if month is None or month == "XX":
        return Edtf(date(low, 1, 1), date(low, 12, 31), "year", qualifier)
    if not 1 <= int(month) <= 12:
        raise FormatError(f"{shown}: there is no month {month}")
    days = calendar.monthrange(low, int(month))[1]
    if day is None or day == "XX":
        return Edtf(date(low, int(month), 1), date(low, int(month), days), "month", qualifier)
    if not 1 <= int(day) <= days:
        raise FormatError(f"{shown}: {calendar.month_name[int(month)]} {low} has no day {day}")
    only = date(low, int(month), int(day))
    return Edtf(only, only, "day", qualifier)
