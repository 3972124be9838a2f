"""What lies outside the ledger and speaks for or against it: settings, the file `checkpoint`, pin, kept checkpoints.

A log with its end cut off, or rewritten with its real keys, is whole in
itself; only what somebody kept elsewhere can tell. Here these are held against
the tree that a replay makes. Follows C2SP tlog-checkpoint. Changes nothing.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from archive import note, paper
from archive.copies import root_of
from archive.database import still
from archive.keys import Pin
from archive.open import PREDECESSOR
from archive.replay import Replay
from archive.unfinished import PENDING
from schemas.errors import InputError, SijillError
from schemas.standard import packaged
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

OWN = (("sijill.db", "database"), ("objects", "objects"))  # what lies in a folder by these names is what is used


class Outside:
    """The pin, the file and the kept checkpoints of one audit, read before the replay that must know their sizes.

    Raises InputError for a kept checkpoint that is not there or is none, UnreachableError for one that cannot be read.
    """

    def __init__(self, archive: Archive, against: Sequence[Path]) -> None:
        self._archive = archive
        self._kept = [(visible(str(path)), *_kept(path)) for path in against]
        self._file, self._file_size = _file(archive.folder / "checkpoint")
        self._pin: Pin | SijillError | None
        try:
            self._pin = archive.home.pin(archive.origin)
        except SijillError as error:
            self._pin = error

    @property
    def sizes(self) -> frozenset[int]:
        """Give the sizes whose roots are asked for."""
        pinned = [self._pin.size] if isinstance(self._pin, Pin) else []
        return frozenset([*pinned, self._file_size, *(size for _, _, size in self._kept)])

    def check(self, replay: Replay, newest: bytes) -> None:
        """Hold all of them against the tree; `newest` is the newest checkpoint of the database."""
        if self._archive.origin != replay.registry.origin:
            replay.report("origin", "sijill.toml", "its origin is not the one that entry 0 states")
        for index, _, lost in replay.registry.log_keys:
            if lost:
                what = "the log key before it was lost and replaced by the root's word alone"
                replay.report("logkey-lost", f"entry {index}", what)
        self._check_file(replay, newest)
        for where, stored, size in self._kept:
            self._hold(replay, where, stored, size, "against")
        self._check_pin(replay)

    def _check_file(self, replay: Replay, newest: bytes) -> None:
        where = "the file checkpoint"
        if self._file is None:
            replay.report("checkpoint-file", where, "it is not there, or cannot be read")
        elif self._file != newest and self._hold(replay, where, self._file, self._file_size, "checkpoint-file"):
            if self._file_size == replay.size:
                replay.report("checkpoint-file", where, "its bytes are not those of the database")
            else:
                replay.report("checkpoint-older", where, f"it is for {self._file_size} of {replay.size} entries")

    def _check_pin(self, replay: Replay) -> None:
        pin, where = self._pin, "this computer"
        if pin is None:
            replay.report("pin-none", where, "it has no pin of this archive: an older copy would not be noticed")
        elif isinstance(pin, SijillError):
            replay.report("pin-unreadable", where, pin.message)
        elif pin.size > replay.size:
            replay.report("pin", where, f"it has seen {pin.size} entries; there are {replay.size}: {_CUT}")
        elif replay.roots.get(pin.size) != pin.root:
            self._rewritten(replay, "pin", where, pin.size, "it has seen")

    def _hold(self, replay: Replay, where: str, stored: bytes, size: int, code: str) -> bool:
        try:
            checkpoint = note.open_checkpoint(stored, replay.registry.log_vkey_at(size))
        except SijillError as error:
            replay.report(code, where, error.message)
            return False
        if checkpoint.size > replay.size:
            what = f"it is for {checkpoint.size} entries; there are {replay.size}: {_CUT}"
            replay.report(code, where, what)
            return False
        if checkpoint.origin != replay.registry.origin or replay.roots.get(checkpoint.size) != checkpoint.root:
            self._rewritten(replay, code, where, checkpoint.size, "it was signed for")
            return False
        return True

    def _rewritten(self, replay: Replay, code: str, where: str, size: int, whose: str) -> None:
        """Report a history that is another; it was the known one up to the newest older head that still fits."""
        fits = [old for old, root in self._seen() if old < size and replay.roots.get(old) == root]
        since = replay.time_of(max(fits) - 1) if fits else None
        what = f"the first {size} entries are not those {whose}: rewritten"
        replay.found.add(code, where, what, since)

    def _seen(self) -> Iterator[tuple[int, bytes]]:
        """Give the size and root of every head that was kept outside, signed or not: none is trusted by this."""
        if isinstance(self._pin, Pin):
            yield self._pin.size, self._pin.root
        for _, stored, _ in self._kept:
            kept = note.Checkpoint.parse(note.SignedNote.parse(stored).text)
            yield kept.size, kept.root


_CUT = "the end was cut off, or this is an older copy"


def _kept(path: Path) -> tuple[bytes, int]:
    shown = visible(str(path))
    stored = paper.read(path, note.LARGEST)
    try:
        return stored, note.Checkpoint.parse(note.SignedNote.parse(stored).text).size
    except SijillError as error:
        raise InputError(f"{shown} is no checkpoint: {error.message}", where=shown) from None


def _file(path: Path) -> tuple[bytes | None, int]:
    """Give the bytes of the file `checkpoint` and the size it is for, -1 where it says none."""
    try:
        stored = paper.read(path, note.LARGEST)
    except SijillError:
        return None, -1
    try:
        return stored, note.Checkpoint.parse(note.SignedNote.parse(stored).text).size
    except SijillError:
        return stored, -1


def _real(path: Path) -> Path:
    """Give where a path leads; one that leads round in a circle leads nowhere else."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def check_folder(replay: Replay, archive: Archive) -> None:
    """Hold the folder against what sijill.toml says of it, and verify.py against this version's own."""
    used = {"database": archive.database, "objects": archive.objects_folder}
    for name, setting in OWN:
        here = archive.folder / name
        lies = _real(used[setting])
        if lies == here.absolute() and not here.is_symlink():
            continue
        if _real(here) != lies and here.exists():
            what = f"{name} lies in this folder, and sijill.toml names another"
            replay.report("location", f"sijill.toml: {setting}", what)
        elif _real(archive.folder) not in lies.parents:
            what = f"it lies elsewhere: {visible(str(used[setting]))}"
            replay.report("location-outside", f"sijill.toml: {setting}", what)
    journal = archive.database.with_name(archive.database.name + "-journal")
    if journal.exists() or journal.is_symlink():
        replay.report("journal", journal.name, "it would be played back when the database is next opened")
    check_predecessor(replay, archive)
    if archive.standard not in packaged():
        replay.report("standard-unknown", "sijill.toml: standard", f"{visible(archive.standard)} is not packaged here")
    if (archive.folder / PENDING).exists():
        what = "objects that an order removed may still be here; the next act removes them"
        replay.report("erase-unfinished", PENDING, what)
    verifier = resources.files("archive") / "dossier" / "verify.py"
    try:
        same = paper.read(archive.folder / "verify.py", _LARGEST_VERIFIER) == verifier.read_bytes()
    except SijillError:
        same = False
    if not same:
        replay.report("verifier", "verify.py", "it is not there, or of another version, or was changed")


_LARGEST_VERIFIER = 4 * 1024 * 1024


def check_predecessor(replay: Replay, archive: Archive) -> None:
    """Hold the older archive kept in this folder against the head that genesis names."""
    folder, older = archive.folder / PREDECESSOR, replay.registry.continues
    if older is None:
        if folder.exists() or folder.is_symlink():
            replay.report("predecessor", PREDECESSOR, "entry 0 names no archive that this one goes on from")
        return
    origin, size, root = older
    if not (folder / "sijill.db").exists():
        what = f"this archive goes on from {visible(origin)} at {size} entries; that archive is not kept here"
        replay.report("predecessor-none", PREDECESSOR, what)
        return
    try:
        with still(folder / "sijill.db") as db:
            (count,) = db.execute("SELECT max(idx) + 1 FROM ledger").fetchone()
            found = base64.b64encode(root_of(db, size)).decode() if count == size else None
    except (sqlite3.Error, SijillError, TypeError):
        found = None
    if found != root:
        what = f"its entries are not the {size} of {visible(origin)} that entry 0 names"
        replay.report("predecessor", PREDECESSOR, what)
