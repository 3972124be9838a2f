"""Real file systems of a few megabytes, for what a full or a read-only disk does to an archive.

Mounting takes root, or `sudo` without a password, and a kernel that lets them.
It is a permission of the machine and nothing that could be installed, so where
it is not given the tests that need a disk are skipped and say so; errors that
are injected elsewhere stand in for it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """An ext4 of its own, mounted at `folder`."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self._image, self._filler = image, folder / "filler"

    def free(self) -> int:
        """Give the bytes that may still be written."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize

    def fill(self, room: int) -> None:
        """Leave at most `room` bytes free."""
        with self._filler.open("ab") as file:
            while (more := self.free() - room) > 0:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, more)
                except OSError:  # what describes the file takes room too
                    room += 4096
                    if room > more:
                        break

    def empty(self) -> None:
        """Take away what `fill` put there."""
        self._filler.unlink(missing_ok=True)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nothing be written to it."""
        _as_root("mount", "-o", "remount,ro", str(self.folder))
        try:
            yield
        finally:
            _as_root("mount", "-o", "remount,rw", str(self.folder))


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk]:
    """Mount a new ext4 of `size` bytes at `folder/disk`; its blocks are of 1 KiB, smaller than a page of memory."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    make = ("mkfs.ext4", "-q", "-m", "0", "-b", "1024", "-O", "^has_journal", str(image))
    if not (_as_root(*make) and _as_root("mount", "-o", "loop", str(image), str(place))):
        pytest.skip("mounting is not permitted here")
    try:
        if os.geteuid():
            _as_root("chown", str(os.geteuid()), str(place))
        yield Disk(place, image)
    finally:
        _as_root("umount", "-l", str(place))


def _as_root(*command: str) -> bool:
    words = command if os.geteuid() == 0 else ("sudo", "-n", *command)
    try:
        return subprocess.run(words, capture_output=True, check=False, timeout=60).returncode == 0
    except OSError:
        return False
