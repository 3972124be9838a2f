"""`sijill prove`: that an item's record stands in the ledger, for somebody who has only a checkpoint."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show

app = new_app()


@command(
    app,
    example="sijill prove EX-2019-0001/V1 --out v1.tlog-proof",
    exits={0: "shown or written", 1: "the ledger does not give the root that was signed"},
)
def prove(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="CODE/ID of an item, source, link or relation; or a case's CODE.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here instead; the file must not exist.")
    ] = None,
) -> None:
    """Give the proof that an item's newest record stands in the ledger.

    A C2SP tlog-proof of the newest record entry of ID, with its checkpoint.
    """
    from archive import paper
    from archive.proof import prove_entry
    from archive.show import newest_record_entry

    with archive_of(ctx).reading() as db:
        index = newest_record_entry(db, name)
        proof = prove_entry(db, index).write().decode()
        leaf = bytes(db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()[0])
    if out is not None:
        paper.write(out, proof.encode())
    document = {
        "format": "sijill-prove/1", "id": name, "index": index, "leaf": base64.b64encode(leaf).decode(), "proof": proof,
    }  # fmt: skip
    show(document, proof if out is None else f"proof of entry {index} written to {out}", as_json=said(ctx).json)
