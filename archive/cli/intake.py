"""`sijill intake`: folders of evidence, one a case, each whole. The plain call does not come here; see `fast`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli import taking
from archive.cli.command import archive_of, command, new_app, said
from schemas.errors import InputError

app = new_app()


@command(
    app,
    example="sijill intake ./tel-marjan --dry-run\nsijill intake ./tel-marjan --as mona",
    exits={0: "all of it is registered", 2: "something is wrong with a folder; nothing of that folder was recorded",
           3: "a file, the disk or the archive could not be reached"},
    writes=True,
)  # fmt: skip
def intake(
    ctx: typer.Context,
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="A case's folder, or a folder of such folders.")
    ],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why registered records are changed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but record.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.xlsx", help="With --dry-run: a copy of the sheet, wrong cells marked.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option(metavar="ar|en", help="Language of sentences; else $SIJILL_LANG.")
    ] = None,
) -> None:
    """Take folders of evidence in, each whole or not at all.

    A second run adds only what is new. Everything wrong with a folder is told
    at once. The folder is only read.
    """
    shared = said(ctx)
    if report is not None and not dry_run:
        raise InputError("--report goes with --dry-run", hint="add --dry-run", code="usage")
    status = taking.take_all(
        archive_of(ctx), folders, shared.operators, reason=reason, dry_run=dry_run, report=report, lang=lang,
        as_json=shared.json,
    )  # fmt: skip
    raise typer.Exit(status)
