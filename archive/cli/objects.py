"""`sijill objects tidy`: what a crash left among the objects, listed and then removed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show, spoken

HELP = "List the objects that nobody names, and remove them."
app = new_app(HELP, group=True)


@command(
    app,
    "tidy",
    example="sijill objects tidy\nsijill objects tidy --yes --as mona",
    exits={0: "listed, or removed", 1: "the audit finds something; nothing was removed"},
    writes=True,
)
def tidy_objects(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed, without asking.")] = False,
) -> None:
    """List the objects that nobody names, and remove them.

    A stopped intake leaves such; an intake under way may still need its own
    and is then refused and run again. Removing takes the custodian's role, and
    is asked for on a terminal. What is damaged or no object stays.
    """
    from archive.keys import acting
    from archive.tidy import in_words, tidy

    shared, archive = said(ctx), archive_of(ctx)
    signers = acting(shared.operators, archive.home) if yes else None
    with progress("looking", as_json=shared.json) as draw:
        document = tidy(archive, signers, draw)
    show(document, lambda: in_words(document), as_json=shared.json)
    if yes or shared.json or not (document["objects"] or document["folders"]):
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stdout.write(spoken("nothing was removed; `sijill objects tidy --yes` removes them") + "\n")
    elif typer.confirm(spoken("Remove them?"), default=False):
        document = tidy(archive, acting(shared.operators, archive.home))
        show(document, lambda: in_words(document), as_json=False)
    else:
        sys.stdout.write(spoken("nothing was removed") + "\n")
