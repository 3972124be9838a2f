"""The tests of a standard, one small function each: what it asks, what it found, what would meet it.

Every test is given what the standard wants, the facet of the rule (None where
it names none) and the sight of the case, and answers `met`, `not_met` or
`undetermined` with its reasons, as codes (`evidence.reason`). No test looks at another's answer, and none is
left out because another failed. What cannot be told never rounds up.

The table `TESTS` at the end is the list; `schemas.standard` refuses other names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from evidence.custody import gaps
from evidence.docket import present, values
from evidence.reason import FIELD, SHOWN, Reason, Several, Term, clauses, few, fields, listed, number, reason, told
from evidence.sight import Sight
from schemas.extent import bounds

MET, NOT_MET, UNDETERMINED = "met", "not_met", "undetermined"
LACKING, OF_CASE = "lacking", "of-case"  # what is needed beside what is there; a field that the case does not tell


class Finding(NamedTuple):
    """One test's answer, why, on which items, and what would meet it (None where it is met)."""

    answer: str
    because: Any  # a reason
    items: tuple[str, ...] = ()
    lacks: Reason | None = None

    def __bool__(self) -> bool:
        """Refuse: an answer has three values and none of them is yes or no."""
        raise TypeError("a Finding has three answers; compare `.answer` with one of them")


Test = Callable[[Any, "str | None", Sight], Finding]


def conjunction(answers: Iterable[str]) -> str:
    """Fold answers: any `not_met`, else any `undetermined`, else `met`."""
    answers = set(answers)
    return NOT_MET if NOT_MET in answers else UNDETERMINED if UNDETERMINED in answers else MET


def independent(want: int, facet: str | None, sight: Sight) -> Finding:
    """At least `want` independent sources among the counted items of the facet."""
    packing = sight.independent(sight.counted(facet or ""))
    items = sight.ids(packing.chosen)
    found = _found(packing.low, packing.high, items)
    if packing.low >= want:
        return Finding(MET, found, items)
    weight = sight.weight(facet or "")  # with every reason, now that some are needed
    more = len(weight.left_out) - SHOWN
    have = [
        _have(packing.low, listed(items) if items else None),
        *(because for _, because in weight.left_out[:SHOWN]),
        *([reason("left-out-more", count=more)] if more > 0 else []),
    ]
    lacks = _lacking(_count("more-sources", want - packing.low), clauses(have))
    return Finding(NOT_MET if packing.high < want else UNDETERMINED, found, items, lacks)


def _found(low: int, high: int, items: Sequence[str]) -> Reason:
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
    kinds: dict[str, list[str]] = {}
    for place in sight.counted(facet or ""):
        kinds.setdefault(sight.class_of(place), []).append(sight.items[place].id)
    items = tuple(ids[0] for ids in kinds.values())
    named = [reason("such", what=Term("class", kind), these=listed(ids)) for kind, ids in kinds.items()]
    found = clauses(named) if named else reason("no-item-counts")
    because = reason("class" if len(kinds) == 1 else "classes", count=number(len(kinds)), these=found)
    if len(kinds) >= want:
        return Finding(MET, because, items)
    lacks = _lacking(_count("other-classes", want - len(kinds)), _have(len(kinds), found))
    return Finding(NOT_MET, because, items, lacks)


def one_of(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """A counted item is of one of the classes wanted."""
    items = sight.ids(place for place in sight.counted(facet or "") if sight.class_of(place) in want)
    kinds = Several("or", [Term("class", kind) for kind in want])
    if items:
        return Finding(MET, reason("of-class", kinds=kinds, items=listed(items)), items)
    return Finding(NOT_MET, reason("none-of-class", kinds=kinds), (), reason("an-item-of-class", kinds=kinds))


def direct(want: int, facet: str | None, sight: Sight) -> Finding:
    """At least `want` independent sources among the counted items with a link of strength `direct` to the facet."""
    places = sorted({place for place, link in sight.counted_links(facet or "") if link.strength == "direct"})
    packing = sight.independent(places)
    items = sight.ids(packing.chosen)
    found = reason("direct", found=_found(packing.low, packing.high, items))
    if packing.low >= want:
        return Finding(MET, found, items)
    have = _have(packing.low, listed(items) if items else None)
    lacks = _lacking(_count("more-direct", want - packing.low), have)
    return Finding(NOT_MET if packing.high < want else UNDETERMINED, found, items, lacks)


def reviewed(want: bool, facet: str | None, sight: Sight) -> Finding:
    """Every counted link has a reviewer other than its assessor."""
    del want
    alone = [
        (place, link)
        for place, link in sight.counted_links(facet or "")
        if not link.reviewed_by or link.reviewed_by == link.assessor
    ]
    if not alone:
        return Finding(MET, reason("all-reviewed"))
    items = sight.ids(sorted({place for place, _ in alone}))
    links = listed(f"{link.id} ({link.item})" for _, link in alone)
    return Finding(NOT_MET, reason("not-reviewed", links=links), items, reason("a-review", links=links))


def open_contradictions(want: int, facet: str | None, sight: Sight) -> Finding:
    """No contradiction of the facet (any facet for `*`) is without a resolution."""
    del want
    standing = sight.open_contradictions(facet or "*")
    if not standing:
        return Finding(MET, reason("none-open"))
    links = listed(f"{link.id} ({link.item})" for _, link in standing)
    items = sight.ids(sorted({place for place, _ in standing}))
    return Finding(NOT_MET, reason("open", links=links), items, reason("a-resolution", links=links))


def set_fields(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """The case fields are present and not `not_asked`."""
    del facet
    record = sight.case.record
    lacking: dict[str, Reason] = {}
    for name in want:
        if not present(record, name):
            lacking[name] = reason("not-told", what=Term(FIELD, name))
        elif all(value == "not_asked" for value in values(record, name)):
            lacking[name] = reason("not-asked", what=Term(FIELD, name))
    if not lacking:
        return Finding(MET, reason("all-told", fields=listed(fields(want))))
    return Finding(NOT_MET, clauses(lacking.values()), (), reason(OF_CASE, what=listed(fields(lacking))))


def custody(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked item's custody runs from capture or receipt to registration without a hand left out."""
    del want
    linked = sight.linked(facet)
    if not linked:
        return Finding(MET, reason("none-linked"))
    broken: list[str] = []
    untold: list[str] = []
    why: dict[str, tuple[Reason, list[str]]] = {}
    for place in linked:
        item = sight.items[place]
        answer, because = chain(item.custody)
        if because is not None:
            (broken if answer == NOT_MET else untold).append(item.id)
            why.setdefault(told(because), (because, []))[1].append(item.id)
    answer = NOT_MET if broken else UNDETERMINED if untold else MET
    if answer == MET:
        return Finding(MET, reason("all-unbroken"))
    reasons = [reason("such", what=because, these=listed(ids)) for because, ids in why.values()]
    lacks = reason("an-account", items=listed([*broken, *untold]))
    return Finding(answer, clauses(reasons), (*broken, *untold), lacks)


def chain(events: Iterable[Mapping[str, Any]]) -> tuple[str, Reason | None]:
    """Follow one custody, oldest event first, and say whether each transfer was made by the one who held the item."""
    events = list(events)
    if not events:
        return UNDETERMINED, reason("no-custody")
    found = list(gaps(events))
    for one in found:
        if one.broken:
            return NOT_MET, one.because
    return (UNDETERMINED, found[0].because) if found else (MET, None)


def digests(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """Each linked item with a file has these digests."""
    places = [place for place in sight.linked(facet) if has_file(sight.items[place].record)]
    lacking = [place for place in places if not all(sight.items[place].record.get(name) for name in want)]
    names = Several("and", want)
    if not lacking:
        return Finding(MET, reason("all-digests", names=names) if places else reason("no-file"))
    items = sight.ids(lacking)
    named = listed(items)
    return Finding(NOT_MET, reason("no-digest", names=names, items=named), items,
                   reason("digests-of", names=names, items=named))  # fmt: skip


def originals(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked item with a file had its object there and whole at the last verification."""
    del want
    gone, unseen = [], []
    for place in sight.linked(facet):
        item = sight.items[place]
        if not has_file(item.record):
            continue
        if item.present is False or "integrity_failed" in item.excluded:
            gone.append(item.id)
        elif item.present is None:
            unseen.append(item.id)
    if not gone and not unseen:
        return Finding(MET, reason("all-whole"))
    looked = {"not-whole": gone, "never-verified": unseen}
    because = clauses([reason(code, items=listed(ids)) for code, ids in looked.items() if ids])
    lacks = reason("whole-bytes", items=listed([*gone, *unseen]))
    return Finding(NOT_MET if gone else UNDETERMINED, because, (*gone, *unseen), lacks)


def has_file(record: Mapping[str, Any]) -> bool:
    """Tell whether an item came with bytes of its own."""
    return bool(record.get("file"))


def consent(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked statement has a consent with the date it was given."""
    del want
    places = [place for place in sight.linked(facet) if sight.items[place].record.get("kind") == "statement"]
    lacking = [place for place in places if not present(sight.items[place].record, "consent.given")]
    if not lacking:
        return Finding(MET, reason("all-consented" if places else "no-statement"))
    items = sight.ids(lacking)
    named = listed(items)
    return Finding(NOT_MET, reason("no-consent", items=named), items, reason("a-consent", items=named))


def flight(want: Mapping[str, float], facet: str | None, sight: Sight) -> Finding:
    """A flight log of the archive has an observation near the place and time; silence counts only where one watched."""
    del facet
    record = sight.case.record
    missing = _untold(record, place=True)
    if missing:
        return Finding(UNDETERMINED, reason("not-told", what=missing), (), reason(OF_CASE, what=missing))
    within, before, after = want["within_km"], want["before_min"], want["after_min"]
    answer = sight.case.flights(within, before, after)
    window = reason("window", within=within, before=before, after=after)
    if answer.near:
        return Finding(MET, reason("logged", window=window, rows=listed(answer.near)))
    if answer.covered:
        silent = reason("nothing-logged", window=window)
        if answer.warnings:
            silent = reason("with-warning", what=silent, warnings=few(answer.warnings))
        return Finding(NOT_MET, silent, (), reason("an-observation", window=window))
    lacks = reason("a-log", before=before, after=after)
    return Finding(UNDETERMINED, reason("nobody-watched", window=window), (), lacks)


def _untold(record: Mapping[str, Any], *, place: bool) -> Reason | None:
    """Name what a test of time (and place) needs and the case does not tell."""
    parts = [] if None not in bounds(record.get("occurred")) else ["time"]
    if place and (record.get("place.lat") is None or record.get("place.lon") is None):
        parts.append("place")
    return reason("-and-".join(parts)) if parts else None


def item_set(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """Every counted item has these fields."""
    lacking = {
        place: [name for name in want if not present(sight.items[place].record, name)]
        for place in sight.counted(facet or "")
    }
    why = {sight.items[place].id: listed(fields(names)) for place, names in lacking.items() if names}
    if not why:
        return Finding(MET, reason("all-have", fields=listed(fields(want))), sight.ids(lacking))
    because = few([reason("has-no", item=item, fields=names) for item, names in why.items()])
    lacks = reason("these", these=few([reason("such", what=item, these=names) for item, names in why.items()]))
    return Finding(NOT_MET, because, tuple(why), lacks)


def disjoint(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """No item is counted for both facets."""
    del facet
    both = sight.ids(sorted(set(sight.counted(want[0])) & set(sight.counted(want[1]))))
    one, other = (Term("facet", facet) for facet in want[:2])
    if not both:
        return Finding(MET, reason("none-for-both", one=one, other=other))
    because, lacks = (reason(code, one=one, other=other, items=listed(both)) for code in ("for-both", "other-items"))
    return Finding(NOT_MET, because, both, lacks)


def satellite(want: Mapping[str, Any], facet: str | None, sight: Sight) -> Finding:
    """Linked satellite images bracket the event by `claimed.time`."""
    earliest, latest = bounds(sight.case.record.get("occurred"))
    if earliest is None or latest is None:
        untold = reason("time")
        return Finding(UNDETERMINED, reason("not-told", what=untold), (), reason(OF_CASE, what=untold))
    places = [
        place
        for place in sight.linked(facet)
        if sight.items[place].record.get("kind") == "imagery" and sight.items[place].record.get("medium") == "satellite"
    ]
    times = {place: bounds(sight.items[place].record.get("claimed.time")) for place in places}
    sides: list[tuple[Reason, str, list[int]]] = []
    if want.get("before"):
        answer = {place: _before(time, earliest) for place, time in times.items()}
        sides.append((reason("before-event"), *_side(answer)))
    days = want.get("after_within_days")
    if days is not None:
        limit = latest + timedelta(days=days)
        answer = {place: _after(time, latest, limit) for place, time in times.items()}
        sides.append((reason("day-after" if days == 1 else "days-after", days=days), *_side(answer)))
    found = [
        reason("inexact" if side == UNDETERMINED else "such", what=name,
               these=listed(sight.ids(at)) if at else reason("none"))
        for name, side, at in sides
    ]  # fmt: skip
    items = sight.ids(sorted({place for _, _, at in sides for place in at}))
    lacks = reason("these", these=Several("and", [reason("an-image", when=n) for n, side, _ in sides if side != MET]))
    return Finding(conjunction(side for _, side, _ in sides), reason("images", found=clauses(found)), items, lacks)


def _side(answers: Mapping[int, str]) -> tuple[str, list[int]]:
    """Fold the images of one side: one that lies there, else one that might."""
    for wanted in (MET, UNDETERMINED):
        at = [place for place, answer in answers.items() if answer == wanted]
        if at:
            return wanted, at
    return NOT_MET, []


def _before(time: tuple[datetime | None, datetime | None], event: datetime) -> str:
    first, last = time
    if last is not None and last < event:
        return MET
    return UNDETERMINED if first is None or first < event else NOT_MET


def _after(time: tuple[datetime | None, datetime | None], event: datetime, limit: datetime) -> str:
    first, last = time
    if first is not None and last is not None and event < first and last <= limit:
        return MET
    return UNDETERMINED if (last is None or last > event) and (first is None or first <= limit) else NOT_MET


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
