"""`sijill policy`: what the root decides for the archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show
from schemas.text import counted, visible

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


@command(
    app,
    "set",
    example="sijill policy set witnesses.policy",
    exits={0: "set", 2: "it is no policy; nothing was recorded"},
    writes=True,
)
def set_witnesses(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A C2SP tlog-policy file.")]
) -> None:
    """Name the witnesses, and how many of them must cosign."""
    from archive.keys import acting
    from archive.witness import set_policy

    archive = archive_of(ctx)
    document = set_policy(archive, acting(said(ctx).operators, archive.home), file)
    words = f"{counted(len(document['witnesses']), 'witness', 'witnesses')}; quorum: {visible(document['quorum'])}"
    show(document, words, as_json=said(ctx).json)
