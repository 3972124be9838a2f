"""`sijill alike`: pictures and texts that look like others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show
from evidence.reason import reason, told

if TYPE_CHECKING:
    from evidence.likeness import Likenesses

app = new_app()


@command(
    app,
    example="sijill alike\nsijill alike EX-2019-0001",
    exits={0: "looked, whatever was found", 2: "no such case"},
)
def alike(
    ctx: typer.Context,
    codes: Annotated[list[str] | None, typer.Argument(metavar="CODE...", help="Cases; all, if none.")] = None,
    lang: Annotated[
        str | None, typer.Option(metavar="ar|en", help="Language of the text; else $SIJILL_LANG. JSON stays English.")
    ] = None,
) -> None:
    """Suggest which pictures and texts may be one, where nobody has said so yet.

    Compares the items of the cases with each other. What looks alike is never
    joined by that; it becomes a relation only when a person makes it one.
    """
    from archive.language import language
    from archive.likeness import alike as look

    shared = said(ctx)
    tongue = language(lang)
    with progress("looking", as_json=shared.json) as draw:
        found = look(archive_of(ctx), codes or [], draw)
    show({"format": "sijill-alike/1", **(found.document() or {})}, lambda: in_words(found, tongue), as_json=shared.json)


def in_words(found: Likenesses, lang: str) -> str:
    """Say how many were compared, what looks alike, and what could not be compared."""
    head = reason("likeness-count", count=found.compared, found=len(found.suggestions))
    return f"{told(head, lang)}\n{found.text(lang)}"
