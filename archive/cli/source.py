"""`sijill source`: one person or body over all cases."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue
from archive.cli.showing import columns, show, spoken, term
from schemas.text import visible

HELP = "Show one person or body over all cases."
app = new_app(HELP, group=True)


@command(app, "show", example="sijill source show W-017", exits={0: "shown", 2: "no such pseudonym"})
def show_source(
    ctx: typer.Context, pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="As in the sources.")]
) -> None:
    """Show every case, item and past dossier of one person."""
    from archive.consent import person_document

    with archive_of(ctx).reading() as db:
        document = person_document(db, pseudonym)
    show(document, lambda: _words(document, tongue(ctx)), as_json=said(ctx).json)


def _words(document: dict[str, Any], lang: str) -> str:
    def answers(one: dict[str, Any]) -> str:
        given = one["answers"].items()
        told = (f"{term('audience', about, lang)}={term('answer', said, lang)}" for about, said in given)
        return " ".join(told) or spoken("not answered", cell=True)

    lines = [f"{visible(document['pseudonym'])}: {', '.join(visible(one['id']) for one in document['sources'])}", ""]
    rows = [
        (one["id"], term("item_kind", one["kind"], lang), spoken("withdrawn" if one["withdrawn"] else "", cell=True),
         answers(one))
        for one in document["items"]
    ]  # fmt: skip
    lines += columns(rows, ("item", "kind", "", "who may see it")).splitlines() if rows else ["no item"]
    lines.append("")
    left = [(one["code"], one["number"], one["left"], term("audience", one["audience"], lang), one["recipient"],
             " ".join(one["items"]))
            for one in document["dossiers"]]  # fmt: skip
    heads = ("dossier of", "number", "left", "for", "to", "with")
    lines += columns(left, heads).splitlines() if left else ["no dossier left with any of it"]
    return "\n".join(lines)
