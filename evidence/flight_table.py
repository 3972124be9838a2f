"""A table of a flight log, row by row: CSV in UTF-8 or UTF-16, the first sheet of a workbook that fits, or JSON.

Rows are given in the order of the file with every cell as text and with the
row as it was written. A row whose quotation marks do not close is given alone,
unread; it never swallows the rows below it. Another encoding is refused, never
guessed: a wrong guess would change names and places without a sign.

Follows RFC 4180, with `,` `;` or tab, and ECMA-376 through openpyxl; `evidence.flight_json` reads JSON.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Protocol

from schemas.errors import FormatError
from schemas.sentences import say

LONGEST_LINE = 1 << 20  # bytes; a file with a longer line is no table
LONGEST_TEXT = 16_384  # characters of an unreadable row that are kept beside it; the file has them all
MOST_LINES = 64  # lines that one row may run over
MOST_ROWS = 20_000_000
LAST_ROW = 1_048_576  # of any workbook
LARGEST_WORKBOOK = 1 << 31  # bytes, unpacked
HEAD_ROWS = 20  # the heads stand within these
SBS_WORDS = frozenset(("MSG", "SEL", "ID", "AIR", "STA", "CLK"))
SBS_HEADS = {6: "date", 7: "time", 11: "altitude", 13: "track", 14: "lat", 15: "lon"}
_CHUNK = 1 << 20
_RUN = 1 << 13  # characters that are divided together
_ZIP = b"PK\x03\x04"

Numbered = Generator[tuple[int, "list[str] | Row"], None, int]  # rows by number; gives the number of the last line's
Choose = Callable[[Sequence[str]], bool]


@dataclass(slots=True)
class Row:
    """A row that could not be divided into cells, and why."""

    why: str


class Table(Protocol):
    """What a log is read from; `rows` may be begun again at any time."""

    heads: list[str]
    others: Sequence[str]  # titles of further sheets that hold a log, which are not read

    def rows(self) -> Iterator[tuple[int, list[str] | Row]]:
        """Give each row with its number, from 1 under the heads; blank rows are numbered and passed over."""

    def text(self) -> str:
        """Give the row that was given last, as it was written."""


def open_table(stream: BinaryIO, is_head: Choose) -> Table:
    """Find out what the file is and where its heads stand: the first row for which `is_head` holds.

    Raises FormatError for another encoding, a damaged workbook, or no such row (its heads are then empty).
    """
    start = _start(stream)
    if start.startswith(_ZIP):
        return WorkbookTable(stream, is_head)
    if _looks_like_json(start):
        from evidence.flight_json import JsonTable

        return JsonTable(stream, is_head)
    if start.startswith(b"\x1f\x8b"):
        raise FormatError(say("log-gzip"), hint=say("log-unpack"))
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError(say("log-xls"), hint=say("log-save-as"))
    return CsvTable(stream, is_head)


def is_parsed(stream: BinaryIO) -> bool:
    """Tell whether a file is a workbook or JSON: what has a parser of its own, not lines of text."""
    start = _start(stream)
    return start.startswith(_ZIP) or _looks_like_json(start)


def _start(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read(256)


def _looks_like_json(start: bytes) -> bool:
    """Tell whether a file begins as a JSON object or list of them does."""
    return re.match(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*(?:\{|\]))", start) is not None


def _encoding(stream: BinaryIO) -> tuple[str, bool]:
    """Give the encoding of the whole file and whether NUL characters stand in it. Raises FormatError."""
    stream.seek(0)
    start = stream.read(4)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FormatError(say("log-utf32"), hint=say("log-save-as"))
    encoding = "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    stream.seek(0)
    run, has_nul = 0, False
    try:
        while chunk := stream.read(_CHUNK):
            decoded = decoder.decode(chunk)
            if (b"\0" in chunk) if encoding == "utf-8-sig" else ("\0" in decoded):
                if not has_nul and stream.tell() <= _CHUNK and "\0" in re.split("[\r\n]", decoded, maxsplit=1)[0]:
                    raise FormatError(say("log-no-text", how=say("log-save-as")))
                has_nul = True
            last = max(decoded.rfind("\n"), decoded.rfind("\r"))
            run = len(decoded) - last - 1 if last >= 0 else run + len(decoded)
            if run > LONGEST_LINE:
                raise FormatError(say("log-long-line"))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise FormatError(say("log-encoding", how=say("log-save-as")), hint=say("log-no-guess")) from None
    return encoding, has_nul


class CsvTable:
    """A CSV file. The divider is the one under which the heads are found."""

    def __init__(self, stream: BinaryIO, is_head: Choose) -> None:
        self._stream = stream
        self._encoding, self._has_nul = _encoding(stream)
        self._current = ""
        self._skip = 0
        self.others: Sequence[str] = ()
        self.heads: list[str] = []
        self.divider = ","
        top: list[str] = []
        with _Lines(stream, self._encoding) as lines:
            for line in lines:
                top.append(line)
                if len(top) >= HEAD_ROWS * 2:
                    break
        if top and re.match(r"sep=[,;\t]\s*\Z", top[0]):  # a line some spreadsheet programs write first
            top[0] = "\n"
        for divider in sorted(",;\t", key=lambda mark: -sum(line.count(mark) for line in top)):
            if self._find_heads(top, divider, is_head):
                return

    def _find_heads(self, top: list[str], divider: str, is_head: Choose) -> bool:
        lines_read = [0]

        def counted() -> Iterator[str]:
            for line in top:
                lines_read[0] += 1
                yield line

        try:
            for number, cells in enumerate(csv.reader(counted(), delimiter=divider)):
                if number >= HEAD_ROWS:
                    break
                if len(cells) == 22 and cells[0] in SBS_WORDS and divider == ",":  # BaseStation: no heads
                    self.heads = [SBS_HEADS.get(place, f"field {place}") for place in range(22)]
                    self._skip, self.divider = lines_read[0] - 1, divider
                    return True
                if is_head(cells):
                    self.heads, self._skip, self.divider = cells, lines_read[0], divider
                    return True
        except csv.Error:
            pass
        return False

    def rows(self) -> Iterator[tuple[int, list[str] | Row]]:
        """See `Table`."""
        with _Lines(self._stream, self._encoding) as lines:
            for _ in range(self._skip):
                next(lines, None)
            number = 0
            while run := lines.read(_RUN) + lines.readline():
                number = yield from self._run(run, lines, number)
                if number >= MOST_ROWS:
                    raise too_many()

    def _run(self, run: str, lines: Iterator[str], number: int) -> Numbered:
        """Read some whole lines. Where no quotation mark is among them each is a row, divided as by the csv module."""
        plain = run.replace("\r\n", "\n")
        if self._has_nul or '"' in plain or "\r" in plain or len(plain) > csv.field_size_limit():
            given = list(io.StringIO(run, newline=""))
            return (yield from self._read(itertools.chain(given, lines), number, len(given)))
        divider = self.divider
        every = plain.removesuffix("\n").split("\n")
        for at, line in enumerate(every, number + 1):
            if line:
                self._current = line
                yield at, line.split(divider)
        return number + len(every)

    def _read(self, lines: Iterator[str], number: int, count: int) -> Numbered:
        """Read `count` lines, more where the last row goes on, keeping step with a second iterator that has them.

        From a row on whose quotation marks do not close all lines are read.
        """
        ahead, behind = itertools.tee(lines)
        reader = csv.reader(ahead, delimiter=self.divider, strict=True)
        more = -number  # lines of this reader, less the rows
        checked = self._checked if self._has_nul else None
        try:
            for cells in reader:
                line = next(behind)
                number += 1
                if reader.line_num != number + more:
                    current = [line, *itertools.islice(behind, reader.line_num - number - more)]
                    more = reader.line_num - number
                    if len(current) > MOST_LINES:
                        self._current = line
                        yield number, Row(say("log-quotes"))
                        del behind  # it would hold every line from here on
                        return (yield from self._read_on(ahead, deque(current[1:]), number))
                    line = "".join(current)
                if cells:
                    self._current = line
                    yield number, cells if checked is None else checked(cells)
                if reader.line_num >= count:
                    break
        except csv.Error:
            pending = deque(itertools.islice(behind, reader.line_num - number - more))
            del behind
            return (yield from self._read_on(ahead, pending, number))
        return number

    def _read_on(self, lines: Iterator[str], pending: deque[str], number: int) -> Numbered:
        """Read from a row with a fault on: lines it took from the rows below are given back, unread."""
        while True:
            current: list[str] = []
            try:
                for cells in csv.reader(_remembering(lines, current, pending), delimiter=self.divider, strict=True):
                    number += 1
                    if cells:
                        self._current = "".join(current)
                        yield number, self._checked(cells)
                    current.clear()
                    if number >= MOST_ROWS:
                        raise too_many()
            except csv.Error:
                pending.extendleft(reversed(current[1:]))
                number += 1
                self._current = "".join(current[:1])
                yield number, Row(say("log-quotes-long"))
                continue
            return number

    def _checked(self, cells: list[str]) -> list[str] | Row:
        if self._has_nul and any("\0" in cell for cell in cells):
            return Row(say("log-nul"))
        return cells

    def text(self) -> str:
        """See `Table`."""
        return self._current.rstrip("\r\n")[:LONGEST_TEXT]


def too_many() -> FormatError:
    """Give the refusal of a log that no table is so long as."""
    return FormatError(say("log-too-many", most=MOST_ROWS))


def _remembering(lines: Iterator[str], current: list[str], pending: deque[str]) -> Iterator[str]:
    """Give lines, those given back first, and note in `current` which ones make the row being read."""
    while True:
        if pending:
            line = pending.popleft()
        else:
            following = next(lines, None)
            if following is None:
                return
            line = following
        current.append(line)
        if len(current) > MOST_LINES:
            raise csv.Error("a row over too many lines")
        yield line


class _Lines:
    """The lines of a stream that stays open and keeps its place for whoever else is reading it."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream, self._encoding = stream, encoding

    def __enter__(self) -> io.TextIOWrapper:
        self._place = self._stream.tell()
        self._stream.seek(0)
        self._text = io.TextIOWrapper(self._stream, encoding=self._encoding, newline="")
        return self._text

    def __exit__(self, *_: object) -> None:
        self._text.detach()
        self._stream.seek(self._place)


class WorkbookTable:
    """The first sheet of an .xlsx workbook that has the heads; `others` have them too, and are not read.

    Cells are given as text; midnight is no time.
    """

    def __init__(self, stream: BinaryIO, is_head: Choose) -> None:
        import openpyxl

        from evidence.workbook_cells import not_unpacked

        try:
            because = not_unpacked(stream, LARGEST_WORKBOOK)
            if because is not None:
                raise FormatError(say("log-workbook-because", because=say(because.code)))
            stream.seek(0)
            self._book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            self._current: list[str] = []
            self._skip = 0
            self.heads: list[str] = []
            others: list[str] = []
            self.others: Sequence[str] = others
            self._sheet: Any = None
            for sheet in self._book.worksheets:
                if hasattr(sheet, "reset_dimensions"):
                    sheet.reset_dimensions()
                for number, cells in enumerate(itertools.islice(_cells_of(sheet), HEAD_ROWS), 1):
                    if not is_head(cells):
                        continue
                    if self._sheet is None:
                        self._sheet, self.heads, self._skip = sheet, cells, number
                    else:
                        others.append(sheet.title)
                    break
        except FormatError:
            raise
        except Exception as error:
            raise FormatError(say("log-workbook", what=type(error).__name__)) from None

    def rows(self) -> Iterator[tuple[int, list[str] | Row]]:
        """See `Table`."""
        cells = _cells_of(self._sheet)
        for _ in range(self._skip):
            next(cells, None)
        number = 0
        while True:
            try:
                found = next(cells, None)
            except Exception as error:
                raise FormatError(say("log-workbook-below", row=number, what=type(error).__name__)) from None
            if found is None:
                return
            number += 1
            if number > MOST_ROWS:
                raise too_many()
            self._current = found
            if any(found):
                yield number, found

    def text(self) -> str:
        """See `Table`."""
        return "\t".join(self._current).rstrip("\t")[:LONGEST_TEXT]


def _cells_of(sheet: Any) -> Iterator[list[str]]:
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > LAST_ROW:
            raise FormatError(say("log-workbook-row"))
        yield [_cell_text(value) for value in cells]


def _cell_text(value: object) -> str:
    """Give a cell's value as text: a date by its serial, and midnight beside a date as no time at all."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, datetime):
        value = (value + timedelta(milliseconds=1)).replace(microsecond=0)  # serials are fractions of a day
        return value.date().isoformat() if value.time() == time(0) else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta) and timedelta(0) <= value < timedelta(days=1):
        return f"{datetime(2000, 1, 1) + value:%H:%M:%S}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
