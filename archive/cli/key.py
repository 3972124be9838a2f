"""`sijill key`: the log's key, and a backup of the home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import show
from schemas.text import visible

HELP = "Replace the log's key; keep the home of keys, and bring it back."
app = new_app(HELP, group=True)


@command(
    app,
    "rotate-log",
    example="sijill key rotate-log",
    exits={0: "the log has a new key"},
    writes=True,
)
def rotate_log(
    ctx: typer.Context,
    lost: Annotated[bool, typer.Option("--lost", help="Nobody has the old key; audit shows this for ever.")] = False,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Keep the new key unencrypted on this disk.")
    ] = False,
) -> None:
    """Replace the key that signs checkpoints; the old one signs for the new.

    Tell the new key to all who check your work, by another way than the
    evidence. A lost key is replaced by the root alone.
    """
    from archive.keys import acting
    from archive.log_key import rotate

    archive = archive_of(ctx)
    document = rotate(
        archive, acting(said(ctx).operators, archive.home), lost=lost, no_passphrase=no_passphrase
    )
    words = f"new log key: {visible(document['log_vkey'])}\nTell it to those who check your work."
    show(document, words, as_json=said(ctx).json)


@command(
    app,
    "backup",
    example="sijill key backup /media/usb/keys.age",
    exits={0: "written", 2: "the file is there already"},
    writes=True,
)
def backup_home(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Write all keys of this computer's home to one file, encrypted with a passphrase."""
    from archive.backup import backup
    from archive.keys import Home

    document = backup(Home(), file)
    words = f"{document['files']} files of the home written to {visible(str(file))}, encrypted"
    if document["elsewhere"]:
        words += f"\n{document['elsewhere']} keys lie outside the home and are not in it: keep them too"
    show(document, words + "\nKeep it apart from this computer, and the passphrase apart from it.",
         as_json=said(ctx).json)  # fmt: skip


@command(
    app,
    "restore",
    example="sijill key restore /media/usb/keys.age",
    exits={0: "the keys are back", 2: "this home has keys already"},
    writes=True,
)
def restore_home(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")]) -> None:
    """Bring a backup of keys back into a home that has none."""
    from archive.backup import restore
    from archive.keys import Home

    document = restore(Home(), file)
    show(document, f"{document['files']} files are back in {visible(document['home'])}", as_json=said(ctx).json)
