"""The report of a rehearsed intake: a copy of the sheet, wrong cells marked, in the language of the person.

Looks at the folder again and writes one file, outside of what is handed in
where the person says so. It records nothing and changes no sheet.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from archive.folder import look
from archive.language import language
from archive.new import write_whole
from archive.open import Archive
from archive.registered import had
from archive.sheets import Sheets
from evidence.marks import marks_of
from evidence.sheet import CSV_FILES, SHEET_FILES, read_submission
from schemas.errors import InputError, Problem
from schemas.sentences import LANGUAGES
from schemas.text import visible


def write_report(
    folder: Path, problems: Iterable[Problem], path: Path, lang: str | None = None, archive: Archive | None = None
) -> int:
    """Write the marked copy to `path` (`.xlsx`) and give how many problems it lists.

    `problems` are those of the intake, in any language; those that no table shows are listed on
    the first sheet. With `archive`, rows may name what a case has there.
    Raises InputError where `path` is a table of the folder, NotFound and UnreachableError as `look` and writing do.
    """
    tongue = language(lang)
    if path.suffix.lower() != ".xlsx":
        raise InputError("the report is a workbook; give a name that ends in .xlsx", where=visible(str(path)))
    if path.name.lower() in SHEET_FILES and path.resolve().parent == folder.resolve():
        raise InputError(
            "the report must not take the place of the sheet that is handed in",
            where=visible(str(path)),
            hint="give another name, as report.xlsx",
        )
    looked = look(folder)
    with Sheets() as sheets:
        with archive.reading() if archive else nullcontext() as db:
            known = (lambda code: had(db, code)) if db else None
            submission = read_submission(
                looked.texts, looked.files, now=datetime.now(UTC), registered=known, opened=sheets.book
            )
        shown = {fault.problem(spoken) for fault in submission.faults for spoken in LANGUAGES}
        others = [problem for problem in problems if problem not in shown]
        marks = marks_of(submission.faults, others, tongue)
        made = sheets.marked(looked.texts, marks, CSV_FILES, tongue)
    write_whole(path, made)
    return len(submission.problems) + len(others)
