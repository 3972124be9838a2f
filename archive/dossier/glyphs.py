"""Which characters the fonts of a dossier can show, and what stands in a PDF for those they cannot.

A PDF that must be readable for decades refuses a character without a glyph; a
witness may have used one all the same. It is spelled out (`\\u{1F600}`) and
counted, and the exact text stands in the records.

Follows the OpenType `cmap` table, formats 4 and 12.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from functools import cache
from importlib import resources
from typing import Any

from schemas.text import visible

PIECE = 24  # characters: a longer word may be broken after so many
_LONG = re.compile(r"\S{65,}")
_BREAK = "\u200b"

FACES = ("NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf", "NotoNaskhArabic-Regular.ttf", "NotoNaskhArabic-Bold.ttf")


def fonts() -> Any:
    """Give the folder of the fonts."""
    return resources.files("archive.dossier") / "fonts"


@cache
def coverage() -> frozenset[int]:
    """Give the code points that both weights of one of the families can show."""
    serif = _points(FACES[0]) & _points(FACES[1])
    return frozenset(serif | (_points(FACES[2]) & _points(FACES[3])))


def _points(name: str) -> set[int]:
    data = (fonts() / name).read_bytes()
    tables = {
        data[at : at + 4]: struct.unpack(">II", data[at + 8 : at + 16])
        for at in range(12, 12 + 16 * struct.unpack(">H", data[4:6])[0], 16)
    }
    start, length = tables[b"cmap"]
    table = data[start : start + length]
    found: set[int] = set()
    for number in range(struct.unpack(">H", table[2:4])[0]):
        offset = struct.unpack(">I", table[8 + 8 * number : 12 + 8 * number])[0]
        part = table[offset:]
        kind = struct.unpack(">H", part[:2])[0]
        if kind == 4:
            found |= _format_4(part)
        elif kind == 12:
            found |= _format_12(part)
    return found


def _format_4(part: bytes) -> set[int]:
    count = struct.unpack(">H", part[6:8])[0] // 2
    ends, starts, deltas, offsets = (
        struct.unpack(f">{count}H", part[at : at + 2 * count])
        for at in (14, 16 + 2 * count, 16 + 4 * count, 16 + 6 * count)
    )
    found = set()
    for index in range(count):
        for point in range(starts[index], min(ends[index], 0xFFFE) + 1):
            glyph = point + deltas[index]
            if offsets[index]:
                at = 16 + 6 * count + 2 * index + offsets[index] + 2 * (point - starts[index])
                glyph = struct.unpack(">H", part[at : at + 2])[0]
                glyph = glyph + deltas[index] if glyph else 0
            if glyph & 0xFFFF:
                found.add(point)
    return found


def _format_12(part: bytes) -> set[int]:
    found: set[int] = set()
    for group in range(struct.unpack(">I", part[12:16])[0]):
        low, high, glyph = struct.unpack(">III", part[16 + 12 * group : 28 + 12 * group])
        found.update(range(low, high + 1) if glyph or low != high else ())
    return found


class Printable:
    """Makes text fit to be printed, and counts what it spelled out."""

    def __init__(self) -> None:
        self.spelled: Counter[str] = Counter()
        self._known = coverage()

    def __call__(self, text: str) -> str:
        """Give `text` with every character that cannot be shown spelled out; newlines stay."""
        plain = text.replace("\r\n", "\n").replace("\t", "    ")
        shown = "".join(c if self._shown(c) else self._spell(c) for c in plain)
        return _LONG.sub(lambda found: _BREAK.join(re.findall(f".{{1,{PIECE}}}", found[0])), shown)

    def _shown(self, character: str) -> bool:
        return character == "\n" or (ord(character) in self._known and visible(character, lines=True) == character)

    def _spell(self, character: str) -> str:
        name = f"\\u{{{ord(character):04X}}}"
        self.spelled[name] += 1
        return name
