"""What an intake stores before anything is recorded: room is looked for first, and nothing whole is written again.

An intake that was stopped leaves whole objects that nobody names. The next run
finds those of a large file's size and reads such a file before it would write
it; a small file is always hashed first. Room is looked for once, for the files
and for the records that will be made of them. Records nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
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


def store(
    archive: Archive, looked: Folder, submission: Submission, *, dry_run: bool, growth: int = 0,
    progress: Saying | None = None,
) -> dict[str, Stored]:  # fmt: skip
    """Store (or, for a dry run, only hash) every file that an item names, each once; by relative name.

    `growth` is what the records will add to the database. Raises as `ObjectStore.put_many`;
    Stopped for a Ctrl-C.
    """
    names = list(dict.fromkeys(str(item["file"]) for item in submission.items if "file" in item))
    if looked.manifest_name:
        names.append(looked.manifest_name)
    folder = str(looked.folder)  # a path of its own for each of very many files would take more than its record
    sources = [Source(os.path.join(folder, name), name, follow=True) for name in names]
    sizes = [_size(source.path) for source in sources]
    if dry_run:
        step = summed(progress, "hashing", sum(sizes))
        return dict(zip(names, archive.objects.hash_many(sources, step, media_type), strict=True))
    sources, there = _likely(archive, sources, sizes)
    what = f"storing ({there:,} bytes seem to be here from before)" if there else "storing"
    step = summed(progress, what, sum(sizes))
    spare = room_needed(growth) if _one_disk(archive) else 0
    done: list[Stored] = []
    try:
        done.extend(archive.objects.put_many(sources, step, media_type, spare))
    except KeyboardInterrupt:
        raise Stopped(_so_far(done, len(names), sum(sizes))) from None
    return dict(zip(names, done, strict=True))


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


def counted(stored: Mapping[str, Stored]) -> dict[str, int]:
    """Count files and bytes, and of them those that were in the store before: what an earlier intake got done."""
    there = [one.size for one in stored.values() if not one.new]
    return {
        "files": len(stored), "bytes": sum(one.size for one in stored.values()),
        "already_files": len(there), "already_bytes": sum(there),
    }  # fmt: skip


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


def _likely(archive: Archive, sources: Sequence[Source], sizes: Sequence[int]) -> tuple[list[Source], int]:
    """Mark the large sources of whose size an object is here, so that they are hashed before they are copied.

    Gives their bytes too. Where the large ones are little nothing is looked for: copying them again costs less.
    """
    large = [size if size > SMALL_BYTES else 0 for size in sizes]
    if sum(large) < LOOK_ABOVE_BYTES:
        return list(sources), 0
    there = sizes_there(str(archive.objects.folder), set(large) - {0})
    pairs = list(zip(sources, large, strict=True))
    marked = [source._replace(likely_stored=size in there) for source, size in pairs]
    return marked, sum(size for size in large if size in there)


def _so_far(done: Sequence[Stored], files: int, size: int) -> str:
    stored = sum(one.size for one in done)
    return (
        f"stopped; nothing is recorded. {len(done)} of {files} files ({stored:,} of {size:,} bytes) are stored."
        " Run the same command again: it writes none of these a second time."
    )
