"""The case.xlsx that people fill in: written ready, and given new rows without touching what they wrote.

One row of labels in the person's language over one row of keys, drop-downs in
both languages, ids and times as text so that no program reformats them, grey
columns (heads that begin with `#`) with what is known of each file: they are
information and are never read back. Nothing of a camera is put under `claimed`.

Follows ECMA-376 through openpyxl. Bytes in, bytes out.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from evidence.faults import Faults, Spot
from evidence.heads import HEADS, find_heads
from evidence.workbook_cells import refusal
from schemas import words
from schemas.errors import FormatError
from schemas.fields import Field
from schemas.item import ITEM_FIELDS
from schemas.sentences import say
from schemas.vocabulary import AUDIENCES, VOCABULARY

INFORMATION = ("guess", "size", "exif-time", "exif-position", "same", "hint")  # grey columns of `items`
_INFORMATION_HEADS = {f"# {name}" for name in INFORMATION}
LISTS = "#lists"
ROWS_READY = 300  # rows with drop-downs below the last filled one
_HEAD = PatternFill("solid", fgColor="FFDCE6F1")
_MUST = PatternFill("solid", fgColor="FFFFE699")
_GREY = PatternFill("solid", fgColor="FFF2F2F2")
_GREY_FONT = Font(color="FF7F7F7F")
_ID = re.compile(r"E-(\d+)\Z")

_CASE = (
    "code", "title.ar", "title.en", "exercise", "zone", "occurred.said", "occurred.earliest", "occurred.latest",
    "place.name.ar", "place.name.en", "place.lat", "place.lon", "place.accuracy_m", "place_public.name.ar",
    "place_public.name.en", "object_type", "delivery", "protected_status", "military_presence", "killed.min",
    "killed.max", "injured.min", "injured.max", "alleged_actor.actor", "alleged_actor.basis",
    "alleged_actor.confidence", "actor_response.asked_on", "actor_response.replied_on", "actor_response.position",
    "violation_type", "summary.ar", "summary.en", "other_codes", "seal_to",
)  # fmt: skip
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "case": _CASE,
    "item": (
        "id", "kind", "file", "source", "title.ar", "title.en", "medium", "generation", "claimed.time", "claimed.lat",
        "claimed.lon", "source_url", "uploaded_at", "language", "notes",
        "facets", "stance", "strength", "rationale", "assessor",
        "taken", "mode", "witness_role", "knowledge_basis", "interviewer",
        *(f"consent.{audience}" for audience in AUDIENCES), "consent.given",
        "doc_type", "rank", "author", "dated",
        "recorded", "transcript", "translation", "translator", "message_type",
        "coverage.from", "coverage.to", "date_order", "zone",
    ),
    "source": ("id", "kind", "pseudonym", "part_of", "identity_file", "place.lat", "place.lon", "notes"),
    "link": ("item", "facets", "stance", "strength", "rationale", "assessor", "locator", "reviewed_by"),
    "relation": ("item", "as", "of", "external", "reason"),
    "custody": ("item", "action", "at", "by", "to", "purpose", "place"),
    "strikes": ("label", "time", "place.name.ar", "place.name.en", "place.lat", "place.lon", "delivery", "munition"),
    "casualties": ("category", "min", "max"),
}  # fmt: skip
_REFERS = {("item", "source"): "source", ("source", "part_of"): "source", ("link", "item"): "item",
           ("relation", "item"): "item", ("relation", "of"): "item", ("custody", "item"): "item"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file for the sheet of items: its name, a kind where that is plain, and grey information by column."""

    name: str
    kind: str = ""
    medium: str = ""
    information: Mapping[str, Any] = field(default_factory=dict)


def new_book(rows: Sequence[FileRow], lang: str) -> bytes:
    """Give the bytes of a ready case.xlsx with a row for each file, labels in `lang` (`en`, `ar`)."""
    book = openpyxl.Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    sheets = {table: book.create_sheet(words.sheet_label(table, lang)) for table in COLUMNS}
    lists = _write_lists(book.create_sheet(LISTS), lang)
    for table, sheet in sheets.items():
        sheet.sheet_view.rightToLeft = lang == "ar"
        if table == "case":
            _write_case(sheet, lists, lang)
        else:
            _write_heads(sheet, table, lang)
            _write_choices(sheet, table, lists, sheets)
    _add_rows(sheets["item"], rows, lang)
    return in_bytes(book)


def update_book(data: bytes, rows: Sequence[FileRow], lang: str) -> tuple[bytes, int, int]:
    """Give a workbook with a row more for each file that it does not name, how many were added, and how many it named.

    No filled cell is touched; where nothing is new, the bytes are given back as
    they are. Raises FormatError for bytes that are no workbook of a case.
    """
    book = open_book(data)
    sheet = next((sheet for sheet in book.worksheets if words.read_sheet_name(sheet.title) == "item"), None)
    if sheet is None:
        raise FormatError("case.xlsx has no sheet of items", hint="move it away, and run the command again")
    columns, _ = _columns_of(sheet)
    if "file" not in columns:
        raise FormatError("the sheet of items has no column `file`", hint="add one, or move case.xlsx away")
    named = {str(sheet.cell(row, columns["file"]).value) for row in range(1, sheet.max_row + 1)}
    new = [row for row in rows if row.name not in named]
    if not new:
        return data, 0, len(rows)
    _add_rows(sheet, new, lang)
    return in_bytes(book), len(new), len(rows) - len(new)


def open_book(data: bytes) -> openpyxl.Workbook:
    """Open a workbook to write in. Raises FormatError, saying why it cannot be."""
    because = refusal(data)
    if because is not None:
        raise FormatError(f"case.xlsx cannot be read as a workbook: {say(because.code, **because.names)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(data))
    except Exception as error:  # a parser of bytes from outside may fail in any way
        raise FormatError(f"case.xlsx cannot be read as a workbook ({type(error).__name__})") from None


def has_formulas(data: bytes) -> bool:
    """Whether any sheet holds a formula, whose stored value a rewritten workbook no longer has. Raises FormatError."""
    return any(cell.data_type == "f" for sheet in open_book(data) for row in sheet.iter_rows() for cell in row)


def can_hold(text: str) -> bool:
    """Whether a cell can hold `text`: no control characters but tab and newlines."""
    return ILLEGAL_CHARACTERS_RE.search(text) is None and len(text) <= 32_767


def put_text(cell: Any, text: str) -> None:
    """Write text that no program takes for a formula, a number or a date."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:32_767]
    cell.data_type = "s"
    cell.number_format = "@"


class _InMemory(ExcelWriter):
    """Writes no sheet beside the workbook, as openpyxl does: what it is killed over would stay in a common folder."""

    def write_worksheet(self, ws: Any) -> None:
        """Write one sheet into the bundle."""
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        writer = WorksheetWriter(ws, io.BytesIO())
        writer.write()
        ws._rels = writer._rels  # type: ignore[attr-defined]
        self._archive.writestr(ws.path[1:], writer.read())  # type: ignore[attr-defined]
        self.manifest.append(ws)


def in_bytes(book: openpyxl.Workbook) -> bytes:
    """Give the bytes of a workbook."""
    out = io.BytesIO()
    _InMemory(book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)).save()
    return out.getvalue()


def _write_lists(sheet: Worksheet, lang: str) -> dict[str, str]:
    """Write the words of each vocabulary in both languages, the person's first; give vocabulary -> range."""
    sheet.sheet_state = "hidden"
    ranges: dict[str, str] = {}
    other = "en" if lang == "ar" else "ar"
    choices = {name: [words.word_label(name, word, tongue) for tongue in (lang, other) for word in known]
               for name, known in VOCABULARY.items()}  # fmt: skip
    choices["yesno"] = ["نعم", "لا", "yes", "no"] if lang == "ar" else ["yes", "no", "نعم", "لا"]
    for column, (name, labels) in enumerate(choices.items(), 1):
        put_text(sheet.cell(1, column), name)
        unique = list(dict.fromkeys(labels))
        for row, label in enumerate(unique, 2):
            put_text(sheet.cell(row, column), label)
        letter = get_column_letter(column)
        ranges[name] = f"'{LISTS}'!${letter}$2:${letter}${len(unique) + 1}"
    return ranges


def _write_case(sheet: Worksheet, lists: Mapping[str, str], lang: str) -> None:
    heads = (f"# {say('sheet-label', lang)}", words.head_label("key", lang), words.head_label("value", lang),
             f"# {say('sheet-example', lang)}")  # fmt: skip
    for column, head in enumerate(heads, 1):
        cell = sheet.cell(1, column)
        put_text(cell, head)
        cell.fill, cell.font = _HEAD, Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = (30, 26, 44, 60)[column - 1]
    for row, name in enumerate(COLUMNS["case"], 2):
        entry = HEADS["case"][name]
        must = name in ("code", "title.ar" if lang == "ar" else "title.en")
        put_text(sheet.cell(row, 1), words.head_label(name, lang) + (" *" if must else ""))
        put_text(sheet.cell(row, 2), name)
        put_text(sheet.cell(row, 4), example(entry, lang))
        sheet.cell(row, 1).fill = _MUST if must else _HEAD
        for column in (2, 4):
            sheet.cell(row, column).font = _GREY_FONT
        sheet.cell(row, 3).number_format = _cell_format(entry)
        sheet.cell(row, 3).alignment = Alignment(wrap_text=True, vertical="top")
        choice = _choice(entry, lists)
        if choice:
            choice.add(f"C{row}")
            sheet.add_data_validation(choice)
    sheet.freeze_panes = "A2"


def _write_heads(sheet: Worksheet, table: str, lang: str) -> None:
    for column, name in enumerate(COLUMNS[table], 1):
        entry = HEADS[table][name]
        kinds = _required_for(table, name)
        label, key = sheet.cell(1, column), sheet.cell(2, column)
        put_text(label, words.head_label(name, lang) + (" *" if kinds == "" else " (*)" if kinds else ""))
        put_text(key, name)
        label.fill = _HEAD if kinds is None else _MUST
        label.font, key.font = Font(bold=True), _GREY_FONT
        label.alignment = Alignment(wrap_text=True, vertical="top")
        label.comment = _comment(_advice(entry, kinds, lang))
        dimension = sheet.column_dimensions[get_column_letter(column)]
        dimension.width = 32 if name in ("file", "rationale", "transcript", "translation") else 18
        dimension.number_format = _cell_format(entry)
    if table == "item":
        _write_information_heads(sheet, len(COLUMNS[table]) + 1, lang)
    sheet.freeze_panes = "C3" if table == "item" else "A3"


def _write_information_heads(sheet: Worksheet, first: int, lang: str) -> None:
    for column, name in enumerate(INFORMATION, first):
        label, key = sheet.cell(1, column), sheet.cell(2, column)
        put_text(label, f"# {say(f'info-{name}', lang)}")
        put_text(key, f"# {name}")
        for cell in (label, key):
            cell.fill, cell.font = _GREY, _GREY_FONT
        sheet.column_dimensions[get_column_letter(column)].width = 22


def _required_for(table: str, name: str) -> str | None:
    """Give empty text where a column must always be filled in, kinds of item where it must for those, else None."""
    stem = name.partition(".")[0]
    if table == "item":
        if any(entry.name == stem and entry.required for entry in ITEM_FIELDS["document"]):
            return ""
        kinds = [kind for kind, fields in ITEM_FIELDS.items() if any(e.name == stem and e.required for e in fields)]
        kinds += ["flight_log"] if name == "file" else []
        return ", ".join(kinds) or None
    return "" if HEADS[table][name].required else None


def _cell_format(entry: Field) -> str:
    return "General" if entry.type in ("degrees", "whole", "decimal") else "@"


def _choice(entry: Field, lists: Mapping[str, str]) -> DataValidation | None:
    name = "yesno" if entry.type == "yesno" else entry.words
    if not name or name not in lists or entry.type not in ("word", "wordlist", "yesno"):
        return None
    choice = DataValidation("list", formula1=lists[name], allow_blank=True, errorStyle="warning")
    choice.showErrorMessage = entry.type == "word"
    return choice


def _write_choices(sheet: Worksheet, table: str, lists: Mapping[str, str], sheets: Mapping[str, Worksheet]) -> None:
    """Put drop-downs under the heads: words of a vocabulary, and ids of the sheet that a column refers to."""
    for column, name in enumerate(COLUMNS[table], 1):
        choice = _choice(HEADS[table][name], lists)
        target = _REFERS.get((table, name))
        if target:
            ids = f"'{sheets[target].title}'!$A$3:$A$2000"
            choice = DataValidation("list", formula1=ids, allow_blank=True, showErrorMessage=False)
        if choice:
            letter = get_column_letter(column)
            choice.add(f"{letter}3:{letter}{2000 + ROWS_READY}")
            sheet.add_data_validation(choice)


def _advice(entry: Field, kinds: str | None, lang: str) -> str:
    must = ""
    if kinds is not None:
        named = ", ".join(words.word_label("item_kind", kind, lang) for kind in kinds.split(", ") if kind)
        must = say("required-for", lang, kinds=named) if named else say("required", lang)
    return f"{must}\n{example(entry, lang)}".strip()


def example(entry: Field, lang: str) -> str:
    """Say in `lang` what a right value of a field looks like."""
    kind = entry.type.removeprefix("whole-")
    if kind == "timepart":
        kind = {"said": "text", "zone": "zone"}.get(entry.name, "time")
    kind = {"place": "degrees", "range": "whole", "words": "text", "item": "id"}.get(kind, kind)
    known = ""
    if entry.words:
        known = ", ".join(words.word_label(entry.words, word, lang) for word in VOCABULARY[entry.words])
    elif entry.members:
        known = " | ".join(member.name for member in entry.members)
    return say(f"example-{kind}", lang, known=known)


def _comment(text: str) -> Comment:
    comment = Comment(text[:2000], "Sijill")
    comment.width, comment.height = 320, 140
    return comment


def _columns_of(sheet: Worksheet) -> tuple[dict[str, int], int]:
    """Give dotted name -> column (from 1) of a sheet of items, and the last row that holds anything."""
    top = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=1, max_row=6)]
    columns, taken = find_heads("item", top, Spot("case.xlsx", "xlsx", sheet.title), Faults())
    found = {column.name: column.index + 1 for column in columns}
    for row in top[:taken]:
        found |= {str(head): index for index, head in enumerate(row, 1) if head in _INFORMATION_HEADS}
    last = taken
    for number, cells in enumerate(sheet.iter_rows(min_row=taken + 1), taken + 1):
        if any(cell.value not in (None, "") for cell in cells):
            last = number
    return found, last


def _add_rows(sheet: Worksheet, rows: Iterable[FileRow], lang: str) -> None:
    columns, last = _columns_of(sheet)
    ids = (
        [_ID.match(str(sheet.cell(row, columns["id"]).value)) for row in range(1, last + 1)] if "id" in columns else []
    )
    number = max((int(match[1]) for match in ids if match), default=0)
    for row, file in enumerate(rows, last + 1):
        number += 1
        values = {"id": f"E-{number:03d}", "file": file.name}
        for name, vocabulary, word in (("kind", "item_kind", file.kind), ("medium", "medium", file.medium)):
            if word:
                values[name] = words.word_label(vocabulary, word, lang)
        for name, column in columns.items():
            cell = sheet.cell(row, column)
            if name in values:
                put_text(cell, values[name])
            elif name.startswith("# "):
                _put_information(cell, file.information.get(name[2:]))
            else:
                cell.number_format = _cell_format(HEADS["item"].get(name, Field(name)))


def _put_information(cell: Cell | Any, value: Any) -> None:
    if isinstance(value, int):
        cell.value = value
    elif value:
        put_text(cell, str(value))
    cell.fill, cell.font = _GREY, _GREY_FONT
