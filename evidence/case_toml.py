"""A case.toml: its bytes decoded without trust, its tables given as rows; a problem with its line, never an exception.

TOML itself is read by the standard library; a long run of `[[item]]` tables of
plain lines by one pattern, which gives the same tables or nothing. What would
make it slow or deep is refused before: size, keys of very many parts. A message
never repeats the line that could not be read. What the rows say is not read here.

Follows TOML 1.0.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evidence.faults import Faults, Spot, near, part
from evidence.heads import ANY_ITEM, FIELDS, foreign_to, note_foreign
from evidence.held import Held
from evidence.records import Row, spread
from schemas.case import CASE
from schemas.fields import Field
from schemas.item import ITEM_FIELDS
from schemas.text import nearest
from schemas.toml_depth import too_deep

FORMAT = "sijill-intake/1"
LARGEST = 8 * 1024 * 1024
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_SAFE = (
    "Expected '=' after a key", "Expected newline or end of document", "Expected ']'", "Expected ']]'", "Invalid value",
    "Unclosed array", "Unclosed inline table", "Unterminated string", "Invalid statement", "Illegal character",
    "Invalid initial character for a key part", "Invalid date or datetime", "Unescaped", "Invalid hex value",
    "Escaped character is not a Unicode scalar value", "Cannot overwrite a value", "Cannot declare", "Duplicate inline",
    "Cannot mutate immutable namespace", "Found invalid character",
)  # fmt: skip
_ID_SHOWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


_LISTS = ("source", "item", "link", "relation")
_HEAD = re.compile(rf"^\[\[({'|'.join(_LISTS)})\]\]\n", re.MULTILINE)
# One line: the head of a table, a key with a text that needs no reading, a key with another value, or nothing.
_LINE = re.compile(
    rf"\[\[({'|'.join(_LISTS)})\]\]\n"
    r'|([A-Za-z0-9_-]+)[ \t]*=[ \t]*(?:"([^"\\\x00-\x1f\x7f]*)"|([^\x00-\x08\n-\x1f\x7f]+))\n'
    r"|[ \t]*(?:#[^\x00-\x08\n-\x1f\x7f]*)?\n"
)
_MOST_VALUES = 10_000


def plain_tables(text: str) -> dict[str, Any] | None:
    """Give what TOML says in a document that ends in `[[item]]` tables of lines that each hold a whole `key = value`.

    None where it has another form, is no TOML, or may not be: a line is read alone only where all before it are whole.
    """
    text = text.replace("\r\n", "\n")
    first = _HEAD.search(text)
    if first is None or not text.endswith("\n"):
        return None
    at, table, before = first.start(), dict[str, Any](), dict[str, Any]()
    values: dict[str, Any] = {}
    try:
        document = tomllib.loads(text[:at])
        if not document.keys().isdisjoint(_LISTS):
            return None
        while at < len(text) and (line := _LINE.match(text, at)) is not None:
            at = line.end()
            head, key, plain, value = line.groups()
            if head is not None:
                before, table = table, {}
                document.setdefault(head, Held()).append(table)
            elif key is not None:
                if key in table:
                    return None
                if plain is None:
                    if value not in values and len(values) < _MOST_VALUES:
                        values[value] = tomllib.loads(f"v = {value}")["v"]
                    plain = values[value] if value in values else tomllib.loads(f"v = {value}")["v"]
                elif before.get(key) == plain:  # most words come again and again, and are kept once
                    plain = before[key]
                table[sys.intern(key)] = plain
    except (ValueError, RecursionError):
        return None
    return document if at == len(text) else None


def decode(data: bytes, name: str, faults: Faults) -> dict[str, Any] | None:
    """Give what a TOML file of that name says, or None after noting why it cannot be read.

    `source`, `item`, `link` and `relation` are `Held` where they are lists of tables.
    """
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
    if too_deep(data):
        faults.wrong(spot, "too-deep")
        return None
    try:
        document = plain_tables(text) or tomllib.loads(text)
        return {name: _held(value) if name in _LISTS else value for name, value in document.items()}
    except RecursionError:
        faults.wrong(spot, "too-deep")
    except ValueError as error:  # TOMLDecodeError, and what int() or date() refuse
        _note(str(error), spot, faults)
    return None


def _held(value: Any) -> Any:
    """Pack a list of tables; anything else stays as it is."""
    return Held(value) if isinstance(value, list) and all(isinstance(row, dict) for row in value) else value


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


def tables(data: bytes, faults: Faults) -> dict[str, Iterator[Row]]:
    """Give the rows of each table of a case.toml."""
    found: dict[str, Iterator[Row]] = {}
    document = decode(data, "case.toml", faults)
    if document is None:
        return found
    spot = Spot("case.toml")
    if document.get("format") != FORMAT:
        faults.wrong(spot.at("format"), "format")
    known = ("format", "case", "source", "item", "link", "relation")
    for key in document:
        if key not in known:
            faults.wrong(spot.at(key), "unknown-key", near=near("near", nearest(key, known)))
    case = document.get("case")
    if isinstance(case, dict):
        spot = Spot("case.toml", table="case")
        found["case"] = iter([Row(spot, spread(CASE, case, spot, faults))])
    else:
        faults.wrong(spot.at("case"), "no-case")
    for table in ("source", "item", "link", "relation"):
        given = document.get(table, Held())
        if isinstance(given, Held):
            found[table] = rows(table, given, faults)
        else:
            faults.wrong(spot.at(table), "not-tables-of", table=table)
    return found


def rows(
    table: str, given: Iterable[Mapping[str, Any]], faults: Faults, file: str = "case.toml"
) -> Iterator[Row]:
    """Give each row of a table."""
    for number, row in enumerate(given, 1):
        spot = Spot(file, table=table, number=number, id=_shown_id(row.get("id")))
        fields = FIELDS[table]
        if table == "item":
            kind = row.get("kind")
            fields = ITEM_FIELDS.get(kind, ANY_ITEM) if isinstance(kind, str) else ANY_ITEM
            row = _own_keys(row, fields, spot, faults)
        yield Row(spot, spread(fields, row, spot, faults))


def _shown_id(name: object) -> str:
    """Give an id as a place may show it; nothing for what is no id."""
    return name if isinstance(name, str) and _ID_SHOWN.match(name) else ""


def _own_keys(
    row: Mapping[str, Any], fields: tuple[Field, ...], spot: Spot, faults: Faults
) -> Mapping[str, Any]:
    """Note keys that belong to another kind of item, and give the row without them."""
    others = foreign_to(fields)
    if others.keys().isdisjoint(row):
        return row
    foreign = [name for name in others if name in row]
    for name in foreign:
        note_foreign(name, str(row.get("kind")), spot, faults)
    return {key: value for key, value in row.items() if key not in foreign}
