"""Papers: small files that somebody hands over or takes away: a checkpoint, a time-stamp, roots, a policy.

A paper is a regular file, read whole and never beyond its limit: a device, a
FIFO or a giant in its place is refused at once. A paper is written as a new
file; nothing that is there is overwritten.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from schemas.errors import InputError, NotFound, UnreachableError
from schemas.text import visible

LARGEST = 64 * 1024 * 1024
LONGEST_NAME, ENDING = 255, 32  # bytes of a file's name, on every file system that people use


def read(path: Path, largest: int = LARGEST) -> bytes:
    """Give the bytes of a paper of at most `largest` bytes.

    Raises NotFound, InputError (no regular file, larger) or UnreachableError (it cannot be opened or read).
    """
    shown = visible(str(path))
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{shown} is no regular file", where=shown)
            data = file.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{shown} is not there", where=shown) from None
    except IsADirectoryError:
        raise InputError(f"{shown} is a folder", where=shown) from None
    except ValueError:
        raise InputError(f"{shown} is no path", where=shown) from None
    except OSError as error:
        raise UnreachableError(f"{shown} cannot be read ({error.strerror})", where=shown) from error
    if len(data) > largest:
        raise InputError(f"{shown} is larger than the {largest} bytes that such a file may have", where=shown)
    return data


def beside(path: Path, ending: str) -> Path:
    """Give a hidden name beside `path` for what is being built, `.NAME` and `ending`: no longer than a name may be."""
    stem = path.name.encode(errors="surrogateescape")[: LONGEST_NAME - ENDING].decode(errors="ignore")
    return path.with_name(f".{stem}{ending}")


def _at_once(name: str, flags: int) -> int:
    """Open without waiting for whoever might write into a FIFO."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a paper as a new file, durable when this returns; `private`: for this user alone.

    It has its name only when it is whole. Raises InputError (it is there already) or UnreachableError.
    """
    shown = visible(str(path))
    building = beside(path, ".part")
    try:
        building.unlink(missing_ok=True)  # what somebody was stopped over
        if path.is_symlink() or path.exists():
            raise FileExistsError
        try:
            _named_when_whole(path, building, data, 0o600 if private else 0o666)
        finally:
            building.unlink(missing_ok=True)
    except FileExistsError:
        raise InputError(f"{shown} is there already", where=shown, hint="name a new file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no path"
        raise UnreachableError(f"{shown} could not be written ({why})", where=shown) from error


def _named_when_whole(path: Path, building: Path, data: bytes, mode: int) -> None:
    """Write a file that has no name until it is whole; where there are none such, `building` for as long."""
    nameless = getattr(os, "O_TMPFILE", 0)
    if nameless:
        with contextlib.suppress(OSError), open(os.open(path.parent, os.O_WRONLY | nameless, mode), "wb") as file:
            _durable(file, data)
            os.link(f"/proc/self/fd/{file.fileno()}", path, src_dir_fd=file.fileno())  # by which it follows the link
            return
        if path.exists():
            raise FileExistsError
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(building, flags, mode), "wb") as file:
        _durable(file, data)
    os.rename(building, path)


def _durable(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())
