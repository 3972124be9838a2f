"""Small pictures of exhibits, made in limited child processes.

A picture that crashes, bloats or stalls its decoder has no thumbnail; the
others go on and the exhibit itself leaves untouched. What a child answers is
used as a picture and for nothing else.
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
from typing import Self

SECONDS = 30.0
MOST_BYTES = 2 * 1024 * 1024
TYPES = frozenset(f"image/{kind}" for kind in ("jpeg", "png", "webp", "tiff", "gif", "bmp"))
_START = (
    "import sys; sys.path.insert(next((n for n, p in enumerate(sys.path) if p.endswith('-packages')), len(sys.path)),"
    " sys.argv[1]); from archive.dossier.thumbnail_child import main; main()"
)


class Thumbnailer:
    """One child, started when it is first needed and again after it died. Not for several threads at once."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def small(self, path: Path) -> bytes | None:
        """Give a small JPEG of the picture at `path`, or None where none could be made."""
        process = self._process or self._start()
        if process is None or process.stdin is None or process.stdout is None:
            return None
        watchdog = threading.Timer(self._seconds, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json.dumps(os.path.abspath(path)).encode() + b"\n")
            process.stdin.flush()
            length = int.from_bytes(process.stdout.read(4).rjust(4, b"\xff"), "big")
            answer = process.stdout.read(length) if length <= MOST_BYTES else b""
        except OSError:
            length, answer = -1, b""
        finally:
            watchdog.cancel()
        if len(answer) != length:
            self.end()
            return None
        return answer if answer.startswith(b"\xff\xd8\xff") else None

    def _start(self) -> subprocess.Popen[bytes] | None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _START, str(Path(__file__).resolve().parents[2])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
            )
        except OSError:
            self._process = None
        return self._process

    def end(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError, ValueError):
                process.communicate()
