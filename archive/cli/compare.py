"""`sijill compare`: are two checkpoints one history?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show
from schemas.text import counted

app = new_app()


@command(
    app,
    example="sijill compare march.checkpoint october.checkpoint",
    exits={0: "one history", 1: "a signed contradiction: keep both files", 2: "a bad signature, or of another archive",
           3: "this archive is too short to tell"},
)  # fmt: skip
def compare(
    ctx: typer.Context,
    first: Annotated[Path, typer.Argument(metavar="A", help="A checkpoint.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another of the same archive.")],
) -> None:
    """Tell whether two kept checkpoints are one history of this archive.

    Gives a proof that they are, or a contradiction that the log signed.
    """
    from archive.compare import compare as run

    found = run(archive_of(ctx), first, second)
    if found.consistent:
        proof = counted(len(found.proof), "hash", "hashes")
        words = f"one history: {found.one.size} and {found.two.size} entries (proof of {proof})"
    else:
        words = f"CONTRADICTION: {found.why}\nkeep both files and this archive as they are"
    show(found.document(), words, as_json=said(ctx).json)
    raise typer.Exit(0 if found.consistent else 1)
