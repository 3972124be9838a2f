"""`sijill unseal`: open an identity, for a purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show
from schemas.text import visible

app = new_app()


@command(
    app,
    example="sijill unseal EX-2019-0001/S1 --out w-017.txt --purpose 'the court asks to hear the witness'",
    exits={0: "opened; the ledger says so", 2: "nothing is sealed, or the file exists already"},
    writes=True,
)
def unseal(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="CODE/SOURCE", help="Whose identity it is.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file for the open text.")],
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="Why; stands in the ledger for ever.")] = "",
) -> None:
    """Open a sealed identity; the ledger says who did so, when and why.

    Needs the age identity of a guardian. Remove the open file when you are
    done with it.
    """
    from archive.keys import acting
    from archive.seal import unseal as open_identity

    archive = archive_of(ctx)
    document = open_identity(archive, acting(said(ctx).operators, archive.home), source, out, purpose)
    words = (
        f"{visible(document['source'])} is open in {visible(document['out'])}; remove that file when you are done\n"
        f"entry {document['entries']['first']} says who opened it, when and why"
    )
    show(document, words, as_json=said(ctx).json)
