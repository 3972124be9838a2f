"""`new`: a ready case.xlsx for a folder of files, and new rows for one that is there.

Reads the files and writes one: the workbook, by rename. EXIF is read by the
limited children of `archive.reader`, and what they say stands in grey columns
as information; nothing is claimed for the person who fills the sheet in.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.folder import Folder, look
from archive.language import language
from archive.sheets import Sheets
from archive.workers import Progress, Saying, summed, telling
from evidence.agreement import is_passed_over
from evidence.media import HEAD, media_type
from evidence.messenger import is_screenshot, messenger
from evidence.reading import Reading
from evidence.sheet import MANIFEST, SHEET_FILES
from evidence.workbook import FileRow, can_hold, new_book
from schemas.errors import InputError, SijillError, UnreachableError
from schemas.sentences import retold, say
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

MOST_ROWS = 20_000
_CHUNK = 1 << 20
_GUESSES = {"image": ("imagery", "photo"), "video": ("imagery", "video")}
_DOCUMENTS = ("application/pdf", "application/msword", "wordprocessingml", "message/rfc822")
_TABLES = ("text/csv", "text/tab-separated-values", "spreadsheetml")
_OF_FLIGHTS = {"lat", "position", "heading", "aircraft_type", "aircraft_class", "activity"}  # one of them, and a time


@dataclass
class NewResult:
    """What was written: the workbook, rows in it that name a file of the folder, rows added now, what to know."""

    folder: Path
    path: Path
    rows: int
    added: int
    warnings: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Give the `sijill-new/1` document."""
        return {
            "format": "sijill-new/1",
            "folder": str(self.folder),
            "workbook": str(self.path),
            "rows": self.rows,
            "added": self.added,
            "kept": self.rows - self.added,
            "warnings": self.warnings,
        }


def new_folder(
    folder: Path, lang: str | None = None, archive: Archive | None = None, progress: Saying | None = None
) -> NewResult:
    """Write or update `case.xlsx` in a folder.

    Raises NotFound for no folder, InputError where it has a case.toml, a
    case.xlsx that cannot be opened or more than `MOST_ROWS` files, UnreachableError where a file cannot be read
    or the workbook cannot be written.
    """
    tongue = language(lang)
    looked = look(folder)
    if "case.toml" in looked.files:
        raise InputError(
            "this folder has a case.toml; a folder has either case.toml or case.xlsx",
            where=visible(str(folder)),
            hint="move case.toml away to work in a spreadsheet",
        )
    names, warnings = _names(looked, tongue)
    if len(names) > MOST_ROWS:
        raise InputError(
            f"{len(names):,} files are more than a spreadsheet of a row each can be filled in for ({MOST_ROWS:,})",
            where=visible(str(folder)),
            hint="hand in the files of each case in a folder of their own, or write items.csv beside a case.toml",
        )
    path = folder / "case.xlsx"
    before = looked.texts.get("case.xlsx")
    with Sheets() as sheets:
        rows = _rows(looked, names, tongue, archive, sheets, progress)
        if before is None:
            data, added = new_book(rows, tongue), len(rows)
        else:
            data, added, formulas = sheets.updated(before, rows, tongue)
            warnings += [say("formulas-lost", tongue)] if formulas else []
    if data != before:
        write_whole(path, data)
    seen = [retold(warning, tongue) for warning in looked.warnings]
    return NewResult(folder, path, len(rows), added, [*seen, *warnings])


def _names(looked: Folder, lang: str) -> tuple[list[str], list[str]]:
    """Give the files that a row can name, and what is to be said of the others."""
    names, warnings = [], []
    for name, because in looked.files.items():
        if is_passed_over(name, SHEET_FILES, MANIFEST):
            continue
        if because is not None:
            warnings.append(f"{visible(name)} {because}")
        elif not can_hold(name):
            warnings.append(say("bad-name", lang, file=visible(name)))
        else:
            names.append(name)
    return names, warnings


def _rows(
    looked: Folder, names: list[str], lang: str, archive: Archive | None, sheets: Sheets, progress: Saying | None
) -> list[FileRow]:
    types = {name: _media_type(looked.path(name), name) for name in names}
    sizes = {name: looked.path(name).stat().st_size for name in names}
    same = _same_bytes(looked, sizes, archive, progress)
    readings = _readings(looked, types, progress)
    rows = []
    for number, name in enumerate(names, 1):
        if progress is not None:
            progress("guessing what the files are", number, len(names))
        kind, medium = _guess(looked.path(name), types[name], sheets)
        information = {
            "guess": types[name],
            "size": sizes[name],
            "same": "; ".join(same.get(name, ())),
            "hint": _hint(name, lang),
            **_camera(readings.get(name)),
        }
        rows.append(FileRow(name, kind, medium, information))
    return rows


def _guess(path: Path, media: str, sheets: Sheets) -> tuple[str, str]:
    """Guess kind and medium of an item from its media type, and of a table from its heads; empty where nothing tells.

    A text or a recording may be a statement, an intercept or a document: only a person knows.
    """
    if any(part in media for part in _DOCUMENTS):
        return "document", ""
    if any(part in media for part in _TABLES):
        from evidence.date_order import ORDERS
        from evidence.flight_log import read_log

        try:
            with path.open("rb") as file:
                opened = partial(sheets.log, path)
                columns = read_log(file, date_order=ORDERS[0], name=path.name, opened=opened).columns
        except (SijillError, OSError):
            return "", ""
        return ("flight_log", "") if columns.keys() & _OF_FLIGHTS else ("", "")
    return _GUESSES.get(media.partition("/")[0], ("", ""))


def _media_type(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return media_type(file.read(HEAD), name)
    except OSError as error:
        raise UnreachableError(f"{visible(name)} cannot be opened: {error.strerror}", where=visible(name)) from None


def _hint(name: str, lang: str) -> str:
    program = messenger(name)
    if program:
        return say("hint-platform", lang, messenger=program)
    return say("hint-screenshot", lang) if is_screenshot(name) else ""


def _readings(looked: Folder, types: Mapping[str, str], progress: Saying | None) -> dict[str, Reading]:
    images = [(name, looked.path(name), kind) for name, kind in types.items() if kind.startswith("image/")]
    if not images:
        return {}
    from archive.reader import Reader

    found = {}
    with Reader() as reader:
        for name, reading in reader.read(images):
            found[name] = reading
            if progress is not None:
                progress("reading what the pictures say", len(found), len(images))
    return found


def _camera(reading: Reading | None) -> dict[str, str]:
    """Give camera time and position as text, exactly as they were written; nothing where there is none."""
    facts = reading.facts if reading is not None else {}
    captured, gps = facts.get("captured") or {}, facts.get("gps") or {}
    told = {}
    if captured.get("local"):
        told["exif-time"] = captured["local"] + (captured.get("offset") or "")
    if gps.get("lat") is not None and gps.get("lon") is not None:
        told["exif-position"] = f"{gps['lat']:.6f}, {gps['lon']:.6f}"
    return told


def _same_bytes(
    looked: Folder, sizes: Mapping[str, int], archive: Archive | None, progress: Saying | None
) -> dict[str, list[str]]:
    """Give for each file the files of the folder and the items of the archive that hold the same bytes."""
    by_size: dict[int, list[str]] = {}
    for name, size in sizes.items():
        by_size.setdefault(size, []).append(name)
    stored = _stored_sizes(archive)
    doubtful = [name for size, names in by_size.items() if len(names) > 1 or size in stored for name in names]
    step = summed(progress, "comparing files of one size", sum(sizes[name] for name in doubtful))
    digests = {name: _sha256(looked.path(name), name, step) for name in doubtful}
    by_digest: dict[str, list[str]] = {}
    for name, digest in digests.items():
        by_digest.setdefault(digest, []).append(name)
    items = _stored_items(archive, by_digest) if stored else {}
    return {
        name: [*(other for other in by_digest[digest] if other != name), *items.get(digest, ())]
        for name, digest in digests.items()
    }


def _stored_sizes(archive: Archive | None) -> set[int]:
    if archive is None:
        return set()
    with archive.reading() as db:
        return {size for (size,) in db.execute("SELECT DISTINCT size FROM object WHERE role = 'file'")}


def _stored_items(archive: Archive | None, digests: Iterable[str]) -> dict[str, list[str]]:
    if archive is None:
        return {}
    query = (
        "SELECT record.code, record.id FROM object JOIN record ON record.sub = object.sub "
        "WHERE object.sha256 = ? AND object.role = 'file' ORDER BY 1, 2"
    )
    with archive.reading() as db:
        found = {digest: [f"{case}/{item}" for case, item in db.execute(query, (digest,))] for digest in digests}
    return {digest: items for digest, items in found.items() if items}


def _sha256(path: Path, name: str, step: Progress | None) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            read = telling(file.read, step)
            while chunk := read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise UnreachableError(f"{visible(name)} cannot be read: {error.strerror}", where=visible(name)) from None
    return digest.hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by rename, so that it is the old one or the new one. Raises UnreachableError."""
    beside = path.with_name(f".sijill-{secrets.token_hex(8)}.tmp")
    try:
        try:
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UnreachableError(
            f"{visible(str(path))} cannot be written: {error.strerror}",
            hint="close it in the spreadsheet program, make room or name another folder, and run the command again",
        ) from None
