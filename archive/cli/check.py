"""`sijill check`: cases weighed against a standard."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show
from archive.cli.standard import standard_bytes
from schemas.errors import InputError

app = new_app()
FORMATS = ("text", "json", "junit")


@command(
    app,
    example="sijill check\nsijill check EX-2019-0001 --standard sijill-minimum --format junit",
    exits={0: "every case meets the standard", 1: "a case does not meet it", 2: "no such case or standard"},
    writes=True,
)
def check(
    ctx: typer.Context,
    codes: Annotated[list[str] | None, typer.Argument(metavar="CODE...", help="Cases; all, if none.")] = None,
    standard: Annotated[
        str | None, typer.Option(metavar="ID|FILE", help="A packaged standard or a file; else the archive's own.")
    ] = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json|junit")] = "text",
    record: Annotated[bool, typer.Option("--record", help="Write the assessment into the ledger.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only cases whose answer differs from the last recorded one, and why.")
    ] = False,
    lang: Annotated[
        str | None, typer.Option(metavar="ar|en", help="Language of the text; else $SIJILL_LANG. JSON stays English.")
    ] = None,
) -> None:
    """Weigh cases against a corroboration standard, with reasons.

    Says for every rule what was counted, what was left out and why, and what
    is lacking. A case meets a standard; it is never proven. Of more than 50
    cases, one that meets is told by its verdicts alone; name it for its rules.
    """
    from archive.assess import check as weigh
    from archive.assess import written
    from archive.keys import acting
    from archive.language import language

    shared = said(ctx)
    if format not in FORMATS:
        raise InputError(f"there is no format {format}", hint=f"one of: {', '.join(FORMATS)}", code="usage")
    archive = archive_of(ctx)
    if changed:
        from archive.changed import changed as run
        from archive.changed import in_words

        with progress("weighing the cases again", as_json=shared.json or format == "json") as draw:
            document = run(archive, codes or [], standard_bytes(standard) if standard else None, draw)
        show(document, lambda: in_words(document, language(lang)), as_json=shared.json or format == "json")
        raise typer.Exit(1 if document["cases"] else 0)
    form = "json" if shared.json else format
    tongue = language(lang) if form == "text" else "en"
    data = standard_bytes(standard) if standard else None
    if record:
        signers = acting(shared.operators, archive.home)
        with progress("weighing", as_json=shared.json) as draw:
            checked = weigh(archive, codes or [], data, record_as=signers, progress=draw, lang=tongue)
        if form == "junit":
            sys.stdout.write(checked.junit())
        else:
            show(checked.document() if form == "json" else {}, lambda: checked.text(tongue), as_json=form == "json")
        raise typer.Exit(checked.exit_status)
    fails = False
    with progress("weighing", as_json=shared.json or sys.stdout.isatty()) as draw:  # there the answer itself runs
        for piece, failing in written(archive, form, codes or [], data, draw, tongue):
            sys.stdout.write(piece)
            fails = fails or failing
    raise typer.Exit(1 if fails else 0)
