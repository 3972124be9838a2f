"""Why items are one source or rest on the same: the joins and lineage of a case as a graph, and ways through it.

    V2 is a copy of V1, joined by content digest
    D2 and D1 both cite “annual report” (external)

Built only when a reason is asked for; it decides nothing. `evidence.independence`
has already found that two items are joined or share a root, and asks how.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evidence.docket import Item, Relation
from evidence.reason import Reason, Several, clauses, reason

JOINS = frozenset({"copy_of", "same_speaker", "same_camera", "translation_of"})
LINEAGE = frozenset({"derived_from", "cites"})

WIDEST, LONGEST = 2_000, 4  # nodes looked at for one way, steps of it that are told
LOOKS = 400_000  # nodes looked at for all reasons of a case; then they are told without the way
Node = int  # items first, by place; then sources, digests, and what is outside the case
Path = list[tuple[Node, Node, str, bool]]  # from, to, how, and whether along the relation


class Ties:
    """The graph of one case: items, their sources and digests, what is outside it, and how they are tied."""

    def __init__(
        self,
        items: Sequence[Item],
        sources: Mapping[str, Mapping[str, Any]],
        relations: Sequence[Relation],
    ) -> None:
        self.items = items
        self._places = {item.id: place for place, item in enumerate(items)}
        self._names: list[tuple[str, str]] = [("item", item.id) for item in items]
        self._nodes: dict[tuple[str, str], Node] = {}
        self._left = LOOKS
        self._near: dict[Node, list[tuple[Node, str, bool]]] = {}
        self._relate(relations)
        self._gather(sources)

    def _node(self, kind: str, name: str) -> Node:
        key = (kind, name)
        if key not in self._nodes:
            self._nodes[key] = len(self._names)
            self._names.append(key)
        return self._nodes[key]

    def _tie(self, one: Node, other: Node, how: str) -> None:
        self._near.setdefault(one, []).append((other, how, True))
        if how not in LINEAGE:
            self._near.setdefault(other, []).append((one, how, False))

    def _relate(self, relations: Sequence[Relation]) -> None:
        for relation in relations:
            place = self._places.get(relation.item)
            if place is None or relation.as_ not in JOINS | LINEAGE:
                continue
            if relation.of is not None and relation.of in self._places:
                self._tie(place, self._places[relation.of], relation.as_)
            elif relation.external is not None:
                self._tie(place, self._node("external", relation.external), relation.as_)

    def _gather(self, sources: Mapping[str, Mapping[str, Any]]) -> None:
        for place, item in enumerate(self.items):
            for name in ("sha256", "blake3"):
                digest = item.record.get(name)
                if digest:
                    self._tie(place, self._node("digest", digest), "digest")
            for name in item.record.get("joined", ()):
                if name in self._places:
                    self._tie(place, self._places[name], "joined")
            source = item.record.get("source")
            hub = self._node("source", source) if source else self._node("unknown", "")
            self._tie(place, hub, "source" if source else "unknown")
        for source, record in sources.items():
            for above in filter(None, (record.get("part_of"), *record.get("joined", ()))):
                self._tie(self._node("source", source), self._node("source", above), "part_of")
            if record.get("pseudonym"):
                self._tie(self._node("source", source), self._node("pseudonym", record["pseudonym"]), "pseudonym")

    def joined(self, place: int, beside: int) -> Reason:
        """Say how two items of one group are joined."""
        path = self._path(place, beside.__eq__, lineage=False)
        if not path:
            return reason("one-source-far", a=self.items[place].id, b=self.items[beside].id)
        return self._told(place, path)

    def resting(self, place: int, beside: int, shared: tuple[list[int], list[str]]) -> Reason:
        """Say how one item rests on the other, or both on the same: `shared` are the items and names of that root."""
        for start, end in ((place, beside), (beside, place)):
            path = self._path(start, end.__eq__)
            if path:
                return self._told(start, path)
        ends = {*shared[0], *(self._nodes["external", name] for name in shared[1])}
        mine = self._path(place, ends.__contains__)
        theirs = self._path(beside, mine[-1][1].__eq__) if mine else []
        names = {"a": self.items[place].id, "b": self.items[beside].id}
        if len(mine) == len(theirs) == 1 and mine[0][2] == theirs[0][2] and mine[0][2] in LINEAGE:
            return reason(f"both-{mine[0][2]}", **names, root=self._name(mine[0][1]))
        if not theirs:
            return reason("same-root-far", **names, root=self._name(min(ends)))
        steps: list[Reason] = []
        for step in (*_few(self._sentences(mine)), *_few(self._sentences(theirs))):
            steps += [step] if step not in steps else []
        return reason("same-root", **names, steps=clauses(steps))

    def _told(self, start: Node, path: Path) -> Reason:
        steps = self._sentences(path)
        if len(steps) == 1:
            return steps[0]
        end = path[-1][1]
        code = "rests-on" if any(how in LINEAGE for _, _, how, _ in path) else "one-source"
        return reason(code, a=self._name(start), b=self._name(end), steps=Several("semicolon", _few(steps)))

    def _name(self, node: Node) -> Any:
        kind, name = self._names[node]
        if kind == "external":
            return reason("outside-name", name=name)
        withdrawn = node < len(self.items) and self.items[node].withdrawn
        return reason("withdrawn-name", name=name) if withdrawn else name

    def _sentences(self, path: Path) -> list[Reason]:
        """Turn a path into sentences from item to item, passing over the sources and digests between them."""
        sentences: list[Reason] = []
        start: Node | None = None  # the item from which a run over sources or digests began
        hubs: list[str] = []
        for one, other, how, forward in path:
            inner = [node >= len(self.items) and self._names[node][0] != "external" for node in (one, other)]
            if how in JOINS or how in LINEAGE or how == "joined":
                a, b = (one, other) if forward else (other, one)
                sentences.append(reason(f"tie-{how}", a=self._name(a), b=self._name(b)))
                continue
            start = one if not inner[0] else start
            hubs.append(how)
            if not inner[1] and start is not None:
                word = next((w for w in ("part_of", "pseudonym") if w in hubs), hubs[0])
                hub = self._names[one][1]
                sentences.append(reason(f"tie-{word}", a=self._name(start), b=self._name(other), hub=hub))
                hubs = []
        return sentences

    def _path(self, start: Node, reached: Callable[[Node], bool], *, lineage: bool = True) -> Path:
        """Give the shortest way over joins (and lineage, downward) as steps; empty where there is none."""
        came: dict[Node, tuple[Node, str, bool] | None] = {start: None}
        line = deque([start])
        while line and len(came) < WIDEST and self._left > 0:
            node = line.popleft()
            self._left -= 1
            for other, how, forward in self._near.get(node, ()):
                if other not in came and (lineage or how not in LINEAGE):
                    came[other] = (node, how, forward)
                    if reached(other):
                        return _back(came, other)
                    line.append(other)
        return []


def _few(steps: list[Reason]) -> list[Reason]:
    more = len(steps) - LONGEST
    return [*steps[: LONGEST - 1], reason("more-steps", count=more + 1)] if more > 0 else steps


def _back(came: Mapping[Node, tuple[Node, str, bool] | None], node: Node) -> Path:
    path: Path = []
    step = came[node]
    while step is not None:
        before, how, forward = step
        path.append((before, node, how, forward))
        node, step = before, came[before]
    return path[::-1]
