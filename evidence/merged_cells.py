"""Which cells of a sheet lie under a merged one: they look filled in, and the file has no value for them.

Only cells merged over several rows are told: there a value that people see
beside each row stands in the first alone. Reads the bytes of a sheet's XML
from outside, copies no value into any cell, and never fails: what it cannot
read merges nothing.

Follows ECMA-376, part 1, 18.3.1.55 (mergeCells).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

LARGEST = 1 << 20  # bytes of a sheet's list of merged cells that are read
_WIDEST = 512  # columns from the left that are told
_AREA = re.compile(rb"mergeCell [^>]*?ref=\"([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})\"")


class Area(NamedTuple):
    """A merged area over several rows; rows count from 1, columns from 0, all bounds inside."""

    top: int
    bottom: int
    left: int
    right: int


def areas(xml: bytes) -> list[Area]:
    """Give the areas over several rows in a piece of a sheet's XML, by their first row."""
    found = [
        Area(int(top), int(bottom), _column(left), min(_column(right), _WIDEST))
        for left, top, right, bottom in _AREA.findall(xml)
    ]
    return sorted(area for area in found if area.top < area.bottom)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


class Covered:
    """Says of each row of a sheet, asked from the first on, which columns lie under a cell of a row above."""

    def __init__(self, merged: Iterable[Area]) -> None:
        self._coming = list(merged)[::-1]
        self._open: list[Area] = []

    def columns(self, row: int) -> set[int]:
        """Give the columns that are covered in `row`; asked of rows in order."""
        if not self._coming and not self._open:
            return set()
        while self._coming and self._coming[-1].top < row:
            self._open.append(self._coming.pop())
        self._open = [area for area in self._open if area.bottom >= row]
        return {at for area in self._open for at in range(area.left, area.right + 1)}
