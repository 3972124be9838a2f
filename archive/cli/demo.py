"""`sijill demo`: the whole of it on an invented case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import command, new_app, said, tongue
from archive.cli.showing import show, spoken

app = new_app()


@command(
    app,
    example="sijill demo ./demo",
    exits={0: "all of it worked", 1: "a step found something it should not", 2: "the folder is not empty"},
)
def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
) -> None:
    """Build an invented case in a folder and run it through everything.

    Intake, check, verify, audit, dossier and its verification, in a few
    seconds. Writes only below DIR; its keys are worth nothing.
    """
    from archive.demo import demo as run
    from archive.demo import in_words

    as_json = said(ctx).json

    def say(doing: str) -> None:
        if not as_json:
            print(f"... {spoken(doing, cell=True)}", file=sys.stderr)

    shown = run(folder, say)
    document = shown.document()
    show(document, lambda: in_words(document, tongue(ctx)), as_json=as_json)
    raise typer.Exit(shown.exit_status)
