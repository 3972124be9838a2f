"""Flight logs: what spotters and receivers wrote down, one observation a row.

A log is read row by row and never held whole. A row without a time that can be
read is kept as it was written, with its number and why, and counts for nothing;
a position or heading that cannot be read is left out with a warning, and the
row stays. The order of day and month is given, or proved by the file itself, or
the log is refused. Rows count from 1 under the heads. Columns that are neither
mapped nor known are not read. Silence is no evidence: most aircraft send nothing.

Reads CSV, XLSX, BaseStation (SBS) lines, and JSON of receivers (`evidence.flight_table`, `evidence.flight_json`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, BinaryIO

import orjson

from evidence.date_order import ORDERS, asks_order, needs_order, prove_order
from evidence.flight_cells import WholeTimes, read_count, read_heading, read_observed, read_point
from evidence.flight_table import Row, Table, open_table
from evidence.when import western_digits
from evidence.where import read_position
from evidence.zone import find_zone
from schemas.aircraft import CLASSES, activity_of, class_of, epoch_heads, fold, heads, is_class_word
from schemas.canonical import encode
from schemas.errors import FormatError
from schemas.sentences import say
from schemas.text import nearest, visible

FIELDS = (
    "time", "date", "lat", "lon", "position", "heading", "aircraft_type", "aircraft_class", "count", "activity",
    "remarks",
)  # fmt: skip
SHOWN_ROWS = 10  # row numbers that a warning names
MOST_KEPT = 20_000  # different cells of a column whose reading is remembered

Observation = dict[str, Any]
Told = tuple[int, int | None, int | None, int | None, int | None, str]  # row, earliest, latest, lat, lon, all of it
Place = tuple[int | None, int | None]
_NOWHERE: Place = (None, None)


@dataclass
class FlightLog:
    """A log that can be read: `rows` and `values` begin anew each time; `warnings` are whole once all were given."""

    name: str
    columns: dict[str, str]  # field -> head
    zone: str | None
    date_order: str | None
    _table: Table
    _places: dict[str, int] = field(default_factory=dict)
    _epoch: bool = False
    _half: bool = False  # a column of latitudes or of longitudes stands alone
    _trouble: dict[str, list[int]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0

    @property
    def rows(self) -> Iterator[Observation]:
        """Give every row as a table of what could be read of it, no key without a value.

        Times are seconds since 1970 UTC, positions whole micro-degrees, headings hundredths of a degree.
        An unreadable row has `row`, `text` and `why`. Raises as `told`.
        """
        for *_, value in self.told:
            yield orjson.loads(value)

    @property
    def told(self) -> Iterator[Told]:
        """Give every row as its number, earliest, latest, lat and lon (None for what there is not), and its value.

        The value is the canonical JSON of all that could be read of the row, see `rows`; it is written as the cells
        are read, since most cells come again. Raises FormatError if the order of dates turns out unknown,
        CanonicalError for half characters, which some workbooks hold.
        """
        self._trouble.clear()
        self._counts.clear()
        self.unreadable = 0
        return self._read()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what could not be read in rows that stay, and in how many."""
        found = []
        if self._half:
            found.append(say("log-half-left"))
        if self._table.others:
            shown = [repr(visible(title[:40])) for title in self._table.others[:SHOWN_ROWS]]
            more = ", …" if len(self._table.others) > SHOWN_ROWS else ""
            found.append(say("log-more-sheets", sheets=", ".join(shown) + more))
        for what, rows in self._trouble.items():
            count, numbers = self._counts[what], ", ".join(map(str, rows))
            more = ", …" if count > len(rows) else ""
            one = count == 1 and not more
            found.append(
                say("log-one-row", what=what, row=numbers) if one
                else say("log-many-rows", what=what, count=count, rows=numbers + more)
            )  # fmt: skip
        if self.unreadable:
            found.append(say("log-unreadable", count=self.unreadable))
        return tuple(found)

    def _warn(self, what: str, number: int) -> None:
        rows = self._trouble.setdefault(what, [])
        self._counts[what] = self._counts.get(what, 0) + 1
        if len(rows) < SHOWN_ROWS:
            rows.append(number)

    def _read(self) -> Iterator[Told]:
        width = len(self._table.heads)
        at_time, at_day, at_lat, at_lon, at_both, at_type, at_heading, at_remarks = (
            self._places.get(name, -1)
            for name in ("time", "date", "lat", "lon", "position", "aircraft_type", "heading", "remarks")
        )
        seldom = any(name in self._places for name in _SELDOM)
        types, headings, remarks = _Remembered(_type), _Remembered(_heading), _Remembered(_remarks)
        quick = WholeTimes(self.zone).read
        for number, given in self._table.rows():
            cells = given if type(given) is list and len(given) == width else _fit(given, width)
            if isinstance(cells, Row):
                yield self._unreadable(number, cells.why)
                continue
            said = cells[at_time] if at_time >= 0 else ""
            earliest = latest = quick(said)
            if earliest is None:
                if not any(map(str.strip, cells)):
                    continue
                try:
                    said, (earliest, latest) = self._when(said, cells[at_day].strip() if at_day >= 0 else "")
                except FormatError as error:
                    yield self._unreadable(number, error.message)
                    continue
                said = _quoted(said)[1:-1]
            if at_lat >= 0:
                north, east = cells[at_lat], cells[at_lon]
                lat, lon = read_point(north, east) or self._nowhere(number, north + east)
            else:
                lat, lon = self._locate(number, cells[at_both]) if at_both >= 0 and cells[at_both].strip() else _NOWHERE
            turn = headings[cells[at_heading]] if at_heading >= 0 else ""
            if not turn and at_heading >= 0 and cells[at_heading].strip():
                self._warn(say("log-heading"), number)
            kind = cells[at_type] if at_type >= 0 else ""
            aircraft = self._aircraft(cells, kind, number) if seldom else types[kind]
            remark = remarks[cells[at_remarks]] if at_remarks >= 0 else ""
            yield number, earliest, latest, lat, lon, (
                f'{{{aircraft}"earliest":{earliest},{turn}"latest":{latest},{remark}"row":{number},"said":"{said}"}}'
                if lat is None else
                f'{{{aircraft}"earliest":{earliest},{turn}"lat":{lat},"latest":{latest},"lon":{lon},{remark}"row":{number},'
                f'"said":"{said}"}}'
            )  # fmt: skip

    def _aircraft(self, cells: list[str], kind: str, number: int) -> str:
        has = self._places
        count, activity, word = (self._seldom(name, cells, number) if name in has else None for name in _SELDOM)
        return _told_aircraft(activity, word or (class_of(kind) if kind else None), kind, count)

    def _seldom(self, name: str, cells: list[str], number: int) -> Any:
        cell = cells[self._places[name]].strip()
        value = _SELDOM[name](cell) if cell else None
        if cell and value is None:
            self._warn(say(f"log-{name}"), number)
        return value

    def _unreadable(self, number: int, why: str) -> Told:
        self.unreadable += 1
        told = {"row": number, "text": self._table.text().replace("\0", visible("\0")), "why": why}
        return number, None, None, None, None, encode(told).decode()

    def _when(self, said: str, day: str) -> tuple[str, tuple[int, int]]:
        said = said.strip()
        if self.date_order is None and any(asks_order(text) for text in (said, day) if text):
            self.date_order = prove_order(copy(self._table), self._places)
        extent = read_observed(said, day, zone=self.zone, order=self.date_order, epoch=self._epoch)
        return f"{day} {said}".strip() if day and not said.startswith(day) else said, extent

    def _locate(self, number: int, text: str) -> Place:
        try:
            return read_position(text)
        except FormatError as error:
            self._warn(say("log-zero" if error.hint else "log-position"), number)
            return _NOWHERE

    def _nowhere(self, number: int, text: str) -> Place:
        if text.strip():
            digits = set(western_digits(text)) - set(" .,-+")
            self._warn(say("log-zero" if digits == {"0"} else "log-position"), number)
        return _NOWHERE


def _fit(cells: list[str] | Row, width: int) -> list[str] | Row:
    """Give a row as many cells as there are heads; a cell too many that holds something could belong anywhere."""
    if isinstance(cells, Row):
        return cells
    if any(cell.strip() for cell in cells[width:]):
        return Row(say("log-cells", count=len(cells), width=width))
    return cells[:width] + [""] * (width - len(cells))


class _Remembered(dict[str, Any]):
    """Remembers the reading of each different cell, up to a bound."""

    def __init__(self, read: Any) -> None:
        super().__init__()
        self._one = read

    def __missing__(self, cell: str) -> Any:
        if len(self) >= MOST_KEPT:
            self.clear()
        value = self[cell] = self._one(cell)
        return value


def _quoted(text: str) -> str:
    return encode(text).decode()


def _type(cell: str) -> str:
    return _told_aircraft(None, class_of(cell), cell, None) if cell else ""


@lru_cache(MOST_KEPT)
def _told_aircraft(activity: str | None, class_: str | None, kind: str, count: int | None) -> str:
    """Give the first members of a row's value, each with a comma behind it."""
    told = {"activity": activity, "aircraft_class": class_, "aircraft_type": kind or None, "count": count}
    return "".join(f"{_quoted(name)}:{encode(value).decode()}," for name, value in told.items() if value is not None)


def _heading(cell: str) -> str:
    heading = read_heading(cell)
    return "" if heading is None else f'"heading":{heading},'


def _remarks(cell: str) -> str:
    return f'"remarks":{_quoted(cell)},' if cell else ""


def _class_word(text: str) -> str | None:
    words = fold(text).replace(" ", "_")
    return words if words in CLASSES else class_of(text) if is_class_word(text) else None


_SELDOM: dict[str, Callable[[str], Any]] = {
    "count": lru_cache(MOST_KEPT)(read_count),
    "activity": lru_cache(MOST_KEPT)(activity_of),
    "aircraft_class": lru_cache(MOST_KEPT)(_class_word),
}


def read_log(
    data: bytes | BinaryIO,
    *,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    date_order: str | None = None,
    name: str = "",
    opened: Open = open_table,
) -> FlightLog:
    """Open a flight log for reading; `data` is its bytes or a stream that can be read again from its start.

    `columns` maps fields (`FIELDS`) to heads of the file; heads that are known need no map. `zone` is read
    for times without an offset. `opened` opens the table. Raises FormatError: no time column, an unknown
    field or head, another encoding, dates whose order is neither given nor proved.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data
    mapped = _check_map(columns or {})
    if zone is not None:
        find_zone(zone)
    if date_order is not None and date_order not in ORDERS:
        raise FormatError(say("log-order", known=", ".join(ORDERS)))
    table = opened(stream, Heads(mapped))
    if not table.heads:
        raise _no_heads(stream, mapped, opened)
    places = find_columns(table.heads, mapped)
    log = FlightLog(
        name=name,
        columns={name: table.heads[at].strip() for name, at in places.items()},
        zone=zone,
        date_order=date_order,
        _table=table,
        _places=places,
        _epoch="time" in places and fold(table.heads[places["time"]]) in epoch_heads(),
        _half="lat" not in places and any(heads().get(fold(head), ("",))[0] in ("lat", "lon") for head in table.heads),
    )
    if date_order is None and needs_order(table, places):
        log.date_order = prove_order(table, places)
    return log


def _check_map(columns: Mapping[str, str]) -> dict[str, str]:
    for name in columns:
        if name not in FIELDS:
            near = nearest(name, FIELDS)
            raise FormatError(
                say("log-no-field-near" if near else "log-no-field", name=visible(name[:40]), nearest=near),
                hint=say("log-fields", known=", ".join(FIELDS)),
            )
    return {name: str(head) for name, head in columns.items()}


@dataclass(frozen=True)
class Heads:
    """Tells whether a row holds the heads of a log: those of the map, else a known one of a time; None: any text."""

    mapped: Mapping[str, str] | None

    def __call__(self, cells: Sequence[str]) -> bool:
        """Tell it of these cells."""
        if self.mapped is None:
            return any(cell.strip() for cell in cells)
        folded = {fold(cell) for cell in cells if cell.strip() and len(cell) <= 200}
        if self.mapped:
            return all(fold(head) in folded for head in self.mapped.values()) and (
                "time" in self.mapped
                or "date" in self.mapped
                or any(heads().get(head, ("",))[0] in ("time", "date") for head in folded)
            )
        return any(heads().get(head, ("",))[0] in ("time", "date") for head in folded)


Open = Callable[[BinaryIO, Heads], Table]


def _no_heads(stream: BinaryIO, mapped: Mapping[str, str], opened: Open) -> FormatError:
    table = opened(stream, Heads(None))
    found = [cell.strip() for cell in table.heads if cell.strip()]
    for name, head in mapped.items():
        if fold(head) not in {fold(cell) for cell in found}:
            near = nearest(head, found)
            code, nearest_head = "log-no-head-near" if near else "log-no-head", repr(visible((near or "")[:60]))
            return FormatError(say(code, head=repr(visible(head[:60])), name=name, nearest=nearest_head))
    shown = ", ".join(visible(cell[:40]) for cell in found[:12])
    return FormatError(
        say("log-no-times", heads=shown) if found else say("log-no-rows"), hint=say("log-name-time")
    )


def find_columns(row: Sequence[str], mapped: Mapping[str, str]) -> dict[str, int]:
    """Give field -> place of its column: those of the map, then known heads for fields that have none.

    Half a position is no position: a known head without its other half is left out.
    Raises FormatError where a mapped head stands twice, or is half a position.
    """
    folded = [fold(cell) for cell in row]
    places: dict[str, int] = {}
    for name, head in mapped.items():
        found = [at for at, cell in enumerate(row) if cell.strip() == head.strip()]
        found = found or [at for at, cell in enumerate(folded) if cell == fold(head)]
        if len(found) != 1:
            raise FormatError(say("log-heads-twice", count=len(found), head=repr(visible(head[:60]))))
        places[name] = found[0]
    best: dict[str, tuple[int, int]] = {}
    for at, cell in enumerate(folded):
        if cell in heads() and at not in places.values():
            name, rank = heads()[cell]
            best[name] = min(best.get(name, (rank, at)), (rank, at))
    for name in FIELDS:
        if name in best and name not in places and not (name == "position" and "lat" in places):
            places[name] = best[name][1]
    if ("lat" in places) != ("lon" in places):
        half = "lat" if "lat" in places else "lon"
        if half in mapped:
            raise FormatError(say("log-half"))
        del places[half]
        if "position" in best:
            places.setdefault("position", best["position"][1])
    return places
