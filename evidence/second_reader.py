"""ExifRead as the second reader of an EXIF block: the values of the tags asked for, as it understands them.

Only what is compared is worked out: words for people, MakerNotes and thumbnails
are left out, since they cost more than the values.
"""

from __future__ import annotations

import io
from collections.abc import Container
from typing import Any, Literal

from exifread import __version__ as version
from exifread.core.exif_header import ExifHeader
from exifread.tags.exif import GPS_TAGS

from evidence.exif_block import Block

MOST_BYTES = 1 << 20  # of a block that ExifRead is given

_LENGTHS = (1, 2, 4)
_ORDERS: dict[str, Literal["little", "big"]] = {"I": "little", "M": "big"}

__all__ = ["second_values", "version"]


class _Header(ExifHeader):
    """ExifRead's reader of directories, without the tags nobody asks for and without words."""

    def __init__(self, data: bytes, endian: str, wanted: Container[int]) -> None:
        super().__init__(io.BytesIO(data), endian, 0, 0, strict=False, debug=False, detailed=False)
        self.data, self.wanted = data, wanted

    def s2n(self, offset: int, length: int, signed: bool = False) -> int:
        """Read an integer as ExifRead does, without making up how for each: it asks for eighty of a picture."""
        if length not in _LENGTHS:
            return int(super().s2n(offset, length, signed))
        data = self.data[offset : offset + length]
        return int.from_bytes(data, _ORDERS[self.endian], signed=signed) if len(data) == length else 0

    def _process_tag(self, ifd: int, ifd_name: str, tag_entry: Any, entry: int, tag: int, *rest: Any) -> None:
        if tag in self.wanted:
            super()._process_tag(ifd, ifd_name, tag_entry, entry, tag, *rest)

    def _get_printable_for_field(self, *_: Any) -> tuple[str, bool]:
        return "", False


def second_values(block: Block, wanted: Container[int]) -> dict[str, Any]:
    """Give the values of the tags whose numbers are `wanted`, by `Image`, `EXIF` or `GPS` and ExifRead's name.

    Raises whatever ExifRead raises on a damaged block.
    """
    header = _Header(block.at(0, MOST_BYTES), "I" if block.order == "<" else "M", wanted)
    header.dump_ifd(header.s2n(4, 4), "Image")
    for pointer, title, names in (("Image ExifOffset", "EXIF", None), ("Image GPSInfo", "GPS", GPS_TAGS)):
        if found := header.tags.get(pointer):
            header.dump_ifd(found.values[0], title, names)
    return {name: tag.values for name, tag in header.tags.items()}
