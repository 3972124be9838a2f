"""`sijill restore`: a copy takes the archive's place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import command, new_app, said, tongue
from archive.cli.showing import progress, show, warn
from schemas.text import counted, visible

app = new_app()


@command(
    app,
    example="sijill restore /media/usb/archive",
    exits={0: "the copy is an archive now", 2: "it is no copy", 4: "more was seen than it holds"},
)
def restore(
    ctx: typer.Context,
    copied: Annotated[Path, typer.Argument(metavar="COPY", help="A copy made by `sijill copy`.")],
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on without the missing entries, as another archive.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name of that archive; else the old one with -2.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A checkpoint that somebody kept; may be repeated.")
    ] = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Keep the other archive's log key unencrypted on this disk.")
    ] = False,
) -> None:
    """Let a copy take the place of an archive that is lost.

    Refused where this computer, or a kept checkpoint, has seen more entries
    than the copy holds: a log is never continued from an older state. With
    --reason another archive takes its place, under a new origin: its first
    entry names the head of the copy, which is kept inside it, in `predecessor`.
    """
    from archive.continued import go_on, put_back
    from archive.copies import restore as bring
    from archive.keys import acting
    from archive.open import find

    put_back(copied.absolute())
    lost = find(copied)
    signers = acting(said(ctx).operators, lost.home) if reason is not None else []
    with progress("restoring", as_json=said(ctx).json) as draw:
        if reason is None:
            document = bring(lost, against or [], draw)
        else:
            document = go_on(
                lost, signers, reason, origin=origin, against=against or [], no_passphrase=no_passphrase, progress=draw
            )
    show(document, lambda: in_words(document), as_json=said(ctx).json)
    if not said(ctx).json:
        warn(document.get("warnings", ()), tongue(ctx))


def in_words(document: dict[str, Any]) -> str:
    """Say what took the archive's place."""
    words = f"{visible(document['archive'])} can be written again, with {document['size']} entries"
    if "continues" in document:
        older = document["continues"]
        words = (
            f"another archive: {visible(document['archive'])}\n"
            f"origin       {visible(document['origin'])}\n"
            f"log key      {visible(document['log_vkey'])}\n"
            f"goes on from {visible(older['origin'])} at {counted(older['size'], 'entry', 'entries')};"
            f" {document['missing']} that were seen are missing\n"
            f"{counted(document['records'], 'record')} and {counted(document['objects'], 'object')} taken in as they"
            " stood; who did what stands in the folder predecessor, which is kept as it was\n"
            "Tell origin and log key to those who check your work, and why."
        )
    elif not document["pinned"]:
        words += "\nthis computer never saw the archive: compare with a checkpoint that somebody kept (--against FILE)"
    return words
