"""Long runs of plain entries, made ready for a replay by another process that reads ahead of it.

What is made ready is what the rules ask of entries that are alike: the first of
each kind, the rows of their chains, the hashes of their leaves. It is the same,
whichever process makes it; where the other one is not there, has ended, or met
an entry of another form, the replay reads for itself. Decides and reports nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from archive import merkle
from archive.chains import doing
from archive.database import connected
from archive.span import BULK
from archive.workers import WorkerLost, can_fork, forked
from schemas.entry import plain_run

RUN = 256  # entries that are read together
GROUP = 16  # runs that are made ready together
MANY = 20_000  # entries from which on another process is worth its start


class Ready(NamedTuple):
    """A run of plain entries: those that are the first of their type, key and time, and the rest by the column."""

    firsts: Sequence[tuple[int, bytes]]  # place in the run, leaf
    sub: Sequence[str]
    prev: Sequence[int | None]
    did: Sequence[str]
    hashed: Sequence[bytes]


def make_ready(leaves: Sequence[bytes]) -> Ready | None:
    """Read a run; None where an entry is of another form, or of a type of which each counts."""
    plain = plain_run(leaves)
    if plain is None or not all(t.startswith(BULK) for t in set(plain.t)):
        return None
    alike = list(zip(plain.t, plain.by, plain.at, strict=True))
    firsts = [(place, leaves[place]) for place in sorted(map(alike.index, set(alike)))]
    did = list(map(doing, plain.t, plain.kind, plain.by))
    return Ready(firsts, list(plain.sub), list(plain.prev), did, [merkle.leaf_hash(leaf) for leaf in leaves])


@contextmanager
def reading_ahead(db: sqlite3.Connection, size: int) -> Iterator[Callable[[int, Sequence[bytes]], Ready | None]]:
    """Give what makes a run ready, by its first entry and its leaves; of many entries another process is ahead."""
    path = next((row[2] for row in db.execute("PRAGMA database_list") if row[1] == "main"), "")
    if not path or size < MANY or not can_fork():
        yield lambda _, leaves: make_ready(leaves)
        return
    with closing(forked(_work(Path(path)), iter(range(-(-size // (RUN * GROUP)))), workers=1)) as answers:
        yield _Ahead(answers).ready


def _work(path: Path) -> Callable[[int], list[Any]]:
    """Give what makes a group of runs ready, by its number; nothing where entries are gone or cannot be read."""
    own: list[sqlite3.Connection] = []

    def work(group: int) -> list[Any]:
        if not own:  # a connection does not survive the fork
            own.append(connected(path))
        first = group * RUN * GROUP
        try:
            rows = (
                own[0]
                .execute(
                    "SELECT idx, leaf FROM ledger WHERE idx >= ? AND idx < ? ORDER BY idx", (first, first + RUN * GROUP)
                )
                .fetchall()
            )
        except sqlite3.Error:
            return []
        if any(index != at or type(leaf) is not bytes for at, (index, leaf) in enumerate(rows, first)):
            return []
        leaves = [leaf for _, leaf in rows]
        made = (make_ready(leaves[at : at + RUN]) for at in range(0, len(leaves), RUN))
        return [one and tuple(one) for one in made]

    return work


class _Ahead:
    """The answers of the other process, taken in order as a replay comes to them."""

    def __init__(self, answers: Generator[list[Any], None, None]) -> None:
        self._answers = answers
        self._group, self._runs = -1, list[Any]()

    def ready(self, first: int, leaves: Sequence[bytes]) -> Ready | None:
        """Give a run as the other process made it ready, or make it so here where it did not."""
        run, odd = divmod(first, RUN)
        group, place = divmod(run, GROUP)
        if group == self._group + 1:  # never farther: where entries are gone, nobody counts up to a far index
            self._group, self._runs = group, self._next()
        if not odd and group == self._group and place < len(self._runs):
            made = self._runs[place]
            if made is None:
                return None
            if len(made[1]) == len(leaves):
                return Ready(*made)
        return make_ready(leaves)

    def _next(self) -> list[Any]:
        try:
            return next(self._answers, [])
        except WorkerLost:
            return []
