"""The process in which evidence files are parsed: limited, and alone with one file at a time.

It is started by `archive.reader` and by nobody else. Jobs come as JSON lines on
standard input, answers go as JSON lines to standard output, in order. Before
the first job it gives up what it does not need: memory, processor time, files
to write, further processes, core dumps, and the network where the system lets
it. It never writes a file, and knows nothing of archive, ledger or keys.

`answer_all` is the same for children that `archive.limited` asks, whose answers
are bytes: 1 or 0 (there is none), four bytes of length, and the answer or why.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

MEMORY_BYTES = 1 << 30  # address space, with what Python and Pillow map at start
CPU_SECONDS = 20  # of one file
ANSWER_BYTES = 64 * 1024  # of one answer

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # Linux: CLONE_NEWUSER, CLONE_NEWNET
_NO_NEW_PRIVILEGES = 38  # Linux: PR_SET_NO_NEW_PRIVS


def cut_network() -> bool:
    """Move this process into a network namespace of its own, which has no way out. Gives whether that worked."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return any(libc.unshare(flags) == 0 for flags in (_NEW_NET, _NEW_NET | _NEW_USER))


def limit(memory: int = MEMORY_BYTES) -> None:
    """Set the limits that last as long as the process; systems without `resource` have the watchdog alone."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_NOFILE", 16),
    ):
        if hasattr(resource, name):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(getattr(resource, name), (most, most))


def limit_next_file(seconds: int = CPU_SECONDS) -> None:
    """Give the next file its own processor time, on top of what is used already."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Read one file; whatever goes wrong is a warning in the answer."""
    from evidence.imagery import read_image

    try:
        with open_regular(job["path"]) as file:
            reading = read_image(file, job["media_type"])
    except OSError as error:
        return {"warnings": [f"the file could not be opened by the reader ({error.strerror or type(error).__name__})"]}
    except MemoryError:
        return {"warnings": ["the reader ran out of memory; nothing is known of this file"]}
    except Exception as error:
        return {"warnings": [f"the reader failed ({type(error).__name__}); nothing is known of this file"]}
    return {
        "tool": reading.tool,
        "version": reading.version,
        "facts": reading.facts,
        "warnings": list(reading.warnings),
    }


def open_regular(path: str) -> BinaryIO:
    """Open a regular file to read. Raises OSError for anything else, and never waits for a FIFO."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file")
    return os.fdopen(handle, "rb")


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer every line of `jobs` with one line."""
    network = "cut" if cut_network() else "open"
    limit()
    answers.write(json.dumps({"ready": 1, "network": network}).encode() + b"\n")
    answers.flush()
    for line in jobs:
        limit_next_file()
        job = json.loads(line.decode("utf-8", "surrogateescape"))
        text = json.dumps(answer(job), allow_nan=False).encode()
        if len(text) > ANSWER_BYTES:
            text = b'{"warnings": ["the reader said too much of this file; none of it is kept"]}'
        answers.write(text + b"\n")
        answers.flush()


def answer_all(
    answer: Callable[[dict[str, Any], bytes], bytes],
    told: tuple[type[Exception], ...],
    *,
    memory: int = MEMORY_BYTES,
    seconds: int = CPU_SECONDS,
) -> None:
    """Answer every job of standard input, with the bytes that go with it; what is `told` is an answer in words."""
    cut_network()
    limit(memory)
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    for line in jobs:
        limit_next_file(seconds)
        made, head = b"", b"\0"
        try:
            job = json.loads(line)
            made, head = answer(job, jobs.read(job["bytes"])), b"\1"
        except told as error:
            made = str(error).encode("utf-8", "replace")
        except MemoryError:
            made = b"it takes more time or memory to decode than it may"
        except Exception as error:
            made = f"it cannot be decoded ({type(error).__name__})".encode()
        answers.write(head + len(made).to_bytes(4, "big") + made)
        answers.flush()


def main() -> None:
    """Load the readers, then give up what is not needed, then work."""
    logging.disable(logging.CRITICAL)
    from evidence.imagery import warm_up

    warm_up()
    serve(sys.stdin.buffer, sys.stdout.buffer)
