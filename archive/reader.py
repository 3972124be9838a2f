"""Readings of evidence files, made in child processes with limits.

The bytes of evidence are not trusted: a parser that they crash, hang or bloat
takes down a child, and the reading of that one file says so; the others go on.
What a child answers is checked for shape and size before it is used. Children
are told a path and a media type and have no network where the system can cut it
(`Reading.network` says which). This module reads no evidence itself.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import orjson

from archive.reader_child import ANSWER_BYTES, CPU_SECONDS
from evidence.imagery import IMAGE_TYPES, no_facts, unread
from evidence.reading import Reading
from schemas.errors import UnreachableError

CHILDREN = 2
BATCH = 8  # files handed to a child at a time
BATCH_BYTES = 12 * 1024  # of job lines, so that two batches always fit a pipe
SECONDS = 30.0  # of one file, by the clock on the wall
SECONDS_TO_START = 60.0
MOST_WARNINGS, MOST_TEXT = 60, 600

Key = TypeVar("Key")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_MEMBERS: dict[str, dict[str, type]] = {
    "captured": {"local": str, "offset": str, "earliest": str, "latest": str},
    "gps": {"lat": float, "lon": float, "altitude_m": float, "time_utc": str},
    "camera": {"make": str, "model": str, "software": str},
}
# Our own folder goes after the standard library and before other people's packages of the same names.
_START = (
    "import sys; sys.path.insert(next((n for n, p in enumerate(sys.path) if p.endswith('-packages')), len(sys.path)),"
    " sys.argv[1]); from archive.reader_child import main; main()"
)


class Reader:
    """Children that read files; a context manager, since children must be ended.

    `seconds` is the longest a file may take. Children are started when there is
    work for them. Not to be shared between threads.
    """

    def __init__(self, *, children: int = CHILDREN, seconds: float = SECONDS) -> None:
        self._children = [_Child(seconds) for _ in range(children)]
        self._done = threading.Event()
        self._watch: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        for child in self._children:
            child.end()
        if self._watch is not None:
            self._watch.join()

    def read(self, files: Iterable[tuple[Key, Path, str]]) -> Iterator[tuple[Key, Reading]]:
        """Give the reading of each `(key, path, media type)`, in the order given; types without a reader at once.

        Raises UnreachableError if no child can be started.
        """
        try:
            yield from self._read(iter(files))
        finally:  # a caller who stopped early leaves answers behind; they must not be taken for the next files'
            for child in self._children:
                child.end_if_busy()

    def _read(self, files: Iterator[tuple[Key, Path, str]]) -> Iterator[tuple[Key, Reading]]:
        waiting: deque[_Batch[Key]] = deque()
        turn = 0
        while True:
            while len(waiting) < 2 * len(self._children) and (batch := _next_batch(files)):
                if jobs := [job for _, job in batch.files if isinstance(job, bytes)]:
                    batch.child = self._children[turn % len(self._children)]
                    turn += 1
                    self._start_watch()
                    batch.child.send(jobs)
                waiting.append(batch)
            if not waiting:
                return
            batch = waiting.popleft()
            for key, job in batch.files:
                if isinstance(job, Reading):
                    yield key, job
                elif batch.child:
                    yield key, batch.child.receive()

    def _start_watch(self) -> None:
        if self._watch is None:
            self._watch = threading.Thread(target=self._watch_children, name="reader-watchdog", daemon=True)
            self._watch.start()

    def _watch_children(self) -> None:
        while not self._done.wait(0.05):
            for child in self._children:
                child.kill_if_late()


@dataclass
class _Batch(Generic[Key]):
    """Files in their order, with the job line of each (a reading where no child reads it), and who reads them."""

    files: list[tuple[Key, bytes | Reading]]
    child: _Child | None = None


@cache
def says_nothing(media_type: str) -> bool:
    """Tell whether a reading of such a file has no facts and no warning, whatever its bytes are."""
    return media_type not in IMAGE_TYPES and not unread(media_type)


def _next_batch(files: Iterator[tuple[Key, Path, str]]) -> _Batch[Key] | None:
    batch: list[tuple[Key, bytes | Reading]] = []
    size = 0
    for key, path, media_type in files:
        job: bytes | Reading = Reading("", "", no_facts(), unread(media_type))
        if media_type in IMAGE_TYPES:
            said = {"path": os.path.abspath(path), "media_type": media_type}
            line = json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"
            job, size = line, size + len(line)
        batch.append((key, job))
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            break
    return _Batch(batch) if batch else None


class _Child:
    """One child process, started again after it died; jobs that it had not begun are given to the next."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._sent: deque[bytes] = deque()  # job lines without an answer, oldest first
        self._network: str | None = None
        self._lock = threading.Lock()
        self._deadline = math.inf
        self._late = False

    def send(self, jobs: list[bytes]) -> None:
        """Hand over jobs; a child that is gone is noticed when its answer is asked for."""
        self._sent.extend(jobs)
        if self._process is None:
            self._start()
        else:
            self._write(jobs)

    def receive(self) -> Reading:
        """Give the reading of the oldest job. Raises UnreachableError if the child cannot even start."""
        if self._process is None:
            self._start()
        if self._network is None:
            self._network = self._greeting()
        line = self._line(self._seconds)
        self._sent.popleft()
        if line is not None and not self._late:
            return _checked(line, self._network)
        network = self._network
        why = self._why_it_ended()
        self.end(keep=True)
        if line is not None:  # it answered, and was stopped all the same
            return _checked(line, network)
        return Reading("", "", no_facts(), (f"{why}; nothing is known of this file",), network)

    def kill_if_late(self) -> None:
        """Stop the child if the file that it reads has had its time."""
        with self._lock:
            if self._process is not None and time.monotonic() > self._deadline:
                self._late = True
                self._deadline = math.inf
                self._process.kill()

    def end_if_busy(self) -> None:
        """End the child if it owes answers."""
        if self._sent:
            self.end()

    def end(self, *, keep: bool = False) -> None:
        """End the child. With `keep`, jobs without an answer wait for the next one."""
        with self._lock:
            process, self._process = self._process, None
            self._network, self._late, self._deadline = None, False, math.inf
        if not keep:
            self._sent.clear()
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError):
                process.communicate()

    def _start(self) -> None:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _START, str(Path(__file__).resolve().parents[1])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
            )
        except OSError as error:
            raise _cannot_start(error.strerror or type(error).__name__) from None
        with self._lock:
            self._process = process
        self._write(list(self._sent))

    def _write(self, jobs: list[bytes]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(b"".join(jobs))
                self._process.stdin.flush()

    def _greeting(self) -> str:
        line = self._line(SECONDS_TO_START)
        try:
            network = json.loads(line or b"")["network"]
        except (ValueError, KeyError, TypeError):
            why = self._why_it_ended()
            self.end()
            raise _cannot_start(why) from None
        return "cut" if network == "cut" else "open"

    def _line(self, seconds: float) -> bytes | None:
        """Give the child's next line; None if it ended, was stopped, or said too much."""
        if self._process is None or self._process.stdout is None:
            return None
        with self._lock:
            self._deadline = time.monotonic() + seconds
        line = self._process.stdout.readline(ANSWER_BYTES + 2)
        with self._lock:
            self._deadline = math.inf
        return line if line.endswith(b"\n") else None

    def _why_it_ended(self) -> str:
        if self._late:
            return f"the reader was stopped after {self._seconds:g} s"
        if self._process is None:
            return "the reader ended"
        try:
            status = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "the reader said more than it may"
        if status == -getattr(signal, "SIGXCPU", 0):
            return f"the reader was stopped after {CPU_SECONDS} s of processor time"
        with contextlib.suppress(ValueError):
            return f"the reader was ended by {signal.Signals(-status).name}"
        return f"the reader ended with status {status}"


def _cannot_start(why: str) -> UnreachableError:
    return UnreachableError(
        f"the process that reads images cannot be started: {why}",
        where=sys.executable or "Python",
        hint="run `sijill` from the environment it is installed in; nothing was read",
    )


def _checked(line: bytes, network: str | None) -> Reading:
    """Take what a child said as far as it has the shape of a reading; a child may have been taken over."""
    try:
        answer = orjson.loads(line)
        facts = answer.get("facts", no_facts())
        warnings = answer["warnings"]
        tool, version = answer.get("tool", ""), answer.get("version", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        facts = None
    if (
        facts is None
        or not isinstance(warnings, list)
        or len(warnings) > MOST_WARNINGS
        or not all(_is_text(text) for text in (tool, version, *warnings))
        or not _is_facts(facts)
    ):
        said = "the reader's answer has not the form of a reading; nothing is known of this file"
        return Reading("", "", no_facts(), (said,), network)
    return Reading(tool, version, facts, tuple(warnings), network)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT and not _NOT_TEXT.search(value)


def _is_facts(facts: Any) -> bool:
    if not isinstance(facts, dict) or facts.keys() != no_facts().keys() or not isinstance(facts["camera"], dict):
        return False
    others = facts["other_times"]
    if (
        not isinstance(others, dict)
        or len(others) > MOST_WARNINGS
        or not all(map(_is_text, (*others, *others.values())))
    ):
        return False
    for name, members in _MEMBERS.items():
        part = facts[name]
        if part is not None and not (isinstance(part, dict) and part.keys() == members.keys()):
            return False
        if part is not None and not all(_is_value(part[member], kind) for member, kind in members.items()):
            return False
    return all(_is_value(facts[name], int) for name in ("width", "height", "orientation"))


def _is_value(value: Any, kind: type[Any]) -> bool:
    if value is None:
        return True
    if kind is str:
        return _is_text(value)
    return type(value) is kind and bool(abs(value) < 2**53)
