"""What one standard can see of one case: which items count for a facet, which are linked, what is open.

Computed once for a case and asked by every test of `evidence.requirements`. It
answers with places (numbers of items in the order of registration) and never
decides whether anything is met.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from evidence.docket import Case, Link
from evidence.independence import Independence
from evidence.packing import Packing
from evidence.reason import Reason, reason
from schemas.item import evidence_class

ANY = "*"


@dataclass(frozen=True)
class Weight:
    """What bears on one facet: how many independent sources, which items make that number, and why others do not."""

    facet: str
    low: int
    high: int
    items: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    left_out: tuple[tuple[str, Reason], ...]  # item, because
    contradictions: tuple[str, ...]  # ids of open links


class Sight:
    """One case seen under one list of exclusions."""

    def __init__(self, case: Case, exclude: Iterable[str]) -> None:
        self.case = case
        self.items = case.items
        self.exclude = tuple(exclude)
        self.independence = Independence(case.items, case.sources, case.relations)
        # by facet: live links of live items that support it, those of another stance, withdrawn items that supported it
        self._supports: dict[str, list[tuple[int, Link]]] = defaultdict(list)
        self._others: dict[str, list[tuple[int, Link]]] = defaultdict(list)
        self._withdrawn: dict[str, set[int]] = defaultdict(set)
        self._counted: dict[str, tuple[list[int], list[tuple[int, Link]]]] = {}
        self._linked: dict[str, list[int]] = {}
        self._weights: dict[str, Weight] = {}
        places, items = self.independence.places, self.items
        for link in case.links:
            place = places.get(link.item)
            if place is None or link.withdrawn:
                continue
            supporting = link.stance == "supports"
            if items[place].withdrawn:
                if supporting:
                    for facet in link.facets:
                        self._withdrawn[facet].add(place)
                continue
            pair, links = (place, link), self._supports if supporting else self._others
            for facet in {ANY, *link.facets}:
                links[facet].append(pair)

    def ids(self, places: Iterable[int]) -> tuple[str, ...]:
        """Give the ids of the items at `places`, as they come."""
        return tuple([self.items[place].id for place in places])

    def links(self, facet: str) -> list[tuple[int, Link]]:
        """Give the links to a facet, to any facet for `*`, with the places of their items; those that support first."""
        return [*self._supports.get(facet, ()), *self._others.get(facet, ())]

    def linked(self, facet: str | None) -> list[int]:
        """Give each item with a link of any stance to the facet, to any facet where it is None or `*`."""
        facet = facet or ANY
        if facet not in self._linked:
            self._linked[facet] = sorted({place for place, _ in self.links(facet)})
        return self._linked[facet]

    def filed(self, facet: str | None) -> list[int]:
        """Give those of the linked items that came with bytes of their own."""
        return [place for place in self.linked(facet) if self.items[place].record.get("file")]

    def counted(self, facet: str | None) -> list[int]:
        """Give the items that count for a facet: supporting, no translation, and not excluded by the standard."""
        return self._count(facet or "")[0]

    def counted_links(self, facet: str | None) -> list[tuple[int, Link]]:
        """Give the `supports` links to the facet of the items that count for it."""
        return self._count(facet or "")[1]

    def _count(self, facet: str) -> tuple[list[int], list[tuple[int, Link]]]:
        found = self._counted.get(facet)
        if found is None:
            supports, barred = self._supports.get(facet, []), self.barred
            if barred:
                supports = [pair for pair in supports if pair[0] not in barred]
            found = self._counted[facet] = sorted({place for place, _ in supports}), supports
        return found

    def open_contradictions(self, facet: str) -> list[tuple[int, Link]]:
        """Give the `contradicts` links on a facet (any for `*`) that nobody resolved; an excluded item's stay open."""
        return [
            (place, link)
            for place, link in self._others.get(facet, ())
            if link.stance == "contradicts" and link.resolution in (None, "", "unresolved")
        ]

    def independent(self, places: Sequence[int]) -> Packing:
        """Give the number of independent sources among the items at `places`, and the items that make it."""
        return self.independence.count(places)

    def class_of(self, place: int) -> str:
        """Give the class of an item; copies have the class of what was registered first."""
        return evidence_class(self.items[self._originals.get(place, place)].record)

    @cached_property
    def barred(self) -> dict[int, Reason]:
        """Give the items that never count under this standard, and why."""
        barred: dict[int, Reason] = {}
        derived, translations = set(), set()
        for relation in self.case.relations:
            if relation.as_ == "translation_of":
                translations.add(relation.item)
            elif relation.as_ == "derived_from" and relation.of is not None:
                derived.add(relation.item)
        for place, item in enumerate(self.items):
            if item.id in translations:
                barred[place] = reason("is-translation", item=item.id)
                continue
            record = item.record
            unheard = record.get("kind") == "intercept" and not record.get("translation")
            if not (unheard or item.excluded or item.id in derived):
                continue
            for word in self.exclude:
                if (
                    word in item.excluded
                    or (word == "derived" and item.id in derived)
                    or (word == "untranslated" and unheard)
                ):
                    barred[place] = reason("excluded", item=item.id, why=reason(f"excluded-{word}"), word=word)
                    break
        return barred

    @cached_property
    def _originals(self) -> dict[int, int]:
        """Give, for each item that has copies or is one, the first of them that was registered."""
        places = self.independence.places
        copies = [one for one in self.case.relations if one.as_ == "copy_of" and one.item in places]
        if not copies and not self.independence.same_bytes:
            return {}
        outside: dict[str, int] = {}
        parent = list(range(len(self.items)))

        def find(place: int) -> int:
            while parent[place] != place:
                parent[place] = parent[parent[place]]
                place = parent[place]
            return place

        def tie(one: int, other: int) -> None:
            low, high = sorted((find(one), find(other)))
            parent[high] = low

        for place, other in self.independence.same_bytes:
            tie(place, other)
        for relation in copies:
            if relation.of is not None and relation.of in places:
                tie(places[relation.item], places[relation.of])
            elif relation.external is not None:
                tie(outside.setdefault(relation.external, places[relation.item]), places[relation.item])
        return {place: find(place) for place in range(len(parent)) if find(place) != place}

    def weight(self, facet: str) -> Weight:
        """Give everything that bears on one facet, with a reason for every support that is not in its number."""
        if facet not in self._weights:
            self._weights[facet] = self._weigh(facet)
        return self._weights[facet]

    def _weigh(self, facet: str) -> Weight:
        counted = self.counted(facet)
        supporting = [place for place, _ in self._supports.get(facet, ())]
        packing = self.independent(counted)
        chosen = set(packing.chosen)
        groups: dict[int, list[str]] = {}
        for place in counted:
            groups.setdefault(self.independence.group(place), []).append(self.items[place].id)
        reasons = self.independence.left_out((p for p in counted if p not in chosen), packing.chosen)
        for place in supporting:
            if place in self.barred:
                reasons[place] = self.barred[place]
        for place in self._withdrawn.get(facet, ()):
            reasons[place] = reason("was-withdrawn", item=self.items[place].id)
        return Weight(
            facet,
            packing.low,
            packing.high,
            self.ids(packing.chosen),
            tuple(tuple(ids) for ids in groups.values()),
            tuple((self.items[place].id, reasons[place]) for place in sorted(reasons)),
            tuple(link.id for _, link in self.open_contradictions(facet)),
        )
