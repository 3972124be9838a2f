"""`sijill dossier export` and `sijill dossier verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show, warn
from schemas.text import visible

HELP = "Write a case as a dossier for an audience, or verify one."
app = new_app(HELP, group=True)


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
    zipped: Annotated[bool, typer.Option("--zip", help="Also write DIR.zip.")] = False,
    date: Annotated[str | None, typer.Option(metavar="TIME", help="The date it carries, UTC; now if not said.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would leave, what not, and the risks.")] = False,
) -> None:
    """Write what an audience may see of a case as a dossier that a stranger can check.

    Consent and release decide what leaves; what is withheld keeps its number.
    The export becomes an entry of the ledger.
    """
    from archive.dossier.export import export
    from archive.keys import acting

    shared = said(ctx)
    archive = archive_of(ctx)
    with progress("writing", as_json=shared.json) as draw:
        document = export(
            archive, code, audience, out, acting(shared.operators, archive.home), purpose=purpose, zipped=zipped,
            date=date, dry_run=dry_run, progress=draw, tell=None if shared.json else _risks,
        )  # fmt: skip
    show(document, lambda: _exported(document), as_json=shared.json)


def _risks(planned: dict[str, Any]) -> None:
    """Say what is risky in what would leave, before anything is written."""
    warn(planned["warnings"])


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
) -> None:
    """Check a dossier: every file, signature and proof. Needs no archive."""
    from archive.dossier.verification import verify_dossier as check

    document = check(folder, log_vkey=log_vkey)
    show(document, lambda: _verified(document), as_json=said(ctx).json)
    raise typer.Exit(0 if document["ok"] else 1)


def _exported(document: dict[str, Any]) -> str:
    what = f"dossier of {visible(document['case'])} for {document['audience']}"
    leave, stay = ("would leave", "would be withheld") if document["dry_run"] else ("leave", "are withheld")
    lines = [f"{what}: {visible(str(document['out']))}{' (not written)' if document['dry_run'] else ''}"]
    lines.append(f"  {document['exhibits']} exhibits {leave}, {document['withheld']} {stay}")
    lines += [f"  withheld: {visible(one['bates'])}: {visible(one['reason'])}" for one in document["left_out"]]
    if not document["dry_run"]:
        lines.append(f"  sealed by tagmanifest-sha256.txt, SHA-256 {document['tagmanifest_sha256']}")
        lines.append("read VERIFY.txt in it; give the log key to the other side by another way")
    return "\n".join(lines)


def _verified(document: dict[str, Any]) -> str:
    lines = [f"{'ok ' if one['ok'] else 'BAD'}  {visible(str(one['what']))}" for one in document["checks"]]
    for one in document["findings"]:
        code, where, what = (visible(str(one.get(key, ""))) for key in ("code", "where", "what"))
        lines.append(f"FINDING {code}: {where}: {what}")
    lines.append("all of it holds" if document["ok"] else "this dossier is NOT as it was written")
    return "\n".join(lines)
