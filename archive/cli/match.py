"""`sijill match`: flights near a case."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said

app = new_app()


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
    from archive.cli.near import tell
    from archive.flights import Limits

    limits = Limits(within_km, before_min, after_min, en_route=not near)
    tell(archive_of(ctx), codes or [], limits, as_json=said(ctx).json)
