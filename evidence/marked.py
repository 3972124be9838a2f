"""A copy of the sheets with the wrong cells marked: what is wrong, why, and an example, in the person's language.

Made from bytes and marks; the sheet that was handed in is never written. The
first sheet lists everything that was found, also what has no cell. A CSV or a
case.toml becomes a workbook of the same rows first.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from evidence.csv_rows import decoded
from evidence.heads import HEADS
from evidence.marks import Mark
from evidence.workbook import example, in_bytes, open_book, put_text
from schemas import words
from schemas.errors import FormatError
from schemas.sentences import say

_WRONG = PatternFill("solid", fgColor="FFFFC7CE")
_TOLD = PatternFill("solid", fgColor="FFFFEB9C")
_ROWS_OF_HEADS = 6
_MOST_COMMENTS = 5_000


def marked_copy(
    texts: Mapping[str, bytes], marks: Sequence[Mark], csv_tables: Mapping[str, str], lang: str
) -> bytes:
    """Give a workbook: every problem on its first sheet, then the sheets handed in with their wrong cells marked.

    `csv_tables` are the tables by CSV name. A case.xlsx that cannot be opened gives the list alone.
    """
    book = _book(texts)
    sheets: dict[str, Any] = {sheet.title: sheet for sheet in book.worksheets}
    for name in csv_tables:
        if name in texts:
            sheets[name] = _csv_sheet(book, name, texts[name])
    listed = book.create_sheet(_free_title(book, say("problems-sheet", lang)), 0)
    _list_problems(listed, marks, lang)
    for mark in marks[:_MOST_COMMENTS]:
        sheet = sheets.get(mark.sheet) if mark.sheet else None
        if sheet is not None:
            _mark(sheet, csv_tables.get(mark.file) or words.read_sheet_name(mark.sheet) or "", mark, lang)
    book.active = 0
    return in_bytes(book)


def _book(texts: Mapping[str, bytes]) -> openpyxl.Workbook:
    if "case.xlsx" in texts:
        try:
            return open_book(texts["case.xlsx"])
        except FormatError:
            pass  # the list of problems says so
    book = openpyxl.Workbook()
    if book.active is not None:
        book.remove(book.active)
    return book


def _free_title(book: openpyxl.Workbook, title: str) -> str:
    return title if title not in book.sheetnames else f"{title} {len(book.sheetnames)}"


def _csv_sheet(book: openpyxl.Workbook, name: str, data: bytes) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    rows = decoded(data)
    try:
        for number, row in enumerate(rows, 1):
            for column, text in enumerate(row, 1):
                if text:
                    put_text(sheet.cell(number, column), text)
    except (UnicodeDecodeError, csv.Error):
        pass  # the list of problems says so
    return sheet


def _list_problems(sheet: Worksheet, marks: Sequence[Mark], lang: str) -> None:
    sheet.sheet_view.rightToLeft = lang == "ar"
    for column, (head, width) in enumerate((("", 14), ("problems-where", 50), ("problems-what", 100)), 1):
        cell = sheet.cell(1, column)
        put_text(cell, say(head, lang) if head else "#")
        cell.font = Font(bold=True)
        sheet.column_dimensions["ABC"[column - 1]].width = width
    for row, mark in enumerate(marks, 2):
        put_text(sheet.cell(row, 1), say("problems-warning" if mark.warning else "problems-refused", lang))
        put_text(sheet.cell(row, 2), mark.where)
        put_text(sheet.cell(row, 3), mark.problem)
        sheet.cell(row, 1).fill = _TOLD if mark.warning else _WRONG
        sheet.cell(row, 3).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"


def _mark(sheet: Worksheet, table: str, mark: Mark, lang: str) -> None:
    cell = _cell(sheet, table, mark)
    if cell is None:
        return
    cell.fill = _TOLD if mark.warning and cell.fill != _WRONG else _WRONG
    entry = HEADS.get(table, {}).get(mark.column)
    text = mark.sentence
    if entry is not None and not mark.warning:
        text += f"\n{example(entry, lang)}"
    earlier = f"{cell.comment.text}\n\n" if cell.comment is not None and cell.comment.author == "Sijill" else ""
    cell.comment = Comment((earlier + text)[:4000], "Sijill", height=160, width=360)


def _cell(sheet: Worksheet, table: str, mark: Mark) -> Any:
    """Give the cell that a mark is about: of its row and column, else the first of its row, else its head."""
    if table == "case":
        row = mark.row or _row_of_key(sheet, mark.column)
        return sheet.cell(row, _value_column(sheet)) if row else None
    column = next((column for column in (_column(sheet, head) for head in mark.heads) if column), None)
    return sheet.cell(mark.row or 1, column or 1)


def _column(sheet: Worksheet, head: str) -> int | None:
    for row in sheet.iter_rows(min_row=1, max_row=_ROWS_OF_HEADS):
        for cell in row:
            if head and isinstance(cell.value, str) and cell.value.strip() == head:
                return int(cell.column or 1)
    return None


def _value_column(sheet: Worksheet) -> int:
    for row in sheet.iter_rows(min_row=1, max_row=_ROWS_OF_HEADS):
        for cell in row:
            if isinstance(cell.value, str) and words.plain(cell.value) in _forms("value"):
                return int(cell.column or 2)
    return 2


def _row_of_key(sheet: Worksheet, name: str) -> int | None:
    """Give the row of a key of the case, else the first row of its parts (`title.ar` of `title`)."""
    part = None
    for row in sheet.iter_rows():
        for cell in row[:4]:
            if not isinstance(cell.value, str):
                continue
            read = words.read_head(cell.value.rstrip(" *"), HEADS["case"])
            if read == [name]:
                return int(cell.row or 0)
            if part is None and len(read) == 1 and read[0].startswith(f"{name}."):
                part = int(cell.row or 0)
    return part


def _forms(name: str) -> set[str]:
    labels = words.table()["fields"][name]
    return {words.plain(form) for form in (name, labels["en"], labels["ar"])}
