"""Records of a long table, held packed: thousands are handed in, and each is looked at a few times.

A dict of a dozen fields takes a kilobyte; packed beside its neighbours, with
whom it shares the names of its fields, a fifth of one. What is asked for is
made anew each time: to change a record, put another table in the place of this
one. Packs only what this process made, and gives it to nobody else.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from typing import Any

_TOGETHER = 64


class Held:
    """Values in the order they came."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._packs: list[bytes] = []
        self._last: list[Any] = []
        for value in values:
            self.append(value)

    def append(self, value: Any) -> None:
        """Put a value behind the others; it may change until the next one comes."""
        if len(self._last) == _TOGETHER:
            self._packs.append(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL))
            self._last = []
        self._last.append(value)

    def __iter__(self) -> Iterator[Any]:
        for pack in self._packs:
            yield from pickle.loads(pack)  # noqa: S301 -- packed above
        yield from self._last

    def drain(self) -> Iterator[Any]:
        """Give the values, and let go of what was given."""
        packs, last = self._packs[::-1], self._last
        self._packs, self._last = [], []
        while packs:
            yield from pickle.loads(packs.pop())  # noqa: S301 -- packed above
        yield from last

    def part(self, first: int, end: int) -> list[Any]:
        """Give the values from place `first` up to `end`, without that one."""
        start = min(first // _TOGETHER, len(self._packs))
        found = [value for pack in self._packs[start : -(-end // _TOGETHER)] for value in pickle.loads(pack)]  # noqa: S301 -- packed above
        if end > len(self._packs) * _TOGETHER:
            found += self._last
        return found[first - start * _TOGETHER : end - start * _TOGETHER]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._packs) * _TOGETHER + len(self._last)
