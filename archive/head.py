"""The head of the ledger: its newest checkpoint, and what it is held against before anything is written after it.

A head is believed only where the log signed it, the entries give its root, and
this computer has seen nothing that came after it or beside it. A cached edge
that is wrong is made again from the entries. Nothing here writes an entry.

Follows RFC 6962 (tree) and C2SP tlog-checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive import merkle, note, registry, tiles
from archive.database import blob
from schemas.errors import IntegrityError, RefusedError

if TYPE_CHECKING:
    from archive.ledger import Place


@dataclass
class Head:
    """The state of the ledger before an act."""

    size: int
    edge: merkle.CompactRange
    note: bytes | None


def open_head(db: Any, place: Place) -> Head:
    """Check the newest checkpoint, the edge under it and the pin.

    Raises FormatError, IntegrityError or RefusedError.
    """
    size = db.execute("SELECT coalesce(max(idx), -1) FROM ledger").fetchone()[0] + 1
    row = db.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    edge = db.execute("SELECT size, hashes FROM edge ORDER BY size DESC LIMIT 1").fetchone()
    if row is None or row[0] != size:
        raise IntegrityError(
            f"the ledger has {size} entries, its newest checkpoint is for {row[0] if row else 0}",
            where="ledger",
            hint="write nothing more here; run `sijill audit`",
        )
    vkey = registry.registry_of(db).log_vkey
    checkpoint = note.open_checkpoint(blob(row[1]), vkey)
    compact = _edge(edge, size)
    if compact is None or compact.root() != checkpoint.root:  # a cache that is gone or wrong: from the entries
        compact = merkle.CompactRange()
        compact.extend(blob(leaf) for (leaf,) in db.execute("SELECT leaf FROM ledger ORDER BY idx"))
        tiles.rebuild(db, size)
    if checkpoint.size != size or checkpoint.root != compact.root() or checkpoint.origin != place.origin:
        raise IntegrityError(
            "the newest checkpoint is not for the entries that are here",
            where="checkpoint",
            hint="write nothing more here; run `sijill audit`",
        )
    _hold_against_pin(db, place, size, checkpoint.root)
    return Head(size, compact, blob(row[1]))


def _edge(row: Any, size: int) -> merkle.CompactRange | None:
    """Give the right edge of the tree from its cache, which nothing believes yet; None where there is none."""
    if row is None or row[0] != size or type(row[1]) is not bytes or len(row[1]) != 32 * size.bit_count():
        return None
    return merkle.CompactRange.from_edge(size, [row[1][i : i + 32] for i in range(0, len(row[1]), 32)])


def _hold_against_pin(db: Any, place: Place, size: int, root: bytes) -> None:
    pin = place.home.pin(place.origin)
    if pin is None or (pin.size, pin.root) == (size, root):
        return
    if pin.size > size:
        raise RefusedError(
            f"this archive has {size} entries; this computer has seen {pin.size} of it. It is an older copy, "
            "or its end was cut off",
            code="pin",
            where=place.origin,
            hint="write only in the newest copy; `sijill audit` tells more",
        )
    if tiles.consistency(db, pin.size, size, pin.root, root) is None:
        raise RefusedError(
            f"this archive is not the one this computer has seen: its first {pin.size} entries differ",
            code="pin",
            where=place.origin,
            hint="write nothing here; keep it as it is and run `sijill audit`",
        )


def checkpoint_note(db: Any) -> tuple[int, bytes]:
    """Give the size and the bytes of the newest checkpoint. Raises IntegrityError where there is none."""
    row = db.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        raise IntegrityError("this archive has no checkpoint", hint="run `sijill audit`")
    return int(row[0]), blob(row[1])
