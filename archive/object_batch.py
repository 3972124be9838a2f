"""Many sources at once: which of them are read by threads, which by forked processes, and in what portions.

Long reads gain nothing from processes and pay for them; thousands of short ones
are a third faster in two processes than in two threads. Answers carry the
number of their source and come as the work is done, not in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field

from archive.object_file import Kept, Place, measure, put_large, put_small
from archive.object_source import Fault, Seen, Source
from archive.object_trouble import worker_lost
from archive.stored import FORK_ABOVE_FILES, SMALL_BYTES
from archive.workers import Progress, Pulse, WorkerLost, can_fork, forked, in_order, ticker
from evidence.held import Held

BATCH_FILES = 256
FEW_BATCH_FILES = 25  # so that both workers have some

Pair = tuple[Source, Seen]
Answers = Generator[tuple[int, Kept | Fault], None, None]
Judge = Callable[[bytes, str], str]  # what the first bytes of a file, and its name, say of it


@dataclass
class Looked:
    """Sources as they were before the first was read, held packed, and what they are together."""

    pairs: Held = field(default_factory=Held)
    large: list[int] = field(default_factory=list)  # the places of those that are read in pieces
    takes: int = 0  # bytes, of a copy of all

    def add(self, source: Source, seen: Seen) -> None:
        """Put one behind the others."""
        if seen.size > SMALL_BYTES:
            self.large.append(len(self.pairs))
        self.pairs.append((source, seen))
        self.takes += seen.takes


def put_all(looked: Looked, place: Place, progress: Progress | None, judge: Judge | None) -> Answers:
    """Put large files, then small ones; answers of large ones are few enough to wait for their turn.

    Raises UnreachableError.
    """
    pulse, large = Pulse(), looked.large
    # The last of an odd number of files has both processors to itself: a thread for each hash.
    last = large[-1] if len(large) % 2 else -1

    def read(number: int) -> tuple[int, Kept | Fault]:
        ((source, seen),) = looked.pairs.part(number, number + 1)
        return number, _judged(put_large(seen, place, pulse, split=number == last), source, judge)

    with closing(in_order(read, large, pulse, tick=ticker(pulse, progress), ahead=3)) as outcomes:
        yield from outcomes
    if len(large) < len(looked.pairs):
        yield from _put_small(looked, place, progress, judge)


def _put_small(looked: Looked, place: Place, progress: Progress | None, judge: Judge | None) -> Answers:
    """Put small files in batches: in forked processes where there are many, else in threads."""
    pairs, many = looked.pairs, len(looked.pairs) - len(looked.large) > FORK_ABOVE_FILES
    length = BATCH_FILES if many else FEW_BATCH_FILES

    def read(first: int) -> list[tuple[int, int, tuple[object, ...]]]:
        return [
            (number, seen.size, tuple(_judged(put_small(seen, place), source, judge)))
            for number, (source, seen) in enumerate(pairs.part(first, first + length), first)
            if seen.size <= SMALL_BYTES
        ]

    batches = range(0, len(pairs), length)
    many = many and can_fork()
    answers = forked(read, batches) if many else in_order(read, batches, Pulse(), tick=lambda: None)
    try:
        with closing(answers):
            for outcomes in answers:
                if progress is not None:
                    progress(sum(size for _, size, _ in outcomes))
                for number, _, values in outcomes:
                    # Plain tuples crossed the process boundary; a fault is the shorter one.
                    yield number, (Kept(*values) if len(values) == len(Kept._fields) else Fault(*values))
    except WorkerLost as error:
        raise worker_lost(error) from error


def measure_all(looked: Looked, place: Place, progress: Progress | None, judge: Judge | None) -> Answers:
    """Hash files without storing them, in threads."""
    pulse = Pulse()

    def read(one: tuple[int, Pair]) -> tuple[int, Kept | Fault]:
        number, (source, seen) = one
        return number, _judged(measure(seen, place, pulse), source, judge)

    with closing(in_order(read, enumerate(looked.pairs), pulse, tick=ticker(pulse, progress))) as outcomes:
        yield from outcomes


def _judged(outcome: Kept | Fault, source: Source, judge: Judge | None) -> Kept | Fault:
    """Judge the first bytes here, in the worker, and spare them the way to the caller."""
    if judge is None or isinstance(outcome, Fault):
        return outcome
    return outcome._replace(head=b"", judged=judge(outcome.head, source.called))
