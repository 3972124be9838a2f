"""Taking folders in and telling what became of them: what `sijill intake` does, with the parser or without.

Decides nothing about evidence and records nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.cli.showing import columns, progress, show, size_in_words, warn
from schemas.errors import InputError, Problem, SijillError
from schemas.sentences import retold, say
from schemas.text import counted, visible
from schemas.words import word_label

if TYPE_CHECKING:
    from archive.open import Archive

SHOWN_ROWS = 20


def take_all(
    archive: Archive, folders: Sequence[Path], operators: tuple[str, ...], *, as_json: bool,
    reason: str | None = None, dry_run: bool = False, report: Path | None = None, lang: str | None = None,
) -> int:  # fmt: skip
    """Take folders in, show the answer and give the exit status.

    One folder alone raises what refuses it; of several each is told. Raises InputError for a wrong call.
    """
    from archive.folder import case_folders
    from archive.language import language

    tongue = "en" if as_json else language(lang)
    cases = [case for folder in folders for case in case_folders(folder)]
    many = len(cases) > 1
    if many and report is not None:
        raise InputError("--report takes one folder at a time", hint="run it once a folder", code="usage")
    status, results = 0, []
    with progress("taking in", as_json=as_json) as draw:
        for case in cases:
            try:
                document = _take(archive, case, operators, draw, reason=reason, dry_run=dry_run, lang=tongue)
            except SijillError as error:
                if report is not None and error.problems:
                    _report(case, error.problems, report, lang, archive)
                if not many:
                    raise
                document, status = {**error.document(), "folder": visible(str(case))}, max(status, error.exit_status)
            else:
                if report is not None:  # nothing refuses it; what there is to know is marked all the same
                    _report(case, (), report, lang, archive)
            results.append(document)
    document = {"format": "sijill-intake-results/1", "results": results} if many else results[0]
    show(document, lambda: "\n".join(_words(one, tongue) for one in results), as_json=as_json)
    if not as_json:
        warn((warning for one in results for warning in one.get("warnings", ())), tongue)
    return status


def _take(archive: Archive, folder: Path, operators: tuple[str, ...], draw: Any, **options: Any) -> dict[str, Any]:
    from archive.intake import intake as take
    from archive.keys import acting

    signers = [] if options["dry_run"] else acting(operators, archive.home)
    return take(archive, folder, signers, progress=draw, **options).document()


def _report(case: Path, problems: Sequence[Problem], path: Path, lang: str | None, archive: Archive) -> None:
    """Write the marked copy of the sheet; only this needs what writes workbooks."""
    from archive.report import write_report

    write_report(case, problems, path, lang, archive)


def _words(document: dict[str, Any], lang: str) -> str:
    if document["format"] == "sijill-error/1":
        lines = [say("folder-refused", lang, folder=document["folder"], message=visible(document["message"]))]
        lines += [f"  {visible(p['where'])}: {visible(p['problem'])}" for p in document.get("problems", ())]
        return "\n".join(lines)
    new = sum(1 for item in document["items"] if item["new"])
    known, code = len(document["items"]) - new, "would-be-taken-in" if document.get("dry_run") else "taken-in"
    lines = [say(code, lang, case=visible(document["case"]), items=counted(new, "item"), new=new, known=known)]
    lines += [f"  {line}" for line in (*_stored(document, new, lang), *_listed(document, lang))]
    if not document.get("dry_run"):
        lines += [f"  {line}" for line in (*_written(document, lang), *_next(document, lang))]
    return "\n".join(lines)


def _stored(document: dict[str, Any], new: int, lang: str) -> Iterator[str]:
    stored = document["stored"]
    if new and stored["already_files"]:
        yield say(
            "stored-before", lang, already=stored["already_files"], files=counted(stored["files"], "file"),
            number=stored["files"], had=size_in_words(stored["already_bytes"]), size=size_in_words(stored["bytes"]),
        )  # fmt: skip


def _listed(document: dict[str, Any], lang: str) -> Iterator[str]:
    new, known = say("item-new", lang), say("item-known", lang)
    rows = (
        (
            item["id"],
            item["kind"] if lang == "en" else word_label("item_kind", item["kind"], lang),
            size_in_words(item["size"]),
            (item["sha256"] or "")[:16],
            new if item["new"] else known,
        )
        for item in document["items"]
    )
    heads = [say(f"head-{name}", lang) for name in ("item", "kind", "size", "digest")]
    yield from columns(rows, (*heads, "")).splitlines()
    if document["observations"]:
        number = document["observations"]
        yield say("flights-read", lang, flights=counted(number, "flight"), number=number)
    unreadable = document["rows_unreadable"]
    for row in unreadable[:SHOWN_ROWS]:
        why = visible(retold(str(row["why"]), lang))
        yield say("row-not-read", lang, item=visible(str(row["item"])), row=row["row"], why=why)
    if len(unreadable) > SHOWN_ROWS:
        yield say("rows-more", lang, count=len(unreadable) - SHOWN_ROWS)


def _next(document: dict[str, Any], lang: str) -> Iterator[str]:
    """Say how copies are found, where something new came in that can be compared."""
    from evidence.likeness import COMPARED, form_of

    if any(one["new"] and one["kind"] in COMPARED and form_of(one["media_type"] or "") for one in document["items"]):
        yield say("alike-next", lang, command="sijill alike")


def _written(document: dict[str, Any], lang: str) -> Iterator[str]:
    entries, checkpoint = document["entries"], document["checkpoint"]
    if not entries["count"]:
        yield say("nothing-new", lang)
        return
    number, first = entries["count"], entries["first"]
    yield say("entries-written", lang, entries=counted(number, "entry", "entries"), number=number, first=first)
    yield say("checkpoint-now", lang, size=checkpoint["size"], root=checkpoint["root"])
