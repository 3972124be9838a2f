"""The ledger as static files for anyone to mirror and check: `sijill publish DIR`.

    checkpoint                        the newest signed note
    tile/0/000, tile/0/001.p/17, …    hashes of leaves, 256 a tile; then of tiles
    tile/entries/000, …               the entries themselves, each after its length in two bytes

Nothing in an entry names a person, a place or a file: those are disclosures
and stay. A folder published before is brought up to date; one that holds
another history is left as it is, and that is a finding. The checkpoint is
written last, so that a crash leaves a mirror that is older and whole.

Follows C2SP tlog-tiles.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import durable, merkle, note, tiles
from archive.head import checkpoint_note
from archive.registry import Registry, registry_of
from schemas.entry import LARGEST_ENTRY
from schemas.errors import FormatError, InputError, IntegrityError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

CHECKPOINT = "checkpoint"
PART = ".part"
Progress = Callable[[str, int, int], None]


def tile_path(level: int | str, n: int, width: int = tiles.WIDTH) -> str:
    """Give the path of a tile (`level` a number, or `entries`); a partial one of `width` hashes ends in `.p/WIDTH`."""
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == tiles.WIDTH else f".p/{width}")


def publish(archive: Archive, folder: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Write or bring up to date a mirror in `folder`; gives the `sijill-publish/1` document.

    Raises IntegrityError (the ledger does not give its signed root, or the mirror
    holds another history), InputError (a folder of something else), UnreachableError.
    """
    folder = folder.absolute()
    shown = visible(str(folder))
    with archive.reading() as db:
        registry = registry_of(db)
        size, stored = checkpoint_note(db)
        checkpoint = note.open_checkpoint(stored, registry.log_vkey)
        before = _published(folder, registry)
        if before is not None and before.size > size:
            raise _another(folder, f"it holds {before.size} entries, this archive {size}")
        needed = _check(db, checkpoint, before, folder)  # nothing is written before all of it is known to fit
        mirror = _Mirror(folder)
        try:
            durable.enough_room(folder, needed, "the mirror", "nothing was written")
            mirror.write(_leaves(db, size, progress))
            mirror.put(CHECKPOINT, stored, replace=True)
        except OSError as error:
            raise UnreachableError(f"{shown} could not be written ({error.strerror})", where=shown) from error
    return {
        "format": "sijill-publish/1", "folder": str(folder), "origin": checkpoint.origin, "size": size,
        "written": mirror.written, "log_vkey": registry.log_vkey,
    }  # fmt: skip


def _check(db: Any, checkpoint: note.Checkpoint, before: note.Checkpoint | None, folder: Path) -> int:
    """Hold the ledger against its own checkpoint and the one that was published before; gives the bytes to write."""
    compact = merkle.CompactRange()
    whole, needed = (before.size // tiles.WIDTH * tiles.WIDTH if before is not None else 0), durable.ROOM_BESIDE
    for index, leaf in enumerate(_leaves(db, checkpoint.size, None), 1):
        compact.append(merkle.leaf_hash(leaf))
        needed += len(leaf) + 2 + merkle.HASH_SIZE if index > whole else 0
        if before is not None and index == before.size and compact.root() != before.root:
            raise _another(folder, f"its first {before.size} entries are not those of this archive")
    if compact.size != checkpoint.size or compact.root() != checkpoint.root:
        raise IntegrityError(
            "the ledger does not give the root that was signed", where="checkpoint", hint="run `sijill audit`"
        )
    return needed + (compact.size - whole) // tiles.WIDTH * 2 * durable.BLOCK_BYTES


def _leaves(db: Any, size: int, progress: Progress | None) -> Iterator[bytes]:
    rows = db.execute("SELECT idx, leaf FROM ledger WHERE idx < ? ORDER BY idx", (size,))
    for expected, (index, leaf) in enumerate(rows):
        if index != expected:
            raise IntegrityError(f"entry {expected} is missing", where=f"entry {expected}", hint="run `sijill audit`")
        if type(leaf) is not bytes or len(leaf) > LARGEST_ENTRY:
            raise IntegrityError(f"entry {index} is malformed", where=f"entry {index}", hint="run `sijill audit`")
        if progress is not None and expected % 1000 == 0:
            progress("writing entries", expected, size)
        yield leaf


def _published(folder: Path, registry: Registry) -> note.Checkpoint | None:
    """Give the checkpoint of an earlier publication, or None for a new folder. Raises InputError, IntegrityError."""
    path = folder / CHECKPOINT
    shown = visible(str(folder))
    try:
        if path.is_file():
            stored = path.read_bytes()
            said = note.Checkpoint.parse(note.SignedNote.parse(stored).text)
            return note.open_checkpoint(stored, registry.log_vkey_at(said.size))
        ours = ("tile", CHECKPOINT + PART)  # what a crash before the first checkpoint leaves
        if folder.exists() and (not folder.is_dir() or any(one.name not in ours for one in folder.iterdir())):
            raise InputError(f"{shown} is no published ledger and not empty", where=shown, hint="name a new folder")
    except OSError as error:
        raise UnreachableError(f"{shown} could not be read ({error.strerror})", where=shown) from error
    except (FormatError, IntegrityError) as error:
        raise _another(folder, error.message) from error
    return None


def _another(folder: Path, why: str) -> IntegrityError:
    shown = visible(str(folder))
    return IntegrityError(
        f"{shown} holds another history: {why}", where=shown, hint="keep both as they are, and run `sijill audit`"
    )


@dataclass
class _Mirror:
    """The files of one mirror while they are made, in order, a tile a level in memory."""

    folder: Path
    written: int = 0
    _bundle: list[bytes] = field(default_factory=list)

    def write(self, leaves: Iterator[bytes]) -> None:
        """Write every tile and bundle that is not there yet. Raises IntegrityError where one has other bytes."""
        growing = tiles.Growing(self._tile)
        for leaf in leaves:
            self._bundle.append(struct.pack(">H", len(leaf)) + leaf)
            growing.extend([merkle.leaf_hash(leaf)])
        growing.end()

    def _tile(self, level: int, n: int, hashes: bytes) -> None:
        width = len(hashes) // merkle.HASH_SIZE
        if level == 0:
            self.put(tile_path("entries", n, width), b"".join(self._bundle))
            self._bundle.clear()
        self.put(tile_path(level, n, width), hashes)

    def put(self, path: str, data: bytes, *, replace: bool = False) -> None:
        """Write one file by rename, unless it is there with these bytes. Raises IntegrityError for others."""
        there = self.folder / path
        if there.is_file() and there.read_bytes() == data:
            return
        if there.exists() and not replace:
            raise _another(self.folder, f"{path} has other bytes")
        there.parent.mkdir(parents=True, exist_ok=True)
        building = there.with_name(there.name + PART)
        building.unlink(missing_ok=True)
        with building.open("xb") as file:  # never through a link that somebody put there
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            durable.sync_tree(self.folder)  # every tile before the checkpoint that names it
        os.replace(building, there)
        self.written += 1
