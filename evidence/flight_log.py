"""Flight logs: what spotters and receivers wrote down, one observation a row.

A log is read row by row and never held whole. A row without a time that can be
read is kept as it was written, with its number and why, and counts for nothing;
a position or heading that cannot be read is left out with a warning, and the
row stays. The order of day and month is given, or proved by the file itself, or
the log is refused. Rows count from 1 under the heads. Columns that are neither
mapped nor known are not read. Silence is no evidence: most aircraft send nothing.

Reads CSV and XLSX (`evidence.flight_table`), and BaseStation (SBS) lines.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from evidence.flight_cells import WholeTimes, dated_order, read_count, read_heading, read_observed, read_point
from evidence.flight_table import Row, Table, open_table
from evidence.when import find_zone
from evidence.where import read_position
from schemas.aircraft import CLASSES, activity_of, class_of, epoch_heads, fold, heads, is_class_word
from schemas.errors import FormatError
from schemas.text import nearest, visible

FIELDS = (
    "time", "date", "lat", "lon", "position", "heading", "aircraft_type", "aircraft_class", "count", "activity",
    "remarks",
)  # fmt: skip
ORDERS = ("ymd", "dmy", "mdy")
PEEK = 1_000  # rows looked at before the first is given
SHOWN_ROWS = 10  # row numbers that a warning names
MOST_KEPT = 20_000  # different cells of a column whose reading is remembered

Observation = dict[str, Any]


@dataclass
class FlightLog:
    """A log that can be read: `rows` begins anew each time; `warnings` are whole once they have all been given."""

    name: str
    columns: dict[str, str]  # field -> head
    zone: str | None
    date_order: str | None
    _table: Table
    _places: dict[str, int] = field(default_factory=dict)
    _epoch: bool = False
    _trouble: dict[str, list[int]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0

    @property
    def rows(self) -> Iterator[Observation]:
        """Give every row with `row` and what could be read of it; no key without a value.

        Times are seconds since 1970 UTC, positions whole micro-degrees, headings hundredths of a degree.
        An unreadable row has `row`, `text` and `why`. Raises FormatError if the order of dates turns out unknown.
        """
        self._trouble.clear()
        self._counts.clear()
        self.unreadable = 0
        return self._read()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what could not be read in rows that stay, and in how many."""
        found = []
        for what, rows in self._trouble.items():
            count, numbers = self._counts[what], ", ".join(map(str, rows))
            found.append(
                f"{what}: {'row' if count == 1 else f'{count} rows,'} {numbers}{', …' if count > len(rows) else ''}"
            )
        if self.unreadable:
            found.append(f"rows that cannot be read, kept as they were written: {self.unreadable}")
        return tuple(found)

    def _warn(self, what: str, number: int) -> None:
        rows = self._trouble.setdefault(what, [])
        self._counts[what] = self._counts.get(what, 0) + 1
        if len(rows) < SHOWN_ROWS:
            rows.append(number)

    def _read(self) -> Iterator[Observation]:
        width = len(self._table.heads)
        at_time, at_day, at_lat, at_lon, at_both, at_type, at_remarks = (
            self._places.get(name, -1)
            for name in ("time", "date", "lat", "lon", "position", "aircraft_type", "remarks")
        )
        small = [(self._places[name], name, _Remembered(read)) for name, read in _SMALL.items() if name in self._places]
        classes, quick = _Remembered(class_of), WholeTimes(self.zone).read
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
            row: Observation = {"earliest": earliest, "latest": latest, "row": number, "said": said}
            if at_lat >= 0:
                lat_text, lon_text = cells[at_lat], cells[at_lon]
                if lat_text or lon_text:
                    point = read_point(lat_text, lon_text)
                    if point is None or point == (0, 0):
                        self._warn_of_place(number, point, lat_text + lon_text)
                    else:
                        row["lat"], row["lon"] = point
            elif at_both >= 0 and cells[at_both].strip():
                self._locate(row, number, cells[at_both])
            if at_type >= 0 and cells[at_type]:
                row["aircraft_type"], row["aircraft_class"] = cells[at_type], classes[cells[at_type]]
            for at, name, readings in small:
                cell = cells[at]
                if cell:
                    value = readings[cell]
                    if value is not None:
                        row[name] = value
                    elif cell.strip():
                        self._warn(f"{name} cannot be read", number)
            if at_remarks >= 0 and cells[at_remarks]:
                row["remarks"] = cells[at_remarks]
            yield row

    def _unreadable(self, number: int, why: str) -> Observation:
        self.unreadable += 1
        return {"row": number, "text": self._table.text().replace("\0", visible("\0")), "why": why}

    def _when(self, said: str, day: str) -> tuple[str, tuple[int, int]]:
        said = said.strip()
        if self.date_order is None and any(_may_differ(dated_order(text)) for text in (said, day) if text):
            self.date_order = prove_order(self._table, self._places)
        extent = read_observed(said, day, zone=self.zone, order=self.date_order, epoch=self._epoch)
        return f"{day} {said}".strip() if day and not said.startswith(day) else said, extent

    def _locate(self, row: Observation, number: int, text: str) -> None:
        try:
            row["lat"], row["lon"] = read_position(text)
        except FormatError as error:
            self._warn_of_place(number, (0, 0) if error.hint else None, text)

    def _warn_of_place(self, number: int, point: tuple[int, int] | None, text: str) -> None:
        if text.strip():
            self._warn("position cannot be read" if point is None else "position 0,0 is a placeholder", number)


def _fit(cells: list[str] | Row, width: int) -> list[str] | Row:
    """Give a row as many cells as there are heads; a cell too many that holds something could belong anywhere."""
    if isinstance(cells, Row):
        return cells
    if any(cell.strip() for cell in cells[width:]):
        return Row(f"it has {len(cells)} cells under {width} heads")
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


def _class_word(text: str) -> str | None:
    words = fold(text).replace(" ", "_")
    return words if words in CLASSES else class_of(text) if is_class_word(text) else None


_SMALL = {"heading": read_heading, "count": read_count, "activity": activity_of, "aircraft_class": _class_word}


def _may_differ(order: tuple[bool, bool] | None) -> bool:
    return order is not None and any(order)


def read_log(
    data: bytes | BinaryIO,
    *,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    date_order: str | None = None,
    name: str = "",
) -> FlightLog:
    """Open a flight log for reading; `data` is its bytes or a stream that can be read again from its start.

    `columns` maps fields (`FIELDS`) to heads of the file; heads that are known need no map. `zone` is read
    for times without an offset. Raises FormatError: no time column, an unknown field or head, another
    encoding, dates whose order is neither given nor proved.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data
    mapped = _check_map(columns or {})
    if zone is not None:
        find_zone(zone)
    if date_order is not None and date_order not in ORDERS:
        raise FormatError(f"`date_order` is none of {', '.join(ORDERS)}")
    table = open_table(stream, lambda cells: _has_heads(cells, mapped))
    if not table.heads:
        raise _no_heads(stream, mapped)
    places = find_columns(table.heads, mapped)
    log = FlightLog(
        name=name,
        columns={name: table.heads[at].strip() for name, at in places.items()},
        zone=zone,
        date_order=date_order,
        _table=table,
        _places=places,
        _epoch="time" in places and fold(table.heads[places["time"]]) in epoch_heads(),
    )
    if date_order is None and _needs_order(table, places):
        log.date_order = prove_order(table, places)
    return log


def _check_map(columns: Mapping[str, str]) -> dict[str, str]:
    for name in columns:
        if name not in FIELDS:
            near = nearest(name, FIELDS)
            raise FormatError(
                f"`columns` has no field `{visible(name[:40])}`" + (f"; the nearest is `{near}`" if near else ""),
                hint=f"the fields are {', '.join(FIELDS)}",
            )
    return {name: str(head) for name, head in columns.items()}


def _has_heads(cells: Sequence[str], mapped: Mapping[str, str]) -> bool:
    folded = {fold(cell) for cell in cells if cell.strip() and len(cell) <= 200}
    if mapped:
        return all(fold(head) in folded for head in mapped.values()) and (
            "time" in mapped
            or "date" in mapped
            or any(heads().get(head, ("",))[0] in ("time", "date") for head in folded)
        )
    return any(heads().get(head, ("",))[0] in ("time", "date") for head in folded)


def _no_heads(stream: BinaryIO, mapped: Mapping[str, str]) -> FormatError:
    table = open_table(stream, lambda cells: any(cell.strip() for cell in cells))
    found = [cell.strip() for cell in table.heads if cell.strip()]
    for name, head in mapped.items():
        if fold(head) not in {fold(cell) for cell in found}:
            near = nearest(head, found)
            return FormatError(
                f"no column has the head {visible(head[:60])!r}, which `columns` names for `{name}`"
                + (f"; the nearest is {visible(near[:60])!r}" if near else "")
            )
    shown = ", ".join(visible(cell[:40]) for cell in found[:12])
    return FormatError(
        f"no time column: the heads are {shown}" if found else "no time column: the file has no rows",
        hint='name it: columns = { time = "…" }',
    )


def find_columns(row: Sequence[str], mapped: Mapping[str, str]) -> dict[str, int]:
    """Give field -> place of its column: those of the map, then known heads for fields that have none.

    Raises FormatError where a mapped head stands twice, or a latitude has no longitude.
    """
    folded = [fold(cell) for cell in row]
    places: dict[str, int] = {}
    for name, head in mapped.items():
        found = [at for at, cell in enumerate(row) if cell.strip() == head.strip()]
        found = found or [at for at, cell in enumerate(folded) if cell == fold(head)]
        if len(found) != 1:
            raise FormatError(f"{len(found)} columns have the head {visible(head[:60])!r}, which `columns` names")
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
        raise FormatError("a latitude column and a longitude column go together: one of them is missing")
    return places


def _needs_order(table: Table, places: Mapping[str, int]) -> bool:
    for count, (_, cells) in enumerate(table.rows()):
        if count >= PEEK:
            return False
        if any(_may_differ(order) for order in _orders(cells, places)):
            return True
    return False


def _orders(cells: list[str] | Row, places: Mapping[str, int]) -> Iterator[tuple[bool, bool] | None]:
    if not isinstance(cells, Row):
        for name in ("time", "date"):
            if name in places and places[name] < len(cells) and cells[places[name]]:
                yield dated_order(cells[places[name]])


def prove_order(table: Table, places: Mapping[str, int]) -> str:
    """Give the one order of day and month under which every date of the log is a date.

    Raises FormatError where both orders would do, or neither.
    """
    day_first = month_first = True
    for _, cells in table.rows():
        for order in _orders(cells, places):
            if order is not None and any(order):
                day_first, month_first = day_first and order[0], month_first and order[1]
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    what = "may be day-month-year or month-day-year" if day_first else "are written in both orders"
    raise FormatError(
        f"the dates of this log {what}: no date in it tells which",
        hint='say it: date_order = "dmy" or "mdy"',
    )
