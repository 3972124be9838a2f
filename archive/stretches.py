"""All cases of an archive, a stretch of codes at a time, by two processes where they are many.

A stretch is the first and the last code of some cases; what is asked of it is
the caller's business. Memory does not grow with the number of cases. Processes
are forked only where nobody is writing: each reads the one unchanged file by a
connection of its own, and `database.reading` tells at the end if it changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archive.database import connected, left_journal
from archive.workers import WorkerLost, can_fork, forked

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

Stretch = tuple[str, str]
Ask = Callable[[Stretch], Any]

LENGTH = 50  # cases that are read and told together
MANY = 400  # cases from which on a second process is worth its start
_CODES = (  # the index answers alone
    "SELECT DISTINCT code FROM record INDEXED BY record_when WHERE kind = 'case' AND code IS NOT NULL ORDER BY code"
)
_COUNT = "SELECT count(*) FROM record INDEXED BY record_when WHERE kind = 'case'"


def stretches(db: Any, codes: Sequence[str] = ()) -> Iterator[Stretch]:
    """Give each of `codes` once, in that order, as a stretch of its own; without any, all codes in order."""
    if codes:
        yield from ((code, code) for code in dict.fromkeys(codes))
        return
    every = db.execute(_CODES)
    while some := [code for (code,) in every.fetchmany(LENGTH)]:
        yield some[0], some[-1]


def count(db: Any) -> int:
    """Give how many cases there are."""
    return int(db.execute(_COUNT).fetchone()[0])


def told(
    archive: Archive, db: Any, codes: Sequence[str], asker: Callable[[Any], Ask], progress: Saying | None = None
) -> Iterator[Any]:
    """Give the answer of `asker(connection)` to each stretch, in order; answers must be what marshal writes.

    `db` is the connection of the caller, held by `archive.reading()` until the last answer. `progress` is told how
    many cases are done, of how many.
    """
    run = list(stretches(db, codes))
    answers = _answers(archive, db, codes, asker, run)
    if progress is None:
        return answers
    total = len(run) if codes else count(db)
    return _watched(answers, progress, 1 if codes else LENGTH, total)


def _watched(answers: Iterator[Any], progress: Saying, length: int, total: int) -> Iterator[Any]:
    for number, answer in enumerate(answers, 1):
        progress("going through the cases", min(number * length, total), total)
        yield answer


def _answers(
    archive: Archive, db: Any, codes: Sequence[str], asker: Callable[[Any], Ask], run: Sequence[Stretch]
) -> Iterator[Any]:
    if codes or len(run) <= MANY // LENGTH or not can_fork() or left_journal(archive.database):
        yield from map(asker(db), run)
        return
    own: list[Ask] = []

    def work(stretch: Stretch) -> Any:
        if not own:  # a connection does not survive the fork
            own.append(asker(connected(archive.database)))
        return own[0](stretch)

    given = 0
    try:
        for answer in forked(work, run):
            given += 1
            yield answer
    except WorkerLost:  # it does not say why; what is left is asked here, and whatever is wrong comes to light
        yield from map(asker(db), run[given:])
