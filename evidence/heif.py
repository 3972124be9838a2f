"""What the boxes of a HEIF file (HEIC, AVIF) tell: the size of its primary image, and where its EXIF lies.

Pillow reads no HEIC, and the reader that does brings its decoder along; the
finder of ExifRead trips over boxes that telephones write, and over others it
finds nothing and says nothing. Every walk is bounded by the box it is in.
Nothing is decoded, and boxes that do not fit give no answer, never a guess.

Follows ISO/IEC 14496-12 (boxes, iinf, iloc) and ISO/IEC 23008-12 (pitm, ipma,
ispe, cdsc, Exif items).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

MOST_META = 1 << 20  # bytes of a meta box that is read; those of telephones have a few thousand
MOST_BOXES = 4096
MOST_EXTENTS = 16  # pieces in which one item lies; writers use one
_WRONG = (struct.error, ValueError, IndexError)
Extent = tuple[int, int]  # first byte in the file, and how many


class BrokenBoxesError(ValueError):
    """The boxes say that there may be EXIF, and do not say where."""


def primary_size(file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Give width and height in pixels of the primary image as stored, before rotation; None if they are not told."""
    try:
        meta, _ = _meta(file, size)
        return _size_in(meta) if meta else None
    except _WRONG:
        return None


def exif_extents(file: BinaryIO, size: int) -> list[Extent]:
    """Give where the EXIF item of the primary image lies, in order, from its four bytes of header on; empty if none.

    Raises BrokenBoxesError where the boxes do not fit together.
    """
    try:
        meta, start = _meta(file, size)
        parts = _parts(meta)
        items = [number for number, kind in _items(parts) if kind == b"Exif"]
        if not items:
            return []
        described = _described(parts, _primary(parts))
        item = next((number for number in items if number in described), items[0])
        return _extents(parts, item, start)
    except _WRONG as error:
        raise BrokenBoxesError(str(error)) from None


def _meta(file: BinaryIO, size: int) -> tuple[bytes, int]:
    """Give what the `meta` box of the file holds, and where that begins in the file; nothing where there is none."""
    at = 0
    for _ in range(MOST_BOXES):
        if at >= size:
            break
        file.seek(at)
        head = file.read(16)
        length = _length(head, size - at)
        if head[4:8] == b"meta":
            file.seek(at + 8)
            return file.read(min(length - 8, MOST_META)), at + 8
        at += length
    return b"", 0


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


def _boxes(data: bytes, at: int) -> Iterator[tuple[bytes, bytes, int]]:
    """Give the boxes from byte `at` on: kind, what is in them, and where that begins in `data`."""
    for _ in range(MOST_BOXES):
        if at + 8 > len(data):
            return
        length = _length(data[at : at + 16], len(data) - at)
        yield data[at + 4 : at + 8], data[at + 8 : at + length], at + 8
        at += length


def _parts(meta: bytes) -> dict[bytes, tuple[bytes, int]]:
    return {kind: (data, at) for kind, data, at in _boxes(meta, 4)}


def _primary(parts: dict[bytes, tuple[bytes, int]]) -> int:
    data = parts[b"pitm"][0] if b"pitm" in parts else b""
    return _number(data, 4, 2 if data[:1] == b"\0" else 4)


def _number(data: bytes, at: int, width: int) -> int:
    """Give the big-endian number of `width` bytes at `at`; a width of 0 is the number 0."""
    if at + width > len(data):
        raise ValueError("a number that lies outside its box")
    return int.from_bytes(data[at : at + width], "big")


def _items(parts: dict[bytes, tuple[bytes, int]]) -> Iterator[tuple[int, bytes]]:
    """Give the number and the type of every item (`iinf`); those of the first versions have no type."""
    data = parts[b"iinf"][0] if b"iinf" in parts else b""
    if data:
        for kind, entry, _ in _boxes(data, 6 if data[0] == 0 else 8):
            if kind == b"infe" and entry[0] >= 2:
                wide = 2 if entry[0] == 2 else 4
                yield _number(entry, 4, wide), entry[6 + wide : 10 + wide]


def _described(parts: dict[bytes, tuple[bytes, int]], item: int) -> set[int]:
    """Give the items that say of themselves that they describe `item` (`cdsc` in `iref`)."""
    data = parts[b"iref"][0] if b"iref" in parts else b""
    wide = 2 if data[:1] == b"\0" else 4
    found = set()
    for kind, entry, _ in _boxes(data, 4) if data else ():
        if kind == b"cdsc":
            described = {_number(entry, wide + 2 + wide * place, wide) for place in range(_number(entry, wide, 2))}
            if item in described:
                found.add(_number(entry, 0, wide))
    return found


def _extents(parts: dict[bytes, tuple[bytes, int]], item: int, start: int) -> list[Extent]:
    """Give where `item` lies in the file (`iloc`), whose `meta` box holds its parts from byte `start` on."""
    data = parts[b"iloc"][0]
    version, sizes = data[0], (data[4] >> 4, data[4] & 15, data[5] >> 4, data[5] & 15 if data[0] else 0)
    wide = 4 if version == 2 else 2
    at = 6 + wide
    for _ in range(min(_number(data, 6, wide), MOST_BOXES)):
        of = _number(data, at, wide)
        method = _number(data, at + wide, 2) & 15 if version else 0
        at += wide + (4 if version else 2)
        base = _number(data, at, sizes[2])
        count = _number(data, at + sizes[2], 2)
        at += sizes[2] + 2
        if of == item:
            return _pieces(data, at, count, sizes, base + _origin(parts, method, start))
        at += count * (sizes[3] + sizes[0] + sizes[1])
    raise ValueError("an item that lies nowhere")


def _origin(parts: dict[bytes, tuple[bytes, int]], method: int, start: int) -> int:
    if method == 0:
        return 0
    if method == 1 and b"idat" in parts:
        return start + parts[b"idat"][1]
    raise ValueError("an item in no place that is known")


def _pieces(data: bytes, at: int, count: int, sizes: tuple[int, int, int, int], origin: int) -> list[Extent]:
    if count > MOST_EXTENTS:
        raise ValueError("an item in too many pieces")
    found = []
    for _ in range(count):
        at += sizes[3]
        found.append((origin + _number(data, at, sizes[0]), _number(data, at + sizes[0], sizes[1])))
        at += sizes[0] + sizes[1]
    return found


def _size_in(meta: bytes) -> tuple[int, int] | None:
    parts = _parts(meta)
    item = _primary(parts)
    properties: list[tuple[bytes, bytes]] = []
    sizes: list[tuple[int, int]] = []
    for kind, data, _ in _boxes(parts[b"iprp"][0] if b"iprp" in parts else b"", 0):
        if kind == b"ipco":
            properties = [(name, said) for name, said, _ in _boxes(data, 0)]
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
