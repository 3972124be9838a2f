"""`sijill audit`: everything held against everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show, spoken
from schemas.errors import InputError
from schemas.text import counted, visible

app = new_app()
WORDS = {"finding": "FINDING", "unread": "NOT READ", "warning": "warning"}


@command(
    app,
    example="sijill audit\nsijill audit --against /media/usb/checkpoint-march",
    exits={0: "all holds; warnings may be shown", 1: "a finding: something was changed, removed or is unproved",
           3: "no finding, but not all could be read"},
    writes=True,
)  # fmt: skip
def audit(
    ctx: typer.Context,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint kept elsewhere; may be repeated.")
    ] = None,
    ledger_only: Annotated[
        bool, typer.Option("--ledger-only", help="Entries, signatures, roles; no values, view, objects.")
    ] = False,
    tsa_roots: Annotated[
        Path | None, typer.Option("--tsa-roots", metavar="FILE", help="Roots (PEM) to trust for time-stamps.")
    ] = None,
    notebook: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Hold it against every checkpoint kept there; keep the newest.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="REPORT", help="Also write the JSON document to a new file.")
    ] = None,
    sign: Annotated[bool, typer.Option("--sign", help="With --out: sign it with your key, in REPORT.sig.")] = False,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Record the outcome in the ledger.")] = None,
) -> None:
    """Check every entry, signature, record and object; change nothing.

    Replays the whole ledger, makes the records again from it and compares,
    reads every object, and holds it all against this computer's pin.
    """
    from archive import notebook as auditors
    from archive.audit import audit as run
    from archive.keys import acting

    shared, archive = said(ctx), archive_of(ctx)
    if sign and out is None:
        raise InputError("--sign goes with --out REPORT", code="usage")
    kept = auditors.kept(notebook, archive) if notebook is not None else []
    with progress("auditing", as_json=shared.json) as draw:
        report = run(
            archive, against=[*(against or []), *kept], ledger_only=ledger_only, tsa_roots=tsa_roots, progress=draw
        )
    document = report.document()
    if notebook is not None and report.exit_status == 0:
        document["kept"] = str(auditors.keep(notebook, archive))
    if out is not None:
        auditors.write_report(document, out, acting(shared.operators, archive.home) if sign else [])
    if note is not None:
        document["noted"] = auditors.note(archive, acting(shared.operators, archive.home), document, note)
    show(document, lambda: in_words(document), as_json=shared.json)
    raise typer.Exit(report.exit_status)


def in_words(document: dict[str, Any]) -> str:
    """Say what was read, what was found and when it still held, what that means, and since when all is proved."""
    from archive.finding import CODES

    objects = document.get("objects")
    lines = [
        f"{counted(document['entries'], 'entry', 'entries')} in {counted(document['commits'], 'commit')}"
        + (f", {counted(objects, 'object')}" if objects is not None else "")
    ]
    if document.get("continues"):
        older = document["continues"]
        lines.append(f"it goes on from {visible(older['origin'])} at {counted(older['size'], 'entry', 'entries')}")
    findings = [one for one in document["findings"] if one["severity"] == "finding"]
    for one in document["findings"]:
        since = f" (it held at {visible(str(one['since']))})" if one.get("since") else ""
        word = WORDS[one["severity"]]
        told = [spoken(visible(str(one[part]))) for part in ("where", "what") if one[part]]
        lines.append(f"{word} {one['code']}: {': '.join(told)}{since}")
    for code in dict.fromkeys(one["code"] for one in document["findings"]):
        lines += [f"  {code}: {spoken(CODES[code].means)}", f"    -> {spoken(CODES[code].do)}"]
    for quorum, enough in ((True, "the quorum"), (False, "not the quorum yet")):
        for one in [each for each in document["witnessed"] if each["quorum"] is quorum and each["witnesses"]][-1:]:
            lines.append(f"{one['size']} entries are cosigned by {visible(', '.join(one['witnesses']))}: {enough}")
    for one in document["erased"]:
        lines.append(f"erased by order {one['order']} ({one['at']}): {visible(one['id'])}")
    if "noted" in document:
        lines.append(f"noted in the ledger, as entry {document['noted']['entries']['first']}")
    window = document["proven_window"]
    if isinstance(window, dict) and window.get("says"):
        lines.append(visible(str(window["says"])))
        if window["own_roots"]:
            lines.append("  by roots that this archive itself keeps; compare them, or bring your own (--tsa-roots):")
        lines += [f"  {visible(root)}" for root in window["own_roots"]]
    lines.append(
        f"{counted(len(findings), 'finding')}; copy the archive away as it is before anything else"
        if findings
        else "not all could be read; what was read holds"
        if any(one["severity"] == "unread" for one in document["findings"])
        else "all holds"
    )
    return "\n".join(lines)
