"""The Merkle tree of the ledger: leaf and node hashes, roots, and proofs.

A proof is made by asking for hashes of complete subtrees (`get(height, n)`:
the n-th run of 2^height leaves) and checked from the hashes alone. Checking is
strict: a proof of another length, an index outside the tree, or a hash of
another size never verifies. Nothing here stores or trusts a stored hash.

Follows RFC 6962 section 2.1 and RFC 9162 sections 2.1.3 and 2.1.4; SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MOST_WAITING = 4096  # leaves
RUN_HEIGHT = 8  # of the subtrees that a tree tells of as it grows (C2SP tlog-tiles)
_sha256 = hashlib.sha256

Get = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """Give the hash of one leaf's bytes (RFC 6962: prefix 0x00)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of an inner node (RFC 6962: prefix 0x01)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: one hash for each 1 in the binary form of its size, largest first.

    Leaves are gathered and folded in by the run, when the edge is asked for or very many wait. `grown` is told the
    hash of each subtree of `2^RUN_HEIGHT` leaves, in order, as they are complete.
    """

    def __init__(self, grown: Callable[[Sequence[bytes]], None] | None = None) -> None:
        self._folded, self._edge = 0, list[bytes]()
        self._waiting: list[bytes] = []
        self._grown = grown

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._folded + len(self._waiting)

    @property
    def hashes(self) -> list[bytes]:
        """The edge, largest subtree first."""
        self._fold()
        return self._edge

    @classmethod
    def from_edge(cls, size: int, hashes: Sequence[bytes]) -> CompactRange:
        """Take up an edge that was kept. The caller holds its root against a signed one. Raises ValueError."""
        if size < 0 or len(hashes) != size.bit_count() or any(len(h) != HASH_SIZE for h in hashes):
            raise ValueError("not the edge of a tree of that size")
        edge = cls()
        edge._folded, edge._edge = size, list(hashes)
        return edge

    def append(self, hashed: bytes) -> None:
        """Add one leaf by its hash."""
        self._waiting.append(hashed)
        if len(self._waiting) == MOST_WAITING:
            self._fold()

    def _fold(self) -> None:
        """Let what waits carry through the edge, as in an addition, all of one height at a time."""
        level, left_over, odd = self._waiting, self._folded, list[bytes]()
        self._folded, self._waiting = self.size, []
        height = 0
        while level:
            if height == RUN_HEIGHT and self._grown is not None:
                self._grown(level)
            if left_over & 1:
                level.insert(0, self._edge.pop())
            if len(level) & 1:
                odd.append(level.pop())
            pairs = iter(level)
            level = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            left_over >>= 1
            height += 1
        self._edge += reversed(odd)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves by their bytes."""
        self.extend_hashes(map(leaf_hash, leaves))

    def extend_hashes(self, hashes: Iterable[bytes]) -> None:
        """Add leaves by their hashes."""
        self._waiting += hashes
        if len(self._waiting) >= MOST_WAITING:
            self._fold()

    def root(self) -> bytes:
        """Give the root of the tree so far; of no leaves, SHA-256 of nothing."""
        *rest, root = self.hashes or [EMPTY_ROOT]
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Give the root over leaf hashes."""
    compact = CompactRange()
    for hashed in hashes:
        compact.append(hashed)
    return compact.root()


def _split(count: int) -> int:
    """Give the largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range(low: int, high: int, get: Get) -> bytes:
    """Give the hash over leaves `low` to `high`; `low` begins a subtree that is large enough."""
    count = high - low
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return get(height, low >> height)
    middle = low + _split(count)
    return node_hash(_range(low, middle, get), _range(middle, high, get))


def inclusion_proof(index: int, size: int, get: Get) -> list[bytes]:
    """Give the audit path of leaf `index` in the tree of `size` leaves (RFC 6962 2.1.1). Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, get))
            high = middle
        else:
            path.append(_range(low, middle, get))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, get: Get) -> list[bytes]:
    """Give the proof that the tree of `new` leaves begins with that of `old` (RFC 6962 2.1.2). Raises ValueError."""
    if not 0 <= old <= new:
        raise ValueError("the old tree is larger than the new")
    if old in (0, new):
        return []
    low, high, path = 0, new, []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range(middle, high, get))
            high = middle
        else:
            path.append(_range(low, middle, get))
            low = middle
    if low:
        path.append(_range(low, high, get))
    return path[::-1]


def verify_inclusion(hashed: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof leads from a leaf's hash at `index` to the root of `size` leaves (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or any(len(h) != HASH_SIZE for h in (hashed, root, *proof)):
        return False
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hashed == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether the proof shows one tree to begin with the other (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new or any(len(h) != HASH_SIZE for h in (old_root, new_root, *proof)):
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not path:
        return False
    one = two = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            one, two = node_hash(sibling, one), node_hash(sibling, two)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            two = node_hash(two, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and one == old_root and two == new_root
