"""The clocks of a camera: when it says the picture was taken, what other times it wrote, and what its GPS says.

A camera clock has no zone unless `OffsetTimeOriginal` gives one: without it the
moment lies anywhere from local - 14 h to local + 12 h, and no zone is guessed.
Only `DateTimeOriginal` is a capture time; other times are given as text, under
the tag they come from. Blanks and blank-filled times mean "unknown" in Exif.

Follows CIPA DC-008 (Exif 3.0) 4.6.5 and 4.6.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from evidence.exif import Tags, quoted
from schemas.extent import write_instant

EASTMOST, WESTMOST = timedelta(hours=14), timedelta(hours=12)  # how far civil time is ahead of and behind UTC
CLOCKS_AGREE = timedelta(minutes=5)  # a camera and a GPS clock further apart than this are told

_TIME = re.compile(r"(\d{4})([:/-])(\d\d)\2(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\Z", re.ASCII)
_BLANK = re.compile(r"[\s:]*\Z")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z", re.ASCII)
_DATE = re.compile(r"(\d{4})([:/-])(\d\d)\2(\d\d)\Z", re.ASCII)
_OTHERS = (
    "DateTimeDigitized",
    "SubSecTimeDigitized",
    "OffsetTimeDigitized",
    "DateTime",
    "SubSecTime",
    "OffsetTime",
    "GPSDateStamp",
)
_CIVIL_MINUTES = sorted(
    {60 * hour for hour in range(-12, 15)}
    | {-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 645, 765, 825}  # the half and quarter hours in use
)


def captured(tags: Tags) -> dict[str, Any] | None:
    """Give `{local, offset, earliest, latest}` of DateTimeOriginal, or None where it is not there or unreadable."""
    said = _clock_text(tags, "DateTimeOriginal")
    if said is None:
        _lost_parts(tags)
        return None
    match = _TIME.match(said)
    moment = _moment(match) if match else None
    if match is None or moment is None:
        tags.trouble("DateTimeOriginal", f"{quoted(said)} is no time")
        return None
    fraction = match[8] or _fraction(tags)
    local = f"{moment:%H:%M:%S}"
    local = f"{moment.year:04d}-{moment:%m-%d}T{local}" + (f".{fraction}" if fraction else "")
    if fraction:
        moment += timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    offset = _offset(tags)
    try:
        if offset is None:
            earliest, latest = moment - EASTMOST, moment + WESTMOST
        else:
            earliest = latest = moment - _as_delta(offset)
    except OverflowError:
        tags.trouble("DateTimeOriginal", f"{quoted(said)} is outside the calendar")
        return None
    return {
        "local": local,
        "offset": offset,
        "earliest": write_instant(earliest.replace(tzinfo=UTC)),
        "latest": write_instant(latest.replace(tzinfo=UTC)),
    }


def other_times(tags: Tags) -> dict[str, str]:
    """Give every other time of the block as it is written, by tag."""
    found = {name: text for name in _OTHERS if (text := _clock_text(tags, name)) is not None}
    stamp = tags.rationals("GPSTimeStamp", 3)
    if stamp is not None:
        hours, minutes, seconds = (Fraction(top, bottom) for top, bottom in stamp)
        found["GPSTimeStamp"] = f"{_plain(hours)}:{_plain(minutes)}:{_plain(seconds)}"
    return found


def gps_time(tags: Tags, others: dict[str, str]) -> str | None:
    """Give the GPS clock as UTC text; None where it is not there, or (with a warning) not a whole time.

    `others` is what `other_times` gave, so that a tag that cannot be read is told once.
    """
    date, time = others.get("GPSDateStamp"), others.get("GPSTimeStamp")
    if date is None or time is None:
        if time is not None:
            tags.warnings.append(f"EXIF GPSTimeStamp {time} has no date; no GPS time was read")
        return None
    match = _DATE.match(date)
    if match is None:
        tags.trouble("GPSDateStamp", f"{quoted(date)} is no date")
        return None
    hours, minutes, seconds = (Fraction(top, bottom) for top, bottom in tags.rationals("GPSTimeStamp", 3) or ())
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        tags.trouble("GPSTimeStamp", f"{time} is no time of day")
        return None
    try:
        day = datetime(int(match[1]), int(match[3]), int(match[4]), tzinfo=UTC)
        moment = day + timedelta(microseconds=int((hours * 3600 + minutes * 60 + seconds) * 1_000_000))
    except (ValueError, OverflowError):
        tags.trouble("GPSDateStamp", f"{quoted(date)} is no date")
        return None
    return write_instant(moment)


def clock_warning(taken: dict[str, Any] | None, gps: str | None) -> str | None:
    """Say that the camera clock and the GPS clock are further apart than any zone explains; None where they agree."""
    if taken is None or gps is None:
        return None
    apart = datetime.fromisoformat(taken["earliest"]) - datetime.fromisoformat(gps)
    if clocks_apart(taken, gps) is None:
        return None
    if taken["offset"] is not None:
        return (
            f"EXIF DateTimeOriginal {taken['local']}{taken['offset']} is {_span(apart)} the GPS clock ({gps}); "
            "one of the two clocks is wrong, or the position is an older one"
        )
    return (
        f"EXIF DateTimeOriginal {taken['local']} (no zone) is {_span(apart + EASTMOST)} the GPS clock ({gps}), "
        "which no time zone explains; one of the two clocks is wrong, or the position is an older one"
    )


def clocks_apart(taken: Mapping[str, Any], gps: str) -> timedelta | None:
    """Give how far the camera clock (`offset`, `earliest`) is from the GPS clock; None where they agree.

    A camera without a zone is set against the zone that fits best.
    """
    apart = datetime.fromisoformat(taken["earliest"]) - datetime.fromisoformat(gps)
    if taken["offset"] is None:
        apart += EASTMOST
        apart = min((apart - timedelta(minutes=minutes) for minutes in _CIVIL_MINUTES), key=abs)
    return apart if abs(apart) > CLOCKS_AGREE else None


def _clock_text(tags: Tags, name: str) -> str | None:
    """Give a time tag as written; blanks, and colons between blanks, are Exif's word for unknown."""
    text = tags.text(name)
    return None if text is None or _BLANK.match(text) else text


def _moment(match: re.Match[str]) -> datetime | None:
    try:
        return datetime(*(int(match[part]) for part in (1, 3, 4, 5, 6, 7)))  # type: ignore[arg-type]
    except ValueError:
        return None


def _fraction(tags: Tags) -> str | None:
    text = tags.text("SubSecTimeOriginal")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        tags.trouble("SubSecTimeOriginal", f"{quoted(text)} is no fraction of a second")
        return None
    return text


def _offset(tags: Tags) -> str | None:
    text = _clock_text(tags, "OffsetTimeOriginal")
    if text is None:
        return None
    if text == "Z":
        return "+00:00"
    match = _OFFSET.match(text)
    if match is None or int(match[3]) > 59 or not -WESTMOST <= _as_delta(text) <= EASTMOST:
        tags.trouble("OffsetTimeOriginal", f"{quoted(text)} is no offset from UTC")
        return None
    return text


def _lost_parts(tags: Tags) -> None:
    """Tell parts of a capture time that stand without it: they are there, and say nothing."""
    for name in ("OffsetTimeOriginal", "SubSecTimeOriginal"):
        text = _clock_text(tags, name)
        if text is not None and "DateTimeOriginal" not in tags.entries:
            tags.warnings.append(
                f"EXIF {name} {quoted(text)} stands without DateTimeOriginal; no capture time was read"
            )


def _as_delta(offset: str) -> timedelta:
    span = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return -span if offset[0] == "-" else span


def _plain(part: Fraction) -> str:
    """Give a part of a GPS time as people write it: two digits, and a fraction where it has one."""
    if part.denominator == 1:
        return f"{part.numerator:02d}"
    return f"{float(part):09.6f}".rstrip("0").rstrip(".")


def _span(apart: timedelta) -> str:
    minutes = round(abs(apart).total_seconds() / 60)
    days, rest = divmod(minutes, 24 * 60)
    words = [f"{days} days"] * (days > 1) + ["1 day"] * (days == 1)
    words += [f"{rest // 60} h {rest % 60:02d} min"]
    return " ".join(words) + (" behind" if apart < timedelta() else " ahead of")
