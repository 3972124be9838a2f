"""Which items of a case are one source, what they rest on in the end, and how many independent ones there are.

*Joins* tie items into groups, symmetric: same source, sources tied by
`part_of` or under one pseudonym, same content digest, and the relations
`copy_of`, `same_speaker`, `same_camera`, `translation_of`. Items without a
source are one group: what is not known is not independent. *Lineage* points
from a group to what it rests on: `derived_from` and `cites`, in the case or
outside it. Groups that lean on each other are one root.

Every item of the case joins, those withdrawn and those excluded too, so that
taking out a bridge never raises a count. What is counted is the caller's
business: it hands in places, and gets the number and the items that make it.
`evidence.ties` says in words why an item was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evidence.docket import Item, Relation
from evidence.packing import Packing, largest
from evidence.reason import Reason, reason
from evidence.ties import JOINS, LINEAGE, Ties

Node = int  # items first, by place; then what is outside the case


class Independence:
    """The groups, roots and reasons of one case; built once, asked for each facet."""

    def __init__(
        self,
        items: Sequence[Item],
        sources: Mapping[str, Mapping[str, Any]],
        relations: Sequence[Relation],
    ) -> None:
        self.items = items
        self.places = {item.id: place for place, item in enumerate(items)}
        self.same_bytes: list[tuple[int, int]] = []  # an item, and the first one of the same digest
        self._sources, self._relations = sources, relations
        self._outside: dict[str, Node] = {}
        self._parent: list[int] = list(range(len(items)))
        self._rests: list[tuple[Node, Node]] = []
        self._counts: dict[tuple[int, ...], Packing] = {}
        self._ties: Ties | None = None
        self._members: dict[Node, tuple[list[int], list[str]]] | None = None
        self._join(houses(sources))
        self._relate(relations)
        self._groups = [self._find(place) for place in range(len(items))]
        self._roots, self._root_of = self._follow() if self._rests else ({}, {})

    # -- groups and roots

    def group(self, place: int) -> int:
        """Give the group of the item at `place`: a number that all joined items share."""
        return self._groups[place]

    def roots(self, place: int) -> frozenset[int]:
        """Give the root set of the item at `place`: where, followed to the end, its group rests."""
        group = self._groups[place]
        return self._roots.get(group) or frozenset((group,))

    def count(self, places: Sequence[int]) -> Packing:
        """Give the largest number of pairwise independent items among `places` (ascending), and the first choice."""
        key = tuple(places)
        found = self._counts.get(key)
        if found is None:
            found = self._counts[key] = self._count(key)
        return found

    def _count(self, places: tuple[int, ...]) -> Packing:
        if not self._rests:  # each group is its own root, and stands in nobody's way
            of_group: dict[Node, int] = {}
            for place in places:
                of_group.setdefault(self._groups[place], place)
            return Packing(len(of_group), len(of_group), tuple(of_group.values()))
        first: dict[frozenset[Node], int] = {}
        for place in places:
            first.setdefault(self.roots(place), place)
        entangled: set[Node] = set()
        for roots in first:
            if len(roots) > 1:
                entangled |= roots
        alone = [place for roots, place in first.items() if len(roots) == 1 and entangled.isdisjoint(roots)]
        if not entangled:
            return Packing(len(alone), len(alone), tuple(sorted(alone)))
        rest = [(roots, place) for roots, place in first.items() if place not in set(alone)]
        names = self._root_names(entangled)
        bits = {root: 1 << number for number, root in enumerate(sorted(entangled, key=names.__getitem__))}
        sets = [sum(bits[root] for root in roots) for roots, _ in rest]
        ranks = {one: number for number, one in enumerate(sorted(set(sets)))}
        found = largest(sets, [ranks[one] for one in sets])
        chosen = sorted([*alone, *(rest[number][1] for number in found.chosen)])
        return Packing(found.low + len(alone), found.high + len(alone), tuple(chosen))

    def _root_names(self, roots: set[Node]) -> dict[Node, tuple[str, str]]:
        """Name each root by the first name in it in the alphabet, so that no order of entry shows."""
        names: dict[Node, tuple[str, str]] = {}
        outside = [("outside", name) for name in self._outside]
        for node, name in enumerate([*(("item", item.id) for item in self.items), *outside]):
            root = self.knot(node)
            if root in roots:
                names[root] = min(names.get(root, name), name)
        return names

    # -- building

    def knot(self, node: Node) -> Node:
        """Give the root that a node lies in, were it an end: its group, or the knot of groups that it is part of."""
        group = self._find(node)
        return self._root_of.get(group, group)

    def _external(self, name: str) -> Node:
        if name not in self._outside:
            self._outside[name] = len(self._parent)
            self._parent.append(len(self._parent))
        return self._outside[name]

    def _find(self, node: Node) -> Node:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def _tie(self, one: Node, other: Node) -> None:
        self._parent[self._find(one)] = self._find(other)

    def _join(self, house: Mapping[str, str]) -> None:
        """Join items of one house of sources (those without a source are one), and items of the same bytes."""
        first: dict[str | None, int] = {}  # house -> the first item of it
        digests: tuple[tuple[str, dict[str, int]], ...] = (("sha256", {}), ("blake3", {}))
        for place, item in enumerate(self.items):
            record = item.record
            source = record.get("source") or None
            other = first.setdefault(house.get(source, source) if source else None, place)
            if other != place:
                self._tie(place, other)
            for name, known in digests:
                digest = record.get(name)
                if digest:
                    other = known.setdefault(digest, place)
                    if other != place:
                        self.same_bytes.append((place, other))
                        self._tie(place, other)
            if "joined" in record:  # what was erased leaves no source and no digest
                for name in record["joined"]:
                    if name in self.places:
                        self._tie(place, self.places[name])

    def _relate(self, relations: Iterable[Relation]) -> None:
        for relation in relations:
            place = self.places.get(relation.item)
            if place is None:
                continue
            if relation.of is not None and relation.of in self.places:
                other = self.places[relation.of]
            elif relation.external is not None:
                other = self._external(relation.external)
            else:
                continue
            if relation.as_ in JOINS:
                self._tie(place, other)
            elif relation.as_ in LINEAGE:
                self._rests.append((place, other))

    def _follow(self) -> tuple[dict[Node, frozenset[Node]], dict[Node, Node]]:
        """Give the root set of each group that rests on another, knots taken as one, and the name of each knot."""
        onward: dict[Node, set[Node]] = {}
        for item, other in self._rests:
            group, under = self._find(item), self._find(other)
            onward.setdefault(group, set())
            onward.setdefault(under, set())
            if group != under:
                onward[group].add(under)
        roots: dict[Node, frozenset[Node]] = {}
        names: dict[Node, Node] = {}
        for knot in _knots(onward):  # what is rested on comes before what rests on it
            below = {group for member in knot for group in onward[member]}.difference(knot)
            name = min(knot)
            reached = frozenset().union(*(roots[group] for group in below)) if below else frozenset((name,))
            for member in knot:
                roots[member] = reached
                names[member] = name
        return roots, names

    # -- reasons

    def left_out(self, places: Iterable[int], chosen: Sequence[int]) -> dict[int, Reason]:
        """Say of each item at `places` which join or lineage keeps it from counting beside those `chosen`."""
        by_group = {self.group(place): place for place in reversed(chosen)}
        by_root = {root: place for place in reversed(chosen) for root in self.roots(place)}
        reasons = {}
        for place in places:
            if self._ties is None:
                self._ties = Ties(self.items, self._sources, self._relations)
            beside = by_group.get(self.group(place))
            if beside is not None:
                reasons[place] = self._ties.joined(place, beside)
                continue
            beside = min((by_root[root] for root in self.roots(place) if root in by_root), default=None)
            if beside is None:
                reasons[place] = reason("not-chosen", item=self.items[place].id)
            else:
                reasons[place] = self._ties.resting(place, beside, self._root_members(place, beside))
        return reasons

    def _root_members(self, one: int, other: int) -> tuple[list[int], list[str]]:
        """Give the items and the names outside the case that lie in a root which two items share."""
        if self._members is None:
            self._members = {}
            for place in range(len(self.items)):
                self._members.setdefault(self.knot(place), ([], []))[0].append(place)
            for name, node in self._outside.items():
                self._members.setdefault(self.knot(node), ([], []))[1].append(name)
        shared = [self._members[root] for root in sorted(self.roots(one) & self.roots(other))]
        return [place for places, _ in shared for place in places], [name for _, names in shared for name in names]


def joins_of_item(name: str, items: Sequence[Item], sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Give items that keep an item in its group once it is erased: the first of its source, the first of its bytes."""
    house = houses(sources)
    gone = next(item for item in items if item.id == name)

    def marks(item: Item) -> list[tuple[str, str]]:
        record, source = item.record, item.record.get("source")
        told = [(digest, str(record[digest])) for digest in ("sha256", "blake3") if record.get(digest)]
        return [*told, *([("source", house.get(source, source))] if source else [])]

    first: dict[tuple[str, str], str] = {}
    for item in items:
        if item.id != name:
            for mark in marks(item):
                first.setdefault(mark, item.id)
    return sorted({*gone.record.get("joined", ()), *(first[mark] for mark in marks(gone) if mark in first)})


def joins_of_source(name: str, sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Give sources that keep a house one when a source of it is erased: the first of each piece that it would leave."""
    house = houses(sources)
    left = houses({other: record for other, record in sources.items() if other != name})
    first: dict[str, str] = {}
    for other in sources:
        if other != name and name in house and house.get(other) == house[name]:
            first.setdefault(left.get(other, other), other)
    return list(first.values())


def houses(sources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Give, for each source that is tied to another by `part_of` or a pseudonym, one name for all that are."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    people: dict[str, str] = {}
    for source, record in sources.items():
        above = record.get("part_of")
        if above or "joined" in record:
            for other in (above, *record.get("joined", ())):  # `joined`: of a source that was erased
                if other:
                    parent[find(source)] = find(other)
        pseudonym = record.get("pseudonym")
        if pseudonym:
            other = people.setdefault(pseudonym, source)
            if other != source:
                parent[find(source)] = find(other)
    return {name: find(name) for name in list(parent)}


def _knots(onward: Mapping[Node, set[Node]]) -> list[list[Node]]:
    """Give the strongly connected parts, each after all that it leads to (Tarjan 1972, without recursion)."""
    number: dict[Node, int] = {}
    low: dict[Node, int] = {}
    held: list[Node] = []
    holding: set[Node] = set()
    knots: list[list[Node]] = []
    for start in onward:
        if start in number:
            continue
        number[start] = low[start] = len(number)
        held.append(start)
        holding.add(start)
        work = [(start, iter(onward[start]))]
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in number:
                    number[other] = low[other] = len(number)
                    held.append(other)
                    holding.add(other)
                    work.append((other, iter(onward[other])))
                    break
                if other in holding:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    knot = [held.pop()]
                    while knot[-1] != node:
                        knot.append(held.pop())
                    holding.difference_update(knot)
                    knots.append(knot)
    return knots
