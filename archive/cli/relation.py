"""`sijill relation`: how items hang together."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import show
from archive.cli.taken import show_taken

HELP = "Add or withdraw a relation between items."
app = new_app(HELP, group=True)


@command(
    app,
    "add",
    example="sijill relation add EX-2019-0001/V2 --type copy_of --of V1 --reason 'the same picture, smaller'",
    exits={0: "recorded", 2: "something is wrong with it; nothing was recorded"},
    writes=True,
)
def add_relation(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="CODE/ID.")],
    kind: Annotated[
        str,
        typer.Option(
            "--type", metavar="TYPE", help="cites, derived_from, copy_of, same_speaker, same_camera, translation_of."
        ),
    ],
    of: Annotated[
        str | None, typer.Option(metavar="ID", help="The other item of the case; CODE/ID of a merged one.")
    ] = None,
    external: Annotated[str | None, typer.Option(metavar="TEXT", help="Or what is not in the archive.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
) -> None:
    """Add a relation of an item, by the rules of a folder."""
    from archive.acts import add_relation as add
    from archive.keys import acting

    archive = archive_of(ctx)
    row = {"as": kind, "of": of, "external": external, "reason": reason}
    taken = add(archive, acting(said(ctx).operators, archive.home), item, row, lang=tongue(ctx))
    show_taken(ctx, taken, "done-relation", item=item)


@command(
    app,
    "withdraw",
    example="sijill relation withdraw EX-2019-0001/R1 --reason 'two different cameras'",
    exits={0: "withdrawn; it stays and counts no more", 2: "no such relation, or no reason"},
    writes=True,
)
def withdraw_relation(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID of the relation.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
) -> None:
    """Withdraw a relation: it stays in the ledger and joins nothing."""
    from archive.acts import withdraw
    from archive.keys import acting

    archive = archive_of(ctx)
    document = withdraw(archive, acting(said(ctx).operators, archive.home), name, reason, ("relation",))
    show(document, words(ctx, "done-withdrawn", id=document["id"]), as_json=said(ctx).json)
