"""`sijill restore`: a copy takes the archive's place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import command, new_app, said
from archive.cli.showing import show
from schemas.text import visible

app = new_app()


@command(
    app,
    example="sijill restore /media/usb/archive",
    exits={0: "the copy is an archive now", 2: "it is no copy", 4: "this computer has seen more than it holds"},
)
def restore(
    ctx: typer.Context, copied: Annotated[Path, typer.Argument(metavar="COPY", help="A copy made by `sijill copy`.")]
) -> None:
    """Let a copy take the place of an archive that is lost.

    Refused where this computer has seen more entries than the copy holds: a
    log is never continued from an older state.
    """
    from archive.copies import restore as bring
    from archive.open import find

    document = bring(find(copied))
    words = f"{visible(document['archive'])} can be written again, with {document['size']} entries"
    if not document["pinned"]:
        words += "\nthis computer never saw the archive: compare with a checkpoint that somebody kept (audit --against)"
    show(document, words, as_json=said(ctx).json)
