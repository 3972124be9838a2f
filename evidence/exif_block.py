"""Where the EXIF block lies in an image file, and the width and height that its container passes on the way.

Walks segments, chunks and boxes by their lengths and takes nothing else: no
pixel is decoded, no value is read. What stands in the way is a warning.

Follows ITU-T T.81 (JPEG), CIPA DC-008 4.7 (APP1), PNG 3 (eXIf), RIFF WebP,
TIFF 6.0, ISO/IEC 23008-12 (HEIF).
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

from evidence.heif import primary_size

AVIF_BRANDS = (b"avif", b"avis")
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG SOF markers
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
    at = 8
    while at + 12 <= size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if head[4:] == b"eXIf":
            data = file.read(min(length, size))
            if len(data) < length:
                found.warnings.append("PNG eXIf chunk is cut short")
            elif zlib.crc32(b"eXIf" + data) != int.from_bytes(file.read(4), "big"):
                found.warnings.append("PNG eXIf chunk is damaged: its check sum does not match; its EXIF was not read")
                return None
            return in_bytes(data)
        if head[4:] == b"IEND":
            break
        at += 12 + length
    return None


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
    del found
    return Block(file, 0, size)


def _in_heif(file: BinaryIO, size: int, found: Found) -> Block | None:
    """Take the size of the primary image, and for HEIC the EXIF item; for AVIF Pillow finds that."""
    found.size = primary_size(file, size)
    if file.seek(8) and file.read(4) in AVIF_BRANDS:
        return None
    from exifread.core.heic import HEICExifFinder

    file.seek(0)
    try:
        offset, _ = HEICExifFinder(file).find_exif()
    except Exception as error:
        found.warnings.append(f"HEIC boxes could not be read ({type(error).__name__}); EXIF was not looked for")
        return None
    return Block(file, offset, size - offset) if offset else None


_FINDERS = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/apng": _in_png,
    "image/webp": _in_webp,
    "image/tiff": _in_tiff,
    "image/heic": _in_heif,
    "image/heif": _in_heif,
    "image/avif": _in_heif,
}
