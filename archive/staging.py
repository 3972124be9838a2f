"""The temporary folder in which a writer assembles objects before they get their names.

It lies in the store, so that a rename is enough, and is called
`.tmp-<process>-<random>`. Its writer holds a lock on it for as long as it or a
worker of its lives; a folder that nobody holds is what a crash left, and the
next writer removes it. Nothing in it was ever an object, so nothing that
counts is lost with it.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator

from archive.object_file import discard
from archive.shelves import PREFIX
from archive.stream import let_go

_HELD_OR_GONE = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.ENOENT)
_ABANDONED_SECONDS = 24 * 3600  # where folders cannot be locked, age decides


class Staging:
    """A temporary folder in `objects`, there from the start to `close`; `folder` is its path.

    Raises OSError where the store cannot be written.
    """

    def __init__(self, objects: str) -> None:
        clean(objects)
        while True:
            self.folder = f"{objects}/{PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
            os.mkdir(self.folder, 0o700)
            try:
                self._lock = _hold(self.folder)
            except OSError as error:
                if error.errno in _HELD_OR_GONE:
                    continue  # another writer's cleaning has it
                self._lock = None  # a file system without locks: age decides, as it does in `clean`
            if os.path.isdir(self.folder):
                return
            self._release()

    def close(self) -> None:
        """Remove the folder and what is left in it."""
        _remove(self.folder)
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            let_go(self._lock)
            self._lock = None


def abandoned(objects: str) -> list[str]:
    """Name the temporary folders whose writers are gone. Raises OSError where `objects` cannot be listed."""
    return [os.path.basename(folder) for folder in _unheld(objects)]


def clean(objects: str) -> None:
    """Remove the temporary folders whose writers are gone. Raises OSError where `objects` cannot be listed."""
    for folder in _unheld(objects):
        _remove(folder)


def _unheld(objects: str) -> Iterator[str]:
    """Give the temporary folders that no writer holds, each held by us while the caller looks at it."""
    with os.scandir(objects) as entries:
        left = [e.path for e in entries if e.name.startswith(PREFIX) and e.is_dir(follow_symlinks=False)]
    for folder in left:
        try:
            lock = _hold(folder)
        except OSError as error:
            if error.errno in _HELD_OR_GONE:
                continue
            lock = None
        try:
            if lock is not None or _is_old(folder):
                yield folder
        finally:
            if lock is not None:
                let_go(lock)


def _hold(folder: str) -> int | None:
    """Lock a folder. Forked workers share the lock, so it outlives a killed parent. Raises OSError where it is held."""
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        let_go(handle)
        raise
    return handle


def _is_old(folder: str) -> bool:
    try:
        return time.time() - os.stat(folder).st_mtime > _ABANDONED_SECONDS
    except OSError:
        return False


def _remove(folder: str) -> None:
    try:
        with os.scandir(folder) as entries:
            left = [entry.path for entry in entries]
        for path in left:
            discard(path)
        os.rmdir(folder)
    except OSError:
        pass  # the next writer tries again
