"""`sijill anchor`: outside time over the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show, waiting
from schemas.text import visible

HELP = "Ask an outside authority for a time-stamp over the ledger, and keep its answer."
app = new_app(HELP, group=True)


@command(
    app,
    "request",
    example="sijill anchor request --out today.tsq\nsijill anchor request --out today.tsq --url https://tsa.example.org",
    exits={0: "the request is written", 2: "the file is there already", 3: "the authority did not answer"},
)
def request_stamp(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(metavar="FILE.tsq", help="A new file for the request.")],
    url: Annotated[str | None, typer.Option(metavar="TSA", help="Ask there; the answer is FILE.tsr.")] = None,
) -> None:
    """Write a time-stamp request (RFC 3161) for the newest checkpoint.

    Only a digest leaves this computer, and only with --url. Send the file to
    an authority and give its answer to `sijill anchor attach`.
    """
    from archive.anchor import request

    document = request(archive_of(ctx), out, url, waiting=waiting(as_json=said(ctx).json))
    words = f"request for the checkpoint of {document['size']} entries: {visible(document['request'])}"
    if document["answer"]:
        answer = visible(document["answer"])
        words += f"\nanswer: {answer}\nnext: sijill anchor attach {answer} --ca ROOTS.pem --request {visible(str(out))}"
    show(document, words, as_json=said(ctx).json)


@command(
    app,
    "attach",
    example="sijill anchor attach today.tsr --ca authority-root.pem --request today.tsq",
    exits={0: "checked and kept", 2: "it does not hold, or is over no checkpoint here; nothing was recorded"},
    writes=True,
)
def attach_stamp(
    ctx: typer.Context,
    answer: Annotated[Path, typer.Argument(metavar="FILE.tsr", help="The authority's answer.")],
    roots: Annotated[Path, typer.Option("--ca", metavar="ROOTS.pem", help="The authority's root certificates.")],
    asked: Annotated[
        Path | None, typer.Option("--request", metavar="FILE.tsq", help="What was asked; its nonce must come back.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="OID", help="The authority's policy; an answer under another is refused.")
    ] = None,
) -> None:
    """Check a time-stamp answer twice, and keep it with its roots in the ledger."""
    from archive.anchor import attach
    from archive.keys import acting

    archive = archive_of(ctx)
    document = attach(archive, acting(said(ctx).operators, archive.home), answer, roots, asked, policy=policy)
    words = (
        f"entries 0 to {document['size'] - 1} existed before {document['time']}\n"
        f"checked by {' and '.join(document['checked_by'])}"
        + ("" if len(document["checked_by"]) > 1 else " alone: the other tool is not here, or cannot read this answer")
    )
    show(document, words, as_json=said(ctx).json)
