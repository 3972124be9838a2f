"""Faults at the edge of the system: a command killed, or its disk failing or full, at each of its writing calls.

The faults are put in from outside, by strace, so that SQLite's own calls and
those of every child meet them too; nothing in the command knows. Where strace
is not there or may not trace, `works` says so.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.casebook import environment

CALLS = (
    "write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "syncfs", "sync_file_range", "rename", "renameat",
    "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "ftruncate", "fallocate",
    "copy_file_range", "sendfile", "chmod", "fchmod", "fchmodat",
)  # fmt: skip
KINDS = ("signal=SIGKILL", "error=EIO", "error=ENOSPC")


@dataclass(frozen=True)
class Fault:
    """What is done to the `when`-th use of a system call by a process."""

    call: str
    when: int
    kind: str


@functools.cache
def works() -> bool:
    """Tell whether strace can put a fault into a process here."""
    tracing = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=write:error=ENOSPC:when=1"]
    try:
        done = subprocess.run([*tracing, "sh", "-c", "echo x"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode != 0 and done.stdout == b""


def count(home: Path, *arguments: str | Path) -> Counter[str]:
    """Run a command and count how often its busiest process uses each writing call."""
    with tempfile.NamedTemporaryFile("r") as log:
        known = [name for name in CALLS if _known(name)]
        done = _run(home, ["-o", log.name, "-e", f"trace={','.join(known)}"], arguments)
        assert done.returncode == 0, done.stderr
        seen = Counter(re.findall(r"^(\d+) +(\w+)\((?!1,|2,)", log.read(), re.MULTILINE))
    most: Counter[str] = Counter()
    for (_, call), times in seen.items():
        most[call] = max(most[call], times)
    return most


def faults(counted: Counter[str]) -> Iterator[Fault]:
    """Give every fault that a command can meet, by its counts."""
    for call, times in sorted(counted.items()):
        for when in range(1, times + 1):
            for kind in KINDS:
                yield Fault(call, when, kind)


def suffer(fault: Fault, home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command that meets a fault."""
    return _run(home, ["-o", "/dev/null", "-e", f"inject={fault.call}:{fault.kind}:when={fault.when}"], arguments)


@functools.cache
def _known(call: str) -> bool:
    asked = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "true"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _run(home: Path, tracing: list[str], arguments: tuple[str | Path, ...]) -> subprocess.CompletedProcess[str]:
    strace = shutil.which("strace") or "strace"
    return subprocess.run(
        [strace, "-f", "-qq", *tracing, sys.executable, "-m", "archive.cli", *map(str, arguments)],
        capture_output=True, text=True, env=environment(home, PYTHONDONTWRITEBYTECODE="1"), timeout=300, check=False,
    )  # fmt: skip
