"""EXIF tags out of an EXIF block: what stands in it, and what of it is damaged.

Two readers look at every block. The directory walk here is bounded (entries,
value sizes, everything inside the block), so that "not there" and "cannot be
read" stay two answers; ExifRead reads the same block, and a tag on which the
two differ is not used. MakerNotes, XMP and IPTC are not EXIF and are not read.
Where blocks lie in files is told by `evidence.exif_block`.

Follows CIPA DC-008 (Exif 3.0) and TIFF 6.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from evidence.exif_block import Block
from schemas.text import visible

MOST_ENTRIES = 1000  # of one directory; cameras write fewer than a hundred
MOST_BYTES = 4096  # of one value that is read
MOST_TEXT = 256  # characters kept of a text
SHOWN = 60  # characters of a value that a warning quotes

_IMAGE_TAGS = {0x010F: "Make", 0x0110: "Model", 0x0112: "Orientation", 0x0131: "Software", 0x0132: "DateTime"}
_EXIF_TAGS = {
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x9010: "OffsetTime",
    0x9011: "OffsetTimeOriginal",
    0x9012: "OffsetTimeDigitized",
    0x9290: "SubSecTime",
    0x9291: "SubSecTimeOriginal",
    0x9292: "SubSecTimeDigitized",
}
_GPS_TAGS = {
    0x0001: "GPSLatitudeRef",
    0x0002: "GPSLatitude",
    0x0003: "GPSLongitudeRef",
    0x0004: "GPSLongitude",
    0x0005: "GPSAltitudeRef",
    0x0006: "GPSAltitude",
    0x0007: "GPSTimeStamp",
    0x001D: "GPSDateStamp",
}
_SECOND_NAMES = {  # what ExifRead calls a tag, where it stands and where it may stand too
    name: (f"{group} {name}", f"Image {name}")
    for group, names in (("Image", _IMAGE_TAGS), ("EXIF", _EXIF_TAGS), ("GPS", _GPS_TAGS))
    for name in names.values()
}
_EXIF_POINTER, _GPS_POINTER = 0x8769, 0x8825
_WANTED = frozenset({_EXIF_POINTER, _GPS_POINTER, *_IMAGE_TAGS, *_EXIF_TAGS, *_GPS_TAGS})
_IN_FIRST = _IMAGE_TAGS | _EXIF_TAGS  # cameras and programs put the second into IFD0 too
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_TEXTS = (2, 129, 7, 1)


@dataclass(slots=True)
class Entry:
    """One tag as it stands in its directory; `raw` is None where its value lies outside the block."""

    name: str
    kind: int
    count: int
    raw: bytes | None
    order: str

    def numbers(self) -> list[int] | None:
        """Give the value as integers (of rationals: numerators and denominators in turn), or None."""
        if self.raw is None:
            return None
        if self.kind in (5, 10):
            return list(struct.unpack(f"{self.order}{len(self.raw) // 4}{'I' if self.kind == 5 else 'i'}", self.raw))
        code = _CODES.get(self.kind)
        if code is None:
            return list(self.raw) if self.kind == 7 else None
        return list(struct.unpack(f"{self.order}{len(self.raw) // _SIZES[self.kind]}{code}", self.raw))


@dataclass
class Tags:
    """The tags of a block that are read here, by name, and what was wrong with the block."""

    entries: dict[str, Entry] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def trouble(self, name: str, what: str) -> None:
        """Note that tag `name` is there and was not read."""
        self.warnings.append(f"EXIF {name} {what}; not read")

    def _entry(self, name: str) -> Entry | None:
        entry = self.entries.get(name)
        if entry is not None and entry.raw is None:
            self.trouble(name, "points outside the EXIF block")
            return None
        return entry

    def text(self, name: str) -> str | None:
        """Give a text tag without padding; None where it is not there or blank, or (with a warning) unreadable."""
        entry = self._entry(name)
        if entry is None or entry.raw is None:
            return None
        if entry.kind not in _TEXTS:
            self.trouble(name, f"has type {entry.kind}, which is no text")
            return None
        data = entry.raw.split(b"\0", 1)[0]
        if data == entry.raw and entry.count > MOST_BYTES:
            self.trouble(name, f"is {entry.count} bytes long")
            return None
        text = data.decode("utf-8", "backslashreplace").strip()
        if len(text) > MOST_TEXT:
            self.warnings.append(f"EXIF {name} has {len(text)} characters; the first {MOST_TEXT} are kept")
            text = text[:MOST_TEXT]
        return text or None

    def number(self, name: str) -> int | None:
        """Give a tag of one integer; None where it is not there, or (with a warning) unreadable."""
        entry = self._entry(name)
        if entry is None:
            return None
        numbers = entry.numbers() if entry.kind not in (5, 10) else None
        if not numbers or entry.count != 1:
            self.trouble(name, f"has type {entry.kind} and {entry.count} values, not one integer")
            return None
        return numbers[0]

    def rationals(self, name: str, count: int) -> list[tuple[int, int]] | None:
        """Give a tag of `count` rationals as pairs; None where it is not there, or (with a warning) unreadable."""
        entry = self._entry(name)
        if entry is None:
            return None
        numbers = entry.numbers()
        if entry.kind not in (5, 10) or numbers is None or entry.count != count:
            self.trouble(name, f"has type {entry.kind} and {entry.count} values, not {count} rationals")
            return None
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if any(bottom == 0 for _, bottom in pairs):
            self.trouble(name, "divides by zero")
            return None
        return pairs


def quoted(text: str) -> str:
    """Give a value for a warning: short, and with control characters escaped."""
    return '"' + visible(text[:SHOWN]) + ("…" if len(text) > SHOWN else "") + '"'


def read_tags(block: Block) -> Tags:
    """Read the tags of a block with both readers. Never raises for what the bytes say."""
    tags = Tags()
    order = block.order
    if not order:
        tags.warnings.append("EXIF header is damaged (no TIFF mark); no EXIF was read")
        return tags
    start = block.at(4, 4)
    if len(start) < 4:
        tags.warnings.append("EXIF header is cut short; no EXIF was read")
        return tags
    first = struct.unpack(order + "I", start)[0]
    pointers = _directory(block, first, "IFD0", _IN_FIRST, tags)
    for tag, title, names in ((_EXIF_POINTER, "Exif IFD", _EXIF_TAGS), (_GPS_POINTER, "GPS IFD", _GPS_TAGS)):
        if tag in pointers:
            _directory(block, pointers[tag], title, names, tags)
    if tags.entries:
        _second_opinion(block, tags)
    return tags


def _directory(block: Block, offset: int, title: str, names: dict[int, str], tags: Tags) -> dict[int, int]:
    """Read one directory into `tags`; gives the pointers to other directories that stand in it."""
    order = block.order
    head = block.at(offset, 2)
    if len(head) < 2 or offset < 8:
        tags.warnings.append(f"EXIF {title} lies outside the EXIF block; its tags ({_some(names)}) were not read")
        return {}
    said = struct.unpack(order + "H", head)[0]
    data = block.at(offset + 2, 12 * min(said, MOST_ENTRIES))
    if len(data) < 12 * said:
        tags.warnings.append(f"EXIF {title} says it has {said} entries, {len(data) // 12} were read")
    pointers: dict[int, int] = {}
    here: dict[str, Entry] = {}
    twice: set[str] = set()
    damaged = 0
    for tag, kind, count, value in struct.iter_unpack(order + "HHI4s", data[: len(data) // 12 * 12]):
        if tag in (_EXIF_POINTER, _GPS_POINTER):
            if tag in pointers:
                continue
            pointers[tag] = struct.unpack(order + "I", value)[0]
        elif tag in names:
            entry = _entry(block, names[tag], kind, count, value)
            if here.setdefault(entry.name, entry).raw != entry.raw:
                twice.add(entry.name)
        elif kind not in _SIZES or _SIZES[kind] * count > max(4, block.size - struct.unpack(order + "I", value)[0]):
            damaged += 1
    if damaged:
        tags.warnings.append(f"EXIF {title} has {damaged} more entries that are damaged; what they were is not known")
    tags.entries.update(here)  # what stands in the Exif IFD goes before the same tag in IFD0
    for name in sorted(twice):
        del tags.entries[name]
        tags.trouble(name, f"stands twice in {title} with different values")
    return pointers


def _entry(block: Block, name: str, kind: int, count: int, value: bytes) -> Entry:
    order = block.order
    length = _SIZES.get(kind, 1) * count
    if length <= 4:
        return Entry(name, kind, count, value[:length], order)
    offset = struct.unpack(order + "I", value)[0]
    if offset + length > block.size:
        return Entry(name, kind, count, None, order)
    size = _SIZES.get(kind, 1)
    return Entry(name, kind, count, block.at(offset, min(length, MOST_BYTES // size * size)), order)


def _some(names: dict[int, str]) -> str:
    return ", ".join(sorted(set(names.values()))[:3]) + ", …"


def _second_opinion(block: Block, tags: Tags) -> None:
    """Let ExifRead read the same block, and set aside the tags on which it differs."""
    from evidence.second_reader import second_values, version

    try:
        theirs = second_values(block, _WANTED)
    except Exception as error:
        tags.warnings.append(
            f"ExifRead {version} failed on this EXIF block ({type(error).__name__}); one reader read it"
        )
        return
    for name, entry in list(tags.entries.items()):
        group, image = _SECOND_NAMES[name]
        other = theirs.get(group, theirs.get(image))
        if other is not None and entry.raw is not None and not _same(entry, other):
            del tags.entries[name]
            tags.trouble(name, f"is read differently by ExifRead {version}, {quoted(str(other))}")


def _same(entry: Entry, values: Any) -> bool:
    raw = entry.raw or b""
    if len(raw) < entry.count * _SIZES.get(entry.kind, 1):
        return True  # longer than what is read; no fact comes of it
    if isinstance(values, str):
        return raw.split(b"\0", 1)[0] == values.encode("utf-8", "surrogatepass")
    if isinstance(values, bytes):
        return raw.split(b"\0", 1)[0] == values
    numbers = entry.numbers()
    if numbers is None:
        return True
    if entry.kind in (5, 10):
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        return len(values) == len(pairs) and all(
            bottom == 0 or value.num * bottom == top * value.den
            for value, (top, bottom) in zip(values, pairs, strict=True)
        )
    return list(values) == numbers
