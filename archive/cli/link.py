"""`sijill link`: one item's bearing on what a case claims."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import show
from archive.cli.taken import show_taken

HELP = "Add or withdraw a link from an item to what the case claims."
app = new_app(HELP, group=True)


@command(
    app,
    "add",
    example="sijill link add EX-2019-0001/V1 --facet what --facet where --stance supports --strength direct\n"
    "       --rationale 'shows the broken wing' --assessor A-2\n"
    "sijill link add EX-2019-0001/F1 --from-match EX-2019-0001/F1:3 --assessor A-2",
    exits={0: "recorded", 2: "something is wrong with it; nothing was recorded"},
    writes=True,
)
def add_link(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="CODE/ID.")],
    facet: Annotated[list[str] | None, typer.Option(metavar="FACET", help="What it bears on; may be repeated.")] = None,
    stance: Annotated[str | None, typer.Option(metavar="STANCE", help="supports, contradicts, context.")] = None,
    strength: Annotated[
        str | None, typer.Option(metavar="STRENGTH", help="direct, consistent_with, circumstantial.")
    ] = None,
    rationale: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    assessor: Annotated[str | None, typer.Option(metavar="CODE", help="Who judged; else who signs.")] = None,
    locator: Annotated[str | None, typer.Option(metavar="TEXT", help="Page, timecode, row or box.")] = None,
    reviewed_by: Annotated[str | None, typer.Option(metavar="CODE", help="Another person than the assessor.")] = None,
    name: Annotated[str | None, typer.Option("--id", metavar="ID", help="Its id; else the next free one.")] = None,
    from_match: Annotated[
        str | None, typer.Option(metavar="LOG:ROW", help="Accept a match that `sijill match` found.")
    ] = None,
) -> None:
    """Add a link from an item, by the rules of a folder."""
    from archive.acts import add_link as add
    from archive.acts import link_from_match
    from archive.keys import acting

    archive = archive_of(ctx)
    signers = acting(said(ctx).operators, archive.home)
    row: dict[str, Any] = link_from_match(archive, item, from_match) if from_match else {}
    given = {
        "id": name, "facets": facet, "stance": stance, "strength": strength, "rationale": rationale,
        "assessor": assessor or signers[0].name, "locator": locator, "reviewed_by": reviewed_by,
    }  # fmt: skip
    row.update({key: value for key, value in given.items() if value})
    show_taken(ctx, add(archive, signers, item, row, lang=tongue(ctx)), "done-link", item=item)


@command(
    app,
    "withdraw",
    example="sijill link withdraw EX-2019-0001/L3 --reason 'another street, seen from the tower'",
    exits={0: "withdrawn; it stays and counts no more", 2: "no such link, or no reason"},
    writes=True,
)
def withdraw_link(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID of the link.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
) -> None:
    """Withdraw a link: it stays in the ledger and counts for nothing."""
    from archive.acts import withdraw
    from archive.keys import acting

    archive = archive_of(ctx)
    document = withdraw(archive, acting(said(ctx).operators, archive.home), name, reason, ("link",))
    show(document, words(ctx, "done-withdrawn", id=document["id"]), as_json=said(ctx).json)
