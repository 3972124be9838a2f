"""A file that somebody hands in, before its bytes are read: where it is, and what it was when first looked at.

Every source is looked at before the first is read, so that all that is wrong is
told at once. Nothing is opened that is no regular file: opening a FIFO waits,
and opening a device can move a tape.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from archive.stored import NOFOLLOW, NOT_THERE, READ, kind_of
from archive.stream import let_go, pour
from archive.workers import Pulse


class Source(NamedTuple):
    """A file to take in. `path` is resolved already; a link in its place is refused unless `follow`.

    `name` is what sentences call it. `likely_stored` says that the archive holds
    an object of this size, so a large file is hashed before it is copied.
    """

    path: Path | str
    name: str = ""
    follow: bool = False
    likely_stored: bool = False

    @property
    def called(self) -> str:
        """What sentences call the source."""
        return self.name or os.fspath(self.path)


class Seen(NamedTuple):
    """A source as it was when the work began; what it must still be when its last byte was read."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    device: int
    follow: bool = False
    likely_stored: bool = False
    holes: int = 0  # bytes that nothing lies in on the disk: an image of a mostly empty disk has them

    @property
    def takes(self) -> int:
        """The bytes that a copy with the same holes takes."""
        return self.size - self.holes


class Fault(NamedTuple):
    """Why a source is not in the store.

    `code`: changed, gone, not-regular, unreadable (the source); damaged,
    blocked, doubtful (what lies under its name already); unwritable (the store).
    """

    code: str
    number: int = 0
    said: str = ""


def look(source: Source) -> Seen | Fault:
    """Note a source's size, time and identity, without opening it."""
    path = os.fspath(source.path)
    try:
        found = os.stat(path) if source.follow else os.lstat(path)
    except OSError as error:
        return source_fault(error)
    if not stat.S_ISREG(found.st_mode):
        return Fault("not-regular", 0, kind_of(found.st_mode))
    return Seen(
        path, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, source.follow, source.likely_stored,
        holes_of(found),
    )  # fmt: skip


def holes_of(found: os.stat_result) -> int:
    """Give how many bytes of a file nothing lies in on its disk."""
    return max(found.st_size - getattr(found, "st_blocks", found.st_size) * 512, 0)


def open_source(source: Seen) -> int:
    """Open a source for reading. Raises OSError."""
    return os.open(source.path, READ if source.follow else READ | NOFOLLOW)


def changed(source: Seen, now: os.stat_result, read: int) -> Fault | None:
    """Compare what is there now with what was seen, and the number of bytes read with its size."""
    if not stat.S_ISREG(now.st_mode):
        return Fault("not-regular", 0, kind_of(now.st_mode))
    same = (now.st_size, now.st_mtime_ns, now.st_ino, now.st_dev) == source[1:5]
    return None if same and read == source.size else Fault("changed")


def changed_behind(source: Seen, handle: int, read: int) -> Fault | None:
    """Look at the open file and at its name: another file may have been moved there during a long reading."""
    fault = changed(source, os.fstat(handle), read)
    if fault is None:
        try:
            fault = changed(source, os.stat(source.path, follow_symlinks=source.follow), read)
        except OSError:
            fault = Fault("changed")
    return fault


def name_of(source: Seen, pulse: Pulse) -> str | None:
    """Give the BLAKE3 that a source's bytes have now, storing nothing; None where it cannot be read."""
    whole = blake3()
    try:
        handle = open_source(source)
        try:
            pour(handle, (whole.update,), source.size, pulse)
        finally:
            let_go(handle)
    except OSError:
        return None
    return whole.hexdigest()


def open_regular(path: str) -> int:
    """Open a regular file for reading, never waiting and never following a link.

    Raises OSError; with EINVAL where it is no regular file.
    """
    handle = os.open(path, READ | NOFOLLOW)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    let_go(handle)
    raise OSError(errno.EINVAL, "not a regular file", path)


def source_fault(error: OSError) -> Fault:
    """Say what an error in opening a source means."""
    if error.errno in NOT_THERE:
        return Fault("gone")
    if error.errno in (errno.ELOOP, errno.ENXIO):
        return Fault("not-regular", 0, "a link" if error.errno == errno.ELOOP else "a socket")
    return Fault("unreadable", error.errno or 0)
