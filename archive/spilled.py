"""What grows with a ledger while it is replayed, kept in a scratch database and not in memory.

Rows are held a while and written many at a time. Of the view made again, what
changes a row by its subject waits until all rows are there: only then can they
be found by it quickly. Judges nothing.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterable
from typing import Any

_TABLES = (
    "CREATE TABLE chain(sub TEXT, idx INTEGER, prev INTEGER, does TEXT)",
    "CREATE TABLE signed(key TEXT, first INTEGER, idx INTEGER)",
    "CREATE TABLE gone(idx INTEGER, digest TEXT)",
    "CREATE TABLE erased(digest TEXT, idx INTEGER)",
    "CREATE TABLE lent(idx INTEGER PRIMARY KEY)",
    "CREATE TABLE made(idx INTEGER PRIMARY KEY, at TEXT)",
    "CREATE TABLE later(statement TEXT, given BLOB)",
    "CREATE TABLE tile(level INTEGER, n INTEGER, hashes BLOB)",
)


class Spilled:
    """The tables of a replay in its scratch database, beside those of the view."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._held: dict[str, list[tuple[Any, ...]]] = {}

    def begin(self) -> None:
        """Make the tables."""
        for statement in _TABLES:
            self._db.execute(statement)

    def row(self, table: str, row: tuple[Any, ...]) -> None:
        """Take one row."""
        self._held.setdefault(table, []).append(row)

    def rows(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take many rows."""
        self._held.setdefault(table, []).extend(rows)

    def flush(self) -> None:
        """Write what is held."""
        for table, rows in self._held.items():
            if rows:
                self._db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        self._held.clear()

    def insert(self, statement: str, rows: Any) -> None:
        """Write rows of the view made again; what cannot stand twice was reported and is left out."""
        if statement.startswith("INSERT"):
            self._db.executemany(statement.replace("INSERT INTO", "INSERT OR IGNORE INTO", 1), rows)
        else:
            later = ((statement, marshal.dumps(row)) for row in rows)
            self._db.executemany("INSERT INTO later VALUES (?,?)", later)

    def change(self) -> None:
        """Change the rows of the view as later entries did, in their order."""
        for table in ("record", "object"):
            self._db.execute(f"CREATE INDEX {table}_by_sub ON {table}(sub)")
        for statement, given in self._db.execute("SELECT statement, given FROM later ORDER BY rowid"):
            self._db.execute(statement, marshal.loads(given))  # noqa: S302 -- written above
        self._db.execute("DROP TABLE later")
