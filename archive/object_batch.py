"""Many sources at once: which of them are read by threads, which by forked processes, and in what portions.

Long reads gain nothing from processes and pay for them; thousands of short ones
are a third faster in two processes than in two threads. Answers carry the
number of their source and come as the work is done, not in its order.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from archive.object_file import SMALL_BYTES, Kept, Place, measure, put_large, put_small
from archive.object_source import Fault, Seen, Source
from archive.workers import Progress, Pulse, WorkerLost, can_fork, forked, in_order, ticker
from schemas.errors import UnreachableError

BATCH_FILES = 250
FEW_BATCH_FILES = 25  # so that both workers have some
FORK_ABOVE_FILES = 500

Pair = tuple[Source, Seen]


def put_all(
    window: Sequence[Pair], place: Place, progress: Progress | None
) -> Generator[tuple[int, Kept | Fault], None, None]:
    """Put large files, whose answers are few enough to wait for their turn, then small ones."""
    small = [(number, seen) for number, (_, seen) in enumerate(window) if seen.size <= SMALL_BYTES]
    large = [(number, seen) for number, (_, seen) in enumerate(window) if seen.size > SMALL_BYTES]
    pulse = Pulse()
    # The last of an odd number of files has both processors to itself: a thread for each hash.
    last = large[-1][0] if len(large) % 2 else -1

    def read(one: tuple[int, Seen]) -> tuple[int, Kept | Fault]:
        number, seen = one
        return number, put_large(seen, place, pulse, split=number == last)

    with closing(in_order(read, large, pulse, tick=ticker(pulse, progress), ahead=3)) as outcomes:
        yield from outcomes
    yield from _put_small(small, place, progress)


def _put_small(
    small: Sequence[tuple[int, Seen]], place: Place, progress: Progress | None
) -> Generator[tuple[int, Kept | Fault], None, None]:
    """Put small files in batches: in forked processes where there are many, else in threads."""

    def read(batch: Sequence[tuple[int, Seen]]) -> list[tuple[object, ...]]:
        return [tuple(put_small(seen, place)) for _, seen in batch]

    many = len(small) > FORK_ABOVE_FILES
    length = BATCH_FILES if many else FEW_BATCH_FILES
    batches = [small[first : first + length] for first in range(0, len(small), length)]
    answers = forked(read, batches) if many and can_fork() else in_order(read, batches, Pulse(), tick=lambda: None)
    try:
        with closing(answers):
            for batch, outcomes in zip(batches, answers, strict=True):
                if progress is not None:
                    progress(sum(seen.size for _, seen in batch))
                for (number, _), values in zip(batch, outcomes, strict=True):
                    # Plain tuples crossed the process boundary; a fault is the shorter one.
                    yield number, (Kept(*values) if len(values) == len(Kept._fields) else Fault(*values))
    except WorkerLost as error:
        raise UnreachableError(
            f"{error}; nothing was recorded",
            hint="the system may be short of memory; run the command again",
            code="worker-lost",
        ) from error


def measure_all(
    window: Sequence[Pair], place: Place, progress: Progress | None
) -> Generator[tuple[int, Kept | Fault], None, None]:
    """Hash files without storing them, in threads."""
    pulse = Pulse()

    def read(one: tuple[int, Pair]) -> tuple[int, Kept | Fault]:
        number, (_, seen) = one
        return number, measure(seen, place, pulse)

    with closing(in_order(read, enumerate(window), pulse, tick=ticker(pulse, progress))) as outcomes:
        yield from outcomes
