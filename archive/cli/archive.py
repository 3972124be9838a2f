"""`sijill archive export`: everything, for another archive or for the end of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show
from schemas.text import counted, visible

HELP = "Write the whole archive as one bag of plain files."
app = new_app(HELP, group=True)


@command(
    app,
    "export",
    example='sijill archive export ./everything --purpose "handed to the national archive"',
    exits={0: "everything is written", 1: "an object is damaged; nothing was written"},
    writes=True,
)
def export_archive(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="DIR", help="New, or empty.")],
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="Why everything leaves.")],
    date: Annotated[str | None, typer.Option(metavar="TIME", help="The date it carries, UTC; now if not said.")] = None,
) -> None:
    """Write every case, record, file and ledger entry as plain files that any archive can read.

    Nothing is withheld: this is for those who take the archive over.
    """
    from archive.dossier.whole import export_all
    from archive.keys import acting

    shared = said(ctx)
    archive = archive_of(ctx)
    signers = acting(shared.operators, archive.home)
    with progress("writing", as_json=shared.json) as draw:
        document = export_all(archive, out, signers, purpose=purpose, date=date, progress=draw)
    words = (
        f"{counted(len(document['cases']), 'case')}, {counted(document['files'], 'file')}, {document['bytes']} bytes: "
        f"{visible(document['out'])}\nnothing was withheld; keep it as the archive is kept"
    )
    show(document, words, as_json=shared.json)
