"""Digests of evidence bytes: BLAKE3 and SHA-256, computed in one reading.

Both are over the bytes exactly as received, before any rotation, transcoding
or stripping. This module opens no file and keeps nothing: it is handed a
stream and hands back a `Digests`.

Follows FIPS 180-4 (SHA-256) and the BLAKE3 paper (unkeyed, 32 bytes out).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import blake3

PIECE = 256 * 1024  # bytes asked for at a time; stays in the second-level cache between the two hashes


class Digests(NamedTuple):
    """Both digests as lower-case hex, and the number of bytes they are over."""

    blake3: str
    sha256: str
    size: int


def digest_stream(read: Callable[[int], bytes]) -> Digests:
    """Read to the end with `read(n)`, which gives at most n bytes and none at the end; its errors pass through."""
    fast, sure, size = blake3.blake3(), hashlib.sha256(), 0
    while piece := read(PIECE):
        fast.update(piece)
        sure.update(piece)
        size += len(piece)
    return Digests(fast.hexdigest(), sure.hexdigest(), size)


def digest_bytes(data: bytes) -> Digests:
    """Give the digests of bytes that are already in memory."""
    return Digests(blake3.blake3(data).hexdigest(), hashlib.sha256(data).hexdigest(), len(data))
