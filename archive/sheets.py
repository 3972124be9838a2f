"""Sheets from outside, parsed in a limited child: workbooks that people filled in, and logs that are workbooks or JSON.

A child that they crash, hang or bloat is ended, and they are refused in a
sentence, as any that cannot be read. What the child gives is taken as far as it
has the form of rows; what they mean is judged here, by `evidence`. Plain text
(case.toml, CSV) has no parser that could be led astray, and is read where it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, BinaryIO

from archive.limited import Limited, NoAnswer, NoChild
from evidence.cells import Cell
from evidence.faults import Part, part
from evidence.flight_table import LONGEST_TEXT, Row, Table, is_parsed, open_table
from evidence.workbook_cells import Book, Unreadable
from schemas.errors import FormatError, UnreachableError
from schemas.sentences import say

if TYPE_CHECKING:
    from pathlib import Path

    from evidence.flight_log import Heads
    from evidence.marks import Mark
    from evidence.workbook import FileRow

SECONDS = 120.0  # of one answer, by the clock on the wall
_KINDS: Mapping[str, Any] = {"datetime": datetime, "date": date, "time": time}
_WRONG = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


class Sheets(Limited):
    """One child that parses sheets, see `Limited`. Raises UnreachableError where there can be none."""

    def __init__(self) -> None:
        super().__init__("archive.sheets_child", SECONDS)
        self._begun = 0

    def ask(self, data: bytes = b"", **job: Any) -> bytes:
        """Do as `Limited.ask`; where there can be no child, raise UnreachableError."""
        try:
            return super().ask(data, **job)
        except NoChild:
            raise UnreachableError(
                "the process that reads sheets cannot be started",
                where=sys.executable or "Python",
                hint="run `sijill` from the environment it is installed in; nothing was read",
            ) from None

    def book(self, data: bytes) -> Book:
        """Open a workbook. Raises FormatError, UnreachableError, Unreadable."""
        try:
            told = json.loads(self.ask(data, do="book"))
            _unless_refused(told)
            return _Book(self, [str(title) for title in told["sheets"]])
        except (NoAnswer, *_WRONG):
            raise _costly() from None

    def log(self, path: Path, stream: BinaryIO, heads: Heads) -> Table:
        """Open the table of a flight log, `stream` being the file at `path`. Raises UnreachableError, FormatError."""
        if not is_parsed(stream):
            return open_table(stream, heads)
        mapped = None if heads.mapped is None else dict(heads.mapped)
        job: dict[str, Any] = {"path": os.path.abspath(path), "mapped": mapped}
        try:
            told = json.loads(self.ask(do="log", **job))
            _unless_refused(told)
            return _Log(self, job, [str(head) for head in told["heads"]], [str(title) for title in told["others"]])
        except (NoAnswer, *_WRONG):
            raise FormatError(say("log-costly")) from None

    def batches(self, **job: Any) -> Iterator[list[list[Any]]]:
        """Give the rows that a job names, a batch at a time.

        Raises UnreachableError, NoAnswer, Unreadable, FormatError, and `_WRONG`.
        """
        self._begun += 1
        begin = True
        while True:
            told = json.loads(self.ask(do="rows", reading=self._begun, begin=begin, **job))
            yield told["rows"]
            _unless_refused(told)
            if told["end"]:
                return
            begin = False

    def updated(self, data: bytes, rows: Sequence[FileRow], lang: str) -> tuple[bytes, int, bool]:
        """Give a workbook with a row more for each file it does not name, how many, and whether it had formulas.

        Raises UnreachableError, FormatError, as `evidence.workbook.update_book` does.
        """
        told, made = self._written(data, do="update", rows=[asdict(row) for row in rows], lang=lang)
        return made, int(told["added"]), bool(told["formulas"])

    def marked(
        self, texts: Mapping[str, bytes], marks: Sequence[Mark], csv_tables: Mapping[str, str], lang: str
    ) -> bytes:
        """Give the copy of the sheets that `evidence.marked.marked_copy` makes.

        Raises UnreachableError, FormatError.
        """
        sizes = [[name, len(data)] for name, data in texts.items()]
        job = {"texts": sizes, "marks": [asdict(mark) for mark in marks], "csv_tables": dict(csv_tables), "lang": lang}
        return self._written(b"".join(texts.values()), do="marked", **job)[1]

    def _written(self, data: bytes, **job: Any) -> tuple[dict[str, Any], bytes]:
        try:
            line, _, made = self.ask(data, **job).partition(b"\n")
            told = json.loads(line)
            _unless_refused(told)
        except (NoAnswer, *_WRONG):
            raise FormatError(say("sheet-costly"), hint=say("sheet-costly-hint")) from None
        return told, made


def _unless_refused(told: dict[str, Any]) -> None:
    if because := told.get("because"):
        raise Unreadable(because if isinstance(because, str) else Part(str(because["code"]), dict(because["names"])))
    if refused := told.get("refused"):
        raise FormatError(str(refused[0]), hint=str(refused[1]))


def _costly() -> Unreadable:
    return Unreadable(part("xlsx-costly"))


class _Book:
    """See `evidence.workbook_cells.Book`."""

    def __init__(self, sheets: Sheets, titles: list[str]) -> None:
        self._sheets = sheets
        self._titles = titles

    def sheets(self) -> list[str]:
        return self._titles

    def rows(self, title: str) -> Iterator[list[Any]]:
        reached = 0
        try:
            for batch in self._sheets.batches(sheet=title):
                for number, cells in batch:
                    for _ in range(number - reached - 1):
                        yield []
                    reached = number
                    yield [_cell(cell) for cell in cells]
        except (NoAnswer, *_WRONG):
            raise _costly() from None


class _Log:
    """See `evidence.flight_table.Table`."""

    def __init__(self, sheets: Sheets, job: dict[str, Any], heads: list[str], others: list[str]) -> None:
        self._sheets = sheets
        self._job = job
        self._current = ""
        self.heads = heads
        self.others: Sequence[str] = others

    def rows(self) -> Iterator[tuple[int, list[str] | Row]]:
        try:
            for batch in self._sheets.batches(**self._job):
                for number, cells, text, *why in batch:
                    self._current = str(text)
                    yield int(number), Row(str(why[0])) if why else [str(cell) for cell in cells]
        except (NoAnswer, *_WRONG):
            raise FormatError(say("log-costly")) from None

    def text(self) -> str:
        return self._current[:LONGEST_TEXT]


def _cell(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | bool | int | float):
        return cell
    kind, said, *more = cell
    if kind == "fault":
        return Cell(None, fault=str(said))
    return Cell(_KINDS[kind].fromisoformat(said), shows_time=bool(more[0]))
