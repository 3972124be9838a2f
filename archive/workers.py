"""Two workers and an order: long lists done by threads or by forked processes.

Results come back in the order of the jobs, at most a few ahead of the reader,
so that memory stays flat and a slow reader slows the workers. Jobs are taken
from their iterator in the caller's thread alone (a database cursor may be
behind it). Nothing here knows what the work is.

Threads serve long reads, since hashing lets the interpreter go; forked
processes serve many short ones, where it would not. Forking is used on Linux
alone and only from a process without other threads.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NoReturn, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Tick = Callable[[], None]
Progress = Callable[[int], None]  # called in the caller's thread with the bytes done since the last call

WORKERS = 2
_TICK_SECONDS = 0.2
_HEADER_BYTES = 4


class Halted(Exception):
    """The caller wants no more results; raised inside a worker between two chunks."""


class WorkerLost(Exception):
    """A forked worker ended before its work did."""


class Pulse:
    """Bytes done, counted by workers and read by the caller; and the caller's word to stop."""

    __slots__ = ("_bytes", "_lock", "halt")

    def __init__(self) -> None:
        self.halt = False
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        """Count bytes that were just read."""
        with self._lock:
            self._bytes += number

    def take(self) -> int:
        """Give the bytes counted since the last call."""
        with self._lock:
            number, self._bytes = self._bytes, 0
        return number

    def check(self) -> None:
        """Raise Halted where the caller has gone."""
        if self.halt:
            raise Halted


def ticker(pulse: Pulse, progress: Progress | None) -> Tick:
    """Give a tick that tells `progress` what `pulse` counted."""

    def tick() -> None:
        done = pulse.take()
        if done and progress is not None:
            progress(done)

    return tick


def in_order(
    work: Callable[[Job], Result], jobs: Iterable[Job], pulse: Pulse, *, tick: Tick, ahead: int = 6
) -> Generator[Result, None, None]:
    """Do `jobs` in two threads; yield their results in order, or raise what a job raised.

    `tick` is called in the caller's thread, while it waits and after each result.
    """
    tasks: SimpleQueue[tuple[Job, SimpleQueue[tuple[Result | None, BaseException | None]]] | None] = SimpleQueue()

    def run() -> None:
        while (task := tasks.get()) is not None:
            job, slot = task
            try:
                pulse.check()
                slot.put((work(job), None))
            except BaseException as error:
                slot.put((None, error))

    threads = [threading.Thread(target=run, name=f"sijill-worker-{n}", daemon=True) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    pending: deque[SimpleQueue[tuple[Result | None, BaseException | None]]] = deque()

    def first() -> Result:
        slot = pending.popleft()
        while True:
            try:
                result, error = slot.get(timeout=_TICK_SECONDS)
            except Empty:
                tick()
                continue
            tick()
            if error is not None:
                raise error
            return result  # type: ignore[return-value]

    try:
        for job in jobs:
            slot: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()
            tasks.put((job, slot))
            pending.append(slot)
            if len(pending) >= ahead:
                yield first()
        while pending:
            yield first()
    finally:
        pulse.halt = bool(pending)
        for _ in threads:
            tasks.put(None)
        for thread in threads:
            thread.join()
        pulse.halt = False


def can_fork() -> bool:
    """Say whether worker processes may be forked here: Linux, and no other thread that could hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


def forked(work: Callable[[Job], Any], jobs: Sequence[Job], *, ahead: int = 4) -> Generator[Any, None, None]:
    """Do `jobs` in two forked processes; yield what `work` gave (anything that marshal can write), in order.

    The processes end by themselves when the caller goes away, even by kill -9.
    Raises WorkerLost where one of them died.
    """
    crew: list[_Forked] = []
    try:
        for _ in range(min(WORKERS, len(jobs))):
            crew.append(_Forked(work, jobs, crew))
        ready: dict[int, Any] = {}
        next_job = wanted = 0
        by_result = {worker.results: worker for worker in crew}
        poll = select.poll()
        for worker in crew:
            poll.register(worker.results, select.POLLIN)
        while wanted < len(jobs):
            while next_job < min(len(jobs), wanted + ahead * len(crew)):
                worker = min(crew, key=lambda one: one.owed)
                if worker.owed >= ahead:
                    break
                worker.ask(next_job)
                next_job += 1
            if wanted not in ready:
                for handle, _ in poll.poll():
                    number, result = by_result[handle].answer()
                    ready[number] = result
            while wanted in ready:
                yield ready.pop(wanted)
                wanted += 1
    finally:
        for worker in crew:
            worker.end()


class _Forked:
    """One worker process, told the numbers of jobs through a pipe; it has the jobs themselves by inheritance."""

    def __init__(self, work: Callable[[Job], Any], jobs: Sequence[Job], siblings: Sequence[_Forked]) -> None:
        self.owed = 0
        take_orders, self.orders = os.pipe()
        self.results, give_results = os.pipe()
        others = (self.orders, self.results, *(handle for one in siblings for handle in (one.orders, one.results)))
        # A Ctrl-C that reached the child before it can ignore it would send it into the caller's code.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            with warnings.catch_warnings():
                # Threads of native libraries may exist; the child runs none of their code.
                warnings.simplefilter("ignore", DeprecationWarning)
                self.pid = os.fork()
            if self.pid == 0:
                _serve(work, jobs, take_orders, give_results, others, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(take_orders)
        os.close(give_results)

    def ask(self, number: int) -> None:
        """Order one job. Raises WorkerLost."""
        try:
            os.write(self.orders, number.to_bytes(_HEADER_BYTES, "big"))
        except BrokenPipeError:
            self._lost()
        self.owed += 1

    def answer(self) -> tuple[int, Any]:
        """Wait for one result. Raises WorkerLost."""
        length = int.from_bytes(self._read(_HEADER_BYTES), "big")
        number, result = marshal.loads(self._read(length))  # noqa: S302 -- written by our own child
        self.owed -= 1
        return number, result

    def end(self) -> None:
        """Close the pipes, upon which the process stops after its present job, and wait for it."""
        for handle in (self.orders, self.results):
            os.close(handle)
        os.waitpid(self.pid, 0)

    def _read(self, length: int) -> bytes:
        parts = []
        while length:
            part = os.read(self.results, min(length, 1 << 20))
            if not part:
                self._lost()
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _lost(self) -> NoReturn:
        raise WorkerLost(f"worker process {self.pid} ended before its work was done")


def _serve(
    work: Callable[[Job], Any],
    jobs: Sequence[Job],
    orders: int,
    results: int,
    others: Sequence[int],
    mask: Iterable[signal.Signals | int],
) -> NoReturn:
    """Run in the child until its orders end; never return into the parent's code."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, whose going ends us
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        gc.disable()
        for handle in others:  # or a sibling would never see its orders end
            os.close(handle)
        while order := os.read(orders, _HEADER_BYTES):
            number = int.from_bytes(order, "big")
            body = marshal.dumps((number, work(jobs[number])))
            _send(results, len(body).to_bytes(_HEADER_BYTES, "big") + body)
        status = 0
    finally:
        os._exit(status)


def _send(handle: int, body: bytes) -> None:
    view = memoryview(body)
    while view:
        view = view[os.write(handle, view) :]
