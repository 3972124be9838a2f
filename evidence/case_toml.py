"""The bytes of a case.toml, decoded without trust: a problem with its line, never an exception.

TOML itself is read by the standard library. What would make it slow or deep is
refused before: size, keys of very many parts. A message never repeats the line
that could not be read.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from evidence.faults import Faults, Spot, part

LARGEST = 8 * 1024 * 1024
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_SAFE = (
    "Expected '=' after a key", "Expected newline or end of document", "Expected ']'", "Expected ']]'", "Invalid value",
    "Unclosed array", "Unclosed inline table", "Unterminated string", "Invalid statement", "Illegal character",
    "Invalid initial character for a key part", "Invalid date or datetime", "Unescaped", "Invalid hex value",
    "Escaped character is not a Unicode scalar value", "Cannot overwrite a value", "Cannot declare", "Duplicate inline",
    "Cannot mutate immutable namespace", "Found invalid character",
)  # fmt: skip
_LONG_KEY = re.compile(rb"(?:(?:[A-Za-z0-9_-]{1,99}|\"[^\"\n]{0,99}\"|'[^'\n]{0,99}')[ \t]*\.[ \t]*){64}")


def decode(data: bytes, name: str, faults: Faults) -> dict[str, Any] | None:
    """Give the tables of a TOML file of that name, or None after noting why it cannot be read."""
    spot = Spot(name)
    if len(data) > LARGEST:
        faults.wrong(spot, "too-large", limit="8 MiB", instead=part("long-tables-as-csv"))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.wrong(spot, "toml", line=line, column=1, because=part("toml-not-utf8"))
        return None
    if _LONG_KEY.search(data):
        faults.wrong(spot, "too-deep")
        return None
    try:
        return tomllib.loads(text)
    except RecursionError:
        faults.wrong(spot, "too-deep")
    except ValueError as error:  # TOMLDecodeError, and what int() or date() refuse
        _note(str(error), spot, faults)
    return None


def _note(message: str, spot: Spot, faults: Faults) -> None:
    reason = next((safe for safe in _SAFE if message.startswith(safe)), "")
    if "integer string conversion" in message:
        reason = "a number of too many digits"
    elif "end of document" in message:
        reason = f"{reason}, at the end of the file" if reason else "the file ends too early"
    place = _PLACE.search(message)
    because = reason or "not TOML"
    if place:
        faults.wrong(spot, "toml", line=int(place[1]), column=int(place[2]), because=because)
    else:
        faults.wrong(spot, "toml-nowhere", because=because)
