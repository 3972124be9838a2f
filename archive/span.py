"""An act while a replay reads it: what its entries have in common, and as little more as the rules need.

A commit signs the entries since the one before it. Very many may be alike, so
that of such only the first is kept; nothing here decides what is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.entry import Entry, PlainRun

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

    def take_run(self, first: int, leaves: Sequence[bytes], run: PlainRun) -> None:
        """Count entries that are alike in all that counts but the first of each type, key and time; in order."""
        alike = list(zip(run.t, run.by, run.at, strict=True))
        for place in sorted(map(alike.index, set(alike))):
            self.take(Entry.parse(first + place, leaves[place]))
            self.count -= 1
        self.count += len(leaves)
