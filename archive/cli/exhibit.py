"""`sijill exhibit number`: a court's own numbers beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, words
from archive.cli.showing import show
from schemas.text import visible

HELP = "Enter a court's own exhibit numbers beside ours."
app = new_app(HELP, group=True)


@command(
    app,
    "number",
    example='sijill exhibit number EX-2019-0001 --scheme "Court 12/25" --map numbers.csv',
    exits={0: "the numbers are entered; those that were there already add nothing"},
    writes=True,
)
def number_exhibits(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE")],
    scheme: Annotated[str, typer.Option(metavar="NAME", help="Whose numbers they are.")],
    table: Annotated[Path, typer.Option("--map", metavar="FILE.csv", help="Heads: exhibit,number.")],
) -> None:
    """Enter the numbers that a court gave to exhibits. Ours stay as they are and never change."""
    from archive.keys import acting
    from archive.numbering import number

    shared = said(ctx)
    archive = archive_of(ctx)
    document = number(archive, code, scheme, table, acting(shared.operators, archive.home))
    lines = [f"{visible(one['id'])}: {visible(one['number'])}" for one in document["numbers"]]
    show(document, "\n".join([words(ctx, "done-numbers", count=len(lines)), *lines]), as_json=shared.json)
