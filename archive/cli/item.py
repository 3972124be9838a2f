"""`sijill item show`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.case import link_table, title_of
from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.custody import events_in_words
from archive.cli.read import facts_in_words, warnings_in_words
from archive.cli.showing import columns, show, size_in_words, term, time_in_words
from schemas.sentences import say, table
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
    show(document, lambda: f"{_item(document, tongue(ctx))}\n{alike.text(tongue(ctx))}", as_json=said(ctx).json)


def _item(document: dict[str, Any], lang: str) -> str:
    head = f"{visible(document['id'])}  {title_of(document, lang)}".rstrip()
    lines = [head + (f"  ({say('is-withdrawn', lang)})" if document["withdrawn"] else "")]
    order = sorted(document, key=lambda key: (_FIRST.index(key) if key in _FIRST else len(_FIRST), key))
    rows = [(_label(key, lang), _value(document[key], lang, key)) for key in order if key not in _ELSEWHERE]
    lines += [f"  {line}" for line in columns(rows).splitlines()]
    lines += _reading(document["reading"], lang) if document["reading"] else []
    if document["links"]:
        lines += [say("part-links", lang), *[f"  {line}" for line in link_table(document["links"], lang).splitlines()]]
    events = events_in_words(document["custody"], document["custody_gaps"], lang)
    lines += [say("part-custody", lang), *[f"  {line}" for line in events]]
    lines += [
        say("object", lang, role=one["role"], blake3=one["blake3"], size=size_in_words(one["size"]))
        for one in document["objects"]
    ]
    return "\n".join(lines)


def _reading(reading: Mapping[str, Any], lang: str) -> list[str]:
    who = visible(f"{reading['tool']} {reading['version']}").strip()
    lines = [say("reading-by", lang, who=who) if who else say("no-reading", lang)]
    facts = facts_in_words(reading["facts"], lang)
    if not facts and who:
        facts = [(str(key), shown) for key, value in (reading["facts"] or {}).items() if (shown := _value(value, lang))]
    lines += [f"  {line}" for line in columns(facts).splitlines()]
    return lines + warnings_in_words(reading["warnings"], lang)


def _label(key: str, lang: str) -> str:
    """Give the name of a field; of one that no sheet has, what the sentences call it, else its key."""
    shown = str(term("field", key, lang))
    return (say(f"label-{key}", lang) if lang != "en" and f"label-{key}" in table() else shown).replace("_", " ")


def _value(value: Any, lang: str, name: str = "") -> str:
    if isinstance(value, dict) and ("earliest" in value or "latest" in value):
        return time_in_words(value, lang)
    if isinstance(value, dict):
        between = "; " if lang == "en" else "؛ "
        return between.join(
            f"{key if lang == 'en' else _label(key, lang)}: {_value(inner, lang, key)}"
            for key, inner in value.items() if inner is not None
        )  # fmt: skip
    if isinstance(value, list):
        return (", " if lang == "en" else "، ").join(_value(inner, lang, name) for inner in value)
    if isinstance(value, bool):
        return say("yes" if value else "no", lang)
    if value is None:
        return ""
    return visible(str(value) if lang == "en" or not isinstance(value, str) else _word(name, value, lang))


def _word(name: str, text: str, lang: str) -> str:
    """Give the value of a field whose values are words, in `lang`; any other text as it stands."""
    from archive.dossier.wording import WORD_FIELDS, word

    return word(lang, WORD_FIELDS[name], text) if name in WORD_FIELDS else text
