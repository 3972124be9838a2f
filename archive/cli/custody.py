"""`sijill custody ID`: who held an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import show, term, time_in_words
from evidence.reason import in_language
from schemas.sentences import say, table
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
    show(document, lambda: _custody(document, tongue(ctx)), as_json=said(ctx).json)


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
    told = words(ctx, "done-handed-over", id=document["id"], to=document["to"])
    if not document["outside"]:
        told += "\n" + words(ctx, "done-to-accept", command=f"sijill custody accept {document['id']}")
    show(document, told, as_json=said(ctx).json)


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
    told = words(ctx, "done-accepted", id=document["id"], to=document["to"])
    show(document, told, as_json=said(ctx).json)


def _custody(document: dict[str, Any], lang: str) -> str:
    lines = [say("custody-of", lang, id=visible(document["id"]))]
    lines += events_in_words(document["events"], document["gaps"], lang)
    number = len(document["gaps"])
    gaps = say("custody-gaps", lang, gaps=counted(number, "gap"), number=number)
    return "\n".join([*lines, say("custody-whole", lang) if document["unbroken"] else gaps])


def events_in_words(
    events: Sequence[Mapping[str, Any]], gaps: Sequence[Mapping[str, Any]], lang: str = "en"
) -> list[str]:
    """Give one line an event, and one a gap where it stands."""
    lines = []
    for number, event in enumerate([*events, None]):
        lines += [
            say("custody-gap", lang, what=visible(in_language(gap["what"], lang)))
            for gap in gaps if gap["before"] == number
        ]  # fmt: skip
        if event is not None:
            lines.append(_event(event, lang))
    return lines


def _event(event: Mapping[str, Any], lang: str) -> str:
    at = time_in_words(event["at"], lang) if event.get("told") else event["at"]["earliest"]
    to = say("event-to", lang, to=event["to"]) if event.get("to") else ""
    why = f": {event['purpose']}" if event.get("purpose") else ""
    what = f" ({event['what']})" if event.get("what") else ""
    told = say("event-told", lang) if event.get("told") else say("event-entry", lang, entry=event["entry"])
    said = say("event", lang, at=at, action=_action(event, lang), by=event["by"])
    return visible(f"{said}{to}{why}{what}") + f"  {told}"


def _action(event: Mapping[str, Any], lang: str) -> str:
    """Name what was done: a word of custody, or the kind of an entry."""
    action = str(event["action"])
    code = f"act-{action}"
    return say(code, lang) if lang != "en" and code in table() else str(term("custody_action", action, lang))
