"""`sijill timeline`: every clock of a case on one axis."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue
from archive.cli.showing import columns, progress, show, spoken, time_in_words
from schemas.text import visible

app = new_app()


@command(app, example="sijill timeline EX-2019-0001", exits={0: "shown", 2: "there is no such case"})
def timeline(ctx: typer.Context, code: Annotated[str, typer.Argument(metavar="CODE")]) -> None:
    """Show every clock of a case on one axis: claim, statements, images, flights, radio.

    Times are UTC. Nothing is corrected: what two clocks disagree on stands twice.
    """
    from archive.timeline import timeline as read

    as_json = said(ctx).json
    with progress("gathering", as_json=as_json) as draw:
        document = read(archive_of(ctx), code, draw)
    show(document, lambda: _words(document, tongue(ctx)), as_json=as_json)


def _words(document: dict[str, Any], lang: str) -> str:
    rows = []
    for one in document["moments"]:
        bounds = time_in_words(one | {"said": ""}, lang)
        what = " ".join(filter(None, (one["text"], f"“{one['said']}”" if one["said"] else "")))
        clock = spoken(one["clock"] + (" (no zone told)" if one["unzoned"] else ""), cell=True)
        rows.append((bounds, clock, one["item"] or "", what))
    head = f"{visible(document['code'])}: every clock, in UTC"
    return head + "\n" + (columns(rows, ("when", "clock", "item", "")) if rows else "no time is told\n")
