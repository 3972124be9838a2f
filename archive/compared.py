"""The tables made from the ledger, held row by row against those that a replay makes again.

The view is never trusted: nothing in it is an input to a proof, but people
read it, so a row behind the ledger's back is a finding. Both sides are read in
the order of their keys and walked side by side, so memory does not grow; types
count, since 5 and '5' and 5.0 are three answers. Changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from archive import log_rows, merkle
from archive.database import INDEXES, TABLES, TRIGGERS, VIEW
from archive.log_leaves import leaf_hashes
from archive.replay import Replay
from schemas.errors import FormatError, SijillError

MOST_TROUBLE = 20
MOST_NAMED = 6
Row = tuple[Any, ...]
_KEYS = {"record": ("first",), "act": ("idx",), "object": ("idx", "blake3")}  # the first columns of each
_LAST = {"record": 1, "act": 0, "object": 0}  # which column names the entry that made the row as it is


def check_schema(replay: Replay, db: sqlite3.Connection) -> frozenset[str]:
    """Hold tables, indexes and triggers against those that `init` made; gives the tables that may be read.

    A table of ours that was made in another way is not: it could be a view that never ends.
    """
    expected = {**TABLES, **INDEXES, **TRIGGERS}
    found = {}
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        found[str(name)] = sql
        if name not in expected:
            replay.report("schema", f"{kind} {name} in the database", "it is not ours")
    for name, sql in expected.items():
        if found.get(name) != sql:
            what = "it is not as it was made" if name in found else "it is missing"
            replay.report("schema", f"{name} in the database", what)
    for name in ("user_version", "application_id"):
        if db.execute(f"PRAGMA {name}").fetchone()[0]:
            replay.report("schema", f"{name} of the database", "it was set, and Sijill sets none")
    return frozenset(name for name in TABLES if found.get(name) == TABLES[name])


def check_pages(replay: Replay, db: sqlite3.Connection) -> None:
    """Have SQLite look at every page, index and type of the database."""
    for (line,) in db.execute(f"PRAGMA integrity_check({MOST_TROUBLE})"):
        if line != "ok":
            replay.report("database-damaged", "the database", str(line).replace("\n", "; "))


def compare_view(replay: Replay, db: sqlite3.Connection, scratch: sqlite3.Connection) -> None:
    """Compare every row of the view with the one that the replay made."""
    for table in VIEW:
        order = ", ".join(_KEYS[table])
        live, again = (one.execute(f"SELECT * FROM {table} ORDER BY {order}") for one in (db, scratch))
        columns = [name for name, *_ in again.description]
        for found, made in _side_by_side(live, again, len(_KEYS[table])):
            row = made or found or ()
            since = replay.time_of(made[_LAST[table]]) if made else None
            what = _changes(columns, found, made) if found and made else "it was removed" if made else "it was added"
            where = f"{_called(*row[4:7])} of entry {row[0]}" if table == "record" else f"{table} of entry {row[0]}"
            replay.report("view-changed", where, f"{what} behind the ledger's back", since=since)


def _called(kind: Any, code: Any, name: Any) -> str:
    return f"{kind} {code if kind == 'case' else '/'.join(str(part) for part in (code, name) if part is not None)}"


def _changes(columns: Sequence[str], found: Row, made: Row) -> str:
    """Say which columns of a row differ, and of its fields which."""
    names = [name for name, one, two in zip(columns, found, made, strict=True) if (type(one), one) != (type(two), two)]
    if "fields" in names:
        at = columns.index("fields")
        try:
            one, two = json.loads(found[at]), json.loads(made[at])
            names += sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
            names.remove("fields")
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
    shown = ", ".join(names[:MOST_NAMED]) + (" and more" if len(names) > MOST_NAMED else "")
    return f"it was changed ({shown})"


def check_merges(replay: Replay, scratch: sqlite3.Connection) -> None:
    """A merge is two edits in one commit: where one case says what the other does not, somebody wrote past the command.

    What was erased says nothing any more, and is not asked.
    """
    asked = "SELECT code, first, fields FROM record WHERE kind = 'case' AND fields LIKE '%\"merged\\_%' ESCAPE '\\'"
    told = {code: (first, json.loads(fields)) for code, first, fields in scratch.execute(asked)}
    nothing: tuple[int, dict[str, Any]] = (0, {})
    for code, (first, fields) in told.items():
        into = fields.get("merged_into")
        halves = [] if into is None or code in told.get(into, nothing)[1].get("merged_from", ()) else [into]
        taken = fields.get("merged_from", ())
        halves += [other for other in taken if told.get(other, nothing)[1].get("merged_into") != code]
        if halves:
            replay.report(
                "merge-half", f"case of entry {first}", f"{len(halves)} merges that the other case does not state",
                since=None,
            )  # fmt: skip


def check_names(replay: Replay, scratch: sqlite3.Connection) -> None:
    """No two records of a case and kind that count have one name: whoever asks for it must get one answer."""
    rows = scratch.execute(
        "SELECT kind, max(first), count(*) FROM record WHERE kind <> 'key' AND id IS NOT NULL AND withdrawn IS NULL"
        " GROUP BY code, kind, id HAVING count(*) > 1 ORDER BY 2"
    )
    for kind, first, count in rows:
        replay.report("name-twice", f"{kind} of entry {first}", f"{count} records bear its name", since=None)


def _side_by_side(live: Iterator[Row], again: Iterator[Row], width: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Walk two sorted tables together; give the pairs that differ, one of them None where a side has no such row."""
    found, made = next(live, None), next(again, None)
    while found is not None or made is not None:
        if found is not None and found == made and _types(found) == _types(made):
            found, made = next(live, None), next(again, None)
            continue
        one, two = (None if row is None else tuple(map(_place, row[:width])) for row in (found, made))
        if two is None or (one is not None and one < two):
            yield found, None
            found = next(live, None)
        elif one is None or two < one:
            yield None, made
            made = next(again, None)
        else:
            yield found, made
            found, made = next(live, None), next(again, None)


def _types(row: Row) -> list[type]:
    """Give the types of a row, for 5 is not 5.0."""
    return list(map(type, row))


def _place(value: Any) -> tuple[int, Any]:
    """Give where a value stands in SQLite's order: nothing, numbers, texts, bytes."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return (2, value.encode("utf-8", "surrogateescape")) if isinstance(value, str) else (3, value)


def check_observations(replay: Replay, db: sqlite3.Connection, scratch: sqlite3.Connection) -> None:
    """Hold the rows of every flight log against the root that its last reading committed to."""
    known = -1  # the highest id that a reading accounts for
    strangers = "SELECT 1 FROM observation WHERE id > ? AND id < ? LIMIT 1"
    added = False
    for index, _ in scratch.execute(log_rows.READINGS).fetchall():
        (fields,) = scratch.execute("SELECT fields FROM act WHERE idx = ?", (index,)).fetchone()
        reading = json.loads(fields)
        first, last = log_rows.span(index)
        added = added or db.execute(strangers, (known, first)).fetchone() is not None
        known = last
        if _rows_root(db, index, reading["rows_salt"]) != (reading["rows"], reading["rows_root"]):
            what = "its rows are not those that were read from it"
            replay.report("observation-changed", f"flight log of entry {index}", what, since=replay.time_of(index))
    if added or db.execute("SELECT 1 FROM observation WHERE id > ? LIMIT 1", (known,)).fetchone():
        replay.report("observation-changed", "observation", "rows of a flight log that the ledger does not know")


def _rows_root(db: sqlite3.Connection, entry: int, salt: str) -> tuple[int, str] | None:
    """Give number and root of the rows that stand here; None where one is no row at all."""
    compact, (base, last) = merkle.CompactRange(), log_rows.span(entry)
    rows = db.execute("SELECT * FROM observation WHERE id BETWEEN ? AND ? ORDER BY id", (base, last))
    try:
        for hashed in leaf_hashes(salt, _told_alike(rows, base)):
            compact.append(hashed)
    except (SijillError, ValueError, TypeError, AttributeError, LookupError):
        return None
    return compact.size, compact.root().hex()


def _told_alike(rows: Iterator[Row], base: int) -> Iterator[tuple[int, str]]:
    """Give number and value of each row. Raises FormatError where what stands beside the value is something else."""
    for row_id, *beside, value in rows:
        told = orjson.loads(value)
        found, expected = (row_id - base, *beside), tuple(map(told.get, ("row", *log_rows.SEARCHED)))
        if found != expected or _types(found) != _types(expected):
            raise FormatError("a row is searched by other numbers than it tells")
        yield row_id - base, value
