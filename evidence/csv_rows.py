"""The rows of a CSV table, decoded and divided as spreadsheet programs write them, streamed one by one.

UTF-8 with or without mark, UTF-16; comma, semicolon or tab, told by the heads.
Another encoding is refused, since a guess would turn names into other names. A
quote that never closes is refused, since it would swallow rows.

Follows RFC 4180 where it speaks; rows are numbered as a spreadsheet shows them.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice, zip_longest
from typing import Any

from evidence.faults import Faults, Spot
from evidence.heads import Headless, assemble, find_heads
from evidence.records import Row

LARGEST = 1024 * 1024 * 1024
LONGEST_CELL = 4 * 1024 * 1024
_DIVIDERS = ",;\t"


def rows(data: bytes, file: str, table: str, faults: Faults) -> Iterator[Row]:
    """Give the rows of a CSV as cells by field; what cannot be read is noted in `faults`, and ends the table."""
    spot = Spot(file, "csv")
    if len(data) > LARGEST:
        faults.wrong(spot, "too-large", limit="1 GiB", instead="")
        return
    encoding = _encoding(data)
    try:
        # a table is checked whole before a row is given, so that half of it is never read
        _check_encoding(data, encoding)
    except UnicodeDecodeError as error:
        faults.wrong(spot, "encoding", byte=error.start)
        return
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        yield from _rows(_lines(data, encoding), spot, table, faults)
    except csv.Error as error:
        faults.wrong(spot, "csv", because=str(error))
    finally:
        csv.field_size_limit(limit)


def decoded(data: bytes) -> Iterator[list[str]]:
    """Give every row of a CSV as it is divided, heads too. Raises UnicodeDecodeError or csv.Error."""
    lines = _lines(data, _encoding(data))
    first = lines.readline()
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        yield [first.strip()]
        yield from csv.reader(lines, delimiter=first.strip()[4])
        return
    yield from csv.reader(chain([first], lines), delimiter=_divider(first))


def _divider(first: str) -> str:
    return max(_DIVIDERS, key=_outside_quotes(first).count)


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    head = data[:400]
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    return "utf-8"


def _check_encoding(data: bytes, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), 1 << 20):
        try:
            decoder.decode(data[start : start + (1 << 20)])
        except UnicodeDecodeError as error:
            raise UnicodeDecodeError(encoding, b"", start + error.start, start + error.end, error.reason) from None
    decoder.decode(b"", final=True)


def _lines(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")


def _rows(lines: io.TextIOWrapper, spot: Spot, table: str, faults: Faults) -> Iterator[Row]:
    first = lines.readline()
    skipped = 0
    divider = ""
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        divider, skipped = first.strip()[4], 1
        first = lines.readline()
    divider = divider or _divider(first)
    reader = csv.reader(chain([first], lines), delimiter=divider, strict=True)
    top = list(islice(_numbered(reader, skipped), 6))
    columns, taken = find_heads(table, [row for _, row in top], spot, faults)
    if not columns:
        return
    spot = replace(spot, heads={column.name: column.head for column in columns})
    width = max(len(row) for _, row in top[:taken])
    shows = next((column.index for column in columns if column.name == "id"), None)
    headless = Headless([row for _, row in top[:taken]])
    above: list[str] = []
    for number, row in chain(top[taken:], _numbered(reader, skipped + len(top))):
        if not any(map(str.strip, row)):
            continue
        # most cells say what the one above says, and that is kept once
        above = row = [old if old == new else new for old, new in zip_longest(above, row)][: len(row)]
        if len(row) <= width and (letter := headless.filled(row)):
            faults.wrong(spot.row(number), "no-head", letter=letter)
        name = row[shows].strip() if shows is not None and shows < len(row) else ""
        here = spot.row(number, name if len(name) <= 64 else "")
        if len(row) > width and any(row[width:]):
            faults.wrong(here, "too-many-cells", found=len(row), expected=width)
            continue
        yield Row(here, assemble(columns, row, here, faults), sheet=True)


def _numbered(reader: Any, skipped: int) -> Iterator[tuple[int, list[str]]]:
    number = skipped
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"row {number + 1} (line {reader.line_num}): {error}") from None
        number += 1
        yield number, row


def _outside_quotes(line: str) -> str:
    return "".join(part for index, part in enumerate(line.split('"')) if index % 2 == 0)
