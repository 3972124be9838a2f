"""The tests of a standard, one small function each: what it asks, what it found, what would meet it.

Every test is given what the standard wants, the facet of the rule (None where
it names none) and the sight of the case, and answers `met`, `not_met` or
`undetermined` with its reasons. No test looks at another's answer, and none is
left out because another failed. What cannot be told never rounds up.

The table `TESTS` at the end is the list; `schemas.standard` refuses other names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.custody import gaps
from evidence.docket import present, values
from evidence.sight import Sight
from schemas.extent import bounds

MET, NOT_MET, UNDETERMINED = "met", "not_met", "undetermined"
_SHOWN = 6  # items named in a sentence before it says how many more there are


@dataclass(frozen=True)
class Finding:
    """One test's answer, why, on which items, and what would meet it (empty where it is met)."""

    answer: str
    because: str
    items: tuple[str, ...] = ()
    lacks: str = ""

    def __bool__(self) -> bool:
        """Refuse: an answer has three values and none of them is yes or no."""
        raise TypeError("a Finding has three answers; compare `.answer` with one of them")


Test = Callable[[Any, "str | None", Sight], Finding]


def conjunction(answers: Iterable[str]) -> str:
    """Fold answers: any `not_met`, else any `undetermined`, else `met`."""
    answers = set(answers)
    return NOT_MET if NOT_MET in answers else UNDETERMINED if UNDETERMINED in answers else MET


def listed(words: Iterable[str]) -> str:
    """Name things in a sentence, the first few where they are many."""
    words = list(words)
    shown = ", ".join(words[:_SHOWN])
    return f"{shown} and {len(words) - _SHOWN} more" if len(words) > _SHOWN else shown


def number(count: int) -> str:
    """Write a small number as a word."""
    return ("no", "one", "two", "three", "four", "five", "six")[count] if 0 <= count <= 6 else str(count)


def _sources(count: int) -> str:
    return f"{number(count)} independent source{'s' * (count > 1)}"


def independent(want: int, facet: str | None, sight: Sight) -> Finding:
    """At least `want` independent sources among the counted items of the facet."""
    packing = sight.independent(sight.counted(facet or ""))
    items = sight.ids(packing.chosen)
    found = _found(packing.low, packing.high, items)
    if packing.low >= want:
        return Finding(MET, found, items)
    weight = sight.weight(facet or "")  # with every reason, now that some are needed
    have = "; ".join(
        [
            f"have {packing.low}" + (f": {listed(items)}" if items else ""),
            *(because for _, because in weight.left_out[:_SHOWN]),
            *([f"{len(weight.left_out) - _SHOWN} more left out"] if len(weight.left_out) > _SHOWN else []),
        ]
    )
    more = want - packing.low
    lacks = f"{number(more)} more independent source{'s' * (more != 1)} ({have})"
    return Finding(NOT_MET if packing.high < want else UNDETERMINED, found, items, lacks)


def _found(low: int, high: int, items: Iterable[str]) -> str:
    if low != high:
        return f"between {low} and {high} independent sources: the case is too entangled to be counted exactly"
    named = listed(items)
    return _sources(low) + (f": {named}" if named else "")


def classes(want: int, facet: str | None, sight: Sight) -> Finding:
    """The counted items are of at least `want` classes; copies have the class of what was registered first."""
    kinds: dict[str, list[str]] = {}
    for place in sight.counted(facet or ""):
        kinds.setdefault(sight.class_of(place), []).append(sight.items[place].id)
    items = tuple(ids[0] for ids in kinds.values())
    found = "; ".join(f"{kind}: {listed(ids)}" for kind, ids in kinds.items()) or "no item counts"
    count = f"{number(len(kinds))} class{'' if len(kinds) == 1 else 'es'} of evidence"
    if len(kinds) >= want:
        return Finding(MET, f"{count} ({found})", items)
    more = want - len(kinds)
    lacks = f"evidence of {number(more)} other class{'' if more == 1 else 'es'} (have {len(kinds)}: {found})"
    return Finding(NOT_MET, f"{count} ({found})", items, lacks)


def one_of(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """A counted item is of one of the classes wanted."""
    items = sight.ids(place for place in sight.counted(facet or "") if sight.class_of(place) in want)
    kinds = " or ".join(want)
    if items:
        return Finding(MET, f"of class {kinds}: {listed(items)}", items)
    return Finding(NOT_MET, f"no item that counts is of class {kinds}", (), f"an item of class {kinds}")


def direct(want: int, facet: str | None, sight: Sight) -> Finding:
    """At least `want` independent sources among the counted items with a link of strength `direct` to the facet."""
    places = sorted({place for place, link in sight.counted_links(facet or "") if link.strength == "direct"})
    packing = sight.independent(places)
    items = sight.ids(packing.chosen)
    found = "direct: " + _found(packing.low, packing.high, items)
    if packing.low >= want:
        return Finding(MET, found, items)
    more = want - packing.low
    lacks = f"{number(more)} more independent source{'s' * (more != 1)} with a direct link (have {packing.low}"
    return Finding(
        NOT_MET if packing.high < want else UNDETERMINED,
        found,
        items,
        lacks + (f": {listed(items)})" if items else ")"),
    )


def reviewed(want: bool, facet: str | None, sight: Sight) -> Finding:
    """Every counted link has a reviewer other than its assessor."""
    del want
    alone = [
        (place, link)
        for place, link in sight.counted_links(facet or "")
        if not link.reviewed_by or link.reviewed_by == link.assessor
    ]
    if not alone:
        return Finding(MET, "every judgement that counts was reviewed by a second person")
    items = sight.ids(sorted({place for place, _ in alone}))
    links = listed(f"{link.id} ({link.item})" for _, link in alone)
    return Finding(NOT_MET, f"not reviewed by a second person: {links}", items, f"a second person's review of {links}")


def open_contradictions(want: int, facet: str | None, sight: Sight) -> Finding:
    """No contradiction of the facet (any facet for `*`) is without a resolution."""
    del want
    standing = sight.open_contradictions(facet or "*")
    if not standing:
        return Finding(MET, "no contradiction is open")
    links = listed(f"{link.id} ({link.item})" for _, link in standing)
    items = sight.ids(sorted({place for place, _ in standing}))
    return Finding(NOT_MET, f"open contradictions: {links}", items, f"a written resolution of {links}")


def set_fields(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """The case fields are present and not `not_asked`."""
    del facet
    record = sight.case.record
    lacking: dict[str, str] = {}
    for name in want:
        if not present(record, name):
            lacking[name] = f"{name} is not told"
        elif all(value == "not_asked" for value in values(record, name)):
            lacking[name] = f"{name} was not asked"
    if not lacking:
        return Finding(MET, f"told: {listed(want)}")
    return Finding(NOT_MET, "; ".join(lacking.values()), (), f"the case's {listed(lacking)}")


def custody(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked item's custody runs from capture or receipt to registration without a hand left out."""
    del want
    linked = sight.linked(facet)
    if not linked:
        return Finding(MET, "no item is linked, so no custody is asked for")
    broken: list[str] = []
    untold: list[str] = []
    why: dict[str, list[str]] = {}
    for place in linked:
        item = sight.items[place]
        answer, because = chain(item.custody)
        if answer != MET:
            (broken if answer == NOT_MET else untold).append(item.id)
            why.setdefault(because, []).append(item.id)
    answer = NOT_MET if broken else UNDETERMINED if untold else MET
    if answer == MET:
        return Finding(MET, "every custody told is unbroken from capture or receipt to registration")
    lacks = f"an account of who held {listed([*broken, *untold])}, from capture or receipt to registration"
    because = "; ".join(f"{reason}: {listed(ids)}" for reason, ids in why.items())
    return Finding(answer, because, (*broken, *untold), lacks)


def chain(events: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """Follow one custody, oldest event first, and say whether each transfer was made by the one who held the item."""
    told = list(events)
    if not told:
        return UNDETERMINED, "no custody is told"
    found = list(gaps(told))
    for one in found:
        if one.broken:
            return NOT_MET, one.because
    return (UNDETERMINED, found[0].because) if found else (MET, "unbroken")


def digests(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """Each linked item with a file has these digests."""
    places = [place for place in sight.linked(facet) if has_file(sight.items[place].record)]
    lacking = [place for place in places if not all(sight.items[place].record.get(name) for name in want)]
    names = " and ".join(want)
    if not lacking:
        return Finding(MET, f"every file relied on has its {names}" if places else "no file is relied on")
    items = sight.ids(lacking)
    return Finding(NOT_MET, f"no {names} of {listed(items)}", items, f"{names} of {listed(items)}")


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
        return Finding(MET, "every file relied on was there and whole at the last verification")
    answer = NOT_MET if gone else UNDETERMINED
    parts = [f"not there and whole: {listed(gone)}"] * bool(gone) + [f"never verified: {listed(unseen)}"] * bool(unseen)
    return Finding(answer, "; ".join(parts), (*gone, *unseen), f"the whole bytes of {listed([*gone, *unseen])}")


def has_file(record: Mapping[str, Any]) -> bool:
    """Tell whether an item came with bytes of its own."""
    return bool(record.get("file"))


def consent(want: str, facet: str | None, sight: Sight) -> Finding:
    """Each linked statement has a consent with the date it was given."""
    del want
    places = [place for place in sight.linked(facet) if sight.items[place].record.get("kind") == "statement"]
    lacking = [place for place in places if not present(sight.items[place].record, "consent.given")]
    if not lacking:
        return Finding(
            MET, "every statement relied on has a recorded consent" if places else "no statement is relied on"
        )
    items = sight.ids(lacking)
    return Finding(
        NOT_MET, f"no recorded consent: {listed(items)}", items, f"recorded consent, with its date, for {listed(items)}"
    )


def flight(want: Mapping[str, float], facet: str | None, sight: Sight) -> Finding:
    """A flight log of the archive has an observation near the place and time; silence counts only where one watched."""
    del facet
    record = sight.case.record
    missing = _untold(record, place=True)
    if missing:
        return Finding(UNDETERMINED, f"{missing} is not told", (), f"the case's {missing}")
    within, before, after = want["within_km"], want["before_min"], want["after_min"]
    answer = sight.case.flights(within, before, after)
    window = f"within {within} km, {before} min before to {after} min after"
    if answer.near:
        return Finding(MET, f"{window}, logged: {listed(answer.near)}")
    if answer.covered:
        doubt = f" (warning: {'; '.join(_few(list(answer.warnings)))})" if answer.warnings else ""
        return Finding(
            NOT_MET,
            f"{window}, nothing was logged while a log watched{doubt}",
            (),
            f"an observation of a flight {window}",
        )
    return Finding(
        UNDETERMINED,
        f"{window}, nothing was logged and no log is told to have watched all of it",
        (),
        f"a flight log that covers the place, {before} min before to {after} min after",
    )


def _untold(record: Mapping[str, Any], *, place: bool) -> str:
    """Name what a test of time (and place) needs and the case does not tell."""
    parts = [] if None not in bounds(record.get("occurred")) else ["time"]
    if place and (record.get("place.lat") is None or record.get("place.lon") is None):
        parts.append("place")
    return " and ".join(parts)


def item_set(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """Every counted item has these fields."""
    lacking = {
        place: [name for name in want if not present(sight.items[place].record, name)]
        for place in sight.counted(facet or "")
    }
    why = [f"{sight.items[place].id} has no {listed(names)}" for place, names in lacking.items() if names]
    if not why:
        return Finding(MET, f"every item that counts has {listed(want)}", sight.ids(lacking))
    items = sight.ids(place for place, names in lacking.items() if names)
    return Finding(NOT_MET, "; ".join(_few(why)), items, "; ".join(_few([w.replace(" has no ", ": ") for w in why])))


def disjoint(want: list[str], facet: str | None, sight: Sight) -> Finding:
    """No item is counted for both facets."""
    del facet
    both = sight.ids(sorted(set(sight.counted(want[0])) & set(sight.counted(want[1]))))
    if not both:
        return Finding(MET, f"no item counts for both {want[0]} and {want[1]}")
    return Finding(
        NOT_MET,
        f"counted for both {want[0]} and {want[1]}: {listed(both)}",
        both,
        f"other items for {want[0]} or for {want[1]} than {listed(both)}",
    )


def satellite(want: Mapping[str, Any], facet: str | None, sight: Sight) -> Finding:
    """Linked satellite images bracket the event by `claimed.time`."""
    earliest, latest = bounds(sight.case.record.get("occurred"))
    if earliest is None or latest is None:
        return Finding(UNDETERMINED, "time is not told", (), "the case's time")
    places = [
        place
        for place in sight.linked(facet)
        if sight.items[place].record.get("kind") == "imagery" and sight.items[place].record.get("medium") == "satellite"
    ]
    times = {place: bounds(sight.items[place].record.get("claimed.time")) for place in places}
    sides: list[tuple[str, str, list[int]]] = []
    if want.get("before"):
        answer = {place: _before(time, earliest) for place, time in times.items()}
        sides.append(("before the event", *_side(answer)))
    days = want.get("after_within_days")
    if days is not None:
        limit = latest + timedelta(days=days)
        answer = {place: _after(time, latest, limit) for place, time in times.items()}
        sides.append((f"within {days} day{'' if days == 1 else 's'} after it", *_side(answer)))
    found = "; ".join(
        f"{name}: {listed(sight.ids(at)) if at else 'none'}{' (time not exact enough)' * (side == UNDETERMINED)}"
        for name, side, at in sides
    )
    items = sight.ids(sorted({place for _, _, at in sides for place in at}))
    lacks = " and ".join(f"a dated satellite image {name}" for name, side, _ in sides if side != MET)
    return Finding(conjunction(side for _, side, _ in sides), f"satellite images {found}", items, lacks)


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


def _few(sentences: list[str]) -> list[str]:
    more = len(sentences) - _SHOWN
    return [*sentences[:_SHOWN], f"{more} more"] if more > 0 else sentences


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
