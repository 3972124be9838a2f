"""The size of the primary image of a HEIF file (HEIC, AVIF), from its boxes alone.

Pillow reads no HEIC, and the reader that does brings its decoder along; width
and height stand in plain boxes. Every walk is bounded by the box it is in.
Nothing is decoded, and boxes that do not fit give no size, never a guess.

Follows ISO/IEC 14496-12 (boxes) and ISO/IEC 23008-12 (pitm, ipma, ispe).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

MOST_META = 1 << 20  # bytes of a meta box that is read; those of telephones have a few thousand
MOST_BOXES = 4096


def primary_size(file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Give width and height in pixels of the primary image as stored, before rotation; None if they are not told."""
    try:
        at = 0
        for _ in range(MOST_BOXES):
            file.seek(at)
            head = file.read(16)
            length = _length(head, size - at)
            if head[4:8] == b"meta":
                file.seek(at + 8)
                return _size_in(file.read(min(length - 8, MOST_META)))
            at += length
    except (struct.error, ValueError, IndexError):
        return None
    return None


def _length(head: bytes, left: int) -> int:
    """Give the whole length of a box; 0 means to the end, 1 that eight more bytes hold it."""
    length = struct.unpack_from(">I", head)[0]
    if length == 1:
        length = struct.unpack_from(">Q", head, 8)[0]
    elif length == 0:
        length = left
    if not 8 <= length <= left:
        raise ValueError("a box longer than what holds it")
    return int(length)


def _boxes(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(MOST_BOXES):
        if at + 8 > len(data):
            return
        length = _length(data[at : at + 16], len(data) - at)
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _size_in(meta: bytes) -> tuple[int, int] | None:
    parts = dict(_boxes(meta, 4))
    primary = parts.get(b"pitm", b"")
    item = struct.unpack_from(">H" if primary[:1] == b"\0" else ">I", primary, 4)[0]
    properties: list[tuple[bytes, bytes]] = []
    sizes: list[tuple[int, int]] = []
    for kind, data in _boxes(parts.get(b"iprp", b""), 0):
        if kind == b"ipco":
            properties = list(_boxes(data, 0))
        elif kind == b"ipma":
            for number in _associated(data, item):
                name, said = properties[number - 1]
                if name == b"ispe" and number > 0:
                    sizes.append(struct.unpack_from(">II", said, 4))
    return sizes[0] if len(set(sizes)) == 1 else None


def _associated(data: bytes, item: int) -> list[int]:
    """Give the numbers of the properties that belong to `item`, counted from 1."""
    version, wide = data[0], data[3] & 1
    count = struct.unpack_from(">I", data, 4)[0]
    at, found = 8, []
    for _ in range(min(count, MOST_BOXES)):
        of = struct.unpack_from(">H" if version < 1 else ">I", data, at)[0]
        at += 2 if version < 1 else 4
        members = data[at]
        at += 1
        for _ in range(members):
            if wide:
                number = struct.unpack_from(">H", data, at)[0] & 0x7FFF
                at += 2
            else:
                number = data[at] & 0x7F
                at += 1
            if of == item:
                found.append(number)
    return found
