"""Long runs of plain entries, made ready for a replay by other processes that read ahead of it.

What is made ready is what the rules ask of entries that are alike: the first of
each kind, the rows of their chains, the hashes of their leaves and, where the
view is made again, its rows out of the values beside them, each held against
its digest. It is the same, whichever process makes it; where no other one is
there, has ended, or met an entry of another form, the replay reads for itself.
Decides and reports nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from archive import disclosure, merkle
from archive.chains import doing
from archive.database import connected, left_journal
from archive.span import BULK
from archive.view import Projection
from archive.workers import WORKERS, WorkerLost, can_fork, forked
from schemas.entry import Entry, plain_run
from schemas.errors import SijillError

RUN = 256  # entries that are read together
GROUP = 4  # runs that are made ready together
MANY, MANY_VALUES = 20_000, 2_000  # entries, alone or with values, from which on other processes are worth their start
LARGEST_RUN = 4 * 1024 * 1024  # of the disclosures of a run that is read together
_ROWS = (
    "SELECT idx, leaf, NULL FROM ledger WHERE idx BETWEEN ? AND ? ORDER BY idx",
    (
        "SELECT l.idx, l.leaf, p.disclosures FROM ledger l LEFT JOIN private p ON p.idx = l.idx"
        " WHERE l.idx BETWEEN ? AND ? ORDER BY l.idx"
    ),
)
Row = tuple[int, Any, Any]


class Ready(NamedTuple):
    """Plain entries that stand together: those that are the first of a type, key and time, the rest by the column."""

    firsts: Sequence[tuple[int, bytes]]  # place, leaf
    sub: Sequence[str]
    prev: Sequence[int | None]
    did: Sequence[str]
    hashed: Sequence[bytes]
    gone: Sequence[tuple[int, str]] = ()  # entry, digest of which the value is not there
    view: Sequence[tuple[str, Sequence[tuple[Any, ...]]]] = ()  # what `Projection` runs


Part = tuple[int, Ready | None]  # how many entries; None where they must be read one by one


def rows_of(db: sqlite3.Connection, first: int, count: int, *, values: bool) -> Iterator[Row]:
    """Give index, leaf and disclosures of the entries that are there among `count` from `first` on."""
    return db.execute(_ROWS[values], (first, first + count - 1))


def make_ready(db: sqlite3.Connection, first: int, count: int, *, values: bool) -> list[Part]:
    """Read a run in which no entry is gone, and what is alike in it, with or without `values`. Raises sqlite3.Error."""
    rows, size = list[Row](), 0
    for row in rows_of(db, first, count, values=values):
        if row[0] != first + len(rows) or type(row[1]) is not bytes or not isinstance(row[2], str | None):
            return [(count, None)]
        rows.append(row)
        size += len(row[2] or "")
        if size > LARGEST_RUN:
            return [(count, None)]
    parts = [(plain, list(part)) for plain, part in groupby(rows, lambda row: row[1].startswith(b'{"_sd":["'))]
    return [(len(part), _ready(part, values=values) if plain else None) for plain, part in parts]


def _ready(rows: Sequence[Row], *, values: bool) -> Ready | None:
    """Make entries ready; None where one is of another form, or of a type of which each counts."""
    first, leaves = rows[0][0], [leaf for _, leaf, _ in rows]
    plain = plain_run(leaves)
    if plain is None or not all(t.startswith(BULK) for t in set(plain.t)):
        return None
    seen = _seen(plain.entries(first), [text for *_, text in rows]) if values else ((), ())
    if seen is None:
        return None
    alike = list(zip(plain.t, plain.by, plain.at, strict=True))
    firsts = [(place, leaves[place]) for place in sorted(map(alike.index, set(alike)))]
    did = list(map(doing, plain.t, plain.kind, plain.by))
    hashed = list(map(merkle.leaf_hash, leaves))
    return Ready(firsts, list(plain.sub), list(plain.prev), did, hashed, *seen)


def _seen(entries: Iterator[Entry], texts: Sequence[str | None]) -> tuple[list[Any], list[Any]] | None:
    """Give what is gone, and the rows of the view; None where a value is not as it must be."""
    gone, view = list[Any](), list[Any]()
    projection = Projection(lambda statement, rows: view.append((statement, rows)))
    for entry, text in zip(entries, texts, strict=True):
        read = disclosure.read_all(text, entry.sd)
        if read is None:
            return None
        fields, missing = read
        gone += [(entry.index, digest) for digest in missing]
        try:
            projection.add(entry, fields)
        except SijillError:
            return None
    projection.flush()
    return gone, view


@contextmanager
def reading_ahead(db: sqlite3.Connection, size: int, *, values: bool) -> Iterator[Callable[[int, int], list[Part]]]:
    """Give what makes a run ready, by its first entry and their number; of many entries other processes are ahead."""

    def here(first: int, count: int) -> list[Part]:
        return make_ready(db, first, count, values=values)

    path = next((row[2] for row in db.execute("PRAGMA database_list") if row[1] == "main"), "")
    if not path or size < (MANY_VALUES if values else MANY) or not can_fork():
        yield here
        return
    groups = iter(range(-(-size // (RUN * GROUP))))
    crew = WORKERS if values else 1
    with closing(forked(_work(Path(path), values=values), groups, workers=crew)) as answers:
        yield _Ahead(answers, here).ready


def _work(path: Path, *, values: bool) -> Callable[[int], list[Any]]:
    """Give what makes a group of runs ready, by its number; less of them where entries are gone or cannot be read."""
    own: list[sqlite3.Connection] = []

    def work(group: int) -> list[Any]:
        if not own:  # a connection does not survive the fork
            own.append(connected(path, immutable=not left_journal(path)))
        runs = list[Any]()
        try:
            for first in range(group * RUN * GROUP, (group + 1) * RUN * GROUP, RUN):
                made = make_ready(own[0], first, RUN, values=values)
                runs.append([(count, one and tuple(one)) for count, one in made])  # marshal writes no named tuple
        except sqlite3.Error:
            pass  # the replay will meet it
        return runs

    return work


class _Ahead:
    """The answers of the other processes, taken in order as a replay comes to them."""

    def __init__(self, answers: Generator[list[Any], None, None], here: Callable[[int, int], list[Part]]) -> None:
        self._answers = answers
        self._here = here
        self._group, self._runs = -1, list[Any]()

    def ready(self, first: int, count: int) -> list[Part]:
        """Give a run as another process made it ready, or make it so here where none did."""
        run, odd = divmod(first, RUN)
        group, place = divmod(run, GROUP)
        if group == self._group + 1:  # never farther: where entries are gone, nobody counts up to a far index
            self._group, self._runs = group, self._next()
        if not odd and group == self._group and place < len(self._runs):
            made = self._runs[place]
            if sum(number for number, _ in made) == count:
                return [(number, one and Ready(*one)) for number, one in made]
        return self._here(first, count)

    def _next(self) -> list[Any]:
        try:
            return next(self._answers, [])
        except WorkerLost:
            return []
