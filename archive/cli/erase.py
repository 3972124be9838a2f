"""`sijill erase`: what the archive knows of a record, gone by order."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show

app = new_app()


@command(
    app,
    example="sijill erase EX-2019-0001/W1 --reason 'the witness asked for it' --as mona --as karim",
    exits={0: "erased; the order stays", 2: "no such record, or no reason"},
    writes=True,
)
def erase(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="CODE/ID of an item, source, link or relation.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; stays for ever, so name nobody.")] = "",
) -> None:
    """Erase what the archive knows of a record, by order of a guardian and the root.

    Two persons sign. Values, salts and stored bytes go; the ledger keeps that
    they were there and who ordered them gone.
    """
    from archive.erasure import erase as order
    from archive.erasure import in_words
    from archive.keys import acting

    archive, shared = archive_of(ctx), said(ctx)
    signers = acting(shared.operators, archive.home)
    with progress("erasing", as_json=shared.json) as draw:
        document = order(archive, signers, name, reason, draw)
    show(document, lambda: in_words(document), as_json=shared.json)
