"""Times: words and dates as people give them, read into an extent with bounds in UTC.

A local time is read in the zone it was given in and in no other (`evidence.zone`):
nothing here ever takes a local time for UTC. `3/2/2019` has two readings and
gets neither.

Follows ISO 8601-1, RFC 3339 for offsets, and ISO 8601-2 in part (`evidence.edtf`).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from evidence.edtf import Edtf, read_edtf
from evidence.zone import EASTMOST, WESTMOST, NoTime, bounds_of, find_zone
from schemas.errors import FormatError
from schemas.extent import BASES, PRECISIONS, write_instant
from schemas.text import nearest, visible

YEARS = range(1800, 2200)  # outside these a year is a slip of the hand, or counted in another calendar
KEYS = ("said", "earliest", "latest", "edtf", "zone", "basis", "precision")
LONGEST = 1_000

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹\u2212", "01234567890123456789-")
_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # direction marks around pasted digits
_DATE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\Z", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\Z", re.ASCII)
_CLOCK = re.compile(r"T?(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\Z", re.ASCII)
_OFFSET = re.compile(r"(?:Z|([+-])(\d\d)(?::?(\d\d))?)\Z", re.ASCII)
_MOMENT = re.compile(
    r"([\d/.-]{8,10})(?:[Tt]|[ \u00a0]+)(\d\d?:[\d:.,]+)[ \u00a0]?([Zz]|[+-]\d\d(?::?\d\d)?)?\Z", re.ASCII
)
_EDTF = re.compile(r"[\dX]{4}(?:-[\dX]{2}){0,2}[?~%]?\Z")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One time as it was given: a day, or a moment that may lack its offset. `text` is how it was written."""

    value: date | datetime
    precision: str
    text: str

    @property
    def is_local(self) -> bool:
        """Whether a zone is needed to know when it was."""
        return not isinstance(self.value, datetime) or self.value.tzinfo is None


def western_digits(text: str) -> str:
    """Give `text` with Arabic-Indic and Persian digits as ASCII, without direction marks and outer blanks."""
    return _MARKS.sub("", text).translate(_DIGITS).strip()


def read_time(value: Any, *, zone: str | None, basis: str = "testimony", now: datetime | None = None) -> dict[str, Any]:
    """Read a time into `{said, earliest, latest, precision, zone, basis, edtf, qualifier}`; the unknown is absent.

    `value` is text, a date, a datetime, or a table of `KEYS`; `zone` is the IANA name for times without
    an offset. An open end leaves its bound out. `said` alone is read where it is figures, and else kept as the
    words it is, with no bounds. `now` changes nothing: a time in the future is the
    caller's to warn of. Raises FormatError, naming both readings where there are two.
    """
    del now
    if isinstance(value, Mapping):
        return _read_table(value, zone, basis)
    extent: dict[str, Any] = {"said": _said(value)}
    if isinstance(value, str):
        text = western_digits(value)
        if not text or len(text) > LONGEST:
            raise FormatError("a time is empty" if not text else "too long for a time")
        if _is_edtf(text):
            return extent | _edtf_extent(read_edtf(text), text, zone, basis)
        if text.count("/") == 1:
            return extent | _read_interval(text, zone, basis)
    spoken = read_spoken(value)
    return extent | _extent(spoken, spoken, zone, basis)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else str(value.isoformat()) if isinstance(value, date) else ""


def _is_edtf(text: str) -> bool:
    """Whether text is to be read as EDTF: anything but a plain day."""
    parts = text.split("/")
    ends = [part for part in parts if part not in ("", "..")]
    if not ends or len(parts) > 2 or not all(_EDTF.match(part) for part in ends):
        return False
    return len(parts) == 2 or not _DATE.match(text)


def _read_interval(text: str, zone: str | None, basis: str) -> dict[str, Any]:
    start, end = (part.strip() for part in text.split("/"))
    first = None if start in ("", "..") else read_spoken(start)
    if first and _CLOCK.match(end):  # ISO 8601-1 5.5.2.4: what the end leaves out is as in the start
        if not isinstance(first.value, datetime) or first.value.tzinfo:
            raise FormatError(f"{visible(text)}: write the end in full")
        end = f"{first.value.date().isoformat()}T{end.lstrip('T')}"
    last = None if end in ("", "..") else read_spoken(end)
    if first is None and last is None:
        raise FormatError(f"{visible(text)}: an interval needs one end that is a time")
    return _extent(first, last, zone, basis)


def _read_table(table: Mapping[str, Any], zone: str | None, basis: str) -> dict[str, Any]:
    table = {key: member for key, member in table.items() if member is not None and member != ""}
    for key in table:
        if key not in KEYS:
            near = nearest(key, KEYS)
            hint = f"; did you mean `{near}`?" if near else ""
            raise FormatError(f"`{visible(key[:40])}` is no part of a time{hint}")
        if key not in ("earliest", "latest") and not isinstance(table[key], str):
            raise FormatError(f"`{key}` of a time is text")
    if not table.keys() - {"zone", "basis", "precision"}:
        raise FormatError("a time says nothing: give `said`, `earliest` and `latest`, or `edtf`")
    zone, basis = table.get("zone", zone), table.get("basis", basis)
    if zone is not None:
        find_zone(zone)
    for key, known, word in (("basis", BASES, basis), ("precision", PRECISIONS, table.get("precision", "day"))):
        if word not in known:
            raise FormatError(f"`{key}` is none of {', '.join(known)}")
    if not table.keys() & {"earliest", "latest", "edtf", "precision"} and _is_figures(table["said"]):
        return read_time(table["said"], zone=zone, basis=basis)
    first, last = (read_spoken(table[key]) if key in table else None for key in ("earliest", "latest"))
    extent = _extent(first, last, zone, basis) if first or last else {"precision": "unknown", "basis": basis}
    texts = [spoken.text if spoken else ".." for spoken in (first, last)]
    if "edtf" in table:
        text = western_digits(table["edtf"])
        given = _edtf_extent(read_edtf(text), text, zone, basis)
        if first or last:
            _check_within(extent, given)
            given |= {key: extent[key] for key in ("earliest", "latest", "precision", "zone") if key in extent}
        extent, texts = given, [text]
    if "precision" in table:
        extent["precision"] = table["precision"]
    return {"said": table.get("said", "/".join(dict.fromkeys(texts)))} | extent


def _is_figures(words: str) -> bool:
    """Whether what was said is a time in figures and not in words."""
    return any(c.isdigit() for c in words) and not any(c.isalpha() for c in words if c not in "TZ")


def _check_within(extent: Mapping[str, Any], days: Mapping[str, Any]) -> None:
    """Refuse bounds that lie outside the days that the same table's `edtf` names."""
    lowest, highest = days.get("earliest", ""), days.get("latest", "9999")
    if any(not lowest <= extent[key] <= highest for key in ("earliest", "latest") if key in extent):
        raise FormatError("`earliest` and `latest` lie outside the days of `edtf`")


def _edtf_extent(edtf: Edtf, text: str, zone: str | None, basis: str) -> dict[str, Any]:
    for day in filter(None, (edtf.first, edtf.last)):
        _check_year(day.year)
    first, last = (Spoken(day, edtf.precision, text) if day else None for day in (edtf.first, edtf.last))
    extent = _extent(first, last, zone, basis)
    extent |= {"precision": edtf.precision, "edtf": text}
    return extent | ({"qualifier": edtf.qualifier} if edtf.qualifier else {})


def _extent(first: Spoken | None, last: Spoken | None, zone: str | None, basis: str) -> dict[str, Any]:
    """Give bounds in UTC of what runs from `first` to `last`, either of which may be open."""
    extent: dict[str, Any] = {}
    earliest = bounds_of(first.value, zone)[0] if first else None
    latest = bounds_of(last.value, zone)[1] if last else None
    if first and last and first is not last and _are_reversed(first, last, zone):
        raise NoTime("time-reversed", first=visible(first.text), last=visible(last.text))
    if earliest:
        extent["earliest"] = write_instant(earliest)
    if latest:
        extent["latest"] = write_instant(latest)
    same = first and last and first.precision == last.precision and first.value == last.value
    extent["precision"] = first.precision if first and same else "interval"
    if zone and any(spoken and spoken.is_local for spoken in (first, last)):
        extent["zone"] = zone
    extent["basis"] = basis
    return extent


def _are_reversed(first: Spoken, last: Spoken, zone: str | None) -> bool:
    if zone is None and first.is_local and last.is_local:
        zone = "UTC"  # only for comparing: bounds 26 hours wide must not hide ends in the wrong order
    return bounds_of(last.value, zone)[1] < bounds_of(first.value, zone)[0]


def read_spoken(value: Any) -> Spoken:
    """Read one day or moment from text, a date or a datetime. Raises FormatError with a sentence."""
    if isinstance(value, datetime):
        _check_year(value.year)
        return Spoken(value, "second", value.isoformat())
    if isinstance(value, date):
        _check_year(value.year)
        return Spoken(value, "day", value.isoformat())
    if isinstance(value, time):
        raise FormatError("a time of day without a date")
    if not isinstance(value, str):
        raise FormatError("a time is a date, a date with a time, or text of them")
    text = western_digits(value)
    if not text or len(text) > LONGEST:
        raise FormatError("a time is empty" if not text else "too long for a time")
    if match := _MOMENT.match(text):
        clock, precision = read_clock(match[2])
        moment = datetime.combine(read_day(match[1]), clock)
        if match[3]:
            moment = moment.replace(tzinfo=_read_offset(match[3].upper()))
        return Spoken(moment, precision, text)
    if _CLOCK.match(text):
        raise NoTime("time-alone", text=text)
    return Spoken(read_day(text), "day", text)


def read_day(text: str, order: str | None = None) -> date:
    """Read a day: year first, or as `order` (`dmy`, `mdy`) says. Raises FormatError, with both readings of two."""
    if match := _DATE.match(text):
        return _day(text, match[1], match[3], match[4])
    if match := _SLASHED.match(text):
        readings = {"dmy": (match[1], match[3]), "mdy": (match[3], match[1])}
        if order in readings:
            day, month = readings[order]
            return _day(text, match[4], month, day)
        found = dict.fromkeys(filter(None, (_maybe(match[4], month, day) for day, month in readings.values())))
        if len(found) == 1 and order is None:
            return next(iter(found))
        if len(found) == 2:
            first, second = found
            raise NoTime(
                "time-two-days", text=text, words=_words(first), other=_words(second), first=first.isoformat(),
                second=second.isoformat(),
            )  # fmt: skip
    if re.fullmatch(r"-?\d{1,3}\.\d{3,}(?:\s*[,;/ ]\s*-?\d{1,3}\.\d+)?", text, re.ASCII):
        raise NoTime("time-coordinate", text=text)
    raise NoTime("time-no-date", text=visible(text[:64]))


def slashed_days(text: str) -> tuple[bool, bool] | None:
    """Whether a date whose year is last may be day-month-year, and month-day-year; None for any other text."""
    match = _SLASHED.match(text)
    if not match:
        return None
    return _maybe(match[4], match[3], match[1]) is not None, _maybe(match[4], match[1], match[3]) is not None


def _maybe(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _day(text: str, year: str, month: str, day: str) -> date:
    _check_year(int(year))
    found = _maybe(year, month, day)
    if found is None:
        raise NoTime("time-no-day", text=text)
    return found


def _words(day: date) -> str:
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def _check_year(year: int) -> None:
    if year not in YEARS:
        raise NoTime("time-no-year", year=year, first=YEARS.start, last=YEARS.stop - 1)


def read_clock(text: str) -> tuple[time, str]:
    """Read `14:55`, `14:55:20` or `14:55:20.25` and its precision. Raises FormatError."""
    match = _CLOCK.match(text)
    if not match:
        raise NoTime("time-no-clock", text=visible(text[:40]))
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour == 24:
        raise NoTime("time-24", text=text)
    if hour > 23 or minute > 59 or second > 59:
        raise NoTime("time-no-such-clock", text=text)
    micro = int((match[4] or "")[:6].ljust(6, "0"))
    return time(hour, minute, second, micro), "second" if match[3] else "minute"


def _read_offset(text: str) -> timezone:
    match = _OFFSET.match(text)
    if match is None or match[1] is None:
        return UTC
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if int(match[3] or 0) > 59 or offset > EASTMOST or (match[1] == "-" and offset > WESTMOST):
        raise NoTime("time-no-offset", text=text)
    return timezone(-offset if match[1] == "-" else offset)
