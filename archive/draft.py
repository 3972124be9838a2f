"""Entries to be: what is to be added to the ledger, and the values of many made ready in another process.

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
from schemas.disclosed import misfit
from schemas.entry import Entry
from schemas.errors import FormatError, SijillError

MANY = 1_000  # entries from which on another process is worth its start
BATCH = 100


class Draft(NamedTuple):
    """An entry to be: its type, its subject, its body, and the values that it discloses."""

    t: str
    sub: str | None = None
    body: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] | None = None


def made_ready(drafts: Iterable[Draft]) -> Iterator[tuple[Draft, Made | None]]:
    """Give each draft in its turn, with its values made ready; without them where it has none, or is yet to be refused.

    Raises what `drafts` and `ready` do, and UnreachableError where another process was lost.
    Raises FormatError.
    """
    coming = iter(drafts)
    first = list(islice(coming, MANY))
    if len(first) < MANY or not can_fork():
        for draft in chain(first, coming):
            yield draft, ready(draft)
        return
    rest = chain(first, coming)
    given: deque[list[Draft]] = deque()

    def batches() -> Iterator[list[tuple[Any, ...]]]:
        while batch := list(islice(rest, BATCH)):
            given.append(batch)
            yield [tuple(draft) for draft in batch]

    try:
        with closing(forked(_plainly, batches(), workers=1)) as answers:  # the second processor writes what is ready
            for answer in answers:
                for draft, made in zip(given.popleft(), answer, strict=True):
                    yield draft, made and Made(*made)
    except WorkerLost as error:
        raise worker_lost(error) from error


def ready(draft: Draft) -> Made | None:
    """Make the values of one draft ready; None where it discloses nothing.

    Raises CanonicalError, and FormatError for what no such entry discloses.
    """
    fields = draft.fields or {}
    made = make_all(fields) if fields else None
    entry = Entry(0, draft.t, "", "", "", draft.body or {}, draft.sub, None, made.digests if made else ())
    if problem := misfit(entry, fields):
        raise FormatError(problem)
    return made


def _plainly(batch: list[tuple[Any, ...]]) -> list[tuple[Any, ...] | None]:
    """Make a batch ready in another process; None for whatever it refuses, since whoever adds it meets the same."""
    made: list[tuple[Any, ...] | None] = []
    for draft in batch:
        try:
            one = ready(Draft(*draft))
        except SijillError:
            one = None
        made.append(one and tuple(one))
    return made
