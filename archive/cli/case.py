"""`sijill case`: list, show, amend, merge."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import (
    columns,
    each_line,
    heads,
    show,
    show_each,
    size_in_words,
    term,
    time_in_words,
    warn,
)  # fmt: skip
from schemas.sentences import say
from schemas.text import visible

HELP = "List the cases, show one, amend what it claims, or merge two that were one attack."
app = new_app(HELP, group=True)


@command(app, "list", example="sijill case list", exits={0: "shown"})
def list_cases(ctx: typer.Context) -> None:
    """List the cases with their items and their last recorded grade."""
    from archive.show import each_case
    from archive.stretches import count

    def rows() -> Iterator[tuple[Any, ...]]:
        return ((one["code"], one["items"], _standing(one, lang), title_of(one, lang)) for one in each_case(db))

    lang = tongue(ctx)

    with archive_of(ctx).reading() as db:
        if said(ctx).json:
            show_each({"format": "sijill-case-list/1"}, "cases", each_case(db))
        elif count(db):
            sys.stdout.writelines(each_line(rows, heads(lang, "code", "items", "grade", "title")))
        else:
            sys.stdout.write(say("no-cases", lang) + "\n")


@command(
    app,
    "amend",
    example="sijill case amend EX-2019-0001 killed.max=4 delivery=drone --reason 'hospital register, second page'",
    exits={0: "recorded as a new revision", 2: "something is wrong with it; nothing was recorded"},
    writes=True,
)
def amend_case(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE")],
    changes: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="As in a sheet; KEY= takes a field away.")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
) -> None:
    """Change what a case claims; the revisions before it stay in the ledger."""
    from archive.acts import amend_case as amend
    from archive.cli.taken import show_taken
    from archive.keys import acting
    from archive.merging import take_back
    from schemas.errors import InputError

    pairs = [change.partition("=") for change in changes]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise InputError(f"{visible(wrong[0])} is not KEY=VALUE", hint="killed.max=4", code="usage")
    archive = archive_of(ctx)
    signers, texts = acting(said(ctx).operators, archive.home), {name: text for name, _, text in pairs}
    if texts == {"merged_into": ""}:
        document = take_back(archive, signers, code, reason)
        show(document, words(ctx, "done-parted", code=code, before=document["before"]), as_json=said(ctx).json)
        return
    taken = amend(archive, signers, code, texts, reason, lang=tongue(ctx))
    show_taken(ctx, taken, "done-amended", code=code)


@command(
    app,
    "merge",
    example="sijill case merge EX-2019-0007 --into EX-2019-0001 --reason 'the same strike, reported by two teams'",
    exits={0: "recorded: the two are weighed as one", 2: "something is wrong with it; nothing was recorded"},
    writes=True,
)
def merge_cases(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The case that is weighed with another from now on.")],
    into: Annotated[str, typer.Option(metavar="CODE", help="The case that takes it in; its claims count.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
) -> None:
    """Merge a case into another: both were one attack. Codes, ids and exhibit numbers stay; nothing is moved.

    To take it back: sijill case amend CODE merged_into= --reason TEXT
    """
    from archive.keys import acting
    from archive.merging import merge

    archive = archive_of(ctx)
    document = merge(archive, acting(said(ctx).operators, archive.home), code, into, reason)
    everything = ", ".join(document["takes_in"])
    told = words(ctx, "done-merged", code=code, into=into, all=everything, items=document["items"])
    show(document, told, as_json=said(ctx).json)
    if not said(ctx).json:
        warn(document["warnings"], tongue(ctx))


def _standing(case: Mapping[str, Any], lang: str) -> str:
    """Say where a case stands: where it went, or its last recorded grade."""
    if "merged_into" in case:
        return say("merged-into", lang, into=visible(str(case["merged_into"])))
    grade = case["grade"]
    return say(f"grade-{grade}", lang) if grade in ("meets", "below") else str(grade or say("not-recorded", lang))


@command(app, "show", example="sijill case show EX-2019-0001", exits={0: "shown", 2: "there is no such case"})
def show_case(ctx: typer.Context, code: Annotated[str, typer.Argument(metavar="CODE")]) -> None:
    """Show a case: what it claims, its sources, items, links and relations."""
    from archive.likeness import remembered
    from archive.show import case_document

    archive = archive_of(ctx)
    with archive.reading() as db:
        document = case_document(db, code)
        alike = remembered(archive, db, code)
    document["likeness"] = alike.document()
    show(document, lambda: f"{_case(document, tongue(ctx))}\n{alike.text(tongue(ctx))}", as_json=said(ctx).json)


def title_of(record: Mapping[str, Any], lang: str = "en") -> str:
    """Give a title in words, in the language it has, marked if the case is invented."""
    mark = say("mark-exercise", lang) + " " if record.get("exercise") else ""
    return mark + in_languages(record.get("title"), lang)


def in_languages(text: Any, lang: str = "en") -> str:
    """Give a text that may be in several languages, the reader's first."""
    if isinstance(text, Mapping):
        order = ("ar", "und", "en") if lang == "ar" else ("en", "und", "ar")
        text = " / ".join(str(text[one]) for one in order if text.get(one))
    return visible(str(text or ""))


def place_in_words(place: Any, lang: str = "en") -> str:
    """Give a place: its names and its circle."""
    if not isinstance(place, Mapping):
        return say("not-told", lang)
    words = in_languages(place.get("name"), lang)
    if "lat" in place:
        within = say("within", lang, metres=place["accuracy_m"]) if "accuracy_m" in place else ""
        words = f"{words} ({place['lat']:.6f}, {place['lon']:.6f}{within})".strip()
    return words or say("not-told", lang)


def _case(document: dict[str, Any], lang: str) -> str:
    lines = [f"{visible(document['code'])}  {title_of(document, lang)}"]
    lines += [f"  {line}" for line in (*_merged(document, lang), *_claims(document, lang))]
    items = [
        (
            item["id"], term("item_kind", item.get("kind"), lang), item.get("source"),
            size_in_words(item.get("size")), _gone(item, lang),
        )
        for item in document["items"]
    ]  # fmt: skip
    if items:
        lines += ["", columns(items, heads(lang, "item", "kind", "source", "size", "")).rstrip()]
    sources = [
        (one["id"], term("source_kind", one["kind"], lang), one["pseudonym"], one.get("part_of"))
        for one in document["sources"]
    ]
    if sources:
        lines += ["", columns(sources, heads(lang, "source", "kind", "pseudonym", "part-of")).rstrip()]
    lines += ["", link_table(document["links"], lang)] if document["links"] else []
    relations = [
        (
            one["id"], one["item"], term("relation", one["as"], lang).replace("_", " "),
            one.get("of") or one.get("external"), _state(one, lang),
        )
        for one in document["relations"]
    ]  # fmt: skip
    if relations:
        lines += ["", columns(relations, heads(lang, "relation", "item", "is", "of", "")).rstrip()]
    gone = [say("erased-by", lang, order=one["order"], id=visible(one["id"])) for one in document["erased"]]
    lines += ["", *gone] if gone else []
    return "\n".join(lines)


def _merged(document: Mapping[str, Any], lang: str) -> Iterator[str]:
    if "weighed_with" in document:
        why, into = visible(str(document.get("merged_reason", ""))), visible(str(document["merged_into"]))
        yield f"{say('merged-into', lang, into=into)}: {why}"
        yield say("weighed-there", lang, command=f"sijill check {visible(str(document['weighed_with']))}")
    if document.get("merged_from"):
        yield say("takes-in", lang, codes=", ".join(map(visible, document["merged_from"])))


def _claims(document: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Say what the case claims."""
    yield say("case-time", lang, what=time_in_words(document.get("occurred"), lang))
    yield say("case-place", lang, what=place_in_words(document.get("place"), lang))
    for name in ("object_type", "delivery", "military_presence"):
        if name in document:
            shown = visible(str(term(name, document[name], lang)))
            yield f"{term('field', name, lang).replace('_', ' ')}  {shown}"
    for name in ("killed", "injured"):
        if name in document:
            least, most = document[name].get("min", "?"), document[name].get("max", "?")
            yield f"{term('field', name, lang)}  {say('span-of', lang, least=least, most=most)}"


def _gone(item: Mapping[str, Any], lang: str) -> str:
    return say("is-erased", lang) if "erased" in item else say("is-withdrawn", lang) if item["withdrawn"] else ""


def link_table(links: list[dict[str, Any]], lang: str = "en") -> str:
    """Give links as a table."""
    between = " " if lang == "en" else "، "
    rows = [
        (one["id"], one["item"], term("stance", one["stance"], lang),
         between.join(term("facet", facet, lang) for facet in one["facets"]), term("strength", one["strength"], lang),
         one["assessor"], one.get("reviewed_by") or say("nobody", lang), _state(one, lang))
        for one in links
    ]  # fmt: skip
    named = heads(lang, "link", "item", "stance", "facets", "strength", "assessor", "reviewed", "")
    return columns(rows, named).rstrip()


def _state(record: Mapping[str, Any], lang: str) -> str:
    if record["withdrawn"]:
        return say("is-withdrawn", lang)
    if record.get("stance") == "contradicts":
        outcome = record.get("resolution")
        return term("outcome", outcome, lang).replace("_", " ") if outcome else say("is-open", lang)
    return ""
