"""`sijill verify`: read the evidence again. The plain call does not come here; see `fast`."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli import fast
from archive.cli.command import archive_of, command, new_app, said

app = new_app()


@command(
    app,
    example="sijill verify\nsijill verify EX-2019-0001/V1 --quick",
    exits={0: "all that was read is as it was taken in", 1: "something is damaged, missing or out of place",
           3: "no damage found, but not all could be read"},
    writes=True,
)  # fmt: skip
def verify(
    ctx: typer.Context,
    items: Annotated[
        list[str] | None, typer.Argument(metavar="ITEM...", help="CODE/ID or CODE; everything, if none.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="BLAKE3 alone, without SHA-256.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Write the outcome into the ledger.")] = False,
) -> None:
    """Read the stored evidence again and compare it with what was taken in.

    Reads every object under its name and both digests. Repairs nothing.
    """
    shared = said(ctx)
    wanted = items or []
    if not record:
        raise typer.Exit(fast.verify(shared.archive, wanted, quick=quick, as_json=shared.json))
    from archive.checked import record_checks
    from archive.cli.showing import show
    from archive.keys import acting
    from archive.verify import exit_status

    archive = archive_of(ctx)
    document = fast.look(archive, wanted, quick=quick, as_json=shared.json)
    document.update(record_checks(archive, acting(shared.operators, archive.home), document, wanted))
    show(
        document,
        lambda: f"{fast.in_words(document)}\nrecorded: {document['recorded']} items failed",
        as_json=shared.json,
    )
    raise typer.Exit(exit_status(document))
