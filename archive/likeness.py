"""What looks alike among the items of an archive: files are looked at by limited children, and pictures remembered.

    home/alike/HASH.db    blake3 -> the mark of a picture, or why there is none

HASH is of the origin. It lies beside what was read again, for the same reason:
a picture takes longer to decode than to take in, and nothing of the archive
changes by looking. Marks of texts are made anew each time and written nowhere.
Where the memory is lost or cannot be written, pictures are decoded again. It
decides only what is suggested; nothing is weighed by it, and nothing of it leaves.

Two callers open files: `sijill alike`, and `sijill check` of cases that are
named. All others tell what is remembered. An object that was erased is
forgotten with it.
"""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from archive.limited import NoAnswer, NoChild
from archive.pictures import Pictures
from evidence.likeness import GONE, LARGE, Likenesses, Thing, likenesses, pairs_of, things, why_of
from evidence.reason import told

if TYPE_CHECKING:
    from pathlib import Path

    from archive.open import Archive
    from archive.workers import Saying
    from evidence.docket import Case

VERSION = 1  # of how marks are made; another one begins anew
CHILDREN = 2
MOST_BYTES = 256 * 1024 * 1024  # of a file that is looked at
_NOT_LOOKED = Likenesses(looked=False)
Answer = tuple[bytes | None, Any]


class Memory:
    """The marks of an archive's pictures that this computer remembers. Whatever fails here costs time, and no more."""

    def __init__(self, archive: Archive) -> None:
        name = hashlib.sha256(archive.origin.encode()).hexdigest()[:16]
        self._path: Path = archive.home_folder / "alike" / f"{name}.db"
        self._kept: sqlite3.Connection | None = None

    @functools.cached_property
    def there(self) -> bool:
        """Tell whether anything was remembered when this was first asked."""
        return self._path.is_file()

    def end(self) -> None:
        """Close it."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def marks(self, digests: Iterable[str]) -> dict[str, Answer]:
        """Give what is remembered of these objects."""
        found: dict[str, Answer] = {}
        kept = self._open()
        if kept is not None:
            with suppress(sqlite3.Error):
                for digest in digests:
                    row = kept.execute("SELECT mark, why FROM look WHERE blake3 = ?", (digest,)).fetchone()
                    if row is not None and (row[0] is None or (row[0] and len(row[0]) % 16 == 0)):
                        found[digest] = (row[0], why_of(str(row[1])))
        return found

    def keep(self, answers: Iterable[tuple[str, Answer]]) -> None:
        """Remember these."""
        with suppress(sqlite3.Error, OSError):
            kept = self._open() or self._begin()
            with kept:
                rows = ((digest, mark, told(why)) for digest, (mark, why) in answers)
                kept.executemany("INSERT OR REPLACE INTO look VALUES (?,?,?)", rows)

    def forget(self, digests: Iterable[str]) -> None:
        """Forget these objects."""
        kept = self._open()
        if kept is not None:
            with suppress(sqlite3.Error), kept:
                kept.execute("PRAGMA secure_delete=ON")
                kept.executemany("DELETE FROM look WHERE blake3 = ?", ((one,) for one in digests))

    def forget_others(self, db: Any) -> None:
        """Forget every object that the archive holds no more."""
        kept = self._open()
        if kept is not None:
            with suppress(sqlite3.Error):
                known = [one for (one,) in kept.execute("SELECT blake3 FROM look")]
                gone = "SELECT 1 FROM object WHERE blake3 = ? LIMIT 1"
                self.forget([one for one in known if db.execute(gone, (one,)).fetchone() is None])

    def _open(self) -> sqlite3.Connection | None:
        if self._kept is None and self._path.is_file():
            with suppress(sqlite3.Error):
                kept = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
                if kept.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                    self._kept = kept
                else:
                    kept.close()
        return self._kept

    def _begin(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path, timeout=30)) as kept, kept:
            kept.execute("CREATE TABLE look(blake3 TEXT PRIMARY KEY, mark BLOB, why TEXT NOT NULL) WITHOUT ROWID")
            kept.execute(f"PRAGMA user_version={VERSION}")
        self._kept = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
        return self._kept


class Looking:
    """Tells what looks alike; opens files where it `opens`, else goes by what is remembered. A context manager."""

    def __init__(self, archive: Archive, *, opens: bool) -> None:
        self.opens = opens
        self.memory = Memory(archive)
        self._objects = archive.objects
        self._children: list[Pictures] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """End the children, and close the memory."""
        for child in self._children:
            child.end()
        self.memory.end()

    def among(self, cases: Iterable[Case], progress: Saying | None = None) -> Likenesses:
        """Compare the items of these cases, each with all others. Not `looked` where nothing is remembered at all."""
        if not self.opens and not self.memory.there:
            return _NOT_LOOKED
        every: list[Thing] = []
        joined: list[tuple[str, str]] = []
        undone: list[tuple[str, str]] = []
        for case in cases:
            every += things(case)
            joined += pairs_of(str(case.record.get("code")), case.relations)
            undone += pairs_of(str(case.record.get("code")), case.undone)
        return likenesses(self._marked(every, progress), joined, undone) if every else Likenesses()

    def _marked(self, every: Sequence[Thing], progress: Saying | None) -> list[Thing]:
        """Give the same things with their marks, or with why there is none."""
        known = self.memory.marks({one.digest for one in every if one.form == "picture"})
        if self.opens:
            wanted = {one.digest: one for one in every if one.digest not in known}
            for number, (digest, answer) in enumerate(self._looked_at(list(wanted.values())), 1):
                known[digest] = answer
                if progress is not None:
                    progress("looking at pictures and texts", number, len(wanted))
        return [
            replace(one, mark=known[one.digest][0], why=known[one.digest][1]) if one.digest in known else one
            for one in every
        ]

    def _looked_at(self, wanted: Sequence[Thing]) -> Iterator[tuple[str, Answer]]:
        """Give the mark of each, in their order, and remember those of pictures."""
        free: SimpleQueue[Pictures] = SimpleQueue()
        while len(self._children) < min(CHILDREN, len(wanted)):
            self._children.append(Pictures())
        for child in self._children:
            free.put(child)

        def look(one: Thing) -> tuple[Thing, Answer, bool]:
            child = free.get()
            try:
                return one, *self._look(child, one)
            finally:
                free.put(child)

        fresh: list[tuple[str, Answer]] = []
        pool = ThreadPoolExecutor(max(len(self._children), 1))
        try:
            for one, answer, lasting in pool.map(look, wanted):
                if lasting and one.form == "picture":
                    fresh.append((one.digest, answer))
                yield one.digest, answer
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self.memory.keep(fresh)

    def _look(self, child: Pictures, one: Thing) -> tuple[Answer, bool]:
        """Give the mark of one, or why there is none, and whether that will be the same another time."""
        path = self._objects.path(one.digest)
        try:
            if path.stat().st_size > MOST_BYTES:
                return (None, LARGE), False
            return (child.mark(path, one.media_type), ""), True
        except OSError:
            return (None, GONE), False
        except NoAnswer as error:
            return (None, why_of(str(error))), not isinstance(error, NoChild)


def alike(archive: Archive, codes: Sequence[str] = (), progress: Saying | None = None) -> Likenesses:
    """Compare the items of these cases, else of all, each with all others. Raises InputError, NotFound."""
    from archive.docket import cases
    from archive.show import find_standing

    with Looking(archive, opens=True) as looking, archive.reading() as db:
        for code in codes:
            find_standing(db, code)
        looking.memory.forget_others(db)
        return looking.among((case for _, case in cases(db, codes)), progress)


def remembered(archive: Archive, db: Any, code: str) -> Likenesses:
    """Give what looks alike in a case, and in what it was merged with, by what is remembered; opens no file."""
    from archive.docket import cases
    from archive.merged import weighed_as

    with Looking(archive, opens=False) as looking:
        return looking.among(case for _, case in cases(db, [weighed_as(db, code)]))
