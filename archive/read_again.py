"""When this computer last read each object again: what `verify --oldest-first` and `--for` go on from.

    home/read/HASH.db    blake3 -> time of its last reading; and of the last reading of everything

HASH is of the origin. It lies with the keys and pins, outside the archive, so
that somebody who may only read an archive can go on from where they stopped.
It decides what is read first and is trusted for nothing else: whoever changes
it makes an object wait, never hold. Times are of this computer's clock, in
seconds since 1970; one that lies ahead of the clock is not believed and counts
as never. Where it is lost, reading begins anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

from archive.verify import ITEM_OF
from schemas.errors import UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archive.open import Archive
    from archive.verify import Row

EVERY = 500  # readings are written down together, or after so many seconds
SECONDS = 2.0
_LAST = "max(coalesce(k.at, 0), CASE WHEN f.first < ? THEN ? ELSE 0 END)"
_FIRST = "(SELECT blake3, min(idx) AS first FROM object GROUP BY blake3)"


class ReadAgain:
    """The memory of one archive's readings on this computer."""

    def __init__(self, archive: Archive) -> None:
        name = hashlib.sha256(archive.origin.encode()).hexdigest()[:16]
        self._path = os.path.join(archive.home_path, "read", f"{name}.db")
        self._fresh: list[tuple[bytes, int]] = []
        self._written = time.monotonic()

    def note(self, blake3: str) -> None:
        """Remember that an object was read, now. Raises UnreachableError where that cannot be written down."""
        self._fresh.append((bytes.fromhex(blake3), int(time.time())))
        if len(self._fresh) >= EVERY or time.monotonic() - self._written > SECONDS:
            self.keep()

    def keep(self) -> None:
        """Write down what was noted. Raises UnreachableError."""
        if self._fresh:
            self._write("INSERT OR REPLACE INTO reading(blake3, at) VALUES (?,?)", self._fresh)
        self._fresh, self._written = [], time.monotonic()

    def all_read(self, size: int, since: int) -> None:
        """Remember that every object of the first `size` entries was read, from `since` on. Raises UnreachableError."""
        self._write("INSERT INTO everything(size, at) VALUES (?,?)", [(size, since)], afresh=True)

    def oldest_first(self, db: sqlite3.Connection) -> Iterator[Row]:
        """Give the rows of every object (as `verify.object_rows`), those never read or longest not read first.

        Raises UnreachableError.
        """
        mark = self._bring(db)
        yield from db.execute(
            f"SELECT {ITEM_OF}, o.blake3, o.sha256, o.size FROM object o LEFT JOIN record r ON r.sub = o.sub"
            f" JOIN {_FIRST} f ON f.blake3 = o.blake3 LEFT JOIN temp.known k ON k.blake3 = unhex_(o.blake3)"
            f" ORDER BY {_LAST}, o.blake3, o.idx",
            mark,
        )

    def state(self, db: sqlite3.Connection) -> dict[str, Any]:
        """Give `since` (everything that was read again at all was read at that time or later, UTC) and `never`.

        Raises UnreachableError.
        """
        from datetime import UTC, datetime

        mark = self._bring(db)
        never, since = db.execute(
            f"SELECT sum(last = 0), min(nullif(last, 0)) FROM (SELECT {_LAST} AS last FROM {_FIRST} f"
            " LEFT JOIN temp.known k ON k.blake3 = unhex_(f.blake3))",
            mark,
        ).fetchone()
        told = None if since is None else f"{datetime.fromtimestamp(since, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {"since": told, "never": never or 0}

    def _bring(self, db: sqlite3.Connection) -> tuple[int, int]:
        """Lay what is remembered beside the archive, in a table of this connection; gives the mark of everything."""
        now = int(time.time())
        db.create_function("unhex_", 1, _unhex, deterministic=True)
        db.execute("DROP TABLE IF EXISTS temp.known")
        db.execute("CREATE TEMP TABLE known(blake3 BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID")
        if not os.path.isfile(self._path):
            return 0, 0
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as kept:
                known = kept.execute("SELECT blake3, at FROM reading WHERE at BETWEEN 1 AND ?", (now,))
                db.executemany("INSERT OR REPLACE INTO temp.known VALUES (?,?)", known)
                row = kept.execute("SELECT size, at FROM everything WHERE at <= ?", (now,)).fetchone()
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _write(self, statement: str, rows: Iterable[tuple[Any, ...]], *, afresh: bool = False) -> None:
        try:
            self._make_folder()
            with closing(sqlite3.connect(self._path, timeout=30)) as kept, kept:
                kept.execute("PRAGMA synchronous=OFF")  # what a power cut takes is read once more
                kept.execute("CREATE TABLE IF NOT EXISTS reading(blake3 BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID")
                kept.execute("CREATE TABLE IF NOT EXISTS everything(size INTEGER, at INTEGER)")
                if afresh:
                    kept.execute("DELETE FROM reading")
                    kept.execute("DELETE FROM everything")
                kept.executemany(statement, rows)
        except (sqlite3.Error, OSError) as error:
            raise self._trouble(error) from error

    def _make_folder(self) -> None:
        """Make the folder, for this user alone, and with it the home where there is none yet. Raises OSError."""
        folder = os.path.dirname(self._path)
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        os.makedirs(folder, exist_ok=True, mode=0o700)

    def _trouble(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            f"what was read cannot be remembered ({getattr(error, 'strerror', None) or error})",
            where=self._path, code="read-again",
            hint="move that file away and reading begins anew; or name a folder that can be written with $SIJILL_HOME",
        )  # fmt: skip


def sample(db: sqlite3.Connection, number: int, seed: str) -> list[str]:
    """Give the names of `number` objects, all if there are fewer, in order: those with the smallest SHA-256(seed:name).

    Anybody with the seed chooses the same; nobody knows them before the seed is said.
    """
    import heapq

    names = (name for (name,) in db.execute("SELECT DISTINCT blake3 FROM object"))
    return sorted(heapq.nsmallest(number, names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest()))


def rows_of(db: sqlite3.Connection, names: Iterable[str]) -> Iterator[Row]:
    """Give the rows of these objects, in the order given."""
    for name in names:
        yield from db.execute(
            f"SELECT {ITEM_OF}, o.blake3, o.sha256, o.size FROM object o LEFT JOIN record r ON r.sub = o.sub"
            " WHERE o.blake3 = ? ORDER BY o.idx",
            (name,),
        )


def until(rows: Iterable[Row], seconds: float) -> Iterator[Row]:
    """Give rows until so many seconds have passed, and then those of the object that was begun."""
    end, name = time.monotonic() + seconds, ""
    for row in rows:
        if row[1] != name:
            if name and time.monotonic() >= end:
                return
            name = row[1]
        yield row


def _unhex(name: Any) -> bytes | None:
    try:
        return bytes.fromhex(name)
    except (ValueError, TypeError):
        return None


def items_within(db: sqlite3.Connection, read: set[str]) -> list[str]:
    """Give the items (`CODE/ID`) of which every object is among those read."""
    whole: dict[str, bool] = {}
    rows = db.execute(
        "SELECT r.code || '/' || r.id, o.blake3 FROM object o JOIN record r ON r.sub = o.sub WHERE r.kind <> 'case'"
    )
    for item, name in rows:
        whole[item] = whole.get(item, True) and name in read
    return sorted(item for item, all_read in whole.items() if all_read)
