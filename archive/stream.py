"""One reading of a file, handed chunk by chunk to everything that wants it: two hashes and the copy.

Whatever takes the bytes takes the same bytes from the same buffer; a second
reading could be of a changed file. Knows nothing of objects or names.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence

from archive.workers import Pulse

CHUNK_BYTES = 256 * 1024  # stays in the second-level cache while two hashes and the write pass over it
SPLIT_CHUNK_BYTES = 1024 * 1024  # handed between two threads, so fewer and larger
HEAD_BYTES = 8192  # what guessing a media type looks at
_CAN_READ_INTO = hasattr(os, "readv")

Sink = Callable[[memoryview], object]


class ReadError(OSError):
    """Reading the source failed, as opposed to writing what was read."""


class Head:
    """The first bytes that pass by."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._left = HEAD_BYTES

    def take(self, part: memoryview) -> None:
        """Keep of `part` what is still wanted."""
        if self._left > 0:
            self._parts.append(bytes(part[: self._left]))
            self._left -= len(self._parts[-1])

    def bytes(self) -> bytes:
        """Give the first bytes, at most `HEAD_BYTES`."""
        return b"".join(self._parts)


def read_into(handle: int, buffer: memoryview) -> int:
    """Read once into `buffer`; the number of bytes, 0 at the end. Raises OSError."""
    if _CAN_READ_INTO:
        return os.readv(handle, [buffer])
    data = os.read(handle, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def is_file(path: str) -> bool:
    """Tell whether a regular file is there, as `Path.is_file` does. Raises OSError where that cannot be looked at."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except ValueError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP):
            return False
        raise


def let_go(handle: int) -> None:
    """Close a handle that was only read from: whatever the system says now, the bytes were read."""
    try:
        os.close(handle)
    except OSError:
        pass


def pour(handle: int, sinks: Sequence[Sink], expected: int, pulse: Pulse) -> int:
    """Read to the end, or just past `expected` bytes; hand every chunk to each sink; give the number of bytes read.

    Raises ReadError, Halted, and what a sink raises.
    """
    buffer = memoryview(bytearray(min(CHUNK_BYTES, expected + 1)))
    total = 0
    while total <= expected and (length := _next(handle, buffer, pulse)):  # a file that grows for ever ends here
        part = buffer[:length]
        for sink in sinks:
            sink(part)
        total += length
        pulse.add(length)
    return total


def pour_split(handle: int, near: Sequence[Sink], far: Sink, expected: int, pulse: Pulse) -> int:
    """Do as `pour`, with `far`, which must not raise, in a thread of its own."""
    import threading
    from queue import SimpleQueue

    free: SimpleQueue[memoryview] = SimpleQueue()
    for _ in range(3):
        free.put(memoryview(bytearray(SPLIT_CHUNK_BYTES)))
    filled: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()

    def follow() -> None:
        while (one := filled.get()) is not None:
            buffer, length = one
            far(buffer[:length])
            free.put(buffer)

    thread = threading.Thread(target=follow, name="sijill-far-sink", daemon=True)
    thread.start()
    total = 0
    try:
        while total <= expected:
            buffer = free.get()
            length = _next(handle, buffer, pulse)
            if not length:
                break
            filled.put((buffer, length))
            for sink in near:
                sink(buffer[:length])
            total += length
            pulse.add(length)
    finally:
        filled.put(None)
        thread.join()
    return total


def _next(handle: int, buffer: memoryview, pulse: Pulse) -> int:
    pulse.check()
    try:
        return read_into(handle, buffer)
    except OSError as error:
        raise ReadError(error.errno, error.strerror) from error
