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

import marshal
import os
import sys
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from queue import SimpleQueue
    from typing import Any, NoReturn, TypeVar

    Job = TypeVar("Job")
    Result = TypeVar("Result")
Tick = Callable[[], None]
Progress = Callable[[int], None]  # called in the caller's thread with the bytes done since the last call

Saying = Callable[..., None]  # called with what is done, how far, of how much or None, and the unit: "bytes" or nothing

WORKERS = 2
_TICK_SECONDS = 0.2
_HEADER_BYTES = 4
_NO_REFERENCES = 2  # of marshal's versions the last that keeps no table of what it wrote; most is written once
_PIPE_BYTES = 1 << 20


class Halted(Exception):
    """The caller wants no more results; raised inside a worker between two chunks."""


class Stopped(BaseException):
    """Ctrl-C, with a sentence that says how far the work came and how to go on."""


class WorkerLost(Exception):
    """A forked worker ended before its work did."""


class Pulse:
    """Bytes done, counted by workers and read by the caller; and the caller's word to stop."""

    __slots__ = ("_bytes", "_lock", "halt")

    def __init__(self) -> None:
        self.halt = False
        self._bytes = 0
        self._lock = allocate_lock()

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


def summed(say: Saying | None, what: str, total: int | None) -> Progress | None:
    """Give a Progress that adds up and says how far it is, in bytes; None where nobody listens."""
    if say is None:
        return None
    so_far = 0

    def more(number: int) -> None:
        nonlocal so_far
        so_far += number
        say(what, so_far, total, unit="bytes")

    return more


def telling(read: Callable[[int], bytes], step: Progress | None) -> Callable[[int], bytes]:
    """Give a `read(n)` that tells `step` of each piece; `read` itself where nobody listens."""
    if step is None:
        return read
    tell = step

    def read_on(most: int) -> bytes:
        piece = read(most)
        tell(len(piece))
        return piece

    return read_on


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
    import threading
    from queue import Empty, SimpleQueue

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
    threading = sys.modules.get("threading")  # whoever begins a thread loads it
    return sys.platform == "linux" and (threading is None or threading.active_count() == 1)


def forked(
    work: Callable[[Job], Any], jobs: Iterable[Job], *, ahead: int = 4, workers: int = WORKERS
) -> Generator[Any, None, None]:
    """Do `jobs` in two forked processes, or as many as `workers`; yield what `work` gave, in order.

    Both must be values that marshal writes.
    What `work` refers to the processes have by inheritance. They end by
    themselves when the caller goes away, even by kill -9. Raises WorkerLost
    where one of them died.
    """
    crew: list[_Forked] = []
    source = iter(jobs)
    owners: deque[_Forked] = deque()  # of the jobs given and not yet answered, oldest first
    try:
        for _ in range(workers):
            crew.append(_Forked(work, crew))
        for worker, job in zip(crew * ahead, source):  # noqa: B905 -- whichever ends first
            worker.ask(job)
            owners.append(worker)
        while owners:
            worker = owners.popleft()
            result = worker.answer()
            for job in islice(source, 1):
                worker.ask(job)
                owners.append(worker)
            yield result
    finally:
        for worker in crew:
            worker.end()


@contextmanager
def aside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Do `work` in another process meanwhile, where one may be forked; gives what waits for its result.

    The result must be a value that marshal writes. Whoever leaves early waits all the same, and learns nothing.
    What waits raises WorkerLost where the process died.
    """
    if not can_fork():
        result = work()
        yield lambda: result
        return
    worker = _Forked(lambda _: work(), (), once=True)
    try:
        worker.ask(None)
        yield cache(worker.answer)
    finally:
        worker.end()


class _Forked:
    """One worker process: jobs go to it through one pipe, and their results come back through another, in order.

    Neither side waits for the other to empty a full pipe while its own is full:
    what does not fit is kept here until the process takes it.
    """

    def __init__(self, work: Callable[[Job], Any], siblings: Sequence[_Forked], *, once: bool = False) -> None:
        import signal
        import warnings

        self._unsent = bytearray()
        self._arrived = bytearray()
        take_orders, self._orders = os.pipe()
        self._results, give_results = os.pipe()
        _widen(self._results)
        os.set_blocking(self._orders, False)
        others = (self._orders, self._results, *(handle for one in siblings for handle in (one._orders, one._results)))
        # A Ctrl-C that reached the child before it can ignore it would send it into the caller's code; a SIGTERM too.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            with warnings.catch_warnings():
                # Threads of native libraries may exist; the child runs none of their code.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._pid = os.fork()
            if self._pid == 0:
                _serve(work, take_orders, give_results, others, before, once=once)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(take_orders)
        os.close(give_results)

    def ask(self, job: Any) -> None:
        """Order one job. Raises WorkerLost."""
        self._unsent += _framed(job)
        self._send()

    def answer(self) -> Any:
        """Wait for the result of the oldest job. Raises WorkerLost."""
        import select

        while (end := self._frame_end()) is None:
            poll = select.poll()
            poll.register(self._results, select.POLLIN)
            if self._unsent:
                poll.register(self._orders, select.POLLOUT)
            for handle, _ in poll.poll():
                if handle == self._orders:
                    self._send()
                elif part := os.read(self._results, _PIPE_BYTES):
                    self._arrived += part
                else:
                    raise self._lost()
        result = marshal.loads(self._arrived[_HEADER_BYTES:end])  # noqa: S302 -- written by our own child
        del self._arrived[:end]
        return result

    def end(self) -> None:
        """Close the pipes, upon which the process stops after its present job, and wait for it."""
        for handle in (self._orders, self._results):
            os.close(handle)
        os.waitpid(self._pid, 0)

    def _send(self) -> None:
        try:
            del self._unsent[: os.write(self._orders, self._unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError as error:
            raise self._lost() from error

    def _frame_end(self) -> int | None:
        if len(self._arrived) < _HEADER_BYTES:
            return None
        end = _HEADER_BYTES + int.from_bytes(self._arrived[:_HEADER_BYTES], "big")
        return end if len(self._arrived) >= end else None

    def _lost(self) -> WorkerLost:
        return WorkerLost(f"worker process {self._pid} ended before its work was done")


def _widen(pipe: int) -> None:
    """Let a pipe hold a whole result, so that a process can begin with the next; a small one serves too."""
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _serve(
    work: Callable[[Any], Any],
    orders: int,
    results: int,
    others: Sequence[int],
    mask: Iterable[signal.Signals | int],
    *,
    once: bool,
) -> NoReturn:
    """Run in the child until its orders end, or its one is done; never return into the parent's code."""
    import gc
    import signal

    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, whose going ends us
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        gc.disable()
        for handle in others:  # or a sibling would never see its orders end
            os.close(handle)
        with open(orders, "rb") as taken:
            while header := taken.read(_HEADER_BYTES):
                answer = memoryview(_framed(work(marshal.loads(taken.read(int.from_bytes(header, "big"))))))  # noqa: S302
                while answer:
                    answer = answer[os.write(results, answer) :]
                if once:
                    break
        status = 0
    finally:
        os._exit(status)


def _framed(value: Any) -> bytes:
    body = marshal.dumps(value, _NO_REFERENCES)
    return len(body).to_bytes(_HEADER_BYTES, "big") + body
