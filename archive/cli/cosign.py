"""`sijill cosign`: witnesses by file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show
from schemas.text import visible

HELP = "Ask witnesses to cosign the newest checkpoint, and keep what they sign."
app = new_app(HELP, group=True)


@command(
    app,
    "request",
    example="sijill cosign request --out ./for-the-witness --since what-they-saw.checkpoint",
    exits={0: "the request is written", 2: "the folder exists, or --since is no older state of this log"},
)
def request_cosignature(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new folder.")],
    since: Annotated[
        str | None, typer.Option(metavar="FILE", help="What the witness saw last: a checkpoint, or its size.")
    ] = None,
) -> None:
    """Write what a witness needs: the checkpoint, and the proof that it only grew.

    No entry leaves: a witness sees sizes and digests.
    """
    from archive.witness import request

    document = request(archive_of(ctx), out, since)
    words = f"from {document['old']} to {document['size']} entries: {visible(document['folder'])}/add-checkpoint"
    show(document, words, as_json=said(ctx).json)


@command(
    app,
    "attach",
    example="sijill cosign attach cosigned.checkpoint",
    exits={0: "checked and kept", 2: "no witness of the policy signed it; nothing was recorded"},
    writes=True,
)
def attach_cosignature(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A cosigned checkpoint, or lines.")]
) -> None:
    """Check what witnesses gave back, and keep it in the ledger."""
    from archive.keys import acting
    from archive.witness import attach

    archive = archive_of(ctx)
    document = attach(archive, acting(said(ctx).operators, archive.home), file)
    enough = "the quorum is met" if document["quorum"] else "that is not the quorum yet"
    words = f"{document['size']} entries, cosigned by {visible(', '.join(document['witnesses']))}; {enough}"
    show(document, words, as_json=said(ctx).json)
