"""Comparing two checkpoints of one log: a proof that they are one history, or a signed contradiction.

Both are checked against the log's own key first. Two checkpoints of one size
with two roots contradict each other for everybody; otherwise this archive's
entries say which of them they give.

Follows RFC 6962 section 2.1.2 and C2SP tlog-checkpoint.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import merkle, note, paper, registry, tiles
from archive.database import blob
from archive.head import checkpoint_note
from schemas.errors import InputError, SijillError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive


@dataclass(frozen=True)
class Compared:
    """The outcome: whether they are one history, the proof from the smaller to the larger, and why not."""

    origin: str
    one: note.Checkpoint
    two: note.Checkpoint
    consistent: bool
    proof: tuple[bytes, ...] = ()
    why: str = ""

    def document(self) -> dict[str, Any]:
        """Give `sijill-compare/1`."""
        sides = [
            {"size": c.size, "root": base64.b64encode(c.root).decode()} for c in (self.one, self.two)
        ]
        return {
            "format": "sijill-compare/1", "origin": self.origin, "a": sides[0], "b": sides[1],
            "consistent": self.consistent, "proof": [base64.b64encode(h).decode() for h in self.proof],
            "why": self.why,
        }  # fmt: skip


def compare(archive: Archive, first: Path, second: Path) -> Compared:
    """Compare two checkpoint files.

    Raises IntegrityError, InputError (signature, origin) or UnreachableError (archive too short).
    """
    with archive.reading() as db:
        known = registry.registry_of(db)
        one, two = (_opened(path, known) for path in (first, second))
        if one.size == two.size:
            return _equal(known.origin, one, two)
        small, large = sorted((one, two), key=lambda c: c.size)
        size, _ = checkpoint_note(db)
        if size < small.size:
            raise UnreachableError(
                f"this archive has {size} entries and both checkpoints are for more",
                hint="compare where the newest copy of the archive is",
            )
        fits = _root_at(db, small.size) == small.root
        if size < large.size:
            if fits:
                raise UnreachableError(
                    f"this archive has {size} entries; it gives the smaller checkpoint and cannot judge the larger",
                    hint="compare where the newest copy of the archive is",
                )
            return Compared(known.origin, one, two, False, (), "this archive's own history is not the smaller one's")
        proof = tiles.consistency(db, small.size, large.size, small.root, large.root)
        if proof is not None:
            return Compared(known.origin, one, two, True, tuple(proof))
        which = "the smaller" if fits else "the larger" if _root_at(db, large.size) == large.root else "neither"
        return Compared(known.origin, one, two, False, (), f"the entries of this archive give {which} of the two")


def _root_at(db: Any, size: int) -> bytes:
    compact = merkle.CompactRange()
    compact.extend(blob(leaf) for (leaf,) in db.execute("SELECT leaf FROM ledger WHERE idx < ? ORDER BY idx", (size,)))
    return compact.root()


def _equal(origin: str, one: note.Checkpoint, two: note.Checkpoint) -> Compared:
    if one.root == two.root:
        return Compared(origin, one, two, True)
    why = f"the log signed two states of {one.size} entries: these two files are proof of it"
    return Compared(origin, one, two, False, (), why)


def _opened(path: Path, known: registry.Registry) -> note.Checkpoint:
    shown = visible(str(path))
    data = paper.read(path, note.LARGEST)
    try:
        size = note.Checkpoint.parse(note.SignedNote.parse(data).text).size
        return note.open_checkpoint(data, known.log_vkey_at(size))
    except SijillError as error:
        raise InputError(f"{shown}: {error.message}", where=shown) from error
