"""One value of a record, read from a TOML value or a cell of a sheet: one reader for each type of field.

`READERS` is the whole table; a reader takes the value, its field and the
context, and gives the value a record keeps, or raises `Wrong` with the code of
a sentence. A TOML value is read strictly; a cell also in Arabic, with what
spreadsheet programs do to data named rather than mended. Nothing is guessed:
no date order, no zone, no sign.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from evidence import when
from evidence.faults import Faults, Part, Spot, Wrong, near, part
from evidence.when import KEYS as TIME_KEYS
from evidence.zone import NoTime
from schemas import words
from schemas.errors import FormatError
from schemas.extent import MICRO
from schemas.fields import Field, Value
from schemas.text import nearest, visible
from schemas.vocabulary import VOCABULARY

LONGEST_TEXT = 1_000_000
LARGEST = 2**53 - 1
FILL_LATER: Any = object()  # a cell that turned out to say nothing

_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ID_IS_DATE = re.compile(
    rf"\d{{1,2}}-(?:{_MONTHS})(?:-\d{{2,4}})?\Z|(?:{_MONTHS})-\d{{2,4}}\Z|\d{{1,4}}[/.]\d{{1,2}}[/.]\d{{1,4}}\Z"
    r"|\d{4}-\d\d-\d\d(?:[ T]00:00(?::00)?)?\Z",
    re.ASCII,
)
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+\Z", re.ASCII)
_ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"))
_NO_TIME = re.compile(r"(?:12:00(?::00)? ?(?:AM|ص)|0?0:00(?::00)?)\Z", re.IGNORECASE)
_LIST_SPLIT = re.compile(r"[;؛\n]")
_WORD_SPLIT = re.compile(r"[;؛,،\n]")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬−", "01234567890123456789.,-")
_MAP_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}\Z", re.ASCII)
_MAY_BE_NEGATIVE = frozenset(("off_nadir",))
_BASIS = {"recorded": "clock", "uploaded_at": "upload"}


@dataclass(slots=True)
class Context:
    """What a reader may need to know: the zone in force, whether this is a sheet, and where warnings go."""

    now: datetime
    zone: str | None = None
    sheet: bool = False
    spot: Spot = field(default_factory=lambda: Spot(""))  # the row being read
    faults: Faults = field(default_factory=Faults)
    name: str = ""  # the dotted name being read
    cache: dict[tuple[Any, ...], Value] = field(default_factory=dict)
    rows: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict)  # inside a record, as they were read before

    def warn(self, code: str, **names: Any) -> None:
        """Note something to know about the cell being read."""
        self.faults.warn(self.spot.at(self.name), code, **names)


MERGED = "merged-cell"  # what stands in the place of a value that only the first of several merged rows has


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a workbook that is more than its value: a date by its serial, or what stands in a value's place."""

    value: Any
    shows_time: bool = False
    fault: str = ""  # `formula`, MERGED, or the error a spreadsheet program wrote


def open_cell(value: Any) -> Any:
    """Give what a workbook's cell holds. Raises Wrong for what stands in a value's place."""
    if not isinstance(value, Cell):
        return value
    if value.fault in ("formula", MERGED):
        raise Wrong(value.fault)
    if value.fault:
        raise Wrong("cell-error", found=value.fault)
    return value.value


def found(value: Any) -> Part:
    """Give a half sentence that says what type of value was met, never the value."""
    names = {bool: "found-yesno", int: "found-number", float: "found-number", str: "found-text", list: "found-list",
             dict: "found-table"}  # fmt: skip
    return part(names.get(type(value), "found-time"))


def read_text(value: Any, _entry: Field, context: Context) -> Value:
    """Text, kept as given. Raises Wrong."""
    text = _text(value, context)
    if context.sheet and _ROUNDED.match(text):
        raise Wrong("rounded", found=text)
    return text


def _text(value: Any, context: Context) -> str:
    if context.sheet:
        value = _cell_text(value)
    if not isinstance(value, str):
        raise Wrong("not-text", found=found(value))
    if len(value) > LONGEST_TEXT:
        raise Wrong("too-long", limit=LONGEST_TEXT)
    if _is_bad(value):
        raise Wrong("bad-text")
    return value


def _is_bad(text: str) -> bool:
    """Tell whether a text holds NUL or half a character."""
    return "\0" in text if text.isascii() else _BAD_TEXT.search(text) is not None


def _cell_text(value: Any) -> Any:
    if type(value) in (int, float):
        if type(value) is float and not value.is_integer():
            return format(Decimal(repr(value)), "f")
        if abs(value) > 999_999_999_999_999:
            raise Wrong("rounded", found=f"{value:.6G}")
        return str(int(value))
    if isinstance(value, (date, time)):
        raise Wrong("text-is-date")
    if isinstance(value, str) and value in _ERRORS:
        raise Wrong("cell-error", found=value)
    return value


def read_id(value: Any, _entry: Field, context: Context) -> Value:
    """A short name: Latin letters, digits, `.`, `_`, `-`. Raises Wrong."""
    if context.sheet:
        if isinstance(value, (date, time)):
            raise Wrong("id-is-date")
        value = _cell_text(value)
        if isinstance(value, str):
            value = value.strip()
            if _ROUNDED.match(value):
                raise Wrong("rounded", found=value)
            if _ID_IS_DATE.match(value):
                raise Wrong("id-is-date")
    if not isinstance(value, str):
        raise Wrong("not-text", found=found(value))
    if not _ID.match(value):
        raise Wrong("not-id")
    return value


def read_item(value: Any, entry: Field, context: Context) -> Value:
    """The id of an item, or `CODE/ID` where it is of a case merged with this one. Raises Wrong."""
    if isinstance(value, str) and value.count("/") == 1 and all(map(_ID.match, value.strip().split("/"))):
        return value.strip()
    return read_id(value, entry, context)


def read_word(value: Any, entry: Field, context: Context) -> Value:
    """One word of a vocabulary; in a sheet also its Arabic or English name."""
    return _known_word(_text(value, context), entry.words or "", context)


def _known_word(value: str, vocabulary: str, context: Context) -> str:
    known = VOCABULARY[vocabulary]
    if value in known:
        return value
    if context.sheet:
        word = words.read_word(vocabulary, value)
        if word is not None:
            return word
    close = words.nearest_word(vocabulary, value) if context.sheet else nearest(value, known)
    raise Wrong("unknown-word", value=_quoted(value), near=near("near-word", close), known=", ".join(known))


def _quoted(value: str) -> str:
    value = visible(value)
    return f"`{value}`" if len(value) <= 60 else f"`{value[:59]}…`"


def _members(value: Any, context: Context, split: re.Pattern[str]) -> list[str]:
    if context.sheet:
        parts = [part.strip() for part in split.split(_text(value, context))]
        return [part for part in parts if part]
    if not isinstance(value, list):
        raise Wrong("not-list", found=found(value))
    return [_text(member, context) for member in value]


def read_wordlist(value: Any, entry: Field, context: Context) -> Value:
    """Several words of a vocabulary, each once, in the order given."""
    members = _members(value, context, _WORD_SPLIT)
    return list(dict.fromkeys(_known_word(member, entry.words or "", context) for member in members))


def read_textlist(value: Any, _entry: Field, context: Context) -> Value:
    """Several pieces of text."""
    members: list[Any] = list(_members(value, context, _LIST_SPLIT))
    return members


def read_time(value: Any, entry: Field, context: Context) -> Value:
    """One extent of time, read by `evidence.when`; local times in the zone in force. Raises Wrong."""
    if context.sheet:
        value = _cell_time(value, context)
    if isinstance(value, Mapping):
        value = _time_table(value, context)
    elif type(value) in (bool, int, float, list):
        raise Wrong("not-time", because=found(value))
    elif isinstance(value, str):
        value = _text(value, context)
    if value is FILL_LATER:
        nothing: Value = FILL_LATER
        return nothing
    zone = context.zone
    if isinstance(value, dict) and "zone" in value:
        read_zone(value["zone"], entry, context)
    basis = _BASIS.get(context.name, "testimony")
    try:
        extent = when.read_time(value, zone=zone, basis=basis, now=context.now)
    except FormatError as error:
        raise Wrong("not-time", because=error.because if isinstance(error, NoTime) else error.message) from None
    return dict(extent)


def _time_table(value: Mapping[str, Any], context: Context) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, member in value.items():
        if key not in TIME_KEYS:
            raise Wrong("unknown-key-in", key=key, near=near("near", nearest(key, TIME_KEYS)))
        if key not in ("earliest", "latest") and not isinstance(member, str):
            raise Wrong("not-text-in", key=key, found=found(member))
        member = _cell_time(member, context) if context.sheet and key != "said" else member
        if member is FILL_LATER:
            continue
        if type(member) in (bool, int, float, list, dict):
            raise Wrong("not-time", because=found(member))
        if isinstance(member, str) and (_is_bad(member) or len(member) > LONGEST_TEXT):
            raise Wrong("bad-text")
        table[key] = member
    if not table:
        raise Wrong("empty")
    return table


def _cell_time(value: Any, context: Context) -> Any:
    """Give a cell's time as text without a guess: a date cell by its serial, midnight as no time."""
    shows_time = False
    if isinstance(value, Cell):
        shows_time, value = value.shows_time, open_cell(value)
    if isinstance(value, str):
        value = value.strip()
        if value in _ERRORS:
            raise Wrong("cell-error", found=value)
        if _NO_TIME.match(value):
            context.warn("no-time", name=context.name)
            return FILL_LATER
        return value
    if isinstance(value, datetime):
        if value.time() == time(0):
            day = value.date().isoformat()
            if shows_time:
                context.warn("midnight", name=context.name, day=day)
            return day
        return value.isoformat(timespec="minutes" if not value.second and not value.microsecond else "auto")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        if value == time(0):
            context.warn("no-time", name=context.name)
            return FILL_LATER
        raise Wrong("time-without-date", found=value.isoformat(timespec="minutes"))
    return value


def read_whole(value: Any, _entry: Field, context: Context) -> Value:
    """A whole number, not negative. Raises Wrong."""
    if context.sheet:
        if type(value) is float and value.is_integer():
            value = int(value)
        elif isinstance(value, str):
            digits = value.strip().translate(_DIGITS)
            if _ROUNDED.match(digits):
                raise Wrong("rounded", found=value)
            value = int(digits) if re.fullmatch(r"\d{1,16}", digits, re.ASCII) else value
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise Wrong("not-whole")
    return value


def read_decimal(value: Any, entry: Field, context: Context) -> Value:
    """A decimal number, kept as its digits. Raises Wrong."""
    if isinstance(value, str) and context.sheet:
        text = value.strip().translate(_DIGITS)
        if _ROUNDED.match(text):
            raise Wrong("rounded", found=text)
        if re.fullmatch(r"-?\d+,(?:\d{1,2}|\d{4,})", text, re.ASCII):
            text = text.replace(",", ".")
        value = text if re.fullmatch(r"-?\d{1,20}(?:\.\d{1,20})?", text, re.ASCII) else None
    if type(value) not in (int, float, str) or (type(value) is float and not math.isfinite(value)):
        raise Wrong("not-decimal")
    try:
        number = Decimal(repr(value) if type(value) is float else value)
    except (InvalidOperation, ValueError):
        raise Wrong("not-decimal") from None
    if not context.sheet and isinstance(value, str):
        raise Wrong("not-decimal")
    if abs(number) > LARGEST:
        raise Wrong("not-decimal")
    if number < 0 and entry.name not in _MAY_BE_NEGATIVE:
        raise Wrong("negative")
    text = format(number, "f")
    if len(text) > 40:
        raise Wrong("not-decimal")
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_degrees(value: Any, entry: Field, context: Context) -> Value:
    """A coordinate in degrees, WGS 84; kept as whole micro-degrees. Raises Wrong."""
    limit = 90 if entry.name == "lat" else 180
    if isinstance(value, str):
        return _coordinate_text(_text(value, context), entry.name, limit)
    if type(value) not in (int, float):
        raise Wrong("not-degrees", because=found(value))
    if not math.isfinite(value) or abs(value) > limit:
        raise Wrong("not-degrees", because=f"-{limit} … {limit}")
    return round(Decimal(repr(value)) * MICRO)


def _coordinate_text(text: str, name: str, limit: int) -> int:
    from evidence import where

    try:
        degrees = where.read_coordinate(text, name)
    except FormatError as error:
        raise Wrong("not-degrees", because=error.message) from None
    if abs(degrees) > limit * MICRO:
        raise Wrong("not-degrees", because=f"-{limit} … {limit}")
    return degrees


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def read_zone(value: Any, _entry: Field, context: Context) -> Value:
    """An IANA time zone. Raises Wrong."""
    name = _text(value, context).strip()
    if len(name) > 64 or not _is_zone(name):
        raise Wrong("not-zone", near=near("near-word", nearest(name[:64], sorted(available_timezones()))))
    return name


def read_yesno(value: Any, _entry: Field, context: Context) -> Value:
    """True or false; in a sheet also yes, no, نعم, لا, 1 and 0. Raises Wrong."""
    if context.sheet:
        if isinstance(value, str):
            value = words.YES_NO.get(words.plain(value), value)
        elif type(value) in (int, float) and value in (0, 1):
            value = bool(value)
    if type(value) is not bool:
        raise Wrong("not-yesno")
    return value


def read_file(value: Any, _entry: Field, context: Context) -> Value:
    """A relative name; whether it is there is looked at with the whole folder."""
    if context.sheet:
        value = _cell_text(value)
    return _text(value, context)


def read_map(value: Any, _entry: Field, context: Context) -> Value:
    """Free keys to text, as `columns = { time = "Time" }`; in a sheet `time = Time; lat = Lat`. Raises Wrong."""
    if context.sheet and isinstance(value, str):
        pairs = [member.partition("=") for member in _members(value, context, _LIST_SPLIT)]
        value = {key.strip(): text.strip() for key, _, text in pairs}
    if not isinstance(value, dict):
        raise Wrong("not-table", found=found(value))
    mapped: dict[str, Any] = {}
    for key, text in value.items():
        if not _MAP_KEY.match(key):
            raise Wrong("map-key", key=key[:40])
        mapped[key] = _text(text, context)
    return mapped


READERS: Mapping[str, Callable[[Any, Field, Context], Value]] = {
    "text": read_text,
    "id": read_id,
    "item": read_item,
    "word": read_word,
    "wordlist": read_wordlist,
    "textlist": read_textlist,
    "time": read_time,
    "whole": read_whole,
    "decimal": read_decimal,
    "degrees": read_degrees,
    "zone": read_zone,
    "yesno": read_yesno,
    "file": read_file,
    "map": read_map,
}
