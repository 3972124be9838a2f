"""The sheets of a case.xlsx, read without trust: what each cell holds, and where a program put something else.

A workbook is a zip of XML from outside: sizes and ratios are looked at before
anything is unpacked, and a document type is refused. Date cells come through
their serial number and the workbook's own epoch, never through what they show.
A formula is read by its stored value; one without is a fault of that cell, and
so is a cell that lies under one merged over several rows.
`tables` is handed what opens the workbook, so that its XML may be read elsewhere.

Follows ECMA-376 through openpyxl, in its streaming mode.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, islice, repeat
from typing import Any, BinaryIO, Protocol

from evidence.cells import MERGED, Cell
from evidence.faults import Faults, Part, Spot, part
from evidence.heads import HEADS, Column, Headless, assemble, find_heads
from evidence.merged_cells import LARGEST as LARGEST_LIST
from evidence.merged_cells import Covered, areas
from evidence.records import Row
from schemas import words
from schemas.fields import Field
from schemas.text import nearest

LARGEST = 64 * 1024 * 1024
LARGEST_UNPACKED = 512 * 1024 * 1024
MOST_MEMBERS = 2000
STEEPEST, STEEP_FROM = 250, 16 * 1024 * 1024  # a part that unpacks to so many times its size, from this size on
MOST_ROWS, MOST_CASE_ROWS = 100_000, 1_000  # with something in them; a longer table is for CSV
LAST_ROW = 1_048_576  # of any workbook; one that names a later row would be read for years
MISNAMED = 0.7  # how like the name of a sheet another must be to be a slip of the pen; `Notes` is none of `items`
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_CHUNK = 1 << 20
_ERROR = "e"


class Unreadable(Exception):
    """A workbook that is not read; `because` is the half sentence that says why."""

    def __init__(self, because: Part | str) -> None:
        super().__init__(because)
        self.because = because


class Book(Protocol):
    """An opened workbook, wherever its XML is read. Both raise Unreadable."""

    def sheets(self) -> list[str]:
        """Give the titles of the sheets that have cells, in order."""

    def rows(self, title: str) -> Iterator[list[Any]]:
        """Give every row of a sheet from the first, empty ones too, as values or `Cell`s."""


Open = Callable[[bytes], Book]


def open_cells(data: bytes) -> Book:
    """Open a workbook in this process. Raises Unreadable."""
    because = refusal(data)
    if because is not None:
        raise Unreadable(because)
    try:
        return _Book(data)
    except Exception as error:  # a parser of bytes from outside may fail in any way
        raise Unreadable(type(error).__name__) from None


def tables(data: bytes, file: str, faults: Faults, opened: Open = open_cells) -> dict[str, Iterator[Row]]:
    """Give table -> rows of a workbook that `opened` opens; what cannot be read is noted in `faults`."""
    spot = Spot(file, "xlsx")
    try:
        book = opened(data)
        sheets = book.sheets()
    except Unreadable as error:
        faults.wrong(spot, "workbook", because=error.because)
        return {}
    found: dict[str, Iterator[Row]] = {}
    for title in sheets:
        table = words.read_sheet_name(title)
        here = replace(spot, table=title)
        if table is None:
            if title.startswith("#"):
                continue
            close = nearest(words.plain(title), words.sheet_names(), MISNAMED)
            if close is not None:
                faults.wrong(here, "misnamed-sheet", near=_near(close))
            else:
                faults.warn(here, "unknown-sheet")
        elif table in found:
            faults.wrong(here, "taken-id", other=f"{file}: {table}")
        else:
            found[table] = _guarded(book, title, table, here, faults)
    if "case" not in found:
        faults.wrong(spot, "no-case")
    return found


def refusal(data: bytes) -> Part | None:
    """Say why bytes are not unpacked as a workbook, or None where they may be."""
    if len(data) > LARGEST:
        return part("xlsx-large", limit="64 MiB")
    if data.startswith(_OLE):
        return part("xlsx-ole")
    return not_unpacked(io.BytesIO(data))


def not_unpacked(stream: BinaryIO, largest: int = LARGEST_UNPACKED) -> Part | None:
    """Say why a packed workbook is not unpacked, or None where it may be; `largest` is in bytes, of all its parts."""
    try:
        with zipfile.ZipFile(stream) as bundle:
            members = bundle.infolist()
            if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > largest:
                return part("xlsx-bomb")
            for member in members:
                if member.file_size > STEEP_FROM and member.file_size > STEEPEST * max(member.compress_size, 1):
                    return part("xlsx-bomb")
                if member.flag_bits & 1:
                    return part("xlsx-ole")
                if member.filename.endswith((".xml", ".rels")) and _has_doctype(bundle, member):
                    return part("xlsx-doctype")
    except Exception:  # a damaged zip may fail in any way
        return part("xlsx-none")
    return None


def _has_doctype(bundle: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with bundle.open(member) as file:
        head = file.read(65536).replace(b"\0", b"")
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head


class _Book:
    """A workbook opened for streaming: once for values, and once for formulas where a sheet has any."""

    def __init__(self, data: bytes) -> None:
        import openpyxl

        self._data = data
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = io.BytesIO(data)
            self._values = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            self._formulas: Any = None

    def sheets(self) -> list[str]:
        """See `Book`."""
        return [sheet.title for sheet in self._values.worksheets]

    def rows(self, title: str) -> Iterator[list[Any]]:
        """See `Book`."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield from self._read(title)
        except Exception as error:  # a parser of bytes from outside may fail in any way
            raise Unreadable(type(error).__name__) from None

    def _read(self, title: str) -> Iterator[list[Any]]:
        import openpyxl

        sheet = self._values[title]
        sheet.reset_dimensions()
        formulas: Iterator[Sequence[Any]] = repeat(())
        some, merged = self._looked_through(str(getattr(sheet, "_worksheet_path", "")))
        covered = Covered(areas(merged))
        if some:
            if self._formulas is None:
                self._formulas = openpyxl.load_workbook(io.BytesIO(self._data), read_only=True, keep_links=False)
            second = self._formulas[title]
            second.reset_dimensions()
            formulas = second.iter_rows()
        for number, (row, formula) in enumerate(zip(sheet.iter_rows(), formulas, strict=False), 1):
            cells = [_value(cell) for cell in row]
            for index, cell in enumerate(formula):
                if cell.data_type == "f" and index < len(cells) and cells[index] is None:
                    cells[index] = Cell(None, fault="formula")
            _mark(cells, covered.columns(number))
            yield cells

    def _looked_through(self, path: str) -> tuple[bool, bytes]:
        """Tell whether a sheet has formulas, and give the end of its XML from its list of merged cells on."""
        with zipfile.ZipFile(io.BytesIO(self._data)) as bundle:
            if path not in bundle.namelist():
                return True, b""
            formulas, merged, last = False, b"", b""
            with bundle.open(path) as file:
                while chunk := file.read(_CHUNK):
                    window = last + chunk
                    formulas = formulas or any(sign in window for sign in (b"<f>", b"<f ", b"<f/", b":f>"))
                    if merged and len(merged) < LARGEST_LIST:
                        merged += chunk
                    elif not merged and (at := window.find(b"mergeCells")) >= 0:
                        merged = window[at:]
                    last = chunk[-10:]
        return formulas, merged


def _mark(cells: list[Any], covered: set[int]) -> None:
    """Mark the empty cells of a row that lie under a merged one, if anything else stands in the row."""
    if not covered or all(cell in (None, "") for cell in cells):
        return
    cells.extend([None] * (max(covered) + 1 - len(cells)))
    for index in covered:
        if cells[index] in (None, ""):
            cells[index] = Cell(None, fault=MERGED)


def _value(cell: Any) -> Any:
    """Give a cell's value: text, number, true or false; a date with whether its format shows a time; an error."""
    value = cell.value
    if value is None or isinstance(value, (str, bool, int, float)):
        return Cell(None, fault=str(value)) if cell.data_type == _ERROR else value
    if isinstance(value, (datetime, date, time)):
        shows = "h" in str(cell.number_format or "").lower()
        return Cell(value, shows_time=shows)
    if isinstance(value, timedelta):
        return Cell(time(0)) if not value else str(value)
    return str(value)


def _guarded(book: Book, title: str, table: str, spot: Spot, faults: Faults) -> Iterator[Row]:
    most, read = (MOST_CASE_ROWS, _case_rows) if table == "case" else (MOST_ROWS, _rows)
    try:
        yield from read(_at_most(most, book.rows(title), spot, faults), table, spot, faults)
    except Unreadable as error:
        faults.wrong(spot, "workbook", because=error.because)


def _at_most(most: int, rows: Iterator[list[Any]], spot: Spot, faults: Faults) -> Iterator[list[Any]]:
    """Give the rows until more than `most` had something in them: what is wrong with a million takes an hour to say."""
    filled = 0
    for number, row in enumerate(rows, 1):
        filled += any(cell not in (None, "") for cell in row)
        if filled > most or number > LAST_ROW:
            faults.wrong(spot, "sheet-long", limit=f"{min(most, LAST_ROW):,}")
            return
        yield row


def _rows(rows: Iterator[list[Any]], table: str, spot: Spot, faults: Faults) -> Iterator[Row]:
    top = list(islice(rows, 6))
    if not any(cell not in (None, "") for row in top for cell in row):
        return
    columns, taken = find_heads(table, top, spot, faults)
    spot = replace(spot, heads={column.name: column.head for column in columns})
    shows = next((column.index for column in columns if column.name in ("id", "item")), None)
    read = [column.index for column in columns]
    headless = Headless(top[:taken])
    for number, row in enumerate(chain(top[taken:], rows), taken + 1):
        if columns and (letter := headless.filled(row)):
            faults.wrong(spot.row(number), "no-head", letter=letter)
        if all(index >= len(row) or _blank(row[index]) for index in read):
            continue
        name = row[shows] if shows is not None and shows < len(row) else ""
        here = spot.row(number, name.strip() if isinstance(name, str) and len(name) <= 64 else "")
        yield Row(here, assemble(columns, row, here, faults), sheet=True)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _case_rows(rows: Iterator[list[Any]], table: str, spot: Spot, faults: Faults) -> Iterator[Row]:
    """Give the one record of the `case` sheet, whose rows are key and value."""
    known = HEADS[table]
    columns: list[Column] = []
    values: list[Any] = []
    lines: dict[str, int] = {}
    at = (0, 1)
    for number, row in enumerate(rows, 1):
        heads = {words.plain(cell): index for index, cell in enumerate(row) if isinstance(cell, str)}
        key_at, value_at = (_first(heads, name) for name in ("key", "value"))
        if key_at is not None and value_at is not None:
            at = (key_at, value_at)
            continue
        key, value = (row[index] if index < len(row) else None for index in at)
        if not isinstance(key, str) or not key.strip() or key.startswith("#"):
            if value not in (None, ""):
                faults.wrong(spot.row(number), "unknown-key", near="")
            continue
        names = words.read_head(key.removesuffix("(*)").rstrip(" *"), {*known, "format"})
        if len(names) != 1:
            close = words.nearest_head(key, known) if not names else names[0]
            faults.wrong(spot.row(number).at(key), "unknown-key", near=_near(close))
        elif value not in (None, "") and names[0] == "format":
            if value != "sijill-intake/1":
                faults.wrong(spot.row(number).at(key), "format")
        elif names[0] in lines and value not in (None, ""):
            first = lines[names[0]]
            faults.wrong(spot.row(number).at(key), "two-heads", first=first, second=number, name=names[0])
        elif names[0] != "format" and value not in (None, ""):
            lines[names[0]] = number
            columns.append(Column(len(values), key, names[0], known.get(names[0], Field(names[0]))))
            values.append(value)
    heads_of = {column.name: column.head for column in columns}
    heads_of |= {f"{name}.und": head for name, head in heads_of.items()}
    spot = replace(spot, lines=_with_stems(lines), heads=heads_of)
    yield Row(spot, assemble(columns, values, spot, faults), sheet=True)


def _with_stems(lines: dict[str, int]) -> dict[str, int]:
    """Give the rows also under the names of groups and of untold languages: a fault of a pair or a text has a row."""
    stems: dict[str, int] = {}
    for name, number in lines.items():
        parts = name.split(".")
        for end in range(1, len(parts)):
            stems.setdefault(".".join(parts[:end]), number)
    return {f"{name}.und": number for name, number in lines.items()} | stems | lines


def _first(heads: dict[str, int], name: str) -> int | None:
    labels = words.table()["fields"][name]
    return next(
        (heads[form] for form in (name, *map(words.plain, (labels["en"], labels["ar"]))) if form in heads), None
    )


def _near(close: str | None) -> Part | str:
    return part("near", nearest=close) if close else ""
