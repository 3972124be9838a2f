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
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from evidence.docket import Item, Relation
from evidence.packing import Packing, largest

JOINS = frozenset({"copy_of", "same_speaker", "same_camera", "translation_of"})
LINEAGE = frozenset({"derived_from", "cites"})
_UNKNOWN = ("unknown", "")
_STEP = {
    "copy_of": "{a} is a copy of {b}, joined by relation copy_of",
    "same_speaker": "{a} has the same speaker as {b}, joined by relation same_speaker",
    "same_camera": "{a} was taken with the same camera as {b}, joined by relation same_camera",
    "translation_of": "{a} is a translation of {b}, joined by relation translation_of",
    "derived_from": "{a} is derived from {b}",
    "cites": "{a} cites {b}",
    "digest": "{a} is a copy of {b}, joined by content digest",
    "source": "{a} has the same source as {b} ({hub})",
    "pseudonym": "{a} and {b} come from sources under one pseudonym",
    "part_of": "{a} and {b} come from sources tied by part_of",
    "unknown": "{a} and {b} have no source that is told: one group, unknown source",
    "external": "{a} and {b} are tied to the same external “{hub}”",
}
_BOTH = {"cites": "{names} both cite {b}", "derived_from": "{names} are both derived from {b}"}

Node = int  # items first, by place; then sources, digests and externals


class Independence:
    """The groups, roots and reasons of one case; built once, asked for each facet."""

    def __init__(
        self,
        items: Sequence[Item],
        sources: Mapping[str, Mapping[str, Any]],
        relations: Iterable[Relation],
    ) -> None:
        self.items = items
        self.places = {item.id: place for place, item in enumerate(items)}
        self._names: list[tuple[str, str]] = [("item", item.id) for item in items]
        self._nodes: dict[Hashable, Node] = {}
        self._parent: list[int] = list(range(len(items)))
        self._ties: list[tuple[Node, Node, str]] = []  # joins, in the words of _STEP
        self._rests: list[tuple[Node, Node, str]] = []  # lineage, from -> to
        self._near: dict[Node, list[tuple[Node, str, bool]]] | None = None
        self._counts: dict[tuple[int, ...], Packing] = {}
        self._root_of: dict[Node, Node] = {}  # group -> the name of its knot, the first group in it
        self._relate(relations)
        self._join(sources)
        self._roots: dict[Node, frozenset[Node]] = self._follow() if self._rests else {}

    # -- groups and roots

    def group(self, place: int) -> int:
        """Give the group of the item at `place`: a number that all joined items share."""
        return self._find(place)

    def roots(self, place: int) -> frozenset[int]:
        """Give the root set of the item at `place`: where, followed to the end, its group rests."""
        group = self._find(place)
        return self._roots.get(group) or frozenset((group,))

    def count(self, places: Sequence[int]) -> Packing:
        """Give the largest number of pairwise independent items among `places` (ascending), and the first choice."""
        key = tuple(places)
        if key not in self._counts:
            self._counts[key] = self._count(key)
        return self._counts[key]

    def _count(self, places: tuple[int, ...]) -> Packing:
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
        for node, name in enumerate(self._names):
            group = self._find(node)
            root = self._root_of.get(group, group)
            if root in roots:
                names[root] = min(names.get(root, name), name)
        return names

    # -- building

    def _node(self, kind: str, name: str) -> Node:
        key = (kind, name)
        if key not in self._nodes:
            self._nodes[key] = len(self._names)
            self._parent.append(len(self._names))
            self._names.append(key)
        return self._nodes[key]

    def _find(self, node: Node) -> Node:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def _tie(self, one: Node, other: Node, how: str) -> None:
        self._ties.append((one, other, how))
        self._parent[self._find(one)] = self._find(other)

    def _relate(self, relations: Iterable[Relation]) -> None:
        for relation in relations:
            place = self.places.get(relation.item)
            if place is None:
                continue
            if relation.of is not None and relation.of in self.places:
                other = self.places[relation.of]
            elif relation.external is not None:
                other = self._node("external", relation.external)
            else:
                continue
            if relation.as_ in JOINS:
                self._tie(place, other, relation.as_)
            elif relation.as_ in LINEAGE:
                self._rests.append((place, other, relation.as_))

    def _join(self, sources: Mapping[str, Mapping[str, Any]]) -> None:
        for place, item in enumerate(self.items):
            for name in ("sha256", "blake3"):
                digest = item.record.get(name)
                if digest:
                    self._tie(place, self._node("digest", digest), "digest")
            source = item.record.get("source")
            hub = self._node("source", source) if source else self._node(*_UNKNOWN)
            self._tie(place, hub, "source" if source else "unknown")
        for source, record in sources.items():
            if record.get("part_of"):
                self._tie(self._node("source", source), self._node("source", record["part_of"]), "part_of")
            if record.get("pseudonym"):
                self._tie(self._node("source", source), self._node("pseudonym", record["pseudonym"]), "pseudonym")

    def _follow(self) -> dict[Node, frozenset[Node]]:
        """Give each group that rests on another its root set: the ends reached, knots of groups taken as one."""
        onward: dict[Node, set[Node]] = {}
        for item, other, _ in self._rests:
            group, under = self._find(item), self._find(other)
            onward.setdefault(group, set())
            onward.setdefault(under, set())
            if group != under:
                onward[group].add(under)
        knots = _knots(onward)
        roots: dict[Node, frozenset[Node]] = {}
        for knot in knots:  # what is rested on comes before what rests on it
            members = set(knot)
            below = {group for member in knot for group in onward[member]} - members
            name = min(knot)
            reached = frozenset().union(*(roots[group] for group in below)) if below else frozenset((name,))
            for member in knot:
                roots[member] = reached
                self._root_of[member] = name
        return roots

    # -- reasons

    def left_out(self, places: Iterable[int], chosen: Sequence[int]) -> dict[int, str]:
        """Say of each item at `places` which join or lineage keeps it from counting beside those `chosen`."""
        by_group = {self.group(place): place for place in reversed(chosen)}
        by_root = {root: place for place in reversed(chosen) for root in self.roots(place)}
        reasons = {}
        for place in places:
            beside = by_group.get(self.group(place))
            if beside is not None:
                reasons[place] = self._told(place, self._path(place, beside.__eq__, lineage=False))
                continue
            beside = min((by_root[root] for root in self.roots(place) if root in by_root), default=None)
            reasons[place] = self._overlap(place, beside)
        return reasons

    def _overlap(self, place: int, beside: int | None) -> str:
        """Say how two items of different groups come to share a root."""
        name = self.items[place].id
        if beside is None:
            return f"{name} was not chosen: the sources of this case are too entangled to choose exactly"
        for start, end in ((place, beside), (beside, place)):
            path = self._path(start, end.__eq__)
            if path:
                return self._told(start, path)
        shared = self.roots(place) & self.roots(beside)
        mine = self._path(place, lambda node: self._root_of.get(self._find(node)) in shared)
        end = self._find(mine[-1][1])
        theirs = self._path(beside, lambda node: self._find(node) == end)
        if len(mine) == len(theirs) == 1 and mine[0][1:3] == theirs[0][1:3] and mine[0][2] in _BOTH:
            names = f"{name} and {self.items[beside].id}"
            return _BOTH[mine[0][2]].format(names=names, b=self._name(mine[0][1]))
        steps = dict.fromkeys([*self._sentences(mine), *self._sentences(theirs)])
        return f"{name} and {self.items[beside].id} rest on the same root: " + "; ".join(steps)

    def _told(self, start: Node, path: list[tuple[Node, Node, str, bool]]) -> str:
        steps = self._sentences(path)
        if len(steps) == 1:
            return steps[0]
        end = path[-1][1]
        how = "rests on" if any(how in LINEAGE for _, _, how, _ in path) else "is one source with"
        return f"{self._name(start)} {how} {self._name(end)}: " + "; ".join(steps)

    def _name(self, node: Node) -> str:
        kind, name = self._names[node]
        if kind == "external":
            return f"“{name}” (external)"
        return f"{name} (withdrawn)" if node < len(self.items) and self.items[node].withdrawn else name

    def _sentences(self, path: list[tuple[Node, Node, str, bool]]) -> list[str]:
        """Turn a path into sentences from item to item, passing over the sources and digests between them."""
        sentences: list[str] = []
        start: Node | None = None  # the item from which a run over sources or digests began
        hubs: list[str] = []
        for one, other, how, forward in path:
            inner = [node >= len(self.items) and self._names[node][0] != "external" for node in (one, other)]
            if how in JOINS or how in LINEAGE:
                a, b = (one, other) if forward else (other, one)
                sentences.append(_STEP[how].format(a=self._name(a), b=self._name(b)))
                continue
            start = one if not inner[0] else start
            hubs.append(how)
            if not inner[1] and start is not None:
                word = next((w for w in ("part_of", "pseudonym") if w in hubs), hubs[0])
                hub = self._names[one][1]
                sentences.append(_STEP[word].format(a=self._name(start), b=self._name(other), hub=hub))
                hubs = []
        return sentences

    def _path(
        self, start: Node, reached: Callable[[Node], bool], *, lineage: bool = True
    ) -> list[tuple[Node, Node, str, bool]]:
        """Give the shortest way over joins (and lineage, downward) as steps; empty where there is none."""
        if self._near is None:
            self._near = {}
            for one, other, how in self._ties:
                self._near.setdefault(one, []).append((other, how, True))
                self._near.setdefault(other, []).append((one, how, False))
            for one, other, how in self._rests:
                self._near.setdefault(one, []).append((other, how, True))
        came: dict[Node, tuple[Node, str, bool] | None] = {start: None}
        line = deque([start])
        while line:
            node = line.popleft()
            for other, how, forward in self._near.get(node, ()):
                if other not in came and (lineage or how not in LINEAGE):
                    came[other] = (node, how, forward)
                    if reached(other):
                        return _back(came, other)
                    line.append(other)
        return []


def _back(came: Mapping[Node, tuple[Node, str, bool] | None], node: Node) -> list[tuple[Node, Node, str, bool]]:
    path: list[tuple[Node, Node, str, bool]] = []
    step = came[node]
    while step is not None:
        before, how, forward = step
        path.append((before, node, how, forward))
        node, step = before, came[before]
    return path[::-1]


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
