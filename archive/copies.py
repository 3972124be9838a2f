"""Copies of an archive: made, verified, brought up to date, and brought back without a silent fork.

A copy is whole and can be read and audited; it is marked and refuses every
act. The home remembers where copies were made, so that an order to erase can
name them. A restored copy writes again only if it is as new as anything this
computer has seen: a log is never continued from an older state.

The database is copied by SQLite's backup interface, objects are hashed as they
are written and read again.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import durable, ledger, merkle, note, paper
from archive.database import TRIES, blob
from archive.head import checkpoint_note, open_head
from archive.object_trouble import gone
from archive.objects import ObjectStore
from archive.open import CONFIGURATION, DOCUMENTS, PREDECESSOR, find
from archive.registry import registry_of
from archive.staging import Staging
from archive.workers import summed
from schemas.errors import InputError, IntegrityError, NotFound, RefusedError, SijillError, UnreachableError
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Progress as Step
    from archive.workers import Saying

GOES_ON = "what was copied so far stays; mend that, then `sijill copy DEST --update` goes on"


def copy(archive: Archive, dest: Path, *, update: bool = False, progress: Saying | None = None) -> dict[str, Any]:
    """Make a verified copy in `dest`, or bring one up to date. Gives `sijill-copy/1`.

    Raises InputError (not empty; no copy of this archive), IntegrityError (something here is damaged),
    UnreachableError.
    """
    shown = visible(str(dest))
    archive.objects.reach()
    there = (dest / CONFIGURATION).is_file()
    if update and (not there or find(dest, archive.home).origin != archive.origin):
        raise InputError(f"{shown} is no copy of this archive", where=shown, hint="make one without --update")
    if not update and dest.exists() and any(dest.iterdir()):
        raise InputError(f"{shown} is not empty", where=shown, hint="--update brings a copy up to date")
    try:
        _room(archive, dest)
        (dest / "objects").mkdir(parents=True, exist_ok=True)
        _lay(archive, dest)
        if progress is not None:
            progress("copying the ledger", 0, None)
        size, root = _database(archive, dest / "sijill.db")
        remember(archive, dest, size)  # a copy that is cut short holds evidence too
        written = _objects(archive, dest, progress)
    except OSError as error:
        raise UnreachableError(
            f"{shown} could not be written ({error.strerror})", where=shown,
            hint=GOES_ON,
        ) from error  # fmt: skip
    with archive.reading() as db:
        if checkpoint_note(db)[0] < size:
            raise IntegrityError("the copy has more entries than the archive", where=shown)
    return {
        "format": "sijill-copy/1", "copy": str(dest.absolute()), "size": size, "root": root, "objects_written": written,
    }  # fmt: skip


def _room(archive: Archive, dest: Path) -> None:
    """Refuse a place without room for what it lacks. Raises UnreachableError, OSError."""
    objects = dest / "objects"
    there = {found.blake3 for found in ObjectStore(objects).names()} if objects.is_dir() else set()
    needed = archive.database.stat().st_size + durable.ROOM_BESIDE
    with archive.reading() as db:
        for (name,) in db.execute("SELECT DISTINCT blake3 FROM object"):
            needed += 0 if name in there else archive.objects.takes(name)
    durable.enough_room(dest, needed, "the copy", "nothing was copied")


def _lay(archive: Archive, dest: Path) -> None:
    _mark(archive.folder / CONFIGURATION, dest / CONFIGURATION, archive.origin)
    for name in (*DOCUMENTS, PREDECESSOR):
        source = archive.folder / name
        if source.is_dir():
            shutil.copytree(source, dest / name, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copyfile(source, dest / name)


def mark(folder: Path, origin: str) -> None:
    """Mark the archive in `folder`, whose database and objects lie in it, as a copy that takes no act."""
    _mark(folder / CONFIGURATION, folder / CONFIGURATION, origin)


def _mark(source: Path, target: Path, origin: str) -> None:
    """Write the configuration of an archive as that of a copy, in one step: what is not marked could be written."""
    text = source.read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("copy_of", "database", "objects"))]
    lines += ['database = "sqlite:///sijill.db"', 'objects = "objects"', f'copy_of = "{origin}"']
    _replace(target, ("\n".join(lines) + "\n").encode())


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _database(archive: Archive, target: Path) -> tuple[int, str]:
    """Copy the database beside the old one, derive its root again, and put it in place."""
    building = target.with_name(".sijill.db.copy")
    building.unlink(missing_ok=True)
    try:
        return _built(archive, building, target)
    except sqlite3.Error as error:
        raise UnreachableError(
            f"the database cannot be copied ({error})", where=str(archive.database),
            hint=f"look at both disks; {GOES_ON}",
        ) from error  # fmt: skip


def _built(archive: Archive, building: Path, target: Path) -> tuple[int, str]:
    _state_of(archive, building)
    with closing(sqlite3.connect(building)) as two:
        two.execute("PRAGMA journal_mode=DELETE")
        size, stored = checkpoint_note(two)
        compact = merkle.CompactRange()
        compact.extend(blob(leaf) for (leaf,) in two.execute("SELECT leaf FROM ledger ORDER BY idx"))
        root = base64.b64encode(compact.root()).decode()
        if compact.size != size or f"\n{size}\n{root}\n" not in stored.decode("utf-8", "replace"):
            building.unlink()
            raise IntegrityError("the entries do not give the root that the log signed", hint="run `sijill audit`")
        two.execute("PRAGMA journal_mode=WAL")
    for name in (target.name + "-wal", target.name + "-shm", ".sijill.db.copy-wal", ".sijill.db.copy-shm"):
        target.with_name(name).unlink(missing_ok=True)
    with building.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(building, target)
    _replace(target.with_name("checkpoint"), stored)
    return size, root


def _state_of(archive: Archive, building: Path) -> None:
    """Copy the database as it is at one moment, also from a read-only disk; tried again where somebody writes."""
    for last in range(TRIES, 0, -1):
        building.unlink(missing_ok=True)
        trouble: sqlite3.Error | None = None
        try:
            with archive.reading() as one, closing(sqlite3.connect(building)) as two:
                try:
                    one.backup(two)
                except sqlite3.Error as error:
                    trouble = error
        except UnreachableError:  # written to meanwhile
            if last == 1:
                raise
            continue
        if trouble is not None:
            raise trouble
        return


def _objects(archive: Archive, dest: Path, progress: Saying | None) -> int:
    """Write what the copy lacks, hashed as it goes; gives how many. What was erased in the archive goes in the copy."""
    copied = find(dest, archive.home)
    with copied.reading() as db:
        sizes = dict(db.execute("SELECT blake3, size FROM object ORDER BY blake3"))
    there = {found.blake3 for found in copied.objects.names() if found.blake3}
    lacking = [name for name in sizes if name not in there]
    step = summed(progress, "copying", sum(sizes[name] for name in lacking))
    with closing(Staging(str(dest / "objects"))) as staging:
        for name in lacking:
            _object(archive, name, Path(staging.folder, name), dest / "objects" / name[:2] / name, step)
    for name in there - sizes.keys():
        copied.objects.remove(str(name))
    return len(lacking)


def _object(archive: Archive, name: str, temporary: Path, target: Path, step: Step | None) -> None:
    with temporary.open("wb") as file:
        try:
            archive.objects.copy(name, file, step)
        except NotFound as error:
            raise gone(str(archive.objects.folder), name) from error
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o444)
    target.parent.mkdir(exist_ok=True)
    os.replace(temporary, target)


def _book(archive: Archive) -> Path:
    return archive.home.folder / "copies.json"


def remember(archive: Archive, dest: Path, size: int) -> None:
    """Note where a copy of an archive lies, so that an order to erase can name it."""
    known = [one for one in _known(archive) if one["path"] != str(dest.absolute())]
    known.append({"origin": archive.origin, "path": str(dest.absolute()), "size": size, "at": ledger.now()})
    archive.home.write(_book(archive), (json.dumps(known, indent=1) + "\n").encode())


def _known(archive: Archive) -> list[dict[str, Any]]:
    try:
        found = json.loads(_book(archive).read_bytes())
    except (OSError, ValueError):
        return []
    return [one for one in found if isinstance(one, dict) and {"origin", "path", "size", "at"} <= one.keys()]


def known_copies(archive: Archive) -> Iterator[dict[str, Any]]:
    """Give the copies of this archive that this computer made: `path`, `size`, `at`, and whether one is there now."""
    for one in _known(archive):
        if one["origin"] == archive.origin:
            yield {**one, "there": (Path(one["path"]) / CONFIGURATION).is_file()}


def missing(copied: Archive, against: Sequence[Path] = (), progress: Saying | None = None) -> int:
    """Give how many entries the copy lacks of what the pin and the kept checkpoints `against` have seen.

    Raises IntegrityError, UnreachableError, InputError (a checkpoint that is none, or of another archive),
    RefusedError (the copy is another history).
    """
    pin = copied.home.pin(copied.origin)
    with copied.reading() as db:
        size, _ = checkpoint_note(db)
        names = [vkey for _, vkey, _ in registry_of(db).log_keys]
        seen = [size, pin.size if pin is not None else 0]
        for number, path in enumerate(against):
            if progress is not None:
                progress("comparing with kept checkpoints", number, len(against))
            kept = _kept(path, names)
            seen.append(kept.size)
            if kept.size <= size and root_of(db, kept.size) != kept.root:
                raise RefusedError(
                    f"the first {kept.size} entries of this copy are not those that were signed", code="pin",
                    where=visible(str(path)), hint="keep both: together they are proof; find another copy",
                )  # fmt: skip
    return max(seen) - size


def _kept(path: Path, vkeys: Sequence[str]) -> note.Checkpoint:
    stored, trouble = paper.read(path, note.LARGEST), ""
    for vkey in vkeys:
        try:
            return note.open_checkpoint(stored, vkey)
        except SijillError as error:
            trouble = error.message
    where = visible(str(path))
    raise InputError(f"{where} is no checkpoint of this archive: {trouble}", where=where)


def root_of(db: Any, size: int) -> bytes:
    """Give the root of the first `size` entries, from the entries. Raises IntegrityError."""
    compact = merkle.CompactRange()
    rows = db.execute("SELECT leaf FROM ledger WHERE idx < ? ORDER BY idx", (size,))
    compact.extend(blob(leaf) for (leaf,) in rows)
    return compact.root()


def restore(copied: Archive, against: Sequence[Path] = (), progress: Saying | None = None) -> dict[str, Any]:
    """Let a copy write again in the archive's place. Gives `sijill-restore/1`.

    Raises IntegrityError, UnreachableError, InputError (no copy) and RefusedError where this computer, or a kept
    checkpoint, has seen more than the copy holds: going on from there would be a second history under one name.
    """
    lost = missing(copied, against, progress)
    if not copied.copy_of and not lost:
        raise InputError("this is no copy: it can be written already", where=visible(str(copied.folder)))
    if progress is not None:
        progress("comparing the head with its entries", 0, None)
    with copied.reading() as db:
        size, _ = checkpoint_note(db)
        if not lost:
            open_head(db, copied)
    if lost:
        raise RefusedError(
            f"{counted(lost, 'entry', 'entries')} are missing: {size} to {size + lost - 1} were seen, and the copy"
            f" holds {size}",
            code="pin", where=copied.origin,
            hint="find a newer copy. To go on without them is to begin another archive, which names this one and"
            " keeps it: say --reason TEXT",
        )  # fmt: skip
    path = copied.folder / CONFIGURATION
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("copy_of")]
    _replace(path, ("\n".join(lines) + "\n").encode())
    return {
        "format": "sijill-restore/1", "archive": str(copied.folder), "size": size, "missing": 0,
        "pinned": copied.home.pin(copied.origin) is not None,
    }  # fmt: skip
