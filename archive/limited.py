"""A limited child process that is asked one thing at a time, and whose answer is bytes.

What comes from outside and has a parser of its own is parsed in such a child
(`archive.reader_child.answer_all` is its side): one that crashes, bloats or
hangs is ended, and whoever asked is told that it takes more than it may. This
module parses nothing itself, and believes no answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MOST_BYTES = 512 * 1024 * 1024  # of one answer
LONGEST_SAID = 2_000  # characters of a refusal
# Our own folder goes after the standard library and before other people's packages of the same names.
_START = (
    "import sys; sys.path.insert(next((n for n, p in enumerate(sys.path) if p.endswith('-packages')), len(sys.path)),"
    " sys.argv[1]); from {module} import main; main()"
)


class NoAnswer(Exception):
    """A child gave no answer; the message says why, in our own words."""


class NoChild(NoAnswer):
    """There is no child that could give one."""


class Lost(NoAnswer):
    """The child was ended, or ended by itself, before it answered."""

    def __init__(self) -> None:
        super().__init__("it takes more time or memory to decode than it may")


class Limited:
    """One child of a module's `main`, started when it is first needed and again after it died.

    A context manager. `seconds` is the longest that one answer may take. Not for several threads at once.
    """

    def __init__(self, module: str, seconds: float) -> None:
        self._module = module
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0  # the process that started it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def ask(self, data: bytes = b"", **job: Any) -> bytes:
        """Give the answer to one job, which `data` goes with. Raises NoAnswer (in the child's words), NoChild, Lost."""
        process = self._process if self._owner == os.getpid() else None  # one forked from its owner has its own
        process = process or self._start()
        if process is None or process.stdin is None or process.stdout is None:
            raise NoChild("no process for it could be started")
        watchdog = threading.Timer(self._seconds, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json.dumps({**job, "bytes": len(data)}).encode() + b"\n")
            process.stdin.write(data)
            process.stdin.flush()
            head = process.stdout.read(5)
            length = int.from_bytes(head[1:], "big") if len(head) == 5 else -1
            answer = process.stdout.read(length) if 0 <= length <= MOST_BYTES else b""
        except OSError:
            head, length, answer = b"\0", -1, b""
        except BaseException:  # Ctrl-C: what it would still say is no answer to the next question
            process.kill()
            self.end()
            raise
        finally:
            watchdog.cancel()
            watchdog.join()  # or it would still be a thread beside which no process may be forked
        if len(answer) != length:
            self.end()
            raise Lost
        if head[:1] != b"\1":
            raise NoAnswer(answer[: 4 * LONGEST_SAID].decode("utf-8", "replace")[:LONGEST_SAID])
        return answer

    def _start(self) -> subprocess.Popen[bytes] | None:
        start, ours = _START.format(module=self._module), str(Path(__file__).resolve().parents[1])
        self._owner = os.getpid()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", start, ours],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
            )
        except OSError:
            self._process = None
        return self._process

    def end(self) -> None:
        """End the child; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError, ValueError):
                process.communicate()
