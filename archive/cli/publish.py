"""`sijill publish DIR`: the ledger as static files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show
from schemas.text import visible

app = new_app()


@command(
    app,
    example="sijill publish ./mirror",
    exits={0: "written; the mirror is up to date", 1: "the mirror holds another history, or the ledger is damaged"},
)
def publish(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or one published before.")],
) -> None:
    """Write the ledger as static files that anyone can mirror and check.

    C2SP tlog-tiles: checkpoint, tiles, entry bundles. Nothing in them names a
    person, a place or a file.
    """
    from archive.publish import publish as write

    shared = said(ctx)
    with progress("publishing", as_json=shared.json) as draw:
        document = write(archive_of(ctx), folder, progress=draw)
    place = visible(str(document["folder"]))
    words = f"{document['size']} entries stand in {place}; {document['written']} files written"
    show(document, words, as_json=shared.json)
