"""`sijill consent`: an answer, or a withdrawal, after intake."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import show

app = new_app()


@command(
    app,
    example="sijill consent EX-2019-0001/W1 --for court --answer yes --reason 'asked by telephone, 3 May'\n"
    "sijill consent --person W-017 --withdraw --reason 'letter of 9 June' --recall notice.txt",
    exits={0: "recorded", 2: "no such item or person, or no reason"},
    writes=True,
)
def consent(
    ctx: typer.Context,
    item: Annotated[str | None, typer.Argument(metavar="ITEM", help="CODE/ID.")] = None,
    audience: Annotated[
        str | None, typer.Option("--for", metavar="AUDIENCE", help="internal, partner, un_body, court, public.")
    ] = None,
    answer: Annotated[str, typer.Option(metavar="yes|no|ask_first", help="What was answered.")] = "no",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Who said so, when, how; needed.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="No for every audience.")] = False,
    person: Annotated[
        str | None, typer.Option(metavar="PSEUDONYM", help="With --withdraw: all items of one person, in all cases.")
    ] = None,
    recall: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draft a notice to those who have a dossier with it.")
    ] = None,
) -> None:
    """Record an answer on who may see an item, or withdraw it.

    Counts from now on. Dossiers that left before are named; a program cannot
    call them back.
    """
    from archive import paper
    from archive.consent import answer as record
    from archive.consent import in_words, recall_notice
    from archive.keys import acting

    archive = archive_of(ctx)
    document = record(
        archive, acting(said(ctx).operators, archive.home), item=item, person=person, audience=audience, said=answer,
        withdraw=withdraw, reason=reason,
    )  # fmt: skip
    told = in_words(document, tongue(ctx))
    if recall is not None and document["dossiers"]:
        paper.write(recall, recall_notice(document).encode())
        told += "\n" + words(ctx, "done-notice", file=str(recall))
    show(document, told, as_json=said(ctx).json)
