"""Where the EXIF block lies in an image file, and the width and height that its container passes on the way.

Walks segments, chunks and boxes by their lengths and takes nothing else: no
pixel is decoded, no value is read. What stands in the way is a warning.

Follows ITU-T T.81 (JPEG), CIPA DC-008 4.7 (APP1), PNG 3 (eXIf), RIFF WebP,
TIFF 6.0, ISO/IEC 23008-12 (HEIF).
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

from evidence.heif import BrokenBoxesError, exif_extents, primary_size

MOST_ITEM = 1 << 24  # bytes of an EXIF item that are read; with preview and notes of the maker they have fewer
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG SOF markers
_WIDTH, _HEIGHT = 0x0100, 0x0101  # TIFF tags
_WHOLE = {3: "H", 4: "I"}  # TIFF types in which they may stand
_OTHER_APP1 = {b"http", b"FLIR", b"QVCI"}  # XMP, and what thermal and older cameras put there


@dataclass(frozen=True)
class Block:
    """A TIFF structure that holds EXIF: bytes `base` to `base + size` of `file`."""

    file: BinaryIO
    base: int
    size: int

    @cached_property
    def order(self) -> str:
        """Give the byte order as `struct` writes it, `<` or `>`; empty where the block does not begin as one."""
        return {b"II*\0": "<", b"MM\0*": ">"}.get(self.at(0, 4), "")

    def at(self, offset: int, length: int) -> bytes:
        """Give `length` bytes at `offset`, or fewer where the block ends."""
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        self.file.seek(self.base + offset)
        return self.file.read(length)


@dataclass
class Found:
    """What the walk through a file's container found: the EXIF block, the size in its header, and what was wrong."""

    block: Block | None = None
    size: tuple[int, int] | None = None  # width and height in pixels, where the walk passes them
    warnings: list[str] = field(default_factory=list)


def find_block(file: BinaryIO, media_type: str, size: int) -> Found:
    """Find the EXIF block of a JPEG, PNG, WebP, TIFF or HEIC of `size` bytes. Other types give nothing."""
    found = Found()
    finder = _FINDERS.get(media_type)
    if finder is not None:
        file.seek(0)
        found.block = finder(file, size, found)
    return found


def in_bytes(data: bytes) -> Block:
    """Give the block in EXIF bytes that another reader took out of its file, with or without `Exif\\0\\0`."""
    if data.startswith(b"Exif\0"):
        data = data[6:]
    return Block(io.BytesIO(data), 0, len(data))


def _in_jpeg(file: BinaryIO, size: int, found: Found) -> Block | None:
    """Walk the segments from SOI to the first scan (ITU-T T.81 B.1.1); the frame header has the size."""
    if file.read(2) != b"\xff\xd8":
        found.warnings.append("JPEG does not begin with a JPEG marker")
        return None
    at, block = 2, None
    while at < size:
        file.seek(at)
        head = file.read(10)
        if len(head) >= 2 and head[:2] == b"\xff\xff":  # fill bytes
            at += 1
            continue
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0:
            found.warnings.append(f"JPEG header is damaged or cut short at byte {at}; EXIF after it was not looked for")
            break
        marker, length = head[1], int.from_bytes(head[2:4], "big")
        if marker in (0xDA, 0xD9):
            break
        if 0xD0 <= marker <= 0xD8 or marker == 1:
            at += 2
            continue
        if marker == 0xE1 and head[4:9] == b"Exif\0":
            if block is None:
                block = _segment(file, at, length, size, found)
            else:
                found.warnings.append("JPEG has more than one EXIF segment; the first is read")
        elif marker == 0xE1 and head[4:8] not in _OTHER_APP1:
            found.warnings.append(f"JPEG APP1 segment at byte {at} is of no known kind; if it held EXIF, it is damaged")
        elif marker in _FRAMES and len(head) >= 9 and found.size is None:
            found.size = int.from_bytes(head[7:9], "big"), int.from_bytes(head[5:7], "big")
        at += 2 + max(length, 2)
    return block


def _segment(file: BinaryIO, at: int, length: int, size: int, found: Found) -> Block:
    """Take the EXIF block out of the JPEG segment at byte `at`, which says it is `length` bytes long."""
    if at + 2 + length > size:
        found.warnings.append(f"JPEG EXIF segment says {length} bytes, {size - at - 2} are there: cut short")
    file.seek(at + 10)
    data = file.read(max(length - 8, 0))
    return Block(io.BytesIO(data), 0, len(data))


def _in_png(file: BinaryIO, size: int, found: Found) -> Block | None:
    """Walk the chunks, also those after the pixels, where some tools put EXIF."""
    at, profile = 8, b""
    while at + 12 <= size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if head[4:] == b"IHDR" and length == 13:
            data = file.read(13)
            if zlib.crc32(b"IHDR" + data) == int.from_bytes(file.read(4), "big"):
                found.size = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
        elif head[4:] == b"eXIf":
            data = file.read(min(length, size))
            if len(data) < length:
                found.warnings.append("PNG eXIf chunk is cut short")
            elif zlib.crc32(b"eXIf" + data) != int.from_bytes(file.read(4), "big"):
                found.warnings.append("PNG eXIf chunk is damaged: its check sum does not match; its EXIF was not read")
                return None
            return in_bytes(data)
        elif head[4:] in (b"tEXt", b"zTXt") and length < MOST_ITEM:
            profile = _profile(head[4:], file.read(length)) or profile
        elif head[4:] == b"IEND":
            break
        at += 12 + length
    if not profile:
        return None
    try:
        return in_bytes(bytes.fromhex(b"".join(profile.split(b"\n")[3:]).decode("ascii")))
    except ValueError:
        found.warnings.append("PNG text that holds EXIF is damaged; its EXIF was not read")
        return None


def _profile(kind: bytes, chunk: bytes) -> bytes:
    """Give the text in which tools older than eXIf put EXIF: a blank line, a name, a length, hexadecimal digits."""
    name, _, text = chunk.partition(b"\0")
    if name not in (b"Raw profile type exif", b"Raw profile type APP1"):
        return b""
    if kind == b"zTXt":
        try:
            text = zlib.decompressobj().decompress(text[1:], MOST_ITEM)
        except zlib.error:
            text = b"damaged"
    return b"" if name.endswith(b"APP1") and not text.partition(b"45786966")[1] else text


def _in_webp(file: BinaryIO, size: int, found: Found) -> Block | None:
    at = 12
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"EXIF":
            data = file.read(min(length, size))
            if len(data) < length:
                found.warnings.append("WebP EXIF chunk is cut short")
            return in_bytes(data)
        at += 8 + length + (length & 1)
    return None


def _in_tiff(file: BinaryIO, size: int, found: Found) -> Block | None:
    """A TIFF is its own block; its size stands in its first directory. Of a BigTIFF only Pillow gives the size."""
    block = Block(file, 0, size)
    if block.at(0, 4) in (b"II+\0", b"MM\0+"):
        found.warnings.append("TIFF is a BigTIFF; only its size was read, EXIF was not looked for")
        return None
    sides: dict[int, int] = {}
    if block.order:
        first = int.from_bytes(block.at(4, 4), "little" if block.order == "<" else "big")
        count = int.from_bytes(block.at(first, 2), "little" if block.order == "<" else "big")
        entries = block.at(first + 2, 12 * count)
        for tag, kind, values, value in struct.iter_unpack(block.order + "HHI4s", entries[: len(entries) // 12 * 12]):
            if tag in (_WIDTH, _HEIGHT) and kind in _WHOLE and values == 1:
                sides[tag] = struct.unpack_from(block.order + _WHOLE[kind], value)[0]
    if len(sides) == 2:
        found.size = sides[_WIDTH], sides[_HEIGHT]
    return block


def _in_bmp(file: BinaryIO, size: int, found: Found) -> Block | None:
    """A BMP has no EXIF; its size stands in its second header, of which OS/2 wrote a short form."""
    del size
    head = file.read(26)
    if len(head) == 26:
        long = int.from_bytes(head[14:18], "little") != 12
        found.size = struct.unpack_from("<ii" if long else "<HH", head, 18)
        found.size = found.size[0], abs(found.size[1])  # a negative height says that the rows go downward
    return None


def _in_heif(file: BinaryIO, size: int, found: Found) -> Block | None:
    """Take the size of the primary image, and its EXIF item, which tells in four bytes how far on the block begins."""
    found.size = primary_size(file, size)
    try:
        extents = exif_extents(file, size)
    except BrokenBoxesError as error:
        found.warnings.append(f"HEIF boxes do not fit together ({error}); EXIF was not looked for")
        return None
    data = b""
    for offset, length in extents:
        file.seek(min(offset, size))
        data += file.read(min(length or size, MOST_ITEM - len(data)))
    if not extents:
        return None
    if len(data) < min(sum(length for _, length in extents), MOST_ITEM):
        found.warnings.append("HEIF EXIF item is cut short")
    block = in_bytes(data[4 + int.from_bytes(data[:4], "big") :])
    return block if block.order else in_bytes(data[4:])  # some writers put 0 or 6 there, whatever follows


_FINDERS = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/apng": _in_png,
    "image/webp": _in_webp,
    "image/tiff": _in_tiff,
    "image/x-canon-cr2": _in_tiff,
    "image/bmp": _in_bmp,
    "image/heic": _in_heif,
    "image/heif": _in_heif,
    "image/avif": _in_heif,
}
