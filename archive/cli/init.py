"""`sijill init`: a new archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import command, new_app, said, tongue
from archive.cli.showing import show, warn
from schemas.text import visible

app = new_app()


@command(
    app,
    example="sijill init ./archive --origin archive.example.org/field --operator mona",
    exits={0: "the archive is made", 2: "the folder is not empty, or the call is wrong"},
    writes=True,
)
def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    origin: Annotated[
        str | None, typer.Option(metavar="NAME", help="The log's name for ever; random if not said.")
    ] = None,
    operator: Annotated[str, typer.Option(metavar="NAME", help="The first operator.")] = "operator",
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An OpenSSH Ed25519 key to use; else one is made.")
    ] = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Keep new keys unencrypted on this disk.")
    ] = False,
    recovery: Annotated[Path | None, typer.Option(metavar="FILE", help="A second, offline root key.")] = None,
    guardian: Annotated[
        list[str] | None, typer.Option(metavar="age1...", help="Seal to this recipient; this computer cannot open it.")
    ] = None,
) -> None:
    """Make a new archive with its first operator.

    Keys are kept in $SIJILL_HOME (else your configuration folder), never in the
    archive, and are encrypted with a passphrase: asked on the terminal, or
    taken from $SIJILL_PASSPHRASE.
    """
    from archive.open import init as make

    made = make(
        folder, origin=origin, operator=operator, key=key, no_passphrase=no_passphrase, recovery=recovery,
        guardians=guardian or [],
    )  # fmt: skip
    document = made.document()
    show(
        document,
        lambda: (
            f"a new archive: {visible(document['archive'])}\n"
            f"origin       {visible(document['origin'])}\n"
            f"operator     {visible(document['operator'])}  {document['fingerprint']}\n"
            f"log key      {visible(document['log_vkey'])}\n"
            "Give origin, fingerprint and log key to those who will check your work, by another way than the evidence."
        ),
        as_json=said(ctx).json,
    )
    if not said(ctx).json:
        warn(document["warnings"], tongue(ctx))
