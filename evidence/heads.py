"""The heads of sheets: which column holds which field, in English or Arabic, and a row's cells put together.

A head is a dotted name (`consent.public`), its label in either language, or
begins with `#`: such a column is information for people and is never read.
A row of labels above the row of names is recognised. Cells that only make sense
together (bounds of one time, both coordinates in one cell) become one here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Any

from evidence.cells import MERGED, Cell
from evidence.faults import Faults, Spot, near, part
from evidence.records import Cells, names_of
from evidence.where import read_position
from schemas import words
from schemas.case import CASE, STRIKE
from schemas.custody import CUSTODY
from schemas.errors import FormatError
from schemas.extent import MICRO
from schemas.fields import Field
from schemas.item import ITEM_FIELDS
from schemas.link import LINK, RELATION
from schemas.source import SOURCE
from schemas.vocabulary import VOCABULARY

CUSTODY_ROW = (Field("item", "id", required=True), *CUSTODY)
ANY_ITEM: tuple[Field, ...] = tuple({entry.name: entry for fields in ITEM_FIELDS.values() for entry in fields}.values())
LINK_IN_ITEM = ("facets", "stance", "strength", "rationale", "assessor", "locator", "reviewed_by")
FIELDS: Mapping[str, tuple[Field, ...]] = {
    "case": CASE,
    "source": SOURCE,
    "item": ANY_ITEM,
    "link": LINK,
    "relation": RELATION,
    "custody": CUSTODY_ROW,
    "strikes": STRIKE,
    "casualties": (Field("category", "word", required=True, words="casualty_category"), Field("min", "whole"),
                   Field("max", "whole")),
}  # fmt: skip
TIME_PARTS = ("said", "earliest", "latest", "edtf", "zone")
_WHOLE_GROUPS = ("place", "range", "words")  # types that one cell may hold, though the record splits them
_COLUMN = re.compile(r"columns\.[a-z][a-z0-9_]*\Z")
_RANGE = re.compile(r"(\d+)\s*(?:[-\u2013\u2014]|to|الى|إلى)\s*(\d+)\Z", re.ASCII)
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d{1,3},\d+\s*\Z")  # one number as written in much of the world, or two
_MOST_HEADS = 600
_ROWS_OF_HEADS = 5  # the heads stand in one of the first rows


def _heads(fields: Sequence[Field]) -> dict[str, Field]:
    heads = dict(names_of(tuple(fields)))
    for name, entry in list(heads.items()):
        if entry.type == "time":
            heads |= {f"{name}.{part}": Field(part, "timepart") for part in TIME_PARTS}
    for entry in fields:
        if entry.type in _WHOLE_GROUPS:
            heads[entry.name] = Field(entry.name, "whole-" + entry.type)
    return heads


HEADS: dict[str, dict[str, Field]] = {table: _heads(fields) for table, fields in FIELDS.items()}
HEADS["item"] |= {entry.name: entry for entry in LINK if entry.name in LINK_IN_ITEM}


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is read: its place (from 0), its head as given, its dotted name and field."""

    index: int
    head: str
    name: str
    field: Field


def find_heads(table: str, rows: Sequence[Sequence[Any]], spot: Spot, faults: Faults) -> tuple[list[Column], int]:
    """Give the columns of a sheet from its first rows, and how many rows the heads take.

    No known head at all, an unknown one and one that stands twice are faults.
    """
    known = HEADS[table]
    for number, row in enumerate(rows[:_ROWS_OF_HEADS], 1):
        heads = [_text(cell) for cell in row[:_MOST_HEADS]]
        read = {index: _names(head, known) for index, head in enumerate(heads) if head and not head.startswith("#")}
        hits = sum(1 for names in read.values() if names)
        if not hits or (hits * 2 < len(read) and number < len(rows)):
            continue
        below = rows[number : number + 1]
        twice = below and _is_same_heads(below[0], read, known)
        if twice:  # labels, and under them the names
            heads = [_text(cell) for cell in below[0][:_MOST_HEADS]]
            number += 1
        return _columns(heads, known, replace(spot, number=number), faults), number
    faults.wrong(spot, "no-heads", example=", ".join(list(known)[:4]))
    return [], len(rows)


class Headless:
    """The columns of a sheet over which no head stands: what somebody typed there must not get lost."""

    def __init__(self, heads: Sequence[Sequence[Any]]) -> None:
        self._width = max(map(len, heads), default=0)
        self._columns = [at for at in range(self._width) if not any(_text(row[at]) for row in heads if at < len(row))]

    def filled(self, row: Sequence[Any]) -> str:
        """Give the letter of the first such column that is filled in, or nothing."""
        beyond = range(self._width, len(row))
        for at in chain(self._columns, beyond):
            if at < len(row) and _text(row[at]):
                return _letter(at)
        return ""


def _letter(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _text(cell: Any) -> str:
    if isinstance(cell, Cell) and cell.fault == MERGED:
        return ""
    return cell.strip().lstrip("\ufeff") if isinstance(cell, str) else ("" if cell is None else str(cell))


def _names(head: str, known: Mapping[str, Field]) -> list[str]:
    head = head.removesuffix("(*)").rstrip(" *")  # required columns are marked
    return [head] if _COLUMN.match(head) and "columns" in known else words.read_head(head, known)


def _is_same_heads(row: Sequence[Any], above: Mapping[int, list[str]], known: Mapping[str, Field]) -> bool:
    heads = {
        i: _text(cell) for i, cell in enumerate(row[:_MOST_HEADS]) if _text(cell) and not _text(cell).startswith("#")
    }
    read = {index: _names(head, known) for index, head in heads.items()}
    return sum(1 for names in read.values() if names) * 2 > len(above)


def _columns(heads: list[str], known: Mapping[str, Field], spot: Spot, faults: Faults) -> list[Column]:
    columns: dict[str, Column] = {}
    for index, head in enumerate(heads):
        if not head or head.startswith("#"):
            continue
        names = _names(head, known)
        if len(names) != 1:
            close = words.nearest_head(head, known) if not names else names[0]
            faults.wrong(spot.at(head), "unknown-head", near=near("near", close))
        elif names[0] in columns:
            first = columns[names[0]].head
            faults.wrong(spot.at(head), "two-heads", first=first, second=head, name=names[0])
        else:
            entry = known.get(names[0], Field(names[0].rpartition(".")[2]))
            columns[names[0]] = Column(index, head, names[0], entry)
    return list(columns.values())


def assemble(columns: Sequence[Column], row: Sequence[Any], spot: Spot, faults: Faults) -> Cells:
    """Give the filled cells of a row by dotted name; what stands in parts is put together."""
    cells: Cells = {}
    width = len(row)
    for column in columns:
        value = row[column.index] if column.index < width else None
        if value is None or value == "":
            continue
        kind = column.field.type
        if kind == "timepart":
            _add_time_part(cells, column, value)
        elif kind == "degrees" and isinstance(value, str):
            if _DECIMAL_COMMA.match(value) and _other_is_filled(columns, column, row):
                cells[column.name] = (column.field, value)
            else:
                _add_coordinate(cells, column, value, spot, faults)
        elif column.name.startswith("columns."):
            _add_map_part(cells, column.name, value)
        elif kind.startswith("whole-"):
            _add_whole(cells, column, value, spot, faults)
        elif kind == "time" and column.name in cells:
            cells[column.name][1].setdefault("said", value)
        else:
            cells[column.name] = (column.field, value)
    return cells


def _add_time_part(cells: Cells, column: Column, value: Any) -> None:
    name, _, key = column.name.rpartition(".")
    held = cells.get(name)
    if held is None or not isinstance(held[1], dict):
        held = (Field(name, "time"), {} if held is None else {"said": held[1]})
        cells[name] = held
    held[1][key] = value if key in ("earliest", "latest") or isinstance(value, str) else str(value)


def _add_map_part(cells: Cells, name: str, value: Any) -> None:
    held = cells.setdefault("columns", (Field("columns", "map"), {}))
    if isinstance(held[1], dict):
        held[1][name.partition(".")[2]] = value


def _other_is_filled(columns: Sequence[Column], column: Column, row: Sequence[Any]) -> bool:
    """Tell whether the other coordinate has a cell of its own, so that a comma in this one divides no two of them."""
    name = _other(column.name)
    return any(other.name == name and other.index < len(row) and _text(row[other.index]) for other in columns)


def _other(name: str) -> str:
    stem, _, axis = name.rpartition(".")
    return f"{stem}.{'lon' if axis == 'lat' else 'lat'}"


def _add_coordinate(cells: Cells, column: Column, value: str, spot: Spot, faults: Faults) -> None:
    """Put one coordinate in its place, or both where one cell holds both."""
    if not value.strip():
        return
    stem = column.name.rpartition(".")[0]
    if column.name in cells:
        faults.wrong(spot.at(column.head), "two-positions")
        return
    try:
        lat, lon = read_position(value)
    except FormatError:
        cells[column.name] = (column.field, value)
        return
    if _other(column.name) in cells:
        faults.wrong(spot.at(column.head), "two-positions")
    _set_position(cells, stem, lat, lon)


def _set_position(cells: Cells, stem: str, lat: int, lon: int) -> None:
    cells[f"{stem}.lat"] = (Field("lat", "degrees"), lat / MICRO)
    cells[f"{stem}.lon"] = (Field("lon", "degrees"), lon / MICRO)


def _add_whole(cells: Cells, column: Column, value: Any, spot: Spot, faults: Faults) -> None:
    """Take a group that stands in one cell: a position or a name, a range or one number, a text in no told language."""
    name = column.name
    if column.field.type == "whole-range":
        text = value.strip() if isinstance(value, str) else value
        pair = _RANGE.match(words.plain(text).replace("_", "-")) if isinstance(text, str) else None
        smallest, largest = pair.groups() if pair else (text, text)
        if f"{name}.min" in cells or f"{name}.max" in cells:
            faults.wrong(spot.at(column.head), "two-heads", first=column.head, second=f"{name}.min", name=name)
            return
        cells[f"{name}.min"] = (Field("min", "whole"), smallest)
        cells[f"{name}.max"] = (Field("max", "whole"), largest)
        return
    if column.field.type == "whole-place":
        if isinstance(value, str):
            try:
                lat, lon = read_position(value)
            except FormatError:
                cells[f"{name}.name.und"] = (Field("und"), value)
            else:
                _set_position(cells, name, lat, lon)
            return
        name = f"{name}.name"
    cells[f"{name}.und"] = (Field("und"), value)


def casualty_words() -> tuple[str, ...]:
    """Give the categories that a sheet of casualties may name."""
    return VOCABULARY["casualty_category"]


@cache
def foreign_to(fields: tuple[Field, ...]) -> Mapping[str, None]:
    """Give the names of fields that only other kinds of item have, in the order of the tables."""
    own = {entry.name for entry in fields}
    return {entry.name: None for entry in ANY_ITEM if entry.name not in own}


def note_foreign(name: str, kind: str, spot: Spot, faults: Faults) -> None:
    """Note that a field of that name is none of an item of that kind, and of which kinds it is."""
    first = name.partition(".")[0]
    kinds = [known for known, fields in ITEM_FIELDS.items() if any(entry.name == first for entry in fields)]
    faults.wrong(spot.at(name), "not-for-kind", kind=kind, belongs=part("belongs", kinds=", ".join(kinds)))
