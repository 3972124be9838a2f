"""`sijill item show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.case import link_table, title_of
from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.custody import events_in_words
from archive.cli.read import facts_in_words, warnings_in_words
from archive.cli.showing import columns, show, size_in_words, time_in_words
from schemas.text import visible

HELP = "Show one item with its reading, links and custody; add or withdraw one."
app = new_app(HELP, group=True)
_ELSEWHERE = (
    "format", "id", "case", "reading", "links", "relations", "custody", "custody_gaps", "objects", "source_record",
    "withdrawn", "entries", "title", "likeness",
)  # fmt: skip
_FIRST = ("kind", "medium", "source", "file", "media_type", "size", "sha256", "blake3")


@command(
    app,
    "add",
    example="sijill item add EX-2019-0001 --from found/item.toml",
    exits={0: "registered", 2: "something is wrong with it; nothing was recorded"},
    writes=True,
)
def add_item(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The case.")],
    file: Annotated[
        Path, typer.Option("--from", metavar="FILE.toml", help="[[item]] tables; the files named lie beside it.")
    ],
) -> None:
    """Add items to a case, by the rules of a folder."""
    from archive.acts import add_items
    from archive.cli.taken import show_taken
    from archive.keys import acting

    archive = archive_of(ctx)
    taken = add_items(archive, acting(said(ctx).operators, archive.home), code, file, lang=tongue(ctx))
    show_taken(ctx, taken, "done-items", items=", ".join(item["id"] for item in taken.items) or code)


@command(
    app,
    "withdraw",
    example="sijill item withdraw EX-2019-0001/V3 --reason 'shows another town'",
    exits={0: "withdrawn; it stays and counts no more", 2: "no such item, or no reason"},
    writes=True,
)
def withdraw_item(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
) -> None:
    """Withdraw an item: its bytes and entries stay, and it counts for nothing."""
    from archive.acts import withdraw
    from archive.keys import acting

    archive = archive_of(ctx)
    document = withdraw(archive, acting(said(ctx).operators, archive.home), name, reason, ("item",))
    show(document, words(ctx, "done-withdrawn", id=document["id"]), as_json=said(ctx).json)


@command(app, "show", example="sijill item show EX-2019-0001/V1", exits={0: "shown", 2: "there is no such item"})
def show_item(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID.")]) -> None:
    """Show one item: its record, reading, links, custody and objects."""
    from archive.likeness import remembered
    from archive.show import item_document

    archive = archive_of(ctx)
    with archive.reading() as db:
        document = item_document(db, name)
        alike = remembered(archive, db, document["case"]).of(document["id"])
    document["likeness"] = alike.document()
    show(document, lambda: f"{_item(document, tongue(ctx))}\n{alike.text()}", as_json=said(ctx).json)


def _item(document: dict[str, Any], lang: str) -> str:
    head = f"{visible(document['id'])}  {title_of(document)}".rstrip()
    lines = [head + ("  (withdrawn)" if document["withdrawn"] else "")]
    order = sorted(document, key=lambda key: (_FIRST.index(key) if key in _FIRST else len(_FIRST), key))
    rows = [(key.replace("_", " "), _value(document[key])) for key in order if key not in _ELSEWHERE]
    lines += [f"  {line}" for line in columns(rows).splitlines()]
    reading = document["reading"]
    if reading:
        who = visible(f"{reading['tool']} {reading['version']}").strip()
        lines.append(f"reading by {who}" if who else "no reading")
        facts = facts_in_words(reading["facts"], lang)
        if not facts and who:
            facts = [(str(key), shown) for key, value in (reading["facts"] or {}).items() if (shown := _value(value))]
        lines += [f"  {line}" for line in columns(facts).splitlines()]
        lines += warnings_in_words(reading["warnings"], lang)
    if document["links"]:
        lines += ["links", *[f"  {line}" for line in link_table(document["links"]).splitlines()]]
    lines += ["custody", *[f"  {line}" for line in events_in_words(document["custody"], document["custody_gaps"])]]
    lines += [f"object {one['role']}: {one['blake3']} ({size_in_words(one['size'])})" for one in document["objects"]]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, dict) and ("earliest" in value or "latest" in value):
        return time_in_words(value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_value(inner)}" for key, inner in value.items() if inner is not None)
    if isinstance(value, list):
        return ", ".join(_value(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else visible(str(value))
