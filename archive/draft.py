"""Entries to be: what is to be added to the ledger, and the values of many made ready in two more processes.

Making ready (salts, JSON, digests) needs no database and no key, and is half of
what a large intake's one transaction waits for. Decides nothing, signs nothing,
and asks for each draft in its turn, a few ahead of the one that is added.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain, islice
from typing import Any, NamedTuple

from archive.disclosure import Made, make_all
from archive.object_trouble import worker_lost
from archive.workers import WorkerLost, can_fork, forked
from schemas.errors import CanonicalError

MANY = 1_000  # entries from which on other processes are worth their start
BATCH = 250


class Draft(NamedTuple):
    """An entry to be: its type, its subject, its body, and the values that it discloses."""

    t: str
    sub: str | None = None
    body: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] | None = None


def made_ready(drafts: Iterable[Draft]) -> Iterator[tuple[Draft, Made | None]]:
    """Give each draft in its turn, with its values made ready; without them where it has none or they are refused.

    Raises what `drafts` does, and UnreachableError where another process was lost.
    """
    coming = iter(drafts)
    first = list(islice(coming, MANY))
    if len(first) < MANY or not can_fork():
        for draft in chain(first, coming):
            yield draft, _made(draft.fields)
        return
    rest = chain(first, coming)
    given: deque[list[Draft]] = deque()

    def batches() -> Iterator[list[Mapping[str, Any] | None]]:
        while batch := list(islice(rest, BATCH)):
            given.append(batch)
            yield [draft.fields for draft in batch]

    try:
        with closing(forked(lambda batch: [_plain(_made(fields)) for fields in batch], batches())) as answers:
            for answer in answers:
                for draft, made in zip(given.popleft(), answer, strict=True):
                    yield draft, made and Made(*made)
    except WorkerLost as error:
        raise worker_lost(error) from error


def _made(fields: Mapping[str, Any] | None) -> Made | None:
    try:
        return make_all(fields) if fields else None
    except CanonicalError:
        return None  # whoever adds it meets the same, and it is told there


def _plain(made: Made | None) -> tuple[Any, ...] | None:
    return made and tuple(made)  # what crosses to another process
