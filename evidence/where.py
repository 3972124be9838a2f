"""Places: coordinates as people write them, read into whole micro-degrees.

WGS 84, north and east positive. Decimals with Latin or Arabic digits and
separators, degrees-minutes-seconds, and both coordinates in one cell are read.
Nothing is swapped, shifted or completed: a number out of range, a latitude
without a longitude and the placeholder 0,0 are refused. Latitude comes first
unless the text itself says N, S, E or W.

Follows EPSG:4326 and ISO 6709 for degrees-minutes-seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from evidence.distance import Point
from evidence.when import western_digits
from schemas.errors import FormatError
from schemas.extent import MICRO
from schemas.text import nearest, visible

LIMITS = {"lat": 90, "lon": 180}
NAMES = {"lat": "latitude", "lon": "longitude"}
KEYS = ("name", "lat", "lon", "accuracy_m")
LONGEST = 120

_SIGNS = str.maketrans({
    "º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "″": '"', "”": '"', "“": '"',
    "٫": ".", "،": ",", "؛": ";", "\u00a0": " ", "\u202f": " ",
})  # fmt: skip
_TANWIN = re.compile("[\u064b-\u0652]")
_SIDES = {
    "n": ("lat", 1), "north": ("lat", 1), "ش": ("lat", 1), "شمال": ("lat", 1), "شمالا": ("lat", 1),
    "s": ("lat", -1), "south": ("lat", -1), "ج": ("lat", -1), "جنوب": ("lat", -1), "جنوبا": ("lat", -1),
    "e": ("lon", 1), "east": ("lon", 1), "ق": ("lon", 1), "شرق": ("lon", 1), "شرقا": ("lon", 1),
    "w": ("lon", -1), "west": ("lon", -1), "غ": ("lon", -1), "غرب": ("lon", -1), "غربا": ("lon", -1),
}  # fmt: skip
_SIDE = "(?:" + "|".join(sorted(_SIDES, key=len, reverse=True)) + ")"
_SIDED = re.compile(rf"(?:({_SIDE})\s*)?([+-]?)\s*(\d.*?)\s*({_SIDE})?\Z")
_DECIMAL = re.compile(r"(\d{1,3}(?:\.\d{0,20})?)\s*°?\Z", re.ASCII)
_MINUTES = re.compile(
    r"(\d{1,3})(?:\s*[°:]\s*|\s+)(\d{1,2}(?:\.\d{1,20})?)(?:(?:\s*[':]\s*|\s+)(\d{1,2}(?:\.\d{1,20})?)\s*\"?|\s*'?)\Z",
    re.ASCII,
)
_BETWEEN_SIDES = (
    re.compile(rf"(\s*[+-]?\d.*?{_SIDE})\s*[,;/]?\s*([+-]?\d.*{_SIDE}\s*)\Z"),  # 35.8 N 36.6 E
    re.compile(rf"(\s*{_SIDE}.*?\d[^,;/]*?)\s*[,;/]?\s*({_SIDE}.*\d\D*?)\Z"),  # N 35.8 E 36.6
)


def read_coordinate(text: str, axis: str) -> int:
    """Read one coordinate, `axis` `lat` or `lon`, as whole micro-degrees, rounded half to even. Raises FormatError."""
    plain = _plain(text)
    if ";" in plain or len(re.findall(r"\d[\d.]*\s*,", plain, re.ASCII)) > 1:
        raise FormatError(f"{visible(text[:60])}: more than one coordinate where one {NAMES[axis]} is expected")
    micro, said = _read_one(re.sub(r"(?<=\d),(?=\d)", ".", plain), text)
    if said not in (None, axis):
        raise FormatError(f"{visible(text[:60])} is a {NAMES[said]}, not a {NAMES[axis]}")
    return _in_range(micro, axis)


def read_position(text: str) -> Point:
    """Read both coordinates from one cell, latitude first unless the text says otherwise. Raises FormatError."""
    plain = _plain(text).strip("()[]{} ")
    parts = _divide(plain)
    if parts is None:
        raise FormatError(
            f"{visible(text[:60])} cannot be divided into a latitude and a longitude; write 35.812, 36.604"
        )
    values, axes = zip(*(_read_one(re.sub(r"(?<=\d),(?=\d)", ".", part), text) for part in parts), strict=True)
    if axes[0] is not None and axes[0] == axes[1]:
        raise FormatError(f"{visible(text[:60])}: both numbers are a {NAMES[axes[0]]}")
    lat, lon = values if axes[0] != "lon" and axes[1] != "lat" else (values[1], values[0])
    return check_point((_in_range(lat, "lat"), _in_range(lon, "lon")))


def check_point(point: Point) -> Point:
    """Give `point` back; raises FormatError for 0,0, which spreadsheets and receivers write for "no position"."""
    if point == (0, 0):
        raise FormatError(
            "0, 0 is a placeholder that programs write for a missing position",
            hint="leave both empty if the position is not known",
        )
    return point


def read_place(value: Mapping[str, Any]) -> dict[str, Any]:
    """Read `{name, lat, lon, accuracy_m}` into `name.en`, `name.ar`, `name.und`, `lat`, `lon`, `accuracy_m`.

    Degrees become whole micro-degrees and metres their digits. Raises FormatError.
    """
    place: dict[str, Any] = {}
    for key, member in value.items():
        if key not in KEYS:
            near = nearest(str(key), KEYS)
            raise FormatError(
                f"`{visible(str(key)[:40])}` is no part of a place" + (f"; the nearest is `{near}`" if near else "")
            )
        if key == "name":
            place |= _read_name(member)
        elif key in LIMITS:
            place[key] = read_coordinate(member, key) if isinstance(member, str) else _micro(member, key)
        else:
            place[key] = _metres(member)
    if ("lat" in place) != ("lon" in place):
        raise FormatError("a latitude and a longitude go together: one of them is missing")
    if "lat" in place:
        check_point((place["lat"], place["lon"]))
    elif "accuracy_m" in place:
        raise FormatError("`accuracy_m` goes with a latitude and a longitude")
    if not place:
        raise FormatError("a place says nothing: give a name, or a latitude and a longitude")
    return place


def _read_name(name: Any) -> dict[str, str]:
    names = name if isinstance(name, Mapping) else {"und": name}
    for language, text in names.items():
        if language not in ("en", "ar", "und") or not isinstance(text, str) or not text.strip():
            raise FormatError("the name of a place is text, or { en = …, ar = … }")
    return {f"name.{language}": text for language, text in names.items()}


def _micro(value: Any, axis: str) -> int:
    number = _decimal(value)
    if number is None:
        raise FormatError(f"a {NAMES[axis]} is a number of degrees")
    return _in_range(Fraction(number) * MICRO, axis)


def _metres(value: Any) -> str:
    number = _decimal(Decimal(western_digits(value)) if _is_digits(value) else value)
    if number is None or not 0 <= number <= 100_000_000:
        raise FormatError("`accuracy_m` is a number of metres, not negative")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_digits(value: Any) -> bool:
    return (
        isinstance(value, str) and re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", western_digits(value), re.ASCII) is not None
    )


def _decimal(value: Any) -> Decimal | None:
    """Give a number exactly as its digits show it; None for anything else, NaN, infinities and booleans included."""
    if type(value) not in (int, float, Decimal):
        return None
    try:
        number = Decimal(repr(value)) if type(value) is float else Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def _in_range(micro: Fraction, axis: str) -> int:
    if abs(micro) > LIMITS[axis] * MICRO:
        raise FormatError(f"a {NAMES[axis]} lies between -{LIMITS[axis]} and {LIMITS[axis]} degrees")
    return round(micro)


def _plain(text: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise FormatError("a coordinate is empty")
    if len(text) > LONGEST:
        raise FormatError("too long for a coordinate")
    plain = _TANWIN.sub("", western_digits(text)).translate(_SIGNS).replace("''", '"').lower().strip()
    if re.search(r"\d\.?\d*e[+-]?\d", plain):
        raise FormatError(f"{visible(text)} was rounded by a spreadsheet program; give the coordinate with its digits")
    return plain


def _read_one(plain: str, text: str) -> tuple[Fraction, str | None]:
    """Read one coordinate that uses the decimal point; the axis is what its letter says, else None."""
    match = _SIDED.match(plain.strip(" ,"))
    shown = visible(text[:60])
    if not match or (match[1] and match[4]) or (match[2] and (match[1] or match[4])):
        raise FormatError(f"{shown} is no coordinate; write degrees as 35.812, or 35°48'43.2\"N")
    axis, sign = _SIDES.get(match[1] or match[4] or "", (None, 1))
    if match[2] == "-":
        sign = -1
    if whole := _DECIMAL.match(match[3]):
        return sign * Fraction(whole[1]) * MICRO, axis
    parts = _MINUTES.match(match[3])
    if not parts or (parts[3] and "." in parts[2]):
        raise FormatError(f"{shown} is no coordinate; write degrees as 35.812, or 35°48'43.2\"N")
    minutes, seconds = Fraction(parts[2]), Fraction(parts[3] or 0)
    if minutes >= 60 or seconds >= 60:
        raise FormatError(f"{shown}: minutes and seconds are less than 60")
    return sign * (int(parts[1]) + minutes / 60 + seconds / 3600) * MICRO, axis


def _divide(plain: str) -> tuple[str, str] | None:
    """Divide a cell into its two coordinates where only one division is possible; None otherwise."""
    for pattern in _BETWEEN_SIDES:
        if match := pattern.match(plain):
            return match[1], match[2]
    for divider in (r"\s*[;/]\s*", r",\s+|\s+,\s*", r"\s*,\s*", r"\s+"):
        parts = re.split(divider, plain)
        if len(parts) == 2 and all(parts):
            return parts[0], parts[1]
        if len(parts) == 4 and divider == r"\s*,\s*" and not re.search(r"[\s.]", plain):
            return f"{parts[0]}.{parts[1]}", f"{parts[2]}.{parts[3]}"  # 35,812,36,604
        if len(parts) > 2 and divider in (r"\s*[;/]\s*", r",\s+|\s+,\s*"):
            return None
    return None
