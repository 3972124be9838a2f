"""The object store: evidence bytes, each in a read-only file named by its BLAKE3.

    objects/ab/ab3f…   64 hexadecimal digits; `b3sum` checks any of them

Trusted for nothing: if an intruder changes an object its name no longer fits,
and if one is lost the archive's rows name it. The store never overwrites an
object, never repairs one, never follows a link, and does not know what an
object is evidence of. Reading and checking write nothing, so a store on
read-only media is checked as any other.

Order of durability: objects written and renamed -> `sync` -> the caller's
transaction. A crash before the transaction leaves whole objects that nobody
names, and a temporary folder that the next writer removes.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from blake3 import blake3 as blake3_of

from archive import durable
from archive.object_batch import Answers, Judge, Looked, measure_all, put_all
from archive.object_file import Kept, Place, is_hole, keep
from archive.object_source import Fault, Seen, Source, holes_of, look, name_of, open_regular
from archive.object_trouble import away, full, refusal, source_problem, store_trouble, unwritable, worker_lost
from archive.shelves import diverted
from archive.staging import Staging, abandoned, clean
from archive.stored import StoredObjects
from archive.stream import CHUNK_BYTES, read_into
from archive.workers import Progress, Pulse, WorkerLost, aside
from schemas.errors import IntegrityError, NotFound, Problem, UnreachableError

__all__ = ["ObjectStore", "Progress", "Source", "Stored"]

_BLOCK_BYTES = 4096  # a file takes whole blocks


class Stored(NamedTuple):
    """A source whose bytes are in the store; `new` where they were not before.

    `judged` is what the caller's judge said of the first 8 KiB and the name;
    where there was no judge, `head` are these bytes.
    """

    path: Path | str
    blake3: str
    sha256: str
    size: int
    new: bool
    head: bytes
    judged: str = ""


class ObjectStore(StoredObjects):
    """Objects in a folder of the local file system."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = Path(folder)
        self._watch: durable.Watch | None = None

    def create(self) -> None:
        """Make the folder of a new store. Raises UnreachableError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self._root, error.errno or 0) from error

    def path(self, blake3: str) -> Path:
        """Give the path of an object, there or not. Raises IntegrityError for what is no object name."""
        return Path(self._path(blake3))

    # -- taking in ---------------------------------------------------------------------------------------------------

    def put_many(
        self,
        sources: Iterable[Source | os.PathLike[str] | str],
        progress: Progress | None = None,
        judge: Judge | None = None,
        spare: int = 0,
    ) -> Iterator[Stored]:
        """Store every source; yield what became of each, in the order given.

        All sources are looked at before the first is read. Objects are durable
        only after `sync`; `spare` is the room in bytes that must be left behind
        them. `judge` is called with the first 8 KiB and the name of each
        source, in the worker that read it: guessing ten thousand media types
        takes longer than storing. Raises InputError naming every source that is
        not there, is no regular file, cannot be read or changed while it was
        read (the others are stored by then); IntegrityError where an object
        that is stored already is damaged: it is never overwritten and never
        believed; UnreachableError for a full, read-only or absent store.
        """
        looked = _looked_at(sources)
        if not looked.pairs:
            return
        self._ready_to_write()
        self._room_for_new(looked, spare)
        with self._staging() as place:
            yield from self._answers(looked, put_all(looked, place, progress, judge))

    def hash_many(
        self,
        sources: Iterable[Source | os.PathLike[str] | str],
        progress: Progress | None = None,
        judge: Judge | None = None,
    ) -> Iterator[Stored]:
        """Say what `put_many` would store, in the order given, and write nothing. Raises as `put_many`."""
        looked = _looked_at(sources)
        place = Place(self._root, "", sync_each=False)
        yield from self._answers(looked, measure_all(looked, place, progress, judge))

    def put_bytes(self, data: bytes) -> Stored:
        """Store bytes that are in memory; the path given back is the object's. Raises as `put_many`."""
        self._ready_to_write()
        self.room_for(len(data))
        with self._staging() as place:
            outcome = keep(data, place)
        if isinstance(outcome, Fault):
            raise store_trouble(self._root, outcome, "")
        return Stored(self.path(outcome.blake3), *outcome)

    def room_for(self, size: int, files: int = 1) -> None:
        """Raise UnreachableError where the store's file system has no room for `size` more bytes in `files` files."""
        try:
            free = durable.free_bytes(self._root)
        except OSError as error:
            raise away(self._root, error) from error
        needed = size + files * _BLOCK_BYTES
        if needed > free:
            raise full(self._root, free, needed)

    def sync(self) -> None:
        """Make everything put so far durable; call it before the transaction that names it.

        Raises UnreachableError where the disk did not take the bytes.
        """
        watch, self._watch = self._watch, None
        self._refuse_undurable(self._flushed(watch))

    def sync_new(self) -> None:
        """Do what `sync` does, where anything was put since it last began. Raises UnreachableError."""
        if self._watch is not None:
            self.sync()

    @contextmanager
    def syncing(self) -> Iterator[Callable[[], None]]:
        """Begin what `sync` does, in another process; gives what waits for its end and raises as `sync`."""
        watch, self._watch = self._watch, None
        with aside(lambda: self._flushed(watch)) as flushed:

            def wait() -> None:
                try:
                    self._refuse_undurable(flushed())
                except WorkerLost as error:
                    raise worker_lost(error) from error

            yield wait

    def remove(self, blake3: str) -> bool:
        """Remove an object or the link in its place, for an order to erase or to tidy; False where nothing is.

        Raises UnreachableError where the store is away or does not let it go.
        """
        try:
            os.unlink(self._path(blake3))
        except FileNotFoundError:
            self.reach()
            return False
        except OSError as error:
            raise unwritable(self._root, error.errno or 0) from error
        return True

    def abandoned(self) -> list[str]:
        """Name the temporary folders that no living writer holds; a crash left them. Raises UnreachableError."""
        try:
            return abandoned(self._root)
        except OSError as error:
            raise away(self._root, error) from error

    def clean(self) -> None:
        """Remove the temporary folders that no living writer holds. Raises UnreachableError."""
        try:
            clean(self._root)
        except OSError as error:
            raise unwritable(self._root, error.errno or 0) from error

    # -- reading -----------------------------------------------------------------------------------------------------

    def holds(self, blake3: str) -> bool:
        """Tell whether anything lies under an object's name; its bytes are not looked at. Raises IntegrityError."""
        return os.path.lexists(self._path(blake3))

    def takes(self, blake3: str) -> int:
        """Give the bytes that a copy of an object takes, its holes kept; 0 where none can be seen."""
        seen = look(Source(self._path(blake3)))
        return seen.takes if isinstance(seen, Seen) else 0

    def open(self, blake3: str) -> BinaryIO:
        """Open an object as it lies there; its bytes are not checked (`get` and `copy` check).

        Raises NotFound, IntegrityError for a link or folder in its place, UnreachableError.
        """
        path = self._path(blake3)
        try:
            if stat.S_ISLNK(os.lstat(os.path.dirname(path)).st_mode):
                raise OSError(errno.ELOOP, "a link")
            return os.fdopen(open_regular(path), "rb")
        except FileNotFoundError as error:
            self.reach()
            raise NotFound(
                "the object is not in the store", where=blake3, hint="run `sijill verify`", code="object-missing"
            ) from error
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.ENOTDIR):
                raise store_trouble(self._root, Fault("blocked", 0, blake3), "") from error
            raise away(self._root, error, blake3) from error

    def get(self, blake3: str) -> bytes:
        """Give the bytes of an object, only if they fit its name. Raises as `open`, and IntegrityError."""
        with self.open(blake3) as handle:
            data = handle.read()
        if blake3_of(data).hexdigest() != blake3:
            raise store_trouble(self._root, Fault("damaged", 0, blake3), "")
        return data

    def copy(self, blake3: str, target: BinaryIO, progress: Progress | None = None) -> int:
        """Write an object to `target`, hashing as it goes; give the number of bytes. Holes stay holes.

        Raises as `open`, and IntegrityError at the end where the bytes do not
        fit the name: the caller then throws the copy away.
        """
        whole, size = blake3_of(), 0
        buffer = memoryview(bytearray(CHUNK_BYTES))
        with self.open(blake3) as handle:
            sparse = hole = holes_of(os.fstat(handle.fileno())) > 0
            while length := read_into(handle.fileno(), buffer):
                part = buffer[:length]
                whole.update(part)
                if hole := sparse and is_hole(part):
                    target.seek(length, os.SEEK_CUR)
                else:
                    target.write(part)
                size += length
                if progress is not None:
                    progress(length)
            if size and hole:  # a file ends at its last byte that was written
                target.seek(-1, os.SEEK_CUR)
                target.write(b"\0")
        if whole.hexdigest() != blake3:
            raise store_trouble(self._root, Fault("damaged", 0, blake3), "")
        return size

    # -- within ------------------------------------------------------------------------------------------------------

    def _flushed(self, watch: durable.Watch | None) -> int:
        """Flush what was put; gives 0, or the number of the error that the disk reported."""
        try:
            (watch or durable.Watch(self._root)).sync()
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def _refuse_undurable(self, number: int) -> None:
        if number:
            raise UnreachableError(
                f"the object store could not be made durable: {os.strerror(number)}",
                where=self._root,
                hint="nothing was recorded; look at the disk, then run the command again",
                code="store-not-durable",
            )

    def _answers(self, looked: Looked, answers: Answers) -> Iterator[Stored]:
        """Put `answers` into the order of the sources, and gather what is wrong with these."""
        problems: list[Problem] = []
        fresh: set[bytes] = set()
        waiting: dict[int, Kept | Fault] = {}
        pairs, place = iter(looked.pairs), 0
        with closing(answers):
            for number, outcome in answers:
                if isinstance(outcome, Fault):
                    ((source, _),) = looked.pairs.part(number, number + 1)
                    if source_problem(source.called, outcome) is None:
                        raise store_trouble(self._root, outcome, source.called)
                waiting[number] = outcome
                while place in waiting:
                    (source, _), ready = next(pairs), waiting.pop(place)
                    place += 1
                    if isinstance(ready, Kept):
                        yield Stored(source.path, *_first_only(ready, fresh))
                    elif (problem := source_problem(source.called, ready)) is not None:
                        problems.append(problem)
        if problems:
            raise refusal(problems)

    @contextmanager
    def _staging(self) -> Iterator[Place]:
        """Have a temporary folder to assemble objects in. Raises UnreachableError."""
        try:
            if self._watch is None:
                self._watch = durable.Watch(self._root)
            staging = Staging(self._root)
        except OSError as error:
            raise unwritable(self._root, error.errno or 0) from error
        with closing(staging):
            yield Place(self._root, staging.folder, self._watch.each)

    def _ready_to_write(self) -> None:
        """Refuse a store in which a link or a file has taken a folder's place: bytes would go elsewhere."""
        for name in diverted(self._root):
            raise IntegrityError(
                f"in the object store, {name} is not a folder",
                where=f"{self._root}/{name}",
                hint="nothing was stored; move it away and run `sijill verify`",
                code="store-diverted",
            )

    def _room_for_new(self, looked: Looked, spare: int) -> None:
        """Check the room for all sources; if they would not fit, for those alone whose bytes are not stored yet."""
        try:
            self.room_for(looked.takes + spare, len(looked.pairs))
        except UnreachableError:
            pulse, new = Pulse(), dict[str, int]()
            for _, one in looked.pairs:
                name = name_of(one, pulse)
                if name is not None and not os.path.lexists(self._path(name)):
                    new[name] = one.takes
            self.room_for(sum(new.values()) + spare, len(new))


def _looked_at(sources: Iterable[Source | os.PathLike[str] | str]) -> Looked:
    """Look at every source before any is read. Raises InputError for all that cannot be."""
    looked = Looked()
    problems: list[Problem] = []
    for given in sources:
        source = given if isinstance(given, Source) else Source(Path(given))
        found = look(source)
        if isinstance(found, Seen):
            looked.add(source, found)
        elif (problem := source_problem(source.called, found)) is not None:
            problems.append(problem)
    if problems:
        raise refusal(problems)
    return looked


def _first_only(kept: Kept, fresh: set[bytes]) -> Kept:
    """Let one source be new of several with the same bytes: two workers may both have been first."""
    if kept.new:
        name = bytes.fromhex(kept.blake3)
        if name in fresh:
            return kept._replace(new=False)
        fresh.add(name)
    return kept
