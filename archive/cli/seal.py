"""`sijill seal`: an identity, so that only guardians can open it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue
from archive.cli.showing import show, warn
from schemas.errors import InputError
from schemas.text import counted, visible

app = new_app()


@command(
    app,
    example="sijill seal EX-2019-0001/S1 --file w-017.txt\nsijill seal EX-2019-0001/S1 --again",
    exits={0: "sealed", 2: "no such source or file"},
    writes=True,
)
def seal(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="CODE/SOURCE", help="Whose identity it is.")],
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="What to seal; an .age file as it is.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Seal what is sealed to the guardians of today.")] = False,
) -> None:
    """Seal an identity so that only the archive's guardians can open it.

    The open file is left where it is. --again needs the age identity of a
    guardian to whom it was sealed.
    """
    from archive.keys import acting
    from archive.seal import seal as put
    from archive.seal import seal_again

    if (file is None) != again:
        raise InputError("say what to seal with --file FILE, or --again", code="usage")
    archive = archive_of(ctx)
    signers = acting(said(ctx).operators, archive.home)
    document = seal_again(archive, signers, source) if file is None else put(archive, signers, source, file)
    words = f"{visible(document['source'])} is sealed"
    if document["recipients"]:
        words += f" to {counted(len(document['recipients']), 'guardian')}"
    show(document, words, as_json=said(ctx).json)
    if not said(ctx).json:
        warn(document["warnings"], tongue(ctx))
