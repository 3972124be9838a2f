"""The one transaction in which the database is written: its lock, its room on the disk, its end.

Speaks to SQLite through the standard library. Knows nothing of what is
written: `archive.ledger` says that. Of an act all is there afterwards, or
nothing.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING

from archive.database import (
    INDEXES,
    MAKE_ROOM,
    NEWEST_SIZE,
    TABLES,
    TRIGGERS,
    gone,
    read_schema,
    reading,
    refuse_views,
    room_for,
)
from schemas.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

Waits = Callable[[str, int, int], None]  # told what is waited for, the seconds gone and at most; "" at the end

PATIENCE_S = 30.0  # with another writer
TOLD_EVERY_S = 1.0
PAGE_BYTES, INDEX_BYTES, INDEX_FRAMES = 4096, 32_768, 4000  # so many pages of a journal to so many bytes of its index


def _opened(path: Path) -> sqlite3.Connection:
    """Open the database for writing, with a durable journal and erased pages overwritten. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
    try:
        read_schema(connection)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-8192"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _lock(connection: sqlite3.Connection, waits: Waits | None) -> None:
    """Take the write lock, waiting `PATIENCE_S` for whoever holds it. Raises sqlite3.OperationalError."""
    since, gone = time.monotonic(), 0.0
    connection.execute(f"PRAGMA busy_timeout={int(min(TOLD_EVERY_S, PATIENCE_S) * 1000)}")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                gone = time.monotonic() - since
                if waits is not None:
                    waits("waiting for another process that writes to this archive", int(gone), int(PATIENCE_S))
                if gone >= PATIENCE_S:
                    raise
    finally:
        if gone and waits is not None:
            waits("", 0, 0)
    connection.execute(f"PRAGMA busy_timeout={int(PATIENCE_S * 1000)}")
    refuse_views(connection)


def make(path: Path) -> None:
    """Make the database of a new archive, with every table, index and trigger.

    Raises IntegrityError, UnreachableError.
    """
    try:
        with closing(_opened(path)) as connection:
            _lock(connection, None)
            for statement in (*TABLES.values(), *INDEXES.values(), *TRIGGERS.values()):
                connection.execute(statement)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise _trouble(path, error) from error


@contextmanager
def writer(path: Path, growth: int = 0, waits: Waits | None = None) -> Iterator[sqlite3.Connection]:
    """Hold the one write lock: all that is done inside is one transaction, or nothing.

    `growth` is about how many bytes it will add; room for them is looked for
    first. Ends by folding the journal into the database, so that readers find
    one file. Raises UnreachableError where it is locked, full or not there,
    IntegrityError where a view stands in it; all but a failing commit left nothing.
    """
    if not path.is_file():
        raise gone(path)
    room_for(path, growth)
    try:
        with ExitStack() as stack, closing(_opened(path)) as connection:
            _lock(connection, waits)
            if hasattr(os, "posix_fallocate"):
                stack.callback(os.close, _index_with_room(path, growth))
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            _commit(path, connection)
            _fold(connection)
    except sqlite3.Error as error:
        raise _trouble(path, error) from error


def _index_with_room(path: Path, growth: int) -> int:
    """Give the index of the journal, open, with blocks of the disk under all that an act will write of it.

    SQLite maps that file into memory and leaves holes in it where blocks are smaller than a page: on a disk that
    another process has filled by then, the first touch of one ends the process. What is given is closed after the
    connection, since closing it lets go of SQLite's locks on the same file. Raises UnreachableError.
    """
    handle = os.open(path.with_name(path.name + "-shm"), os.O_RDWR | os.O_CLOEXEC)
    frames = 2 * growth // PAGE_BYTES  # a page may be written twice before it is whole
    try:
        os.posix_fallocate(handle, 0, INDEX_BYTES * (2 + frames // INDEX_FRAMES))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # else this file system has no such promise
            os.close(handle)
            raise UnreachableError(
                "the disk of the archive is full; nothing was recorded", where=str(path.parent), hint=MAKE_ROOM,
                code="disk-full",
            ) from error  # fmt: skip
    return handle


def _commit(path: Path, connection: sqlite3.Connection) -> None:
    """Commit. A disk that fails in this very moment may have taken the record or not; a full one is looked at again."""
    (size,) = connection.execute(NEWEST_SIZE).fetchone()
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        told = f"the disk failed while it took the record ({error}); it may be recorded or not"
        hint = "mend the disk, and look with `sijill audit`; what is recorded is not taken in twice"
        if "full" in str(error):
            connection.close()
            with suppress(UnreachableError), reading(path) as db:
                if db.execute(NEWEST_SIZE).fetchone()[0] < size:
                    told, hint = "the disk of the archive is full; nothing was recorded", MAKE_ROOM
        raise UnreachableError(told, where=str(path), hint=hint, code="disk-full") from error


def _fold(connection: sqlite3.Connection) -> None:
    """Fold the journal into the database, so that readers find one file.

    Where the disk fails here the record stands, in the journal; the next writer folds it.
    """
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _trouble(path: Path, error: BaseException) -> UnreachableError:
    words = str(error)
    if "locked" in words:
        return UnreachableError(
            f"another process has been writing to this archive for {PATIENCE_S:g} s; nothing was recorded",
            where=str(path), hint="wait for it to end, then run the same command again", code="locked",
        )  # fmt: skip
    if "full" in words or "disk I/O" in words:
        return UnreachableError(
            f"the disk did not take the record ({words}); nothing was recorded",
            where=str(path),
            hint="make room or mend the disk, then run the same command again",
            code="disk-full",
        )
    if "readonly" in words or "unable to open" in words:
        return UnreachableError(
            f"this archive cannot be written to ({words}); nothing was recorded", where=str(path),
            hint="is its disk read-only or full, or its folder another account's? It can be read and copied as it is",
            code="read-only",
        )  # fmt: skip
    return UnreachableError(
        f"the database did not answer as it should ({words}); nothing was recorded",
        where=str(path),
        hint="run `sijill audit`",
    )
