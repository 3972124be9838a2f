"""`sijill copy`: a verified copy of the whole archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, words
from archive.cli.showing import progress, show
from schemas.text import counted

app = new_app()


@command(
    app,
    example="sijill copy /media/usb/archive\nsijill copy /media/usb/archive --update",
    exits={0: "copied and read again", 1: "something here is damaged", 2: "not empty, or no copy of this archive"},
)
def copy(
    ctx: typer.Context,
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new folder, or with --update a copy.")],
    update: Annotated[bool, typer.Option("--update", help="Bring a copy up to date.")] = False,
) -> None:
    """Copy the whole archive to another place, and check the copy.

    A copy can be read and audited and takes no act. Keys are not in it.
    """
    from archive.copies import copy as make

    shared = said(ctx)
    with progress("copying", as_json=shared.json) as draw:
        document = make(archive_of(ctx), dest, update=update, progress=draw)
    told = words(
        ctx, "done-copied", copy=document["copy"], entries=counted(document["size"], "entry", "entries"),
        number=document["size"], objects=counted(document["objects_written"], "object"),
        written=document["objects_written"],
    )  # fmt: skip
    told += "\n" + words(ctx, "done-check-there", command="python3 -I verify.py .")
    show(document, told, as_json=shared.json)
