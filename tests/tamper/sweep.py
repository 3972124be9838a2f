"""Every byte of every value that an archive stores, changed one at a time: who notices?

`places` gives each byte as a `Place` that can be changed and put back. The
database is changed past its triggers, and what is put back is what was there.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.database import TRIGGERS

PROVED = ("ledger", "private", "checkpoint")  # the tables that verify.py reads; the others are made from these


@dataclass(frozen=True)
class Place:
    """One byte: of a column of a row, or of a file."""

    store: str  # `table.column`, or a file's part of the archive
    at: str
    row: tuple[Any, ...] = ()
    column: int = 0
    byte: int = 0


class Swept:
    """An archive folder in which one byte at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._db = sqlite3.connect(folder / "sijill.db", isolation_level=None)
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.text_factory = bytes

    def close(self) -> None:
        """Leave the database as one file."""
        self._db.close()

    def places(self) -> Iterator[Place]:
        """Give every byte of every value, table by table, then of every file that counts."""
        tables = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1").fetchall()
        for (name,) in tables:
            yield from self._of_table(name.decode())
        for path in sorted((self.folder / "objects").glob("??/*")):
            yield from self._of_file(path, "objects")
        for name in ("checkpoint", "sijill.toml"):
            yield from self._of_file(self.folder / name, name)

    def _of_table(self, table: str) -> Iterator[Place]:
        columns = [name.decode() for _, name, *_ in self._db.execute(f"PRAGMA table_info({table})")]
        kinds = ", ".join(f"typeof({name})" for name in columns)
        for row in self._db.execute(f"SELECT {', '.join(columns)}, {kinds} FROM {table}").fetchall():
            values = tuple(map(_typed, row[: len(columns)], row[len(columns) :]))
            for number, value in enumerate(values):
                for byte in range(_length(value)):
                    yield Place(f"{table}.{columns[number]}", f"{values[:2]!r:.60}", values, number, byte)

    def _of_file(self, path: Path, store: str) -> Iterator[Place]:
        for byte in range(path.stat().st_size):
            yield Place(store, str(path), byte=byte)

    def change(self, place: Place) -> None:
        """Change one byte."""
        if place.row:
            self._put(place, place.row, _flipped_row(place))
        else:
            self._flip(place)

    def put_back(self, place: Place) -> None:
        """Let it be what it was."""
        if place.row:
            self._put(place, _flipped_row(place), place.row)
        else:
            self._flip(place)

    def _flip(self, place: Place) -> None:
        path = Path(place.at)
        data = bytearray(path.read_bytes())
        data[place.byte] ^= 1
        path.chmod(0o600)
        path.write_bytes(data)

    def _put(self, place: Place, old: tuple[Any, ...], new: tuple[Any, ...]) -> None:
        table = place.store.partition(".")[0]
        names = [name.decode() for _, name, *_ in self._db.execute(f"PRAGMA table_info({table})")]
        match = " AND ".join(f"{name} IS {_mark(value)}" for name, value in zip(names, old, strict=True))
        if table == "ledger":
            for name in TRIGGERS:
                self._db.execute(f"DROP TRIGGER {name}")
        done = self._db.execute(f"DELETE FROM {table} WHERE {match}", [_plain(value) for value in old])
        assert done.rowcount == 1
        marks = ",".join(map(_mark, new))
        self._db.execute(f"INSERT INTO {table} VALUES ({marks})", [_plain(value) for value in new])
        if table == "ledger":
            for text in TRIGGERS.values():
                self._db.execute(text)
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class Text(bytes):
    """The bytes of a text, which after a change may be no UTF-8."""


def _typed(value: Any, kind: bytes) -> Any:
    return Text(value) if kind == b"text" else value


def _mark(value: Any) -> str:
    return "CAST(? AS TEXT)" if isinstance(value, Text) else "?"


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, Text) else value


def _length(value: Any) -> int:
    if isinstance(value, int):
        return max(1, (abs(value).bit_length() + 7) // 8)
    if isinstance(value, float):
        return _DOUBLE.size
    return 1 if value is None else len(value)


def _flipped_row(place: Place) -> tuple[Any, ...]:
    row = list(place.row)
    value = row[place.column]
    if value is None:
        row[place.column] = 0 if place.store.split(".")[1] in _NUMBERS else Text(b"x")
    elif isinstance(value, int):
        row[place.column] = value ^ (1 << 8 * place.byte + 7)  # the seventh bit meets no neighbour's key
    else:
        data = bytearray(_DOUBLE.pack(value) if isinstance(value, float) else value)
        data[place.byte] ^= 1
        row[place.column] = _DOUBLE.unpack(data)[0] if isinstance(value, float) else type(value)(data)
    return tuple(row)


_DOUBLE = struct.Struct(">d")
_NUMBERS = ("withdrawn", "earliest", "latest", "lat", "lon", "heading", "count")
