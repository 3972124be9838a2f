"""`sijill custody ID`: who held an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
