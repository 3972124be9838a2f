"""One object on disk: written under its name.

A file is read once: BLAKE3 and SHA-256 are taken over the very bytes that are
written, the bytes go into a temporary file beside the objects, and that file is
renamed to its BLAKE3 name only when all of it was read and nothing about the
source changed meanwhile. A small file is hashed in memory first, so that one
that is stored already creates nothing.

Nothing here overwrites an object, follows a link out of the store, alters a
source or raises over one bad file: what went wrong comes back as a `Fault`,
since most of this runs in worker threads and forked processes, and the store
makes the sentence.

Follows FIPS 180-4 (SHA-256) and the BLAKE3 paper (unkeyed, 32 bytes out).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from itertools import count
from typing import NamedTuple

from blake3 import blake3

from archive.object_source import Fault, Seen, changed, changed_behind, open_source, source_fault
from archive.stored import BINARY, CLOEXEC, NOFOLLOW, NOT_THERE, READ, examine
from archive.stream import CHUNK_BYTES, HEAD_BYTES, SPLIT_CHUNK_BYTES, Head, ReadError, Sink, let_go, pour, pour_split
from archive.workers import Pulse

HOLE_BYTES = 64 * 1024  # of zeros, from which on a hole is left
_ZEROS = bytes(SPLIT_CHUNK_BYTES)

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | CLOEXEC | NOFOLLOW | BINARY
_READ_ONLY = 0o444
_temporary_numbers = count()


class Place(NamedTuple):
    """Where objects and their temporary files lie, and whether each file is synced by itself."""

    objects: str
    staging: str
    sync_each: bool


class Kept(NamedTuple):
    """A source whose bytes are in the store now; `new` where they were not before."""

    blake3: str
    sha256: str
    size: int
    new: bool
    head: bytes
    judged: str = ""


def put_small(source: Seen, place: Place) -> Kept | Fault:
    """Read a file of at most `SMALL_BYTES` whole, hash it in memory, and create an object only where there is none."""
    try:
        handle = open_source(source)
    except OSError as error:
        return source_fault(error)
    try:
        data = os.read(handle, source.size + 1)  # one byte more shows a file that grew
        while len(data) < source.size and (more := os.read(handle, source.size + 1 - len(data))):
            data += more
        fault = changed(source, os.fstat(handle), len(data))
    except OSError as error:
        return Fault("unreadable", error.errno or 0)
    finally:
        let_go(handle)
    return fault or keep(data, place)


def keep(data: bytes, place: Place) -> Kept | Fault:
    """Store bytes that are in memory."""
    name = blake3(data).hexdigest()
    stored = _already(place, name, len(data))
    if stored is None:
        temporary = _temporary(place)
        try:
            handle = os.open(temporary, _CREATE, _READ_ONLY)
            try:
                _write_all(handle, data)
                if place.sync_each:
                    os.fsync(handle)
            finally:
                os.close(handle)
            _into_place(temporary, place, name)
        except OSError as error:
            discard(temporary)
            return Fault("unwritable", error.errno or 0)
    if isinstance(stored, Fault):
        return stored
    return Kept(name, hashlib.sha256(data).hexdigest(), len(data), stored is None, data[:HEAD_BYTES])


def put_large(source: Seen, place: Place, pulse: Pulse, *, split: bool = False) -> Kept | Fault:
    """Stream a file of any size into the store; with `split` a second thread takes SHA-256.

    Where its bytes are likely stored it is hashed before anything is written,
    at the price of a second reading if they are not. Raises Halted.
    """
    try:
        handle = open_source(source)
    except OSError as error:
        return source_fault(error)
    try:
        if source.likely_stored:
            outcome = _measured(_Reading(source, handle, pulse, split=split), place)
            if isinstance(outcome, Fault) or not outcome.new:
                return outcome
            os.lseek(handle, 0, os.SEEK_SET)
            pulse.add(-source.size)  # read once more, counted once
        return _copy_in(_Reading(source, handle, pulse, split=split), place)
    except ReadError as error:
        return Fault("unreadable", error.errno or 0)
    except OSError as error:
        return Fault("unwritable", error.errno or 0)
    finally:
        let_go(handle)


def measure(source: Seen, place: Place, pulse: Pulse) -> Kept | Fault:
    """Hash a source as `put_large` does, and write nothing: `new` says that it would be. Raises Halted."""
    try:
        handle = open_source(source)
    except OSError as error:
        return source_fault(error)
    try:
        return _measured(_Reading(source, handle, pulse, split=False), place)
    except OSError as error:
        return Fault("unreadable", error.errno or 0)
    finally:
        let_go(handle)


def _measured(reading: _Reading, place: Place) -> Kept | Fault:
    fault = reading.run()
    if fault is not None:
        return fault
    stored = _already(place, reading.name, None)
    return stored if isinstance(stored, Fault) else reading.kept(new=stored is None)


class _Reading:
    """One pass over a large source: both hashes, the first bytes, and perhaps a copy."""

    def __init__(self, source: Seen, handle: int, pulse: Pulse, *, split: bool) -> None:
        self._source, self._handle, self._pulse, self._split = source, handle, pulse, split
        self._blake3, self._sha256, self._head = blake3(), hashlib.sha256(), Head()

    def run(self, *copy: Sink) -> Fault | None:
        """Read all of it, handing it to `copy` too; say if it changed. Raises ReadError, Halted, or as `copy`."""
        near = (self._head.take, self._blake3.update, *copy)
        size = self._source.size
        if self._split:
            read = pour_split(self._handle, near, self._sha256.update, size, self._pulse)
        else:
            read = pour(self._handle, (*near, self._sha256.update), size, self._pulse)
        return changed_behind(self._source, self._handle, read)

    @property
    def name(self) -> str:
        return self._blake3.hexdigest()

    @property
    def holes(self) -> int:
        return self._source.holes

    def kept(self, *, new: bool) -> Kept:
        return Kept(self.name, self._sha256.hexdigest(), self._source.size, new, self._head.bytes())


def _copy_in(reading: _Reading, place: Place) -> Kept | Fault:
    temporary = _temporary(place)
    target = os.open(temporary, _CREATE, _READ_ONLY)
    try:
        try:
            put = _write_or_skip if reading.holes else _write_all
            fault = reading.run(lambda part: put(target, part))
            if reading.holes:
                os.ftruncate(target, os.lseek(target, 0, os.SEEK_CUR))
            if fault is None and place.sync_each:
                os.fsync(target)
        finally:
            os.close(target)
        if fault is not None:
            return fault
        stored = _already(place, reading.name, None)
        if stored is None:
            _into_place(temporary, place, reading.name)
    finally:
        discard(temporary)  # after a rename nothing of that name is there
    return stored if isinstance(stored, Fault) else reading.kept(new=stored is None)


def discard(path: str) -> None:
    """Remove a temporary file, if it is there and the store lets us."""
    try:
        os.unlink(path)
    except PermissionError:
        try:  # Windows removes no read-only file
            os.chmod(path, stat.S_IWRITE)
            os.unlink(path)
        except OSError:
            pass
    except OSError:
        pass


def _already(place: Place, name: str, size: int | None) -> bool | Fault | None:
    """Read what lies under `name` again before it is believed; None where nothing does, True where it is whole."""
    path = f"{place.objects}/{name[:2]}/{name}"
    try:
        found = os.lstat(path)
    except OSError as error:
        return None if error.errno in NOT_THERE else Fault("doubtful", error.errno or 0, name)
    buffer = memoryview(bytearray(min(CHUNK_BYTES, max(found.st_size, 1))))
    what, _, _ = examine(path, name, None, size, quick=True, buffer=buffer, pulse=Pulse())
    if what == "ok":
        if place.sync_each:
            _sync_again(path)
        return True
    code = {"damaged": "damaged", "unreadable": "doubtful"}.get(what, "blocked")
    return Fault(code, errno.EIO if code == "doubtful" else 0, name)


def _sync_again(path: str) -> None:
    """A crash before the last run's sync may have left this object in memory only."""
    try:
        handle = os.open(path, READ | NOFOLLOW)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # Windows syncs no file that is open for reading only
    finally:
        let_go(handle)


def _temporary(place: Place) -> str:
    return f"{place.staging}/{os.getpid()}-{next(_temporary_numbers)}"


def _into_place(temporary: str, place: Place, name: str) -> None:
    folder = f"{place.objects}/{name[:2]}"
    try:
        os.rename(temporary, f"{folder}/{name}")
    except FileNotFoundError:
        try:
            os.mkdir(folder)
        except FileExistsError:
            pass
        os.rename(temporary, f"{folder}/{name}")
    except FileExistsError:
        # Windows: another writer came first, with the same bytes under the same name.
        discard(temporary)


def _write_all(handle: int, data: bytes | memoryview) -> None:
    written = os.write(handle, data)
    while written < len(data):
        written += os.write(handle, data[written:])


def is_hole(part: memoryview) -> bool:
    """Tell whether `part`, of a file that has holes, is left as a hole in its copy."""
    return len(part) >= HOLE_BYTES and _ZEROS.startswith(part)


def _write_or_skip(handle: int, part: memoryview) -> None:
    """Leave a hole for a chunk of zeros, as the source has it; whoever reads the object reads zeros."""
    if is_hole(part):
        os.lseek(handle, len(part), os.SEEK_CUR)
    else:
        _write_all(handle, part)
