"""Many sources at once: which of them are read by threads, which by forked processes, and in what portions.

Long reads gain nothing from processes and pay for them; thousands of short ones
are a third faster in two processes than in two threads. Answers carry the
number of their source and come as the work is done, not in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from archive.object_file import Kept, Place, measure, put_large, put_small
from archive.object_source import Fault, Seen, Source
from archive.object_trouble import worker_lost
from archive.stored import FORK_ABOVE_FILES, SMALL_BYTES
from archive.workers import Progress, Pulse, WorkerLost, can_fork, forked, in_order, ticker

BATCH_FILES = 250
FEW_BATCH_FILES = 25  # so that both workers have some

Pair = tuple[Source, Seen]
Answers = Generator[tuple[int, Kept | Fault], None, None]
Judge = Callable[[bytes, str], str]  # what the first bytes of a file, and its name, say of it


def put_all(window: Sequence[Pair], place: Place, progress: Progress | None, judge: Judge | None) -> Answers:
    """Put large files, whose answers are few enough to wait for their turn, then small ones."""
    small = [(number, pair) for number, pair in enumerate(window) if pair[1].size <= SMALL_BYTES]
    large = [(number, pair) for number, pair in enumerate(window) if pair[1].size > SMALL_BYTES]
    pulse = Pulse()
    # The last of an odd number of files has both processors to itself: a thread for each hash.
    last = large[-1][0] if len(large) % 2 else -1

    def read(one: tuple[int, Pair]) -> tuple[int, Kept | Fault]:
        number, (source, seen) = one
        return number, _judged(put_large(seen, place, pulse, split=number == last), source, judge)

    with closing(in_order(read, large, pulse, tick=ticker(pulse, progress), ahead=3)) as outcomes:
        yield from outcomes
    yield from _put_small(small, place, progress, judge)


def _put_small(
    small: Sequence[tuple[int, Pair]], place: Place, progress: Progress | None, judge: Judge | None
) -> Answers:
    """Put small files in batches: in forked processes where there are many, else in threads."""

    def read(batch: Sequence[tuple[int, Pair]]) -> list[tuple[object, ...]]:
        return [tuple(_judged(put_small(seen, place), source, judge)) for _, (source, seen) in batch]

    many = len(small) > FORK_ABOVE_FILES
    length = BATCH_FILES if many else FEW_BATCH_FILES
    batches = [small[first : first + length] for first in range(0, len(small), length)]
    if many and can_fork():
        answers = forked(lambda number: read(batches[number]), range(len(batches)))
    else:
        answers = in_order(read, batches, Pulse(), tick=lambda: None)
    try:
        with closing(answers):
            for batch, outcomes in zip(batches, answers, strict=True):
                if progress is not None:
                    progress(sum(seen.size for _, (_, seen) in batch))
                for (number, _), values in zip(batch, outcomes, strict=True):
                    # Plain tuples crossed the process boundary; a fault is the shorter one.
                    yield number, (Kept(*values) if len(values) == len(Kept._fields) else Fault(*values))
    except WorkerLost as error:
        raise worker_lost(error) from error


def measure_all(window: Sequence[Pair], place: Place, progress: Progress | None, judge: Judge | None) -> Answers:
    """Hash files without storing them, in threads."""
    pulse = Pulse()

    def read(one: tuple[int, Pair]) -> tuple[int, Kept | Fault]:
        number, (source, seen) = one
        return number, _judged(measure(seen, place, pulse), source, judge)

    with closing(in_order(read, enumerate(window), pulse, tick=ticker(pulse, progress))) as outcomes:
        yield from outcomes


def _judged(outcome: Kept | Fault, source: Source, judge: Judge | None) -> Kept | Fault:
    """Judge the first bytes here, in the worker, and spare them the way to the caller."""
    if judge is None or isinstance(outcome, Fault):
        return outcome
    return outcome._replace(head=b"", judged=judge(outcome.head, source.called))
