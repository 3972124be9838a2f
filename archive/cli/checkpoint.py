"""`sijill checkpoint`: the newest signed note, to keep elsewhere."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show

app = new_app()


@command(
    app,
    example="sijill checkpoint --out /media/usb/checkpoint-march",
    exits={0: "shown or written", 1: "the archive's newest checkpoint is not signed by its log"},
)
def checkpoint(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here instead; the file must not exist.")
    ] = None,
) -> None:
    """Show the newest signed checkpoint of the ledger.

    Keep it away from this computer: `sijill audit --against FILE` holds the
    archive against it later.
    """
    from archive import paper
    from archive.head import checkpoint_note
    from archive.note import Checkpoint, SignedNote

    archive = archive_of(ctx)
    with archive.reading() as db:
        _, stored = checkpoint_note(db)
    found = Checkpoint.parse(SignedNote.parse(stored).text)
    document = {
        "format": "sijill-checkpoint/1", "origin": found.origin, "size": found.size,
        "root": base64.b64encode(found.root).decode(), "note": stored.decode(),
    }  # fmt: skip
    if out is not None:
        paper.write(out, stored)
    words = stored.decode() if out is None else f"checkpoint of {found.size} entries written to {out}"
    show(document, words, as_json=said(ctx).json)
