"""`sijill new`: a workbook for people who work in spreadsheets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import command, new_app, said, tongue
from archive.cli.showing import progress, show, warn
from schemas.errors import NotFound
from schemas.sentences import say
from schemas.text import visible

app = new_app()


@command(
    app,
    example="sijill new ./tel-marjan --lang ar",
    exits={0: "case.xlsx is written", 2: "no such folder, or it has a case.toml"},
)
def new(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder that holds the files.")],
    lang: Annotated[str | None, typer.Option(metavar="ar|en", help="Language of labels; else $SIJILL_LANG.")] = None,
) -> None:
    """Look through a folder of files and write a case.xlsx ready to be filled in.

    A row a file, with a guess of its kind, size, camera time and position in
    grey columns, and drop-down lists. Run again, it adds rows for new files
    and touches no cell that was filled in.
    """
    from archive.language import language
    from archive.new import new_folder

    try:
        archive = _archive(ctx)
    except NotFound:
        if said(ctx).archive:
            raise
        archive = None
    with progress("looking through the files", as_json=said(ctx).json) as draw:
        document = new_folder(folder, lang, archive, draw).document()
    show(document, lambda: _words(document, language(lang)), as_json=said(ctx).json)
    if not said(ctx).json:
        warn(document.get("warnings", ()), tongue(ctx))


def _archive(ctx: typer.Context) -> Any:
    from archive.cli.command import archive_of

    return archive_of(ctx)


def _words(document: dict[str, Any], lang: str) -> str:
    shown = {name: visible(str(document[name])) for name in ("workbook", "folder", "added", "kept")}
    return say("workbook-ready", lang, **shown).strip()
