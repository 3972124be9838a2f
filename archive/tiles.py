"""Hashes of complete subtrees of 256 leaves and more: a cache that makes proofs quick.

Level 1 of `tile` holds the hashes of runs of 256 leaves, level 2 of 256 such
runs, and so on (C2SP tlog-tiles, heights of 8). Nothing here is trusted: a
proof is verified before it is given, and where a tile was wrong it is made
from the entries alone; a writer that meets a wrong one makes all again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archive import merkle
from archive.database import blob
from schemas.errors import IntegrityError

HEIGHT = merkle.RUN_HEIGHT
WIDTH = 1 << HEIGHT
MOST_BLOCKS = 64  # of 256 leaf hashes, held while one proof is made


def extend(db: Any, old: int, new: int) -> None:
    """Bring the tiles from a tree of `old` leaves to one of `new`. Raises IntegrityError."""
    level, before, after = 1, old // WIDTH, new // WIDTH
    while after > before:
        for n in range(before // WIDTH, (after - 1) // WIDTH + 1):
            start = n * WIDTH
            hashes = _stored(db, level, n)
            for run in range(start + len(hashes) // 32, min(start + WIDTH, after)):
                hashes += merkle.root_of(_below(db, level, run))
            db.execute("INSERT OR REPLACE INTO tile(level, n, hashes) VALUES (?,?,?)", (level, n, hashes))
        level, before, after = level + 1, before // WIDTH, after // WIDTH


def _below(db: Any, level: int, run: int) -> list[bytes]:
    """Give the 256 hashes under entry `run` of a level."""
    if level == 1:
        return _leaf_hashes(db, run * WIDTH, WIDTH)
    hashes = _stored(db, level - 1, run)
    return [hashes[i : i + 32] for i in range(0, len(hashes), 32)]


def _stored(db: Any, level: int, n: int) -> bytes:
    row = db.execute("SELECT hashes FROM tile WHERE level = ? AND n = ?", (level, n)).fetchone()
    return row[0] if row and type(row[0]) is bytes else b""


def _leaf_hashes(db: Any, first: int, count: int) -> list[bytes]:
    rows = db.execute("SELECT leaf FROM ledger WHERE idx >= ? AND idx < ? ORDER BY idx", (first, first + count))
    return [merkle.leaf_hash(blob(leaf)) for (leaf,) in rows]


class Growing:
    """Makes every tile of a tree from its leaf hashes in order, one tile a level in memory.

    `put(level, n, hashes)` takes each tile of `lowest` and more when it is full, and at the end those that are not;
    `extend` begins with the hashes of that level or of a lower one.
    """

    def __init__(self, put: Callable[[int, int, bytes], None], lowest: int = 0) -> None:
        self._put, self._lowest = put, lowest
        self._levels: list[list[bytes]] = [[] for _ in range(lowest)]
        self._done: list[int] = [0] * lowest

    def extend(self, hashes: Sequence[bytes], level: int = 0) -> None:
        """Take the next hashes of a level."""
        if level == len(self._levels):
            self._levels.append([])
            self._done.append(0)
        taken = 0
        while taken < len(hashes):
            tile = self._levels[level]
            upto = taken + WIDTH - len(tile)
            tile += hashes[taken:upto]
            taken = upto
            if len(tile) == WIDTH:
                self._give(level)
                self._levels[level] = []
                self._done[level] += 1
                self.extend([merkle.root_of(tile)], level + 1)

    def end(self) -> None:
        """Give the tiles that are not full."""
        for level, tile in enumerate(self._levels):
            if tile:
                self._give(level)

    def _give(self, level: int) -> None:
        if level >= self._lowest:
            self._put(level, self._done[level], b"".join(self._levels[level]))


class Subtrees:
    """Answers `get(height, n)`: the hash of the n-th complete subtree of 2^height leaves.

    With `cached=False` no tile is read: all comes from the leaves, each read once.
    """

    def __init__(self, db: Any, *, cached: bool = True) -> None:
        self._db, self._cached = db, cached
        self._blocks: dict[int, list[bytes]] = {}
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._made: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, n: int) -> bytes:
        """Give one subtree's hash, from a tile or at most 256 leaves."""
        level, rest = divmod(height, HEIGHT)
        first, count = n << rest, 1 << rest
        if level:
            return merkle.root_of([self._hash(level, i) for i in range(first, first + count)])
        inside = first % WIDTH
        return merkle.root_of(self._block(first // WIDTH)[inside : inside + count])

    def _block(self, n: int) -> list[bytes]:
        if n not in self._blocks:
            if len(self._blocks) >= MOST_BLOCKS:
                self._blocks.clear()
            self._blocks[n] = _leaf_hashes(self._db, n * WIDTH, WIDTH)
        return self._blocks[n]

    def _hash(self, level: int, i: int) -> bytes:
        if self._cached:
            tile = (level, i // WIDTH)
            if tile not in self._tiles:
                self._tiles[tile] = _stored(self._db, *tile)
            hashed = self._tiles[tile][(i % WIDTH) * 32 : (i % WIDTH) * 32 + 32]
            if len(hashed) == 32:
                return hashed
        if (level, i) not in self._made:
            below = self._block(i) if level == 1 else [self._hash(level - 1, (i << HEIGHT) + j) for j in range(WIDTH)]
            self._made[(level, i)] = merkle.root_of(below)
        return self._made[(level, i)]


class Prover:
    """Makes proofs under one signed root, and gives none that does not verify."""

    def __init__(self, db: Any, size: int, root: bytes) -> None:
        self._db, self.size, self.root = db, size, root
        self._sources = [Subtrees(db), Subtrees(db, cached=False)]

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Give the RFC 6962 audit path of entry `index`.

        Raises IntegrityError where the entries that are here do not give the root.
        """
        row = self._db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
        leaf = merkle.leaf_hash(blob(row[0])) if row else b""
        while self._sources:
            path = merkle.inclusion_proof(index, self.size, self._sources[0])
            if merkle.verify_inclusion(leaf, index, self.size, path, self.root):
                return tuple(path)
            self._sources.pop(0)  # a wrong tile: from here on from the entries alone
        raise IntegrityError(
            f"entry {index} is not under the checkpoint of {self.size} entries", where=f"entry {index}",
            hint="write nothing more here; run `sijill audit`",
        )  # fmt: skip


def consistency(db: Any, old: int, new: int, old_root: bytes, new_root: bytes) -> list[bytes] | None:
    """Give the RFC 6962 consistency proof between two trees; None where one does not begin with the other."""
    for cached in (True, False):
        proof = merkle.consistency_proof(old, new, Subtrees(db, cached=cached))
        if merkle.verify_consistency(old, new, proof, old_root, new_root):
            return proof
    return None


def rebuild(db: Any, size: int) -> None:
    """Make every tile of the first `size` entries again, from the entries. Raises IntegrityError."""
    db.execute("DELETE FROM tile")
    insert = "INSERT INTO tile(level, n, hashes) VALUES (?,?,?)"
    growing = Growing(lambda level, n, hashes: db.execute(insert, (level, n, hashes)), lowest=1)
    for (leaf,) in db.execute("SELECT leaf FROM ledger WHERE idx < ? ORDER BY idx", (size,)):
        growing.extend([merkle.leaf_hash(blob(leaf))])
    growing.end()
