"""What an act taken in says of itself: shared by the commands that add or change one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from archive.cli.command import said, tongue, words
from archive.cli.showing import show, warn
from schemas.text import counted

if TYPE_CHECKING:
    from archive.intake import Taken


def show_taken(ctx: typer.Context, taken: Taken, code: str, /, **names: Any) -> None:
    """Show what was recorded (the sentence `code`), or that nothing was new."""
    document: dict[str, Any] = taken.document()
    number, first = document["entries"]["count"], document["entries"]["first"]
    told = words(ctx, "done-nothing")
    if number:
        entries = words(ctx, "done-entries", entries=counted(number, "entry", "entries"), number=number, first=first)
        told = f"{words(ctx, code, **names)}\n{entries}"
    show(document, told, as_json=said(ctx).json)
    if not said(ctx).json:
        warn(document["warnings"], tongue(ctx))
