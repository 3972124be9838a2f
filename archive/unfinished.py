"""What an order to erase still has to remove: a list beside the database, written before the order is committed.

A crash after the order leaves the list; an audit reports it, and the next
writer carries it out. Only objects that no record names are ever removed.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from archive import durable, paper
from archive.database import left_journal
from archive.transaction import writer
from schemas.errors import SijillError, UnreachableError

PENDING = "erase.pending"  # names of objects, one a line; gone when they are
_NAME = re.compile(r"[0-9a-f]{64}\Z")


def listed(folder: Path) -> list[str]:
    """Give the names of the objects on the list; a line that is no name is passed over."""
    try:
        lines = paper.read(folder / PENDING).decode("ascii").split()
    except (SijillError, UnicodeDecodeError):
        return []
    return [line for line in lines if _NAME.match(line)]


def put_down(folder: Path, names: Sequence[str]) -> None:
    """Add names to the list, durably. Raises UnreachableError."""
    _write(folder, dict.fromkeys([*listed(folder), *names]))


def strike(place: Any) -> None:
    """Take from the list what a record still names: the order that put it there was not recorded.

    Where that cannot be told or written now the list stays, and the next act judges it.
    Raises UnreachableError.
    """
    path = place.folder / PENDING
    if not path.exists():
        return
    with suppress(SijillError, sqlite3.Error):
        with place.reading() as db:
            named = "SELECT 1 FROM object WHERE blake3 = ? LIMIT 1"
            left = [one for one in listed(place.folder) if db.execute(named, (one,)).fetchone() is None]
        if left:
            _write(place.folder, left)
        else:
            _away(path)


def _write(folder: Path, names: Iterable[str]) -> None:
    path = folder / PENDING
    temporary = path.with_name(f".{PENDING}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="ascii") as file:
            file.write("".join(f"{name}\n" for name in names))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        durable.sync_folder(str(folder))
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UnreachableError(
            f"{path} cannot be written ({error.strerror})", where=str(path), hint="make room or mend the disk"
        ) from error


def _away(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UnreachableError(f"{path} cannot be removed ({error.strerror})", where=str(path)) from error


def finish(place: Any) -> int:
    """Remove what is on the list of an archive and named by no record; gives how many went.

    Raises NotFound, IntegrityError, UnreachableError.

    While the journal still holds what was erased, the list stays. The write
    lock is held, so that no act can come to name what is being removed.
    """
    path = place.folder / PENDING
    if not path.exists() or left_journal(place.database):
        return 0
    with writer(place.database, waits=place.waits) as db:
        named = "SELECT 1 FROM object WHERE blake3 = ? LIMIT 1"
        names = [one for one in listed(place.folder) if db.execute(named, (one,)).fetchone() is None]
        try:
            gone = sum(bool(place.objects.remove(name)) for name in names)
        except UnreachableError as error:
            raise UnreachableError(
                f"recorded; but what was erased still has bytes in the store: {error.message}", where=error.where,
                hint="connect or mend that disk; the next act removes them, and audit tells until then",
                code="erase-unfinished",
            ) from error
    _away(path)
    return gone
