"""`sijill read`: digests, media type and facts of files that are not in any archive.

Registers nothing and changes nothing. A path is what the caller gave: a link is
followed, a FIFO, a device or a folder is refused before it is opened, and a
file that changes between its digests and its reading is refused.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archive.reader import Reader
from archive.workers import Progress, Saying, summed, telling
from evidence.digest import Digests, digest_stream
from evidence.media import HEAD, media_type, name_warning
from schemas.errors import InputError, Problem, SijillError, UnreachableError
from schemas.text import visible

FileState = tuple[int, int, int, int]  # device, inode, size, time of last change in ns


def read_files(paths: Sequence[str | Path], progress: Saying | None = None) -> dict[str, Any]:
    """Give the `sijill-read/1` document of files, in the order of `paths`.

    Raises InputError for a path that is not there, is no regular file or
    changes while it is read, UnreachableError for one that cannot be opened.
    """
    step = summed(progress, "reading", _check(paths))
    found: list[dict[str, Any]] = []
    network = None
    with Reader() as reader:
        for entry, reading in reader.read(_hashed(paths, found, step)):
            state, path = entry.pop("state"), entry.pop("file")
            if _state(os.stat(path)) != state:
                raise _changed(path)
            network = reading.network or network
            named = name_warning(entry["media_type"], os.path.basename(path))
            entry["facts"] = reading.facts
            entry["warnings"] = [*([named] if named else []), *reading.warnings]
            entry["reader"] = reading.version or None
    return {"format": "sijill-read/1", "files": found, "network": network}


def read_regular(path: str | Path, step: Progress | None = None) -> tuple[Digests, bytes, FileState]:
    """Read a regular file once: its digests, its first bytes, and the state it was in.

    Raises InputError if it is not there, no regular file or changes meanwhile; UnreachableError if it cannot be read.
    """
    shown = visible(os.fspath(path))
    try:
        _must_be_regular(os.stat(path), shown)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
        try:
            before = os.fstat(handle)
            _must_be_regular(before, shown)
            head = os.read(handle, HEAD)
            os.lseek(handle, 0, os.SEEK_SET)
            digests = digest_stream(telling(lambda most: os.read(handle, most), step))
            after = os.fstat(handle)
        finally:
            os.close(handle)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise InputError(f"{shown} is not there", where=shown, hint="check the path; nothing was read") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UnreachableError(f"{shown} cannot be read: {why}", where=shown, hint="check its permissions") from None
    if _state(before) != _state(after) or digests.size != after.st_size:
        raise _changed(path)
    return digests, head, _state(after)


def _hashed(
    paths: Iterable[str | Path], found: list[dict[str, Any]], step: Progress | None
) -> Iterator[tuple[dict[str, Any], Path, str]]:
    for path in paths:
        digests, head, state = read_regular(path, step)
        kind = media_type(head, os.path.basename(path))
        entry = {
            "path": _shown(path),
            "size": digests.size,
            "sha256": digests.sha256,
            "blake3": digests.blake3,
            "media_type": kind,
            "state": state,
            "file": os.fspath(path),
        }
        found.append(entry)
        yield entry, Path(path), kind


def _check(paths: Iterable[str | Path]) -> int:
    """Look at every path before any is read, so that all that is wrong is told at once; gives the bytes of all."""
    problems: list[SijillError] = []
    size = 0
    for path in paths:
        shown = visible(os.fspath(path))
        try:
            state = os.stat(path)
            _must_be_regular(state, shown)
            size += state.st_size
        except (FileNotFoundError, NotADirectoryError, ValueError):
            problems.append(InputError("is not there", where=shown))
        except InputError as error:
            problems.append(error)
        except OSError as error:
            kind = InputError if error.errno == errno.ENAMETOOLONG else UnreachableError
            problems.append(kind(f"cannot be looked at: {error.strerror}", where=shown))
    wrong = [problem for problem in problems if isinstance(problem, InputError)]
    if wrong or problems:
        kind = InputError if wrong else UnreachableError
        first = (wrong or problems)[0]
        what = first.message if first.message.startswith(first.where) else f"{first.where} {first.message}"
        raise kind(
            what,
            where=first.where,
            hint="nothing was read",
            problems=[Problem(problem.where, problem.message) for problem in problems] if len(problems) > 1 else (),
        )
    return size


def _must_be_regular(state: os.stat_result, shown: str) -> None:
    if stat.S_ISREG(state.st_mode):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    kind = kinds.get(stat.S_IFMT(state.st_mode), "a device")
    raise InputError(f"{shown} is {kind}, not a regular file", where=shown, hint="name the files to read one by one")


def _changed(path: str | Path) -> InputError:
    shown = visible(os.fspath(path))
    return InputError(f"{shown} changed while it was read", where=shown, hint="wait until it is written, then again")


def _state(state: os.stat_result) -> FileState:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _shown(path: str | Path) -> str:
    """Give the path as it was given, or escaped where it is not text."""
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return visible(text)
    return text
