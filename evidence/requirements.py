"""The tests of a standard, one small function each: what it asks, what it found, what would meet it.

Every test is given what the standard wants, the facet of the rule (None where
it names none) and the sight of the case, and answers `met`, `not_met` or
`undetermined` at once. Its reasons, as codes (`evidence.reason`), are made
when somebody asks for them. No test looks at another's answer, and none is
left out because another failed. What cannot be told never rounds up.

The table `TESTS` at the end is the list, those of `evidence.window` included; `schemas.standard` refuses other names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evidence.answer import LACKING, MET, NOT_MET, OF_CASE, UNDETERMINED, Finding
from evidence.custody import gaps
from evidence.docket import Link, present, values
from evidence.packing import Packing
from evidence.reason import FIELD, SHOWN, Reason, Several, Term, clauses, few, fields, listed, number, reason, told
from evidence.sight import Sight
from evidence.window import flight, satellite

Test = Callable[[Any, "str | None", Sight], Finding]


def _always(code: str) -> Callable[[], Reason]:
    said = reason(code)
    return lambda: said


_ALL_REVIEWED, _NONE_OPEN = _always("all-reviewed"), _always("none-open")
_ALL_UNBROKEN, _ALL_WHOLE = _always("all-unbroken"), _always("all-whole")


def _enough(want: int, packing: Packing) -> str:
    return MET if packing.low >= want else NOT_MET if packing.high < want else UNDETERMINED


def independent(want: int, facet: str | None, sight: Sight) -> Finding:
    """At least `want` independent sources among the counted items of the facet."""
    packing = sight.independent(sight.counted(facet))

    def lacks() -> Reason:
        left_out = sight.weight(facet or "").left_out  # with every reason, now that some are needed
        more = len(left_out) - SHOWN
        have = [
            _have(packing.low, listed(sight.ids(packing.chosen)) if packing.chosen else None),
            *(because for _, because in left_out[:SHOWN]),
            *([reason("left-out-more", count=more)] if more > 0 else []),
        ]
        return _lacking(_count("more-sources", want - packing.low), clauses(have))

    return Finding(_enough(want, packing), lambda: _found(packing, sight), packing.chosen, lacks)


def _found(packing: Packing, sight: Sight) -> Reason:
    low, high, items = packing.low, packing.high, sight.ids(packing.chosen)
    if low != high:
        return reason("sources-between", low=low, high=high)
    sources = reason("source" if low < 2 else "sources", count=number(low))
    return reason("such", what=sources, these=listed(items)) if items else sources


def _count(code: str, count: int) -> Reason:
    """Give a reason that counts: its code, with `-one` where there is one."""
    return reason(code + "-one" if count == 1 else code, count=number(count))


def _have(count: int, these: Any) -> Reason:
    return reason("have", count=count) if these is None else reason("have-these", count=count, these=these)


def _lacking(need: Reason, have: Any) -> Reason:
    return reason(LACKING, need=need, have=have)


def classes(want: int, facet: str | None, sight: Sight) -> Finding:
    """The counted items are of at least `want` classes; copies have the class of what was registered first."""
    kinds: dict[str, list[int]] = {}
    for place in sight.counted(facet):
        kinds.setdefault(sight.class_of(place), []).append(place)

    def found() -> Any:
        named = [
            reason("such", what=Term("class", kind), these=listed(sight.ids(at))) for kind, at in kinds.items()
        ]
        return clauses(named) if named else reason("no-item-counts")

    return Finding(
        MET if len(kinds) >= want else NOT_MET,
        lambda: reason("class" if len(kinds) == 1 else "classes", count=number(len(kinds)), these=found()),
        [at[0] for at in kinds.values()],
        lambda: _lacking(_count("other-classes", want - len(kinds)), _have(len(kinds), found())),
    )


def one_of(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """A counted item is of one of the classes wanted."""
    places = [place for place in sight.counted(facet) if sight.class_of(place) in want]
    kinds = Several("or", [Term("class", kind) for kind in want])
    if places:
        return Finding(MET, lambda: reason("of-class", kinds=kinds, items=listed(sight.ids(places))), places)
    return Finding(
        NOT_MET, lambda: reason("none-of-class", kinds=kinds), (), lambda: reason("an-item-of-class", kinds=kinds)
    )


def direct(want: int, facet: str | None, sight: Sight) -> Finding:
    """At least `want` independent sources among the counted items with a link of strength `direct` to the facet."""
    places = {place for place, link in sight.counted_links(facet) if link.strength == "direct"}
    packing = sight.independent(sorted(places))

    def because() -> Reason:
        return reason("direct", found=_found(packing, sight))

    def lacks() -> Reason:
        have = _have(packing.low, listed(sight.ids(packing.chosen)) if packing.chosen else None)
        return _lacking(_count("more-direct", want - packing.low), have)

    return Finding(_enough(want, packing), because, packing.chosen, lacks)


def _links(code: str, pairs: Sequence[tuple[int, Link]]) -> Callable[[], Reason]:
    return lambda: reason(code, links=listed(f"{link.id} ({link.item})" for _, link in pairs))


def reviewed(want: bool, facet: str | None, sight: Sight) -> Finding:
    """Every counted link has a reviewer other than its assessor."""
    del want
    alone = [
        pair
        for pair in sight.counted_links(facet)
        if not pair[1].reviewed_by or pair[1].reviewed_by == pair[1].assessor
    ]
    if not alone:
        return Finding(MET, _ALL_REVIEWED)
    return Finding(NOT_MET, _links("not-reviewed", alone), [place for place, _ in alone], _links("a-review", alone))


def open_contradictions(want: int, facet: str | None, sight: Sight) -> Finding:
    """No contradiction of the facet (any facet for `*`) is without a resolution."""
    del want
    standing = sight.open_contradictions(facet or "*")
    if not standing:
        return Finding(MET, _NONE_OPEN)
    places = [place for place, _ in standing]
    return Finding(NOT_MET, _links("open", standing), places, _links("a-resolution", standing))


def set_fields(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """The case fields are present and not `not_asked`."""
    del facet
    record = sight.case.record
    lacking: dict[str, str] = {}
    for name in want:
        if not present(record, name):
            lacking[name] = "not-told"
        elif all(value == "not_asked" for value in values(record, name)):
            lacking[name] = "not-asked"
    if not lacking:
        return Finding(MET, lambda: reason("all-told", fields=listed(fields(want))))
    return Finding(
        NOT_MET, lambda: clauses(reason(code, what=Term(FIELD, name)) for name, code in lacking.items()), (),
        lambda: reason(OF_CASE, what=listed(fields(lacking))),
    )  # fmt: skip


def custody(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked item's custody runs from capture or receipt to registration without a hand left out."""
    del want
    linked = sight.linked(facet)
    if not linked:
        return Finding(MET, lambda: reason("none-linked"))
    broken: list[int] = []
    untold: list[int] = []
    why: list[tuple[Reason, int]] = []
    for place in linked:
        answer, because = chain(sight.items[place].custody)
        if because is not None:
            (broken if answer == NOT_MET else untold).append(place)
            why.append((because, place))
    if not why:
        return Finding(MET, _ALL_UNBROKEN)
    gone = [*broken, *untold]
    return Finding(
        NOT_MET if broken else UNDETERMINED, lambda: _by_reason(why, sight), gone,
        lambda: reason("an-account", items=listed(sight.ids(gone))),
    )  # fmt: skip


def _by_reason(why: Iterable[tuple[Reason, int]], sight: Sight) -> Any:
    """Name the items that have the same reason together."""
    alike: dict[str, tuple[Reason, list[int]]] = {}
    for because, place in why:
        alike.setdefault(told(because), (because, []))[1].append(place)
    return clauses(reason("such", what=because, these=listed(sight.ids(at))) for because, at in alike.values())


def chain(events: Sequence[Mapping[str, Any]]) -> tuple[str, Reason | None]:
    """Follow one custody, oldest event first, and say whether each transfer was made by the one who held the item."""
    if not events:
        return UNDETERMINED, reason("no-custody")
    untold = None
    for one in gaps(events):
        if one.broken:
            return NOT_MET, one.because
        untold = untold or one
    return (UNDETERMINED, untold.because) if untold is not None else (MET, None)


def digests(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """Each linked item with a file has these digests."""
    items, places = sight.items, sight.filed(facet)
    bare = {place for name in want for place in places if not items[place].record.get(name)}
    names = Several("and", want)
    if not bare:
        return Finding(MET, lambda: reason("all-digests", names=names) if places else reason("no-file"))
    lacking = sorted(bare)
    return Finding(
        NOT_MET, lambda: reason("no-digest", names=names, items=listed(sight.ids(lacking))), lacking,
        lambda: reason("digests-of", names=names, items=listed(sight.ids(lacking))),
    )  # fmt: skip


def originals(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked item with a file had its object there and whole at the last verification."""
    del want
    gone, unseen = [], []
    for place in sight.filed(facet):
        item = sight.items[place]
        if item.present is False or "integrity_failed" in item.excluded:
            gone.append(place)
        elif item.present is None:
            unseen.append(place)
    if not gone and not unseen:
        return Finding(MET, _ALL_WHOLE)
    looked = {"not-whole": gone, "never-verified": unseen}
    return Finding(
        NOT_MET if gone else UNDETERMINED,
        lambda: clauses(reason(code, items=listed(sight.ids(at))) for code, at in looked.items() if at),
        [*gone, *unseen],
        lambda: reason("whole-bytes", items=listed(sight.ids([*gone, *unseen]))),
    )


def consent(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked statement has a consent with the date it was given."""
    del want
    places = [place for place in sight.linked(facet) if sight.items[place].record.get("kind") == "statement"]
    lacking = [place for place in places if not present(sight.items[place].record, "consent.given")]
    if not lacking:
        return Finding(MET, lambda: reason("all-consented" if places else "no-statement"))
    return Finding(
        NOT_MET, lambda: reason("no-consent", items=listed(sight.ids(lacking))), lacking,
        lambda: reason("a-consent", items=listed(sight.ids(lacking))),
    )  # fmt: skip


def item_set(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """Every counted item has these fields."""
    lacking = {
        place: [name for name in want if not present(sight.items[place].record, name)]
        for place in sight.counted(facet)
    }
    bare = [place for place, names in lacking.items() if names]
    if not bare:
        return Finding(MET, lambda: reason("all-have", fields=listed(fields(want))), list(lacking))

    named = [(sight.items[place].id, listed(fields(lacking[place]))) for place in bare]
    return Finding(
        NOT_MET, lambda: few(reason("has-no", item=item, fields=names) for item, names in named), bare,
        lambda: reason("these", these=few(reason("such", what=item, these=names) for item, names in named)),
    )  # fmt: skip


def disjoint(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """No item is counted for both facets."""
    del facet
    both = sorted(set(sight.counted(want[0])) & set(sight.counted(want[1])))
    one, other = (Term("facet", facet) for facet in want[:2])
    if not both:
        return Finding(MET, lambda: reason("none-for-both", one=one, other=other))

    def shared(code: str) -> Reason:
        return reason(code, one=one, other=other, items=listed(sight.ids(both)))

    return Finding(NOT_MET, lambda: shared("for-both"), both, lambda: shared("other-items"))


TESTS: dict[str, Test] = {
    "independent": independent,
    "classes": classes,
    "one_of": one_of,
    "direct": direct,
    "reviewed": reviewed,
    "open_contradictions": open_contradictions,
    "set": set_fields,
    "custody": custody,
    "digests": digests,
    "originals": originals,
    "consent": consent,
    "flight": flight,
    "item_set": item_set,
    "disjoint": disjoint,
    "satellite": satellite,
}
