"""`sijill health`: one page on what is due."""

from __future__ import annotations

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue
from archive.cli.showing import show

app = new_app()


@command(app, example="sijill health", exits={0: "shown"})
def health(ctx: typer.Context) -> None:
    """Show on one page what was last verified, anchored and copied, and what waits.

    Reads what is recorded; `sijill audit` is what checks it.
    """
    from archive.health import health as look
    from archive.health import in_words

    document = look(archive_of(ctx))
    show(document, lambda: in_words(document, tongue(ctx)), as_json=said(ctx).json)
