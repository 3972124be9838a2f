"""`sijill dossier export` and `sijill dossier verify`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue, words
from archive.cli.showing import progress, show, warn
from schemas.text import counted, visible

HELP = "Write a case as a dossier for an audience, or verify one."
app = new_app(HELP, group=True)
COPIED = ("stripped", "redacted")
FORMS = (*COPIED, "original", "none")


@command(
    app,
    "export",
    example='sijill dossier export EX-2019-0001 --for court --out ./d001 --purpose "filing 12/2025"',
    exits={0: "the dossier is written", 2: "no such case or audience, or the folder is not empty"},
    writes=True,
)
def export_dossier(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE")],
    audience: Annotated[
        str, typer.Option("--for", metavar="AUDIENCE", help="internal, partner, un_body, court, public.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The dossier itself; new, or empty.")],
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="Why it leaves; needed for all but internal.")] = "",
    recipient: Annotated[str, typer.Option(metavar="NAME", help="Who gets it; stands in dossier and ledger.")] = "",
    items: Annotated[
        list[str] | None, typer.Option(metavar="ITEM", help="Only these, with commas or again; the rest is stated.")
    ] = None,
    withhold: Annotated[
        list[str] | None, typer.Option(metavar="ITEM", help="Leave this out, and say so; needs --reason.")
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Why; one for all, or one for each --withhold.")
    ] = None,
    zipped: Annotated[bool, typer.Option("--zip", help="Also write DIR.zip.")] = False,
    encrypt_to: Annotated[
        list[str] | None, typer.Option(metavar="age1...", help="Write only DIR.zip.age, for these to open.")
    ] = None,
    case_uco: Annotated[bool, typer.Option("--case-uco", help="Add records/case-uco.jsonld.")] = False,
    dat: Annotated[bool, typer.Option("--dat", help="Add a Concordance load file.")] = False,
    supersedes: Annotated[
        Path | None, typer.Option(metavar="OLD", help="The dossier that this one corrects; says what changed.")
    ] = None,
    no_pdf: Annotated[bool, typer.Option("--no-pdf", help="Leave out dossier.pdf and dossier.ar.pdf.")] = False,
    date: Annotated[str | None, typer.Option(metavar="TIME", help="The date it carries, UTC; now if not said.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would leave, what not, and the risks.")] = False,
) -> None:
    """Write what an audience may see of a case as a dossier that a stranger can check.

    Consent and release decide what leaves; what is withheld keeps its number.
    The export becomes an entry of the ledger.
    """
    from archive.dossier.build import Extras
    from archive.dossier.export import Place, export
    from archive.handed_over import Request
    from archive.keys import acting

    shared = said(ctx)
    archive = archive_of(ctx)
    request = Request(
        audience, purpose, recipient, _names(items, code) if items else None, _withheld(withhold, reason, code)
    )
    with progress("writing", as_json=shared.json) as draw:
        document = export(
            archive, code, request, Place(out, zipped, encrypt_to or ()), acting(shared.operators, archive.home),
            extras=Extras(not no_pdf, case_uco, dat), supersedes=supersedes, date=date, dry_run=dry_run, progress=draw,
            tell=None if shared.json else partial(_told, ctx, draw),
        )  # fmt: skip
    show(document, lambda: _exported(ctx, document), as_json=shared.json)


def _names(given: list[str], code: str) -> frozenset[str]:
    """Give the short ids that were named, as ID or CODE/ID, with commas or apart."""
    names = [name.strip() for text in given for name in text.split(",")]
    return frozenset(name.removeprefix(f"{code}/") for name in names if name)


def _withheld(given: list[str] | None, reasons: list[str] | None, code: str) -> dict[str, str]:
    from schemas.errors import InputError

    ids = [name.removeprefix(f"{code}/") for name in given or ()]
    why = list(reasons or [])
    if len(why) not in ((1, len(ids)) if ids else (0,)):
        raise InputError(
            "--withhold ITEM and --reason TEXT go together", code="reason",
            hint="give one --reason for all, or one for each --withhold",
        )  # fmt: skip
    return dict(zip(ids, why * len(ids) if len(why) == 1 else why, strict=True)) if ids else {}


def _told(ctx: typer.Context, draw: Callable[..., None] | None, planned: dict[str, Any]) -> None:
    """Say what stays behind and what is risky in what would leave, before anything is written."""
    from archive.handed_over import together
    from evidence.reason import in_language

    if draw is not None:
        draw("", 0)
    lines: dict[tuple[str, str], list[str]] = {}  # how, and why -> the numbers
    for one in planned["left_out"]:
        lines.setdefault(("leaves-withheld", in_language(one["reason"], tongue(ctx))), []).append(one["bates"])
    for one in planned["items"]:
        if one["form"] in COPIED:
            lines.setdefault((f"leaves-{one['form']}", ""), []).append(one["bates"])
    for (how, why), numbers in lines.items():
        sys.stderr.write(words(ctx, how, number=together(numbers), why=why) + "\n")
    warn(planned["warnings"], tongue(ctx))


@command(
    app,
    "diff",
    example="sijill dossier diff EX-2019-0001 court public",
    exits={0: "shown; nothing is written"},
)
def diff_audiences(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE")],
    one: Annotated[str, typer.Argument(metavar="AUDIENCE")],
    two: Annotated[str, typer.Argument(metavar="AUDIENCE")],
) -> None:
    """Show what one audience would get of a case and another not."""
    from archive.dossier.compare import diff
    from archive.ledger import now

    as_json = said(ctx).json
    with progress("gathering", as_json=as_json) as draw:
        document = diff(archive_of(ctx), code, one, two, now(), progress=draw)
    show(document, lambda: _diff(ctx, document), as_json=as_json)


@command(
    app,
    "compare",
    example="sijill dossier compare ./d001 ./d002",
    exits={0: "shown, the same or not", 2: "one of them is no dossier, or they are of two cases"},
)
def compare_dossiers(
    ctx: typer.Context,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier dossier.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later one.")],
) -> None:
    """Show what changed between two dossiers of one case. Needs no archive."""
    from archive.dossier.compare import compare

    as_json = said(ctx).json
    with progress("reading", as_json=as_json) as draw:
        document = compare(old, new, progress=draw)
    show(document, lambda: _compared(ctx, document), as_json=as_json)


@command(
    app,
    "verify",
    example="sijill dossier verify ./d001 --log-vkey sijill.example/a+1a2b3c4d+AQ...",
    exits={0: "all of it holds", 1: "something was changed, is missing or is unproved"},
)
def verify_dossier(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The dossier.")],
    log_vkey: Annotated[str | None, typer.Option(metavar="KEY", help="The log's key, got by another way.")] = None,
    tsa_roots: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Roots of the time-stamp's authority, PEM.")
    ] = None,
) -> None:
    """Check a dossier: every file, signature and proof. Needs no archive."""
    from archive.anchor import roots_of
    from archive.dossier.verification import verify_dossier as check

    roots, as_json = roots_of(tsa_roots) if tsa_roots else None, said(ctx).json
    with progress("reading", as_json=as_json) as draw:
        document = check(folder, log_vkey=log_vkey, tsa_roots=roots, progress=draw)
    show(document, lambda: _verified(ctx, document), as_json=as_json)
    raise typer.Exit(0 if document["ok"] else 1)


def _exported(ctx: typer.Context, document: dict[str, Any]) -> str:
    dry, place, exhibits = document["dry_run"], str(document["out"] or document["zip"]), document["exhibits"]
    left = {"exhibits": counted(exhibits, "exhibit"), "number": exhibits, "withheld": document["withheld"]}
    written, leave = ("dossier-not-written", "dossier-would-leave") if dry else ("dossier-written", "dossier-leave")
    lines = [words(ctx, written, code=document["case"], audience=document["audience"], place=place)]
    lines.append("  " + words(ctx, leave, **left))
    if not dry:
        lines.append("  " + words(ctx, "dossier-sealed", digest=document["tagmanifest_sha256"]))
        lines.append(words(ctx, "dossier-next"))
    return "\n".join(lines)


@command(
    app,
    "stamp",
    example="sijill dossier stamp ./d001 --out d001.tsq\n"
    "sijill dossier stamp ./d001 --answer d001.tsr --ca tsa-roots.pem",
    exits={0: "the request is written, or the answer holds and lies in the dossier", 2: "the answer does not hold"},
)
def stamp_dossier(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The dossier.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE.tsq", help="Write a request for its authority.")] = None,
    answer: Annotated[Path | None, typer.Option(metavar="FILE.tsr", help="The authority's answer.")] = None,
    roots: Annotated[Path | None, typer.Option("--ca", metavar="ROOTS.pem", help="Its roots, got from it.")] = None,
) -> None:
    """Ask for an outside time-stamp over a dossier, or lay the answer into it."""
    from archive.dossier.stamping import attach, request
    from schemas.errors import InputError

    if (out is None) == (answer is None) or (answer is None) != (roots is None):
        raise InputError(
            "say either --out FILE.tsq, or --answer FILE.tsr with --ca ROOTS.pem", code="usage",
            hint="send the request to an authority, then attach what it answers",
        )  # fmt: skip
    if answer is not None and roots is not None:
        document = attach(folder, answer, roots)
        show(document, words(ctx, "dossier-stamped", time=document["time"]), as_json=said(ctx).json)
    elif out is not None:
        document = request(folder, out)
        show(document, words(ctx, "dossier-stamp-next", file=str(out)), as_json=said(ctx).json)


def _diff(ctx: typer.Context, document: dict[str, Any]) -> str:
    one, two = document["audiences"]
    head = words(ctx, "beside", case=document["case"], one=one, two=two)
    lines = []
    for row in document["exhibits"]:
        name = f" ({visible(row['id'])})" if row["id"] else ""
        first, second = (visible(_leaving(ctx, text)) for text in row["leaves"])
        lines.append(f"  {visible(row['bates'])}{name}: {first} | {second}")
    for kind, (first, second) in document["fields"].items():
        for audience, names in ((one, first), (two, second)):
            if names:
                told = words(ctx, "beside-fields", kind=kind, audience=audience, fields=", ".join(names))
                lines.append(f"  {told}")
    return "\n".join([head, *(lines or ["  " + words(ctx, "beside-same")])])


def _leaving(ctx: typer.Context, text: str) -> str:
    """Give how an exhibit leaves, or why it does not, in the caller's language."""
    from archive.dossier.wording import say
    from evidence.reason import in_language

    lang = tongue(ctx)
    return in_language(text, lang) if lang == "en" or text not in FORMS else say(lang, f"form_{text}")


def _compared(ctx: typer.Context, document: dict[str, Any]) -> str:
    from archive.dossier.contents import corrections

    sides = [(side, document[side]) for side in ("old", "new")]
    heads = [words(ctx, f"compared-{side}", id=one["id"], date=one["date"]) for side, one in sides]
    broken = [words(ctx, f"compared-{side}-broken") for side, one in sides if not one["ok"]]
    if document["same"]:
        return "\n".join([*heads, *broken, words(ctx, "compared-same")])
    told = [f"{name}: {visible('; '.join(lines))}" for name, lines in corrections(tongue(ctx), document)]
    return "\n".join([*heads, *broken, *told])


def _verified(ctx: typer.Context, document: dict[str, Any]) -> str:
    from schemas.sentences import DOSSIERS, retold

    def said_in(what: Any) -> str:
        return retold(str(what), tongue(ctx), DOSSIERS)

    checks = [("dossier-ok" if one["ok"] else "dossier-bad", one["what"]) for one in document["checks"]]
    lines = [words(ctx, code, what=said_in(what)) for code, what in checks]
    for one in document["findings"]:
        names = {"code": one["code"], "where": str(one.get("where", "")), "what": said_in(one["what"])}
        lines.append(words(ctx, "dossier-finding", **names))
    return "\n".join([*lines, words(ctx, "dossier-holds" if document["ok"] else "dossier-broken")])
