"""One row or table handed in, made into one flat record by the table of its fields.

A row is a set of cells, each under its dotted name with the field that
describes it, whether it came from TOML, CSV or a workbook; so every table is
read by the same few lines. Nothing here knows a field by name but the parts
that belong together: latitude and longitude, smallest and largest.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from evidence.cells import FILL_LATER, READERS, Context, found, open_cell
from evidence.faults import Faults, Spot, Wrong, near
from schemas.fields import Field, Record, Value, flat_names
from schemas.text import nearest
from schemas.vocabulary import VOCABULARY

Cells = dict[str, tuple[Field, Any]]
_CACHED = frozenset(("word", "wordlist", "yesno", "time"))  # types of which a few texts fill many rows
_MOST_CACHED = 100_000
_MOST_LISTS = 250  # of rows inside a record that are remembered
_LANGUAGES = tuple(Field(lang) for lang in ("en", "ar", "und"))
_PLACE = (Field("name", "words"), Field("lat", "degrees"), Field("lon", "degrees"), Field("accuracy_m", "decimal"))
_RANGE = (Field("min", "whole"), Field("max", "whole"))
_MOST_ROWS = 10_000  # of a list of tables inside one record


@dataclass(slots=True)
class Row:
    """One row handed in: where it stands, its cells by dotted name, and whether it is a row of a sheet."""

    spot: Spot
    cells: Cells
    sheet: bool = False


@cache
def names_of(fields: tuple[Field, ...]) -> Mapping[str, Field]:
    """Give dotted name -> leaf field."""
    return flat_names(fields)


@cache
def _by_name(fields: tuple[Field, ...]) -> Mapping[str, tuple[Field, tuple[Field, ...] | None]]:
    """Give name -> field, and the fields inside it."""
    return {entry.name: (entry, members_of(entry)) for entry in fields}


@cache
def _required(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(entry for entry in fields if entry.required)


def spread(fields: tuple[Field, ...], table: Mapping[str, Any], spot: Spot, faults: Faults, prefix: str = "") -> Cells:
    """Give the cells of a nested TOML table; a key that no field describes is a fault."""
    cells: Cells = {}
    known = _by_name(fields)
    for key, value in table.items():
        name, described = prefix + key, known.get(key)
        if described is None:
            faults.wrong(spot.at(name), "unknown-key", near=near("near", nearest(key, known)))
            continue
        entry, members = described
        name = sys.intern(name)  # kept by every record that has the field
        if members is None:
            cells[name] = (entry, value)
        elif isinstance(value, dict):
            cells.update(spread(members, value, spot, faults, name + "."))
        elif entry.type == "words":
            cells[f"{name}.und"] = (Field("und"), value)
        else:
            faults.wrong(spot.at(name), "not-table", found=found(value))
    return cells


def members_of(entry: Field) -> tuple[Field, ...] | None:
    """Give the fields inside a group, or None for a leaf."""
    if entry.type in ("group", "answers"):
        return entry.members
    if entry.type == "words":
        return _LANGUAGES
    if entry.type == "place":
        return _PLACE
    if entry.type == "range":
        return _RANGE
    if entry.type == "ranges":
        return tuple(Field(word, "range") for word in VOCABULARY[entry.words or ""])
    return None


def is_secret(name: str) -> bool:
    """Whether a message must never show the value under this name."""
    return name == "identity_file" or name.startswith("consent.")


def read_row(row: Row, fields: tuple[Field, ...], context: Context, faults: Faults) -> Record:
    """Read every cell of a row; what cannot be read is a fault and is left out of the record."""
    record: Record = {}
    context.sheet = row.sheet
    attempted = set()
    for name, (entry, value) in row.cells.items():
        if value is None or (type(value) is str and not value.strip()):
            continue
        attempted.add(name)
        if entry.type == "rows":
            rows = _read_rows(row, name, entry, value, context, faults)
            if rows:
                record[name] = rows
            continue
        read = read_cell(row.spot, name, entry, value, context, faults)
        if read is not FILL_LATER:
            record[name] = read
    _check_required(row, fields, attempted, faults)
    _check_pairs(row.spot, record, attempted, faults)
    return record


def read_cell(spot: Spot, name: str, entry: Field, value: Any, context: Context, faults: Faults) -> Any:
    """Give the value under `name`, or FILL_LATER where it says nothing or is a fault."""
    key = None
    if entry.type in _CACHED and type(value) is str:
        key = (name, entry, value, context.sheet, context.zone)
        if key in context.cache:
            return context.cache[key]
    context.name = name
    context.spot, context.faults = spot, faults
    try:
        read = READERS[entry.type](value if entry.type == "time" else open_cell(value), entry, context)
    except Wrong as wrong:
        _note(spot.at(name), name, entry, wrong, faults)
        return FILL_LATER
    if read is FILL_LATER or not (read or type(read) in (int, bool)):
        return FILL_LATER
    if entry.type == "time" and isinstance(read, dict):
        earliest = read.get("earliest")
        if isinstance(earliest, str) and earliest > _instant(context.now):
            faults.warn(spot.at(name), "future", name=name)
            return read  # and warn of the next one too
    if key is not None and len(context.cache) < _MOST_CACHED:
        context.cache[key] = read
    return read


def _note(spot: Spot, name: str, entry: Field, wrong: Wrong, faults: Faults) -> None:
    if is_secret(name) and wrong.code not in ("formula", "too-long"):
        expected = ", ".join(VOCABULARY[entry.words]) if entry.words else entry.type
        if entry.type == "time":
            expected = "2019-02-20"
        faults.wrong(spot, "secret", expected=expected)
    else:
        faults.wrong(spot, wrong.code, **wrong.names)


@cache
def _instant(now: datetime) -> str:
    from schemas.extent import write_instant

    return write_instant(now)


def _read_rows(row: Row, name: str, entry: Field, value: Any, context: Context, faults: Faults) -> list[Any]:
    if row.sheet and isinstance(value, str):
        names = [member.name for member in entry.members]
        lines = [line for line in value.replace("؛", ";").split(";") if line.strip()]
        value = [dict(zip(names, (cell.strip() for cell in line.split("|")), strict=False)) for line in lines]
    if not isinstance(value, list) or not all(isinstance(inner, dict) for inner in value):
        faults.wrong(row.spot.at(name), "not-tables", found=found(value))
        return []
    if len(value) > _MOST_ROWS:
        faults.wrong(row.spot.at(name), "too-deep")
        return []
    key = (name, entry, repr(value), row.sheet, context.zone)
    if (known := context.rows.get(key)) is not None:
        return [*known]
    rows: list[Any] = []
    silent = True
    for number, inner in enumerate(value, 1):
        spot = row.spot.at(f"{name} {number}")
        within = _Within(faults, f"{name} {number}: ", row.spot)
        cells = spread(entry.members, inner, spot, within)
        record = read_row(Row(row.spot, cells, row.sheet), entry.members, context, within)
        silent = silent and within.silent
        if record:
            rows.append(record)
    if silent:  # one messenger hands over a whole box: the same events for each item in it
        if len(context.rows) >= _MOST_LISTS:
            context.rows.clear()
        context.rows[key] = [*rows]
    return rows


class _Within(Faults):
    """Faults of a table inside a record: the key is told with its place, as `custody 2: at`."""

    def __init__(self, outer: Faults, prefix: str, spot: Spot) -> None:  # keeps nothing itself
        self._outer, self._prefix, self._spot = outer, prefix, spot
        self.silent = True

    def wrong(self, spot: Spot, code: str, **names: Any) -> None:
        """Note a fault under the outer record."""
        self.silent = False
        self._outer.wrong(self._spot.at(self._prefix + spot.column), code, **names)

    def warn(self, spot: Spot, code: str, **names: Any) -> None:
        """Note a warning under the outer record."""
        self.silent = False
        self._outer.warn(self._spot.at(self._prefix + spot.column), code, **names)


def check_record(spot: Spot, fields: tuple[Field, ...], record: Record, faults: Faults) -> None:
    """Check a record that is put together from what it said and what is changed: what must be there, and what pairs."""
    _check_required(Row(spot, {}), fields, {*record}, faults)
    _check_pairs(spot, record, {*record}, faults)


def _check_required(row: Row, fields: tuple[Field, ...], attempted: set[str], faults: Faults) -> None:
    for entry in _required(fields):
        if entry.name in attempted:
            continue
        if any(name.startswith(entry.name + ".") for name in attempted):
            continue
        given = entry.name in row.cells
        faults.wrong(row.spot.at(entry.name), "empty" if given else "missing")


def _check_pairs(spot: Spot, record: Record, attempted: set[str], faults: Faults) -> None:
    for name in [name for name in attempted if name.endswith((".lat", ".lon", ".min"))]:
        stem, last = name.rsplit(".", 1)
        if last == "min":
            smallest, largest = record.get(name), record.get(f"{stem}.max")
            if isinstance(smallest, int) and isinstance(largest, int) and smallest > largest:
                faults.wrong(spot.at(stem), "range-order", min=smallest, max=largest)
            continue
        other = f"{stem}.lon" if last == "lat" else f"{stem}.lat"
        if other not in attempted:
            faults.wrong(spot.at(name), "half-position", name=other)
        elif last == "lat" and record.get(name) == 0 and record.get(other) == 0:
            faults.wrong(spot.at(stem), "zero")
    for first, second in (("coverage.from", "coverage.to"), ("from", "to")):
        if first not in record:
            continue
        start, end = _end(record.get(first), "earliest"), _end(record.get(second), "latest")
        if start and end and start > end:
            faults.wrong(spot.at(first), "time-order", first=first, second=second)


def _end(value: Value | None, name: str) -> str | None:
    return value.get(name) if isinstance(value, dict) else None
