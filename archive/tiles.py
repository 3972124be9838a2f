"""Hashes of complete subtrees of 256 leaves and more: a cache that makes proofs quick.

Level 1 of `tile` holds the hashes of runs of 256 leaves, level 2 of 256 such
runs, and so on (C2SP tlog-tiles, heights of 8). Nothing here is trusted: a
proof made from a wrong tile does not verify, and `audit` makes them again.
"""

from __future__ import annotations

from typing import Any

from archive import merkle

WIDTH = 256
HEIGHT = 8


def extend(db: Any, old: int, new: int) -> None:
    """Bring the tiles from a tree of `old` leaves to one of `new`."""
    level, before, after = 1, old // WIDTH, new // WIDTH
    while after > before:
        for n in range(before // WIDTH, (after - 1) // WIDTH + 1):
            start = n * WIDTH
            row = db.execute("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)).fetchone()
            hashes = bytes(row[0]) if row else b""
            for run in range(start + len(hashes) // 32, min(start + WIDTH, after)):
                hashes += merkle.root_of(_below(db, level, run))
            db.execute("INSERT OR REPLACE INTO tile(level, n, hashes) VALUES (?,?,?)", (level, n, hashes))
        level, before, after = level + 1, before // WIDTH, after // WIDTH


def _below(db: Any, level: int, run: int) -> list[bytes]:
    """Give the 256 hashes under entry `run` of a level."""
    if level == 1:
        return _leaf_hashes(db, run * WIDTH, WIDTH)
    row = db.execute("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level - 1, run)).fetchone()
    hashes = bytes(row[0]) if row else b""
    return [hashes[i : i + 32] for i in range(0, len(hashes), 32)]


def _leaf_hashes(db: Any, first: int, count: int) -> list[bytes]:
    rows = db.execute("SELECT leaf FROM ledger WHERE idx >= ? AND idx < ? ORDER BY idx", (first, first + count))
    return [merkle.leaf_hash(bytes(leaf)) for (leaf,) in rows]


class Subtrees:
    """Answers `get(height, n)`: the hash of the n-th complete subtree of 2^height leaves."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._blocks: dict[int, list[bytes]] = {}

    def __call__(self, height: int, n: int) -> bytes:
        """Give one subtree's hash, from a tile or at most 256 leaves."""
        level, rest = divmod(height, HEIGHT)
        first, count = n << rest, 1 << rest
        if level == 0:
            block = first // WIDTH
            if block not in self._blocks:
                self._blocks[block] = _leaf_hashes(self._db, block * WIDTH, WIDTH)
            inside = first - block * WIDTH
            return merkle.root_of(self._blocks[block][inside : inside + count])
        row = self._db.execute(
            "SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, first // WIDTH)
        ).fetchone()
        hashes = bytes(row[0]) if row else b""
        at = (first % WIDTH) * 32
        part = hashes[at : at + count * 32]
        if len(part) != count * 32:  # no tile: make it from what lies beneath
            return merkle.root_of([self((level - 1) * HEIGHT, (first << HEIGHT) + i) for i in range(count << HEIGHT)])
        return merkle.root_of([part[i : i + 32] for i in range(0, len(part), 32)])


def inclusion(db: Any, index: int, size: int) -> list[bytes]:
    """Give the RFC 6962 audit path of entry `index` in the tree of `size` entries."""
    return merkle.inclusion_proof(index, size, Subtrees(db))


def consistency(db: Any, old: int, new: int) -> list[bytes]:
    """Give the RFC 6962 consistency proof between two sizes."""
    return merkle.consistency_proof(old, new, Subtrees(db))
