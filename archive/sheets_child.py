"""The process in which sheets from outside are parsed: workbooks, and flight logs that are workbooks or JSON.

Started by `archive.sheets` and by nobody else; limited, without network. It
holds one workbook and one log at a time, and gives their rows a batch at a time
as they are asked for. A workbook that people fill in, it writes again with more
rows or with marks. What it gives is plain: text, numbers, and lists that
`archive.sheets` makes cells of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, BinaryIO

from archive.reader_child import answer_all, open_regular
from evidence import workbook_cells
from evidence.cells import Cell
from evidence.faults import Part
from evidence.flight_log import Heads
from evidence.flight_table import Row, Table, open_table
from schemas.errors import FormatError

MEMORY_BYTES = 2 << 30  # address space; a workbook is unpacked whole to be written in
CPU_SECONDS = 120  # of one answer
BATCH_CELLS = 20_000

_KINDS = {datetime: "datetime", date: "date", time: "time"}


class _Held:
    """What was opened last, and the readings of it that were begun."""

    def __init__(self) -> None:
        self.book: workbook_cells.Book | None = None
        self.log: tuple[Any, Table] | None = None
        self.file: BinaryIO | None = None  # of the log
        self.reading: dict[int, Iterator[list[Any]]] = {}

    def open_book(self, data: bytes) -> list[str]:
        """Open a workbook and give the titles of its sheets."""
        self.book, self.reading = workbook_cells.open_cells(data), {}
        return self.book.sheets()

    def open_log(self, job: Mapping[str, Any]) -> Table:
        """Give the log that the job names by path and map of heads, opened once."""
        named = (job["path"], job["mapped"])
        if self.log is None or self.log[0] != named:
            self.log, self.reading = None, {}
            if self.file is not None:
                self.file.close()
            self.file = open_regular(job["path"])
            self.log = (named, open_table(self.file, Heads(job["mapped"])))
        return self.log[1]

    def batch(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Give the next rows of a reading, begun with the first; `end` tells that there is none after them."""
        number = job["reading"]
        if "sheet" in job and job["begin"]:
            self.reading[number] = self._sheet(job["sheet"])
        elif job["begin"]:
            self.reading[number] = self._log(self.open_log(job))
        rows: list[list[Any]] = []
        told: dict[str, Any] = {"rows": rows, "end": True}
        cells = 0
        try:
            for row in self.reading[number]:
                rows.append(row)
                cells += 1 + len(row[1])
                if cells >= BATCH_CELLS:
                    told["end"] = False
                    break
        except workbook_cells.Unreadable as error:
            told |= _because(error)
        except FormatError as error:
            told["refused"] = [error.message, error.hint]
        if told["end"]:
            del self.reading[number]
        return told

    def _sheet(self, title: str) -> Iterator[list[Any]]:
        """Give the rows of a sheet that hold anything, each with its number; past the last there can be, one more."""
        assert self.book is not None
        for number, row in enumerate(self.book.rows(title), 1):
            if any(cell not in (None, "") for cell in row):
                yield [number, [_plain(cell) for cell in row]]
            elif number > workbook_cells.LAST_ROW:
                yield [number, []]
            if number > workbook_cells.LAST_ROW:
                return

    def _log(self, table: Table) -> Iterator[list[Any]]:
        for number, cells in table.rows():
            yield [number, [], table.text(), cells.why] if isinstance(cells, Row) else [number, cells, table.text()]


def _plain(cell: Any) -> Any:
    if not isinstance(cell, Cell):
        return cell
    if cell.fault:
        return ["fault", cell.fault]
    return [_KINDS[type(cell.value)], cell.value.isoformat(), cell.shows_time]


def _because(error: workbook_cells.Unreadable) -> dict[str, Any]:
    return {"because": asdict(error.because) if isinstance(error.because, Part) else error.because}


def _answer(held: _Held, job: dict[str, Any], data: bytes) -> bytes:
    told: dict[str, Any]
    if job["do"] in ("update", "marked"):
        return _written(job, data)
    try:
        if job["do"] == "book":
            told = {"sheets": held.open_book(data)}
        elif job["do"] == "log":
            log = held.open_log(job)
            told = {"heads": log.heads, "others": list(log.others)}
        else:
            told = held.batch(job)
    except workbook_cells.Unreadable as error:
        told = _because(error)
    except FormatError as error:
        told = {"refused": [error.message, error.hint]}
    return json.dumps(told).encode()


def _written(job: dict[str, Any], data: bytes) -> bytes:
    """Give a workbook written again: a line of JSON about it, and its bytes."""
    from evidence import marked, workbook
    from evidence.marks import Mark

    told: dict[str, Any] = {}
    made = b""
    try:
        if job["do"] == "update":
            rows = [workbook.FileRow(**row) for row in job["rows"]]
            made, told["added"], told["kept"] = workbook.update_book(data, rows, job["lang"])
            told["formulas"] = bool(told["added"]) and workbook.has_formulas(data)
        else:
            texts, at = {}, 0
            for name, size in job["texts"]:
                texts[name], at = data[at : at + size], at + size
            marks = [Mark(**mark) for mark in job["marks"]]
            made = marked.marked_copy(texts, marks, job["csv_tables"], job["lang"])
    except FormatError as error:
        told["refused"] = [error.message, error.hint]
    return json.dumps(told).encode() + b"\n" + made


def main() -> None:
    """Answer every job, until there is none."""
    held = _Held()
    answer_all(lambda job, data: _answer(held, job, data), (), memory=MEMORY_BYTES, seconds=CPU_SECONDS)
