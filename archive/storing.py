"""What an intake stores before anything is recorded: room is looked for first, and nothing whole is written again.

An intake that was stopped leaves whole objects that nobody names. The next run
finds those of a large file's size and reads such a file before it would write
it; a small file is always hashed first. Room is looked for once, for the files
and for the records that will be made of them. Records nothing.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.database import room_needed
from archive.objects import Source, Stored
from archive.shelves import sizes_there
from archive.stored import SMALL_BYTES
from archive.workers import Stopped, summed
from evidence.media import media_type

if TYPE_CHECKING:
    from archive.folder import Folder
    from archive.open import Archive
    from archive.registered import Registered
    from archive.workers import Saying
    from evidence.sheet import Submission

RECORD_BYTES = 6_500  # of the database a record with its entries takes, about
LOOK_ABOVE_BYTES = 64 * 1024 * 1024  # of large files, for objects of their sizes: of a million that takes seconds
TABLE_TIMES, BOOK_TIMES = 6, 40  # and the rows of a log, of its file: as text, and packed as in a workbook


def named(submission: Submission) -> Counter[str]:
    """Count the items that name each file, in the order in which it is first named."""
    return Counter(item["file"] for item in submission.items if isinstance(item.get("file"), str))


def store(
    archive: Archive, looked: Folder, files: Iterable[str], tally: Tally, *, dry_run: bool, growth: int = 0,
    progress: Saying | None = None,
) -> Iterator[Stored]:  # fmt: skip
    """Store (or, for a dry run, only hash) every file and the folder's manifest; gives each as it is done, in order.

    `growth` is what the records will add to the database; `tally` counts what is done. Raises as
    `ObjectStore.put_many`.
    """
    names, sizes = _sizes(looked, files)
    folder = str(looked.folder)
    there = frozenset() if dry_run else _likely(archive, sizes)
    sources = (  # made as they are asked for: of very many files they take more than the records
        Source(os.path.join(folder, name), name, follow=True, likely_stored=size in there)
        for name, size in zip(names, sizes, strict=True)
    )
    if dry_run:
        step = summed(progress, "hashing", sum(sizes))
        yield from map(tally.count, archive.objects.hash_many(sources, step, media_type))
        return
    before, size = sum(size for size in sizes if size in there), sum(sizes)
    what = f"storing ({before:,} bytes seem to be here from before)" if before else "storing"
    spare = room_needed(growth) if _one_disk(archive) else 0
    yield from map(tally.count, archive.objects.put_many(sources, summed(progress, what, size), media_type, spare))


def stopped(looked: Folder, files: Iterable[str], tally: Tally) -> Stopped:
    """Give what a Ctrl-C while files are stored raises: how far it came, of what."""
    names, sizes = _sizes(looked, files)
    return Stopped(tally.so_far(len(names), sum(sizes)))


def _sizes(looked: Folder, files: Iterable[str]) -> tuple[list[str], array[int]]:
    """Give the names of the files and of the folder's manifest, and their sizes in bytes."""
    names = [*files, *([looked.manifest_name] if looked.manifest_name else [])]
    folder = str(looked.folder)
    return names, array("q", (_size(os.path.join(folder, name)) for name in names))


@dataclass
class Tally:
    """Files and bytes that were looked at, and of them those that were in the store before, from an earlier intake."""

    files: int = 0
    bytes: int = 0
    already_files: int = 0
    already_bytes: int = 0

    def count(self, one: Stored) -> Stored:
        """Count one; gives it back."""
        self.files, self.bytes = self.files + 1, self.bytes + one.size
        if not one.new:
            self.already_files, self.already_bytes = self.already_files + 1, self.already_bytes + one.size
        return one

    def so_far(self, files: int, size: int) -> str:
        """Say how far it came, of how many files and bytes."""
        return (
            f"stopped; nothing is recorded. {self.files} of {files} files ({self.bytes:,} of {size:,} bytes)"
            " are stored. Run the same command again: it writes none of these a second time."
        )


def growth_of(looked: Folder, submission: Submission, known: Registered) -> int:
    """Estimate what the records of a folder that are not registered yet add to the database, in bytes."""
    growth = 0
    for kind in ("source", "item", "link", "relation"):
        for record in getattr(submission, f"{kind}s"):
            if known.find(kind, record) is not None:
                continue
            growth += RECORD_BYTES
            if record.get("kind") == "flight_log" and "file" in record:
                path = looked.path(str(record["file"]))
                growth += _size(path) * (BOOK_TIMES if path.suffix.lower() == ".xlsx" else TABLE_TIMES)
    return growth


def _size(path: Path | str) -> int:
    """Give a file's size in bytes, for progress and room alone; nought for what will be refused."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _one_disk(archive: Archive) -> bool:
    """Tell whether objects and database share a file system, so that they share its room."""
    try:
        return archive.objects_folder.stat().st_dev == archive.database.stat().st_dev
    except OSError:
        return False


def _likely(archive: Archive, sizes: Sequence[int]) -> frozenset[int]:
    """Give the sizes of large files of which an object is here, so that such a file is hashed before it is copied.

    Where the large ones are little nothing is looked for: copying them again costs less.
    """
    large = [size for size in sizes if size > SMALL_BYTES]
    if sum(large) < LOOK_ABOVE_BYTES:
        return frozenset()
    return frozenset(sizes_there(str(archive.objects.folder), set(large)))
