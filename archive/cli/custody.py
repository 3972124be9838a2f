"""`sijill custody ID`: who held an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show, time_in_words
from schemas.text import counted, visible

HELP = "Show who held an item, from its capture to today."
app = new_app(HELP, group=True)


@command(
    app,
    "show",
    example="sijill custody EX-2019-0001/V1",
    exits={0: "shown, with every gap named", 2: "there is no such item"},
)
def show_custody(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID.")]) -> None:
    """Show who held an item: `sijill custody ID` does the same."""
    from archive.show import custody_document

    with archive_of(ctx).reading() as db:
        document = custody_document(db, name)
    show(document, lambda: _custody(document), as_json=said(ctx).json)


@command(
    app,
    "transfer",
    example="sijill custody transfer EX-2019-0001/V1 --to lena --purpose 'moves to the second office'\n"
    "sijill custody transfer EX-2019-0001/V1 --to-outside 'laboratory B' --receipt receipt.pdf --purpose analysis",
    exits={0: "handed over; it waits to be accepted", 1: "its bytes are not as they were taken in",
           2: "no such item or operator"},
    writes=True,
)  # fmt: skip
def transfer_item(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID.")],
    to: Annotated[str | None, typer.Option(metavar="NAME", help="An operator, who accepts it.")] = None,
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
    to_outside: Annotated[
        str | None, typer.Option("--to-outside", metavar="NAME", help="Somebody who has no key here.")
    ] = None,
    receipt: Annotated[Path | None, typer.Option(metavar="FILE", help="What they signed; it is kept.")] = None,
) -> None:
    """Hand an item over; another person accepts it. Its bytes are read again."""
    from archive.keys import acting
    from archive.transfer import hand_over
    from schemas.errors import InputError

    if (to is None) == (to_outside is None):
        raise InputError("say to whom: --to NAME or --to-outside NAME", code="usage")
    archive = archive_of(ctx)
    document = hand_over(
        archive, acting(said(ctx).operators, archive.home), name, to or str(to_outside), purpose,
        receipt=receipt, outside=to is None,
    )  # fmt: skip
    words = f"{visible(document['id'])} was handed over to {visible(document['to'])}"
    if not document["outside"]:
        words += f"\nthey accept it with: sijill custody accept {visible(document['id'])}"
    show(document, words, as_json=said(ctx).json)


@command(
    app,
    "accept",
    example="sijill custody accept EX-2019-0001/V1 --as lena",
    exits={0: "accepted", 1: "its bytes are not as they were taken in", 2: "it was not handed over"},
    writes=True,
)
def accept_item(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID.")]) -> None:
    """Accept an item that was handed over to you. Its bytes are read again."""
    from archive.keys import acting
    from archive.transfer import accept

    archive = archive_of(ctx)
    document = accept(archive, acting(said(ctx).operators, archive.home), name)
    show(document, f"{visible(document['id'])} was accepted by {visible(document['to'])}", as_json=said(ctx).json)


def _custody(document: dict[str, Any]) -> str:
    lines = [f"custody of {visible(document['id'])}", *events_in_words(document["events"], document["gaps"])]
    lines.append("no gap" if document["unbroken"] else counted(len(document["gaps"]), "gap"))
    return "\n".join(lines)


def events_in_words(events: Sequence[Mapping[str, Any]], gaps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give one line an event, and one a gap where it stands."""
    lines = []
    for number, event in enumerate([*events, None]):
        lines += [f"GAP: {visible(str(gap['what']))}" for gap in gaps if gap["before"] == number]
        if event is None:
            continue
        at = time_in_words(event["at"]) if event.get("told") else event["at"]["earliest"]
        to = f" to {event['to']}" if event.get("to") else ""
        why = f": {event['purpose']}" if event.get("purpose") else ""
        what = f" ({event['what']})" if event.get("what") else ""
        told = "  (as told)" if event.get("told") else f"  (entry {event['entry']})"
        lines.append(visible(f"{at}  {event['action']} by {event['by']}{to}{why}{what}") + told)
    return lines
