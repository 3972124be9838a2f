"""An act while a replay reads it: what its entries have in common, and as little more as the rules need.

A commit signs the entries since the one before it. Very many may be alike, so
that of such only the first is kept; nothing here decides what is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.entry import Entry

MOST_ODD = 1_000  # keys and times in one act that are remembered; an honest act has one or two
# Types of which a command may write very many: of many alike in one commit the first stands for all.
BULK = ("record.", "blob.", "reading.", "custody.prior", "assessment.", "consent.")


@dataclass
class Span:
    """What was read since the last commit, with as little of it as the rules need."""

    start: int
    count: int = 0
    ats: dict[str, int] = field(default_factory=dict)  # each time that entries bear, and the first that does
    entries: list[Entry] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    bys: set[str] = field(default_factory=set)
    _alike: set[str] = field(default_factory=set)  # types of which one stands for all

    def take(self, entry: Entry | None) -> None:
        """Count an entry. Of very many alike the first stands for all."""
        self.count += 1
        if entry is None:
            return
        if entry.t not in self._alike:
            self.entries.append(entry)
            if entry.t.startswith(BULK):
                self._alike.add(entry.t)
        if entry.by not in self.bys and len(self.bys) < MOST_ODD:
            self.bys.add(entry.by)
        if entry.at not in self.ats and len(self.ats) < MOST_ODD:
            self.ats[entry.at] = entry.index

    def take_run(self, first: int, count: int, firsts: Sequence[tuple[int, bytes]]) -> None:
        """Count a run of entries that are alike in all that counts but `firsts` (place in the run, leaf); in order.

        Raises FormatError.
        """
        for place, leaf in firsts:
            self.take(Entry.parse(first + place, leaf))
        self.count += count - len(firsts)
