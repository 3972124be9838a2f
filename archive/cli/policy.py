"""`sijill policy`: what the root decides for the archive."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show
from schemas.text import counted

HELP = "Set what the root decides for the archive."
app = new_app(HELP, group=True)


@command(
    app,
    "threshold",
    example="sijill policy threshold 2 --as mona --as karim",
    exits={0: "set", 2: "fewer persons hold the role root"},
    writes=True,
)
def set_root_threshold(
    ctx: typer.Context, persons: Annotated[int, typer.Argument(metavar="PERSONS", help="How many must sign.")]
) -> None:
    """Say how many persons must sign what only the root may do."""
    from archive.keys import acting
    from archive.operators import set_threshold

    archive = archive_of(ctx)
    document = set_threshold(archive, acting(said(ctx).operators, archive.home), persons)
    show(document, f"the root is now {counted(persons, 'person')}", as_json=said(ctx).json)
