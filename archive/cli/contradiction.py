"""`sijill contradiction resolve`: in writing, by another person."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import show
from schemas.words import word_label

HELP = "Resolve a contradiction in writing."
app = new_app(HELP, group=True)


@command(
    app,
    "resolve",
    example="sijill contradiction resolve EX-2019-0001/L4 --outcome explained --reason 'two strikes, not one'",
    exits={0: "recorded; both versions stay", 2: "no standing contradiction, or no reason",
           4: "who recorded or assessed it cannot resolve it"},
    writes=True,
)  # fmt: skip
def resolve_contradiction(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID of the link that contradicts.")],
    outcome: Annotated[
        str, typer.Option(metavar="OUTCOME", help="explained, evidence_rejected, claim_narrowed, unresolved.")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
) -> None:
    """Resolve a contradiction: another person than who recorded or assessed it.

    `unresolved` says that it was looked at and stays open.
    """
    from archive.acts import resolve
    from archive.keys import acting

    archive = archive_of(ctx)
    document = resolve(archive, acting(said(ctx).operators, archive.home), name, outcome, reason)
    named = word_label("outcome", document["outcome"], tongue(ctx)) if tongue(ctx) != "en" else document["outcome"]
    show(document, words(ctx, "done-resolved", id=document["id"], outcome=named), as_json=said(ctx).json)
