"""`sijill case`: list, show, amend, merge."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import columns, each_line, show, show_each, size_in_words, time_in_words, warn
from schemas.text import visible

HELP = "List the cases, show one, amend what it claims, or merge two that were one attack."
app = new_app(HELP, group=True)


@command(app, "list", example="sijill case list", exits={0: "shown"})
def list_cases(ctx: typer.Context) -> None:
    """List the cases with their items and their last recorded grade."""
    from archive.show import each_case
    from archive.stretches import count

    def rows() -> Iterator[tuple[Any, ...]]:
        return ((case["code"], case["items"], _standing(case), title_of(case)) for case in each_case(db))

    with archive_of(ctx).reading() as db:
        if said(ctx).json:
            show_each({"format": "sijill-case-list/1"}, "cases", each_case(db))
        elif count(db):
            sys.stdout.writelines(each_line(rows, ("code", "items", "grade", "title")))
        else:
            sys.stdout.write("no cases yet; take one in with `sijill intake FOLDER`\n")


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


def _standing(case: Mapping[str, Any]) -> str:
    """Say where a case stands: where it went, or its last recorded grade."""
    if "merged_into" in case:
        return f"merged into {visible(str(case['merged_into']))}"
    return str(case["grade"] or "not recorded")


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
    show(document, lambda: f"{_case(document)}\n{alike.text()}", as_json=said(ctx).json)


def title_of(record: Mapping[str, Any]) -> str:
    """Give a title in words, in the language it has, marked if the case is invented."""
    return ("[EXERCISE] " if record.get("exercise") else "") + in_languages(record.get("title"))


def in_languages(text: Any) -> str:
    """Give a text that may be in several languages, English first."""
    if isinstance(text, Mapping):
        text = " / ".join(str(text[lang]) for lang in ("en", "und", "ar") if text.get(lang))
    return visible(str(text or ""))


def place_in_words(place: Any) -> str:
    """Give a place: its names and its circle."""
    if not isinstance(place, Mapping):
        return "not told"
    words = in_languages(place.get("name"))
    if "lat" in place:
        within = f" within {place['accuracy_m']} m" if "accuracy_m" in place else ""
        words = f"{words} ({place['lat']:.6f}, {place['lon']:.6f}{within})".strip()
    return words or "not told"


def _case(document: dict[str, Any]) -> str:
    lines = [f"{visible(document['code'])}  {title_of(document)}"]
    if "weighed_with" in document:
        why = visible(str(document.get("merged_reason", "")))
        lines.append(f"  merged into {visible(str(document['merged_into']))}: {why}")
        lines.append(f"  weighed there: sijill check {visible(str(document['weighed_with']))}")
    if document.get("merged_from"):
        lines.append(f"  takes in  {', '.join(map(visible, document['merged_from']))}")
    lines.append(f"  time   {time_in_words(document.get('occurred'))}")
    lines.append(f"  place  {place_in_words(document.get('place'))}")
    told = [name for name in ("object_type", "delivery", "military_presence") if name in document]
    lines += [f"  {name.replace('_', ' ')}  {visible(str(document[name]))}" for name in told]
    for name in ("killed", "injured"):
        if name in document:
            span = document[name]
            lines.append(f"  {name}  {span.get('min', '?')} to {span.get('max', '?')}")
    items = [
        (
            item["id"],
            item.get("kind"),
            item.get("source"),
            size_in_words(item.get("size")),
            "erased" if "erased" in item else "withdrawn" if item["withdrawn"] else "",
        )
        for item in document["items"]
    ]
    if items:
        lines += ["", columns(items, ("item", "kind", "source", "size", "")).rstrip()]
    sources = [(one["id"], one["kind"], one["pseudonym"], one.get("part_of")) for one in document["sources"]]
    if sources:
        lines += ["", columns(sources, ("source", "kind", "pseudonym", "part of")).rstrip()]
    lines += ["", link_table(document["links"])] if document["links"] else []
    relations = [
        (one["id"], one["item"], one["as"].replace("_", " "), one.get("of") or one.get("external"), _state(one))
        for one in document["relations"]
    ]
    if relations:
        lines += ["", columns(relations, ("relation", "item", "is", "of", "")).rstrip()]
    gone = [f"erased by order {one['order']}: {visible(one['id'])}" for one in document["erased"]]
    lines += ["", *gone] if gone else []
    return "\n".join(lines)


def link_table(links: list[dict[str, Any]]) -> str:
    """Give links as a table."""
    rows = [
        (one["id"], one["item"], one["stance"], " ".join(one["facets"]), one["strength"], one["assessor"],
         one.get("reviewed_by") or "nobody", _state(one))
        for one in links
    ]  # fmt: skip
    return columns(rows, ("link", "item", "stance", "facets", "strength", "assessor", "reviewed by", "")).rstrip()


def _state(record: Mapping[str, Any]) -> str:
    if record["withdrawn"]:
        return "withdrawn"
    if record.get("stance") == "contradicts":
        return str(record.get("resolution", "open")).replace("_", " ")
    return ""
