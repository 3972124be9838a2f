"""What an act taken in says of itself: shared by the commands that add or change one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from archive.cli.command import said
from archive.cli.showing import show, warn
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.intake import Taken


def show_taken(ctx: typer.Context, taken: Taken, what: str) -> None:
    """Show what was recorded, or that nothing was new."""
    document: dict[str, Any] = taken.document()
    count = document["entries"]["count"]
    entries = counted(count, "entry", "entries")
    words = f"{visible(what)}\n{entries} from {document['entries']['first']}, signed in one commit"
    show(document, words if count else "nothing new: nothing was written", as_json=said(ctx).json)
    if not said(ctx).json:
        warn(document["warnings"])
