"""Making a folder's files durable, and how much room there is.

On Linux one syncfs(2) flushes a whole file system and costs what one fsync
costs; a thousand fsyncs cost three times the writing. Elsewhere, and on kernels
before 5.8 whose syncfs hides write errors, each file is synced as it is written
and its folders at the end (Windows has no sync of a folder).

syncfs tells of errors since its handle was opened, so a `Watch` is opened
before the first write, not after the last.
"""

from __future__ import annotations

import os
import sys

from archive.stream import let_go
from schemas.errors import UnreachableError
from schemas.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

ROOM_BESIDE = 4 * 1024 * 1024  # bytes for small files, folders and journals
BLOCK_BYTES = 4096  # what the last piece of a file takes
_FIRST_KERNEL_THAT_TELLS = (5, 8)


class Watch:
    """A file system from before the first write to `sync`; `each` says that every file must be synced by itself.

    Raises OSError where the folder cannot be opened.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._handle = -1
        self.each = not _syncfs_tells()
        if sys.platform != "win32":
            self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def sync(self) -> None:
        """Flush, and close. Raises OSError where the disk reports that bytes were lost."""
        try:
            if self._handle < 0:
                return
            if self.each:
                sync_folders(self._folder)
            else:
                _syncfs(self._handle)
        finally:
            self.close()

    def close(self) -> None:
        """Give the handle back without flushing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            let_go(handle)

    def __del__(self) -> None:
        self.close()


def sync_folders(folder: str) -> None:
    """Sync a folder and those directly in it, for the names in them. Raises OSError."""
    with os.scandir(folder) as entries:
        folders = [folder, *(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))]
    for path in folders:
        sync_folder(path)


def sync_folder(folder: str) -> None:
    """Sync one folder, for the names in it; Windows has no such call. Raises OSError."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        let_go(handle)


def sync_tree(folder: os.PathLike[str]) -> None:
    """Sync every folder of a tree, for the names in them; files are synced by those who write them. Raises OSError."""
    for path, _, _ in os.walk(folder):
        sync_folder(path)


def free_bytes(folder: str) -> int:
    """Give the bytes that this account may still write on the file system of `folder`. Raises OSError."""
    if sys.platform == "win32":
        import shutil

        return shutil.disk_usage(folder).free
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def takes(size: int) -> int:
    """Give what a file of `size` bytes takes of a disk."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def enough_room(place: Path, needed: int, thing: str, undone: str) -> None:
    """Raise UnreachableError where the disk of `place`, which need not be there yet, has not `needed` bytes free.

    `thing` needs them, and `undone` says what was not done for it. Raises OSError.
    """
    free = free_bytes(str(next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())))
    if needed > free:
        shown = visible(str(place))
        raise UnreachableError(
            f"{shown} has {free} bytes free and {thing} needs about {needed}; {undone}",
            where=shown, hint="make room there, or name another disk", code="disk-full",
        )  # fmt: skip


def _syncfs_tells() -> bool:
    if sys.platform != "linux":
        return False
    try:
        major, minor = os.uname().release.split(".")[:2]
        return (int(major), int("".join(c for c in minor if c in "0123456789") or 0)) >= _FIRST_KERNEL_THAT_TELLS
    except ValueError:
        return False


def _syncfs(handle: int) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        os.sync()
    elif library.syncfs(handle) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
