"""Objects as they lie in a store, read again and compared with what was recorded of them.

Reading and checking write nothing, so that a store on read-only media is
checked as any other, and follow no link out of the store. What a check meets
is an answer and raises nothing; most of this runs in worker threads and
forked processes. Apart from `objects`, which takes bytes in: whoever only
reads loads no more than this, nor `pathlib` and `typing`, which would take
longer than many a reading.

Follows FIPS 180-4 (SHA-256) and the BLAKE3 paper (unkeyed, 32 bytes out).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice

from blake3 import blake3

from archive.object_trouble import away, worker_lost
from archive.shelves import Found, diverted, is_object_name, walk
from archive.stream import CHUNK_BYTES, let_go, read_into
from archive.workers import Progress, Pulse, WorkerLost, can_fork, forked, in_order, ticker
from schemas.errors import IntegrityError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Expected = tuple[str, str | None, int | None]  # BLAKE3, SHA-256, size in bytes
    Seen = tuple[str, str, int]  # what `Checked` says beside the name

SMALL_BYTES = 1024 * 1024  # up to here a file is read whole
FORK_ABOVE_FILES = 500
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
CLOEXEC = getattr(os, "O_CLOEXEC", 0)
# Between the look and the opening a FIFO may have come; without O_NONBLOCK that would wait for a writer.
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | CLOEXEC | getattr(os, "O_NOCTTY", 0) | BINARY
NOT_THERE = (errno.ENOENT, errno.ENOTDIR)

_CHECK_BATCH_OBJECTS = 64
_CHECK_BATCH_BYTES = 4 * 1024 * 1024


class Checked:
    """What reading one object again showed.

    `what`: ok, damaged, missing, not-a-file (link, folder, device in its
    place), unreadable (could not look); `detail` says it in words; `size` is
    the number of bytes read.
    """

    __slots__ = ("blake3", "detail", "size", "what")

    def __init__(self, blake3: str, what: str, detail: str, size: int) -> None:
        self.blake3 = blake3
        self.what = what
        self.detail = detail
        self.size = size


class StoredObjects:
    """Objects in a folder of the local file system, which nothing here changes."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._root = os.fspath(folder)

    def reach(self) -> None:
        """Raise UnreachableError where the store is away: a disk that is not connected has lost nothing."""
        try:
            os.listdir(self._root)
        except OSError as error:
            raise away(self._root, error) from error

    def check(self, blake3: str, sha256: str | None, size: int | None, quick: bool = False) -> Checked:
        """Read one object again; `size` in bytes. Raises UnreachableError where the store is away."""
        return next(self.check_many([(blake3, sha256, size)], quick=quick))

    def check_many(
        self, expected: Iterable[Expected], quick: bool = False, progress: Progress | None = None
    ) -> Iterator[Checked]:
        """Read objects again, two at a time, and compare them with (BLAKE3, SHA-256 or None, size or None), in order.

        Writes nothing, and holds a few batches in memory however many there
        are. `quick` leaves SHA-256 out. Raises UnreachableError where the store
        itself is away; an object that cannot be read is an answer.
        """
        elsewhere = diverted(self._root)
        pulse = Pulse()

        def look(batch: list[Expected]) -> list[tuple[str, str, str, int]]:
            buffer = memoryview(bytearray(CHUNK_BYTES))
            return [(one[0], *self._check(one, quick, elsewhere, buffer, pulse)) for one in batch]

        coming = iter(expected)
        first = list(islice(coming, FORK_ABOVE_FILES + 1))
        small = sum(size or 0 for _, _, size in first) <= SMALL_BYTES * FORK_ABOVE_FILES
        batches = _batches(chain(first, coming))
        if len(first) > FORK_ABOVE_FILES and small and can_fork():
            answers: Generator[list[Any], None, None] = forked(look, batches)
        else:
            answers = in_order(look, batches, pulse, tick=ticker(pulse, progress))
            progress = None
        try:
            with closing(answers):
                for answer in answers:
                    if progress is not None:
                        progress(sum(size for _, _, _, size in answer))
                    for values in answer:
                        yield Checked(*values)
        except WorkerLost as error:
            raise worker_lost(error) from error

    def names(self) -> Iterator[Found]:
        """Go through all that lies in the store, objects in the order of their names; leftovers of a crash are no news.

        Raises UnreachableError where the store itself cannot be listed.
        """
        return walk(self._root)

    def _path(self, blake3: str) -> str:
        if not is_object_name(blake3):
            raise IntegrityError(
                "what is recorded as an object's name is not 64 hexadecimal digits",
                hint="run `sijill audit`: a row of the archive was changed",
                code="object-name",
            )
        return f"{self._root}/{blake3[:2]}/{blake3}"

    def _check(
        self, one: Expected, quick: bool, elsewhere: frozenset[str], buffer: memoryview, pulse: Pulse
    ) -> Seen:
        name, sha256, size = one
        if not is_object_name(name):
            return "damaged", "what is recorded is not an object's name", 0
        if name[:2] in elsewhere:
            return "not-a-file", "its folder is a link or no folder", 0
        path = f"{self._root}/{name[:2]}/{name}"
        return examine(path, name, sha256, size, quick=quick, buffer=buffer, pulse=pulse)


def examine(
    path: str, name: str, sha256: str | None, size: int | None, *, quick: bool, buffer: memoryview, pulse: Pulse
) -> Seen:
    """Read the object at `path` and compare it with what is recorded; None means that nothing is.

    Gives what `Checked` says beside the name. With `quick` its SHA-256 is not taken. Raises Halted.
    """
    try:
        handle = os.open(path, READ | NOFOLLOW)
    except OSError as error:
        return _unopened(path, error)
    first = blake3()
    second = None if quick or sha256 is None else hashlib.sha256()
    read = 0
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return "not-a-file", f"{kind_of(found.st_mode)} lies in its place", 0
        if size is not None and found.st_size != size:
            return "damaged", f"recorded are {size} bytes, stored are {found.st_size}", 0
        while read < found.st_size and (length := read_into(handle, buffer)):
            pulse.check()
            part = buffer[:length]
            first.update(part)
            if second is not None:
                second.update(part)
            read += length
    except OSError as error:
        return "unreadable", os.strerror(error.errno or 0), 0
    finally:
        let_go(handle)
        pulse.add(read)
    if read != found.st_size:
        return "damaged", "its size changed while it was read", read
    if (given := first.hexdigest()) != name:
        return "damaged", f"the stored bytes give BLAKE3 {given}", read
    if second is not None and (given := second.hexdigest()) != sha256:
        return "damaged", f"recorded is SHA-256 {sha256}, the stored bytes give {given}", read
    return "ok", "", read


def _unopened(path: str, error: OSError) -> Seen:
    if error.errno == errno.ENOENT:
        return "missing", "", 0
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        if error.errno == errno.ENOTDIR:
            return "not-a-file", "what should be its folder is none", 0
        return "unreadable", os.strerror(error.errno or 0), 0
    if not stat.S_ISREG(mode):
        return "not-a-file", f"{kind_of(mode)} lies in its place", 0
    return "unreadable", os.strerror(error.errno or 0), 0


def kind_of(mode: int) -> str:
    """Name what a file mode stands for, for people."""
    for test, word in (
        (stat.S_ISREG, "a regular file"),
        (stat.S_ISLNK, "a link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return word
    return "a device"


def _batches(expected: Iterable[Expected]) -> Iterator[list[Expected]]:
    batch: list[Expected] = []
    size = 0
    for one in expected:
        batch.append(one)
        size += one[2] or SMALL_BYTES
        if len(batch) >= _CHECK_BATCH_OBJECTS or size >= _CHECK_BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
