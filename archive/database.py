"""The database: one ledger and the view that is made from it; how it is read.

Commands that only read come through `reading`. They change nothing, not even a
journal; whoever writes comes through `archive.transaction`.

What each table is trusted for stands in docs/threats.md; in short: `ledger`
is proved by the checkpoint, `private` by the ledger, all others are made from
these two and compared with them by every audit.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from archive import durable
from archive.stream import is_file
from schemas.errors import IntegrityError, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

# One statement a table: what `init` runs, what audit expects to find, and what its scratch copy is made of.
TABLES: dict[str, str] = {
    "ledger": "CREATE TABLE ledger(idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT",
    "private": "CREATE TABLE private(idx INTEGER PRIMARY KEY, disclosures TEXT NOT NULL) STRICT",
    "checkpoint": "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
    "tile": "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL,"
    " PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID",
    "edge": "CREATE TABLE edge(size INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT",
    "record": "CREATE TABLE record(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, withdrawn INTEGER,"
    " sub TEXT NOT NULL, kind TEXT NOT NULL, code TEXT, id TEXT, earliest REAL, latest REAL, lat INTEGER, lon INTEGER,"
    " fields TEXT NOT NULL) STRICT",
    "act": "CREATE TABLE act(idx INTEGER PRIMARY KEY, t TEXT NOT NULL, sub TEXT, at TEXT NOT NULL, by TEXT NOT NULL,"
    " body TEXT NOT NULL, fields TEXT NOT NULL) STRICT",
    "object": "CREATE TABLE object(idx INTEGER NOT NULL, blake3 TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " size INTEGER NOT NULL, sub TEXT, role TEXT NOT NULL, PRIMARY KEY(idx, blake3)) STRICT, WITHOUT ROWID",
    "observation": "CREATE TABLE observation(id INTEGER PRIMARY KEY, earliest INTEGER, latest INTEGER, lat INTEGER,"
    " lon INTEGER, value TEXT NOT NULL) STRICT",
}
NEWEST_SIZE = "SELECT coalesce(max(size), 0) FROM checkpoint"  # entries that the newest checkpoint is of
INDEXES: dict[str, str] = {
    "record_sub": "CREATE UNIQUE INDEX record_sub ON record(sub)",
    "record_name": "CREATE INDEX record_name ON record(code, kind, id)",
    "record_when": "CREATE INDEX record_when ON record(kind, code, withdrawn, earliest, latest, lat, lon)"
    " WHERE kind = 'case'",
    "record_merged": "CREATE INDEX record_merged ON record(code)"
    " WHERE kind = 'case' AND instr(fields, '\"merged_into\":') > 0",
    "act_sub": "CREATE INDEX act_sub ON act(sub, idx)",
    "act_t": "CREATE INDEX act_t ON act(t, idx)",
    "object_name": "CREATE INDEX object_name ON object(blake3)",
    "observation_long": "CREATE INDEX observation_long ON observation(latest - earliest) WHERE latest > earliest",
    "observation_when": "CREATE INDEX observation_when ON observation(earliest, latest, lat, lon)"
    " WHERE earliest IS NOT NULL",
}
TRIGGERS: dict[str, str] = {  # speed bumps against a slip, not proof
    "ledger_no_update": "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "ledger_no_delete": "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
}
CACHES = ("tile", "edge")  # rebuilt at will; a wrong one is refused when it is used
LEAST_ROOM = 256 * 1024  # what the smallest act needs beside its database: journal and its index
MAKE_ROOM = "make room there, then run the same command again"
TRIES = 5  # to copy a database that is being written to
VIEW = ("record", "act", "object")  # compared row by row with the replay


def room_needed(growth: int) -> int:
    """Give the room that an act which adds `growth` bytes needs: they lie in the journal first, then in both."""
    return LEAST_ROOM + 2 * growth


def room_for(path: str | os.PathLike[str], growth: int, what: str = "to record this; nothing was recorded") -> None:
    """Refuse where the disk cannot hold the act, before SQLite makes a journal's index. Raises UnreachableError."""
    try:
        folder = os.path.dirname(os.fspath(path))
        free = durable.free_bytes(folder)
    except OSError:
        return  # whoever opens the database says it better
    if free < room_needed(growth):
        raise UnreachableError(
            f"the disk of the archive has {free} bytes free and {room_needed(growth)} are needed {what}",
            where=folder, hint=MAKE_ROOM, code="disk-full",
        )  # fmt: skip


def read_schema(connection: Any) -> None:
    """Have SQLite read the schema. Raises sqlite3.Error, also where SQLite names what is wrong in no UTF-8."""
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("malformed database schema") from error


def refuse_views(connection: Any) -> None:
    """Refuse a database in which a view may stand for a table: it could go on without end. Raises IntegrityError."""
    if connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'").fetchone()[0]:
        raise IntegrityError(
            "the database holds a view, and Sijill makes none: what it would tell is not believed",
            where="the database",
            hint="keep a copy as it is, and run `sijill audit`", code="schema",
        )  # fmt: skip


def gone(path: str | os.PathLike[str]) -> UnreachableError:
    """Give the error of an archive whose settings are there and whose database is not: it cannot be looked at."""
    where = os.fspath(path)
    return UnreachableError(f"no database at {where}", where=where, hint="restore it from a copy")


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """Give a connection that changes nothing, not even a journal.

    A database without a journal beside it is opened immutable. If it is then
    written to while it is read, that is told, whatever else was found: nothing
    read is believed, not even damage. Raises IntegrityError or UnreachableError.
    """
    path = os.fspath(path)
    if not is_file(path):
        raise gone(path)
    immutable = not left_journal(path)
    if not immutable:
        room_for(path, 0, "to read what a writer left beside its database")
    with _believed(path, _state(path), watched=immutable), ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(connected(path, immutable=immutable)))
            connection.execute("BEGIN")
            read_schema(connection)
            refuse_views(connection)
            yield connection
        except sqlite3.Error as error:
            raise UnreachableError(
                f"the database cannot be read ({error})", where=path, hint="run `sijill audit`; keep a copy as it is"
            ) from error


@contextmanager
def _believed(path: str | os.PathLike[str], before: tuple[int, int], *, watched: bool) -> Iterator[None]:
    """Believe nothing that was read of a `watched` database which is no more as it was `before`, not even damage.

    Raises UnreachableError then, whatever else was raised.
    """
    trouble: Exception | None = None
    try:
        yield
    except Exception as error:
        trouble = error
    if watched and os.path.exists(path) and before != _state(path):
        raise UnreachableError(
            "another process wrote to the archive while it was read", where=os.fspath(path), hint="run this again"
        ) from trouble
    if trouble is not None:
        raise trouble


def connected(path: str | os.PathLike[str], *, immutable: bool = True) -> sqlite3.Connection:
    """Give a connection for reading alone; whoever says `immutable` looks afterwards whether somebody wrote."""
    where = address(path, "mode=ro&immutable=1" if immutable else "mode=ro")
    return sqlite3.connect(where, uri=True, timeout=30, isolation_level=None)


def address(path: str | os.PathLike[str], mode: str) -> str:
    """Give the URI of a database file as SQLite reads it (sqlite.org/uri.html); `mode` is its query."""
    quoted = os.fspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?{mode}"


@contextmanager
def still(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection for an audit: to a state that does not move, with nothing made or changed beside it.

    Where a writer is at work or was stopped, its journal belongs to the state;
    reading it in place would write, so both files are copied away first. Texts
    that are no UTF-8 come with surrogates, which no strict reading takes.
    Raises UnreachableError; sqlite3.DatabaseError for a damaged file comes through.
    """
    if not path.is_file():
        raise gone(path)
    with ExitStack() as stack:
        try:
            before, taken = _state(path), path
            if left_journal(path):
                import tempfile

                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sijill-still-"))
                taken = _taken(path, folder)
            where = address(taken, "mode=ro&immutable=1" if taken is path else "mode=rw")
            connection = stack.enter_context(closing(sqlite3.connect(where, uri=True)))
        except OSError as error:
            raise UnreachableError(f"the database cannot be read ({error.strerror})", where=str(path)) from error
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.execute("PRAGMA trusted_schema=OFF")
        stack.enter_context(_believed(path, before, watched=taken is path))
        read_schema(connection)
        yield connection


def blob(value: Any) -> bytes:
    """Give the bytes of a BLOB column. Raises IntegrityError where the database gave another type: none is believed."""
    if type(value) is not bytes:
        raise IntegrityError(
            "the database holds another type than bytes where an entry or a checkpoint must be", where="ledger",
            hint="write nothing more here; run `sijill audit`",
        )  # fmt: skip
    return value


def left_journal(path: str | os.PathLike[str]) -> bool:
    """Tell whether a writer is at work on a database, or was stopped, so that its journal holds a part of it."""
    try:
        found = os.stat(os.fspath(path) + "-wal")
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0


def _taken(path: Path, folder: str) -> Path:
    """Copy database and journal away, as both were at one moment, or the database that a journal was folded into.

    Raises OSError, UnreachableError.
    """
    import shutil

    journal = path.with_name(path.name + "-wal")
    for _ in range(TRIES):
        with suppress(FileNotFoundError):
            files = [path, journal] if left_journal(path) else [path]
            before = [_state(file) for file in files]
            for file in files:
                shutil.copyfile(file, os.path.join(folder, file.name))
            if before == [_state(file) for file in files] and (journal in files) is left_journal(path):
                if journal not in files:
                    type(path)(folder, journal.name).unlink(missing_ok=True)  # of an earlier try
                return type(path)(folder, path.name)
    raise UnreachableError(
        "another process keeps writing to the archive", where=str(path), hint="run this again when it has ended"
    )


def _state(file: str | os.PathLike[str]) -> tuple[int, int]:
    found = os.stat(file)
    return found.st_mtime_ns, found.st_size
