"""The database: one ledger and the view that is made from it.

Writers come through SQLAlchemy Core (`writer`), so that another engine can
take SQLite's place; commands that only read an SQLite archive come through the
standard library (`reading`), since importing SQLAlchemy costs more than their
work. Readers change nothing, not even a journal.

What each table is trusted for stands in docs/threats.md; in short: `ledger`
is proved by the checkpoint, `private` by the ledger, all others are made from
these two and compared with them by every audit.
"""

from __future__ import annotations

import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import NotFound, UnreachableError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# One statement a table: what `init` runs, what audit expects to find, and what its scratch copy is made of.
TABLES: dict[str, str] = {
    "ledger": "CREATE TABLE ledger(idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT",
    "private": "CREATE TABLE private(idx INTEGER PRIMARY KEY, disclosures TEXT NOT NULL) STRICT",
    "checkpoint": "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
    "tile": "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL,"
    " PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID",
    "edge": "CREATE TABLE edge(size INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT",
    "record": "CREATE TABLE record(sub TEXT PRIMARY KEY, kind TEXT NOT NULL, code TEXT, id TEXT,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, withdrawn INTEGER, fields TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "act": "CREATE TABLE act(idx INTEGER PRIMARY KEY, t TEXT NOT NULL, sub TEXT, at TEXT NOT NULL, by TEXT NOT NULL,"
    " body TEXT NOT NULL, fields TEXT NOT NULL) STRICT",
    "object": "CREATE TABLE object(idx INTEGER NOT NULL, blake3 TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " size INTEGER NOT NULL, sub TEXT, role TEXT NOT NULL, PRIMARY KEY(idx, blake3)) STRICT, WITHOUT ROWID",
    "observation": "CREATE TABLE observation(log TEXT NOT NULL, row INTEGER NOT NULL, earliest INTEGER, latest INTEGER,"
    " lat INTEGER, lon INTEGER, heading INTEGER, aircraft_type TEXT, aircraft_class TEXT, count INTEGER,"
    " activity TEXT, remarks TEXT, said TEXT, why TEXT, text TEXT, PRIMARY KEY(log, row)) STRICT, WITHOUT ROWID",
}
INDEXES: dict[str, str] = {
    "record_name": "CREATE INDEX record_name ON record(code, kind, id)",
    "act_sub": "CREATE INDEX act_sub ON act(sub, idx)",
    "act_t": "CREATE INDEX act_t ON act(t, idx)",
    "object_name": "CREATE INDEX object_name ON object(blake3)",
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
VIEW = ("record", "act", "object")  # compared row by row with the replay
OBSERVATION_COLUMNS = (
    "row", "earliest", "latest", "lat", "lon", "heading", "aircraft_type", "aircraft_class", "count",
    "activity", "remarks", "said", "why", "text",
)  # fmt: skip


def engine_for(path: Path) -> Engine:
    """Open the SQLite database for writing, with a durable journal and erased pages overwritten."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _lock(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def create(connection: Connection) -> None:
    """Make every table, index and trigger of a new archive."""
    for statement in (*TABLES.values(), *INDEXES.values(), *TRIGGERS.values()):
        connection.exec_driver_sql(statement)


@contextmanager
def writer(path: Path) -> Iterator[Connection]:
    """Hold the one write lock: all that is done inside is one transaction, or nothing.

    Ends by folding the journal into the database, so that readers find one
    file. Raises UnreachableError where the database is locked, full or away.
    """
    from sqlalchemy.exc import DBAPIError

    if not path.is_file():
        raise NotFound(f"no database at {path}", where=str(path), hint="make an archive with `sijill init`")
    engine = engine_for(path)
    try:
        with engine.begin() as connection:
            yield connection
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.exec_driver_sql("BEGIN")
    except DBAPIError as error:
        raise _trouble(path, error.orig or error) from error
    finally:
        engine.dispose()


def _trouble(path: Path, error: BaseException) -> UnreachableError:
    words = str(error)
    if "locked" in words:
        return UnreachableError(
            "another process is writing to this archive", where=str(path),
            hint="wait for it to end, then run this again",
        )
    if "full" in words or "disk I/O" in words:
        return UnreachableError(
            f"the disk did not take the record ({words}); nothing was recorded",
            where=str(path),
            hint="make room or mend the disk, then run this again",
        )
    if "readonly" in words or "unable to open" in words:
        return UnreachableError(f"this archive cannot be written to ({words})", where=str(path))
    return UnreachableError(
        f"the database did not answer as it should ({words}); nothing was recorded",
        where=str(path),
        hint="run `sijill audit`",
    )


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that changes nothing, not even a journal.

    A database without a journal beside it is opened immutable; if it is then
    written to while it is read, that is told at the end and nothing read is
    believed. Raises NotFound or UnreachableError.
    """
    if not path.is_file():
        raise NotFound(f"no database at {path}", where=str(path), hint="name the archive with --archive")
    journal = path.with_name(path.name + "-wal")
    immutable = not (journal.exists() and journal.stat().st_size)
    before = path.stat()
    mode = "mode=ro&immutable=1" if immutable else "mode=ro"
    connection = None
    try:
        connection = sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?{mode}", uri=True, timeout=30)
        connection.isolation_level = None
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
        after = path.stat()
        if immutable and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise UnreachableError(
                "another process wrote to the archive while it was read", where=str(path), hint="run this again"
            )
    except sqlite3.Error as error:
        raise UnreachableError(
            f"the database cannot be read ({error})", where=str(path), hint="run `sijill audit`; keep a copy as it is"
        ) from error
    finally:
        if connection is not None:
            connection.close()
