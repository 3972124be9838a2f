"""`sijill match`: flights near a case."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import columns, progress
from schemas.text import counted, visible

app = new_app()
COVERED = {
    True: "a log covers the whole window",
    False: "no log covers the whole window: that nothing was seen says nothing",
    None: "the case has no time or no place to look for",
}


@command(
    app,
    example="sijill match EX-2019-0001 --within-km 20",
    exits={0: "looked, whatever was found", 2: "no such case"},
)
def match(
    ctx: typer.Context,
    codes: Annotated[list[str] | None, typer.Argument(metavar="CODE...", help="Cases; all, if none.")] = None,
    within_km: Annotated[float, typer.Option(min=0, metavar="KM", help="How near, along the earth.")] = 20,
    before_min: Annotated[
        float, typer.Option(min=0, metavar="MINUTES", help="How long before the earliest time.")
    ] = 75,
    after_min: Annotated[float, typer.Option(min=0, metavar="MINUTES", help="How long after the latest time.")] = 35,
    near: Annotated[
        bool, typer.Option("--near", help="Only flights near the place, none that was on its way.")
    ] = False,
) -> None:
    """Find flights that were near a case's place at its time.

    Over every flight log of the archive. A match is a suggestion; it becomes a
    link only when an analyst makes it one.
    """
    from archive.flights import Limits, written

    limits = Limits(within_km, before_min, after_min, en_route=not near)
    words = None if said(ctx).json else in_words
    with progress("looking", as_json=said(ctx).json or sys.stdout.isatty()) as draw:  # there the answer itself runs
        for piece in written(archive_of(ctx), codes or [], limits, words, draw):
            sys.stdout.write(piece)


def in_words(case: Mapping[str, Any]) -> str:
    """Give the matches of one case as a table."""
    rows = [
        (f"{one['log']} row {one['row']}", one["kind"].replace("_", " "), _number(one["offset_min"], "min"),
         _number(one["distance_km"], "km"), _number(one["bearing_deg"], "deg"), _number(one["speed_kmh"], "km/h"),
         _number(one["heading_diff_deg"], "deg"))
        for one in case["matches"]
    ]  # fmt: skip
    heads = ("observation", "is", "offset", "distance", "bearing", "speed", "heading off by")
    head = f"{visible(case['code'])}: {counted(len(rows), 'flight')}; {COVERED[case['covered']]}"
    return "\n".join([head, *[f"  {line}" for line in (columns(rows, heads) if rows else "").splitlines()]])


def _number(value: Any, unit: str) -> str | None:
    return None if value is None else f"{value:g} {unit}"
