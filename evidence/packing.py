"""The largest number of sets that share nothing: exact within a fixed number of steps, else a proved interval.

Sets are whole numbers read as bits. Set packing is NP-hard, so a hostile case
could ask for longer than the universe has; the steps are counted, never timed,
so that the same case gives the same answer on every machine.

This module knows nothing of evidence. Method: maximum independent set of the
conflict graph, by branch and bound; the upper bound is a cover by elements
(of all sets that hold one element, at most one can be taken).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEPS = 400_000  # sets looked at for one number
WIDEST = 800  # sets in one entangled part; beyond it only the quick bounds are computed


@dataclass(slots=True)
class Packing:
    """At least `low` and at most `high` sets share nothing; `chosen` are the places of `low` that do not."""

    low: int
    high: int
    chosen: tuple[int, ...]


class _Budget:
    def __init__(self, steps: int) -> None:
        self.left = steps


def largest(sets: Sequence[int], rank: Sequence[int] | None = None, steps: int = STEPS) -> Packing:
    """Choose as many of `sets` as share nothing pairwise; of several largest choices the first in the order given.

    First means lexicographically by place. `rank` (a number for each set, equal for equal sets) is the order in which
    the search looks, so that the interval of a case too hard to finish does not depend on the order of its sets.
    """
    first: dict[int, int] = {}
    for place, one in enumerate(sets):
        first.setdefault(one, place)
    places = list(first.values())
    low = high = 0
    chosen: list[int] = []
    budget, choosing = _Budget(steps), _Budget(steps)
    parts = _parts(sets, places)
    if rank is not None:
        parts.sort(key=lambda part: min(rank[place] for place in part))
    for part in parts:
        if len(part) == 1:
            low, high = low + 1, high + 1
            chosen += part
            continue
        found = _over_singles(sets, part) or _Part(sets, part, rank).solve(budget, choosing)
        low, high = low + found.low, high + found.high
        chosen += found.chosen
    return Packing(low, high, tuple(sorted(chosen)))


def _over_singles(sets: Sequence[int], places: Sequence[int]) -> Packing | None:
    """Answer at once where every set of the part contains a set of one element; else None.

    Then as many can be taken as there are single elements, each choice holds exactly one of them, and whatever has been
    taken, the single sets of the elements still free complete it: the first choice is found by going down the order.
    """
    singles = 0
    for place in places:
        if sets[place].bit_count() == 1:
            singles |= sets[place]
    if not all(sets[place] & singles for place in places):
        return None
    used, chosen = 0, []
    for place in places:
        if not sets[place] & used and (sets[place] & singles).bit_count() == 1:
            used |= sets[place]
            chosen.append(place)
    return Packing(len(chosen), len(chosen), tuple(chosen))


def _parts(sets: Sequence[int], places: Sequence[int]) -> list[list[int]]:
    """Split into parts that share no element, each in the order given."""
    owner: dict[int, int] = {}  # element -> some place that holds it
    parent = {place: place for place in places}

    def find(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for place in places:
        rest = sets[place]
        while rest:
            element = rest & -rest
            rest ^= element
            other = owner.setdefault(element, place)
            parent[find(place)] = find(other)
    parts: dict[int, list[int]] = {}
    for place in places:
        parts.setdefault(find(place), []).append(place)
    return list(parts.values())


class _Part:
    """One entangled part: its distinct sets, and for each which others it conflicts with, as bits of places here."""

    def __init__(self, sets: Sequence[int], places: Sequence[int], rank: Sequence[int] | None) -> None:
        self.places = places
        order = sorted((sets[place].bit_count(), rank[place] if rank else k, k) for k, place in enumerate(places))
        self.order = [k for _, _, k in order]
        self.sets = [sets[place] for place in places]
        self.holders: dict[int, int] = {}  # element -> bits of the sets that hold it
        position = {k: bit for bit, k in enumerate(self.order)}
        for k, one in enumerate(self.sets):
            while one:
                element = one & -one
                one ^= element
                self.holders[element] = self.holders.get(element, 0) | 1 << position[k]
        self.position = position
        self.by_bit = [self.sets[k] for k in self.order]
        self.singles = sum(1 << bit for bit, one in enumerate(self.by_bit) if one.bit_count() == 1)
        self.cover = sorted(self.holders.values(), key=lambda holding: (-holding.bit_count(), holding))
        self.conflicts: list[int] = []
        if len(places) <= WIDEST:
            for one in self.by_bit:
                against, rest = 0, one
                while rest:
                    element = rest & -rest
                    rest ^= element
                    against |= self.holders[element]
                self.conflicts.append(against)

    def solve(self, budget: _Budget, choosing: _Budget) -> Packing:
        everything = (1 << len(self.places)) - 1
        if not self.conflicts:
            return self._quick(everything)
        low, high, best = self._search(self._minimal(), budget)
        chosen = self._first_choice(everything, low, choosing) if low == high else None
        if chosen is None:
            chosen = best
        return Packing(low, high, tuple(sorted(self.places[self.order[bit]] for bit in _bits(chosen))))

    def _minimal(self) -> int:
        """Give the sets that contain no other: whoever takes one that does can take the other instead."""
        kept = 0
        for bit, one in enumerate(self.by_bit):  # by size: what is contained comes before what contains it
            if not any(self.by_bit[other] & one == self.by_bit[other] for other in _bits(self.conflicts[bit] & kept)):
                kept |= 1 << bit
        return kept

    def _search(self, start: int, budget: _Budget, enough: int | None = None) -> tuple[int, int, int]:
        """Give the largest size found, the proved upper bound, and the choice; stops early at `enough`."""
        start, sure = self._reduce(start, 0, budget)
        best_bits = sure | self._greedy(start, budget)
        best, high = best_bits.bit_count(), 0
        stack = [(start, sure)]
        while stack and (enough is None or best < enough):
            open_sets, taken = self._reduce(*stack.pop(), budget)
            size = taken.bit_count()
            if not open_sets:
                if size > best:
                    best, best_bits = size, taken
                continue
            bound = size + self._bound(open_sets)
            if bound <= best or (enough is not None and bound < enough):
                continue
            if budget.left <= 0:
                high = max(high, bound)
                continue
            branch = max(_bits(open_sets), key=lambda bit: ((self.conflicts[bit] & open_sets).bit_count(), -bit))
            stack.append((open_sets & ~(1 << branch), taken))
            stack.append((open_sets & ~self.conflicts[branch], taken | 1 << branch))
        return best, max(best, high), best_bits

    def _reduce(self, open_sets: int, taken: int, budget: _Budget) -> tuple[int, int]:
        """Take every set of one element, and every one in conflict with at most one other: a largest choice has it."""
        again = bool(open_sets)
        while again:
            again = False
            budget.left -= open_sets.bit_count()
            for bit in _bits(open_sets):
                if open_sets >> bit & 1 and (
                    self.singles >> bit & 1 or (self.conflicts[bit] & open_sets).bit_count() <= 2  # itself, one other
                ):
                    taken |= 1 << bit
                    open_sets &= ~self.conflicts[bit]
                    again = bool(open_sets)
        return open_sets, taken

    def _greedy(self, open_sets: int, budget: _Budget) -> int:
        taken = 0
        while open_sets:
            budget.left -= open_sets.bit_count()
            bit = min(_bits(open_sets), key=lambda b: ((self.conflicts[b] & open_sets).bit_count(), b))
            taken |= 1 << bit
            open_sets &= ~self.conflicts[bit]
        return taken

    def _bound(self, open_sets: int) -> int:
        """Give no less than the open sets allow: the smaller of two bounds that are quick to prove.

        One covers all open sets by elements, those held by most first: of the sets of an element one can be taken.
        The other fills the elements there are with the smallest sets.
        """
        bits = _bits(open_sets)
        room = 0
        for bit in bits:
            room |= self.by_bit[bit]
        left, fitting = room.bit_count(), 0
        for bit in bits:  # by size
            left -= self.by_bit[bit].bit_count()
            if left < 0:
                break
            fitting += 1
        count = 0
        for holding in self.cover:
            if open_sets & holding:
                open_sets &= ~holding
                count += 1
                if not open_sets or count >= fitting:
                    break
        return min(count, fitting)

    def _first_choice(self, open_sets: int, size: int, budget: _Budget) -> int | None:
        """Give the lexicographically first choice of `size` by place, or None where the steps do not suffice."""
        taken = 0
        for k in range(len(self.places)):
            bit = self.position[k]
            if not open_sets >> bit & 1:
                continue
            open_sets &= ~(1 << bit)
            left = open_sets & ~self.conflicts[bit]
            need = size - taken.bit_count() - 1
            if need == 0:
                return taken | 1 << bit
            if budget.left <= 0:
                return None
            found, high, _ = self._search(left, budget, enough=need)
            if found >= need:
                taken |= 1 << bit
                open_sets = left
            elif high >= need:
                return None
        return taken

    def _quick(self, open_sets: int) -> Packing:
        """Bounds for a part too wide to search: smallest sets first from below, a cover by elements from above."""
        used, chosen = 0, []
        for k in self.order:
            if not self.sets[k] & used:
                used |= self.sets[k]
                chosen.append(self.places[k])
        return Packing(len(chosen), max(len(chosen), self._bound(open_sets)), tuple(sorted(chosen)))


def _bits(number: int) -> list[int]:
    """Give the places of the bits that are set, lowest first."""
    places = []
    while number:
        low = number & -number
        places.append(low.bit_length() - 1)
        number ^= low
    return places
