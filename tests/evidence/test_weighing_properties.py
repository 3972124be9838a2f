"""What must hold of any case: the properties that make a count worth arguing about in court."""

from dataclasses import replace
from random import Random

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from evidence.corroboration import Item, Link, Relation, weigh
from evidence.independence import joins_of_item, joins_of_source
from evidence.sight import Sight
from schemas.standard import Rule, Standard
from tests.evidence.strategies import CLASSES, FACETS, SEEDS, WORDS, cases, make_case

RANK = {"not_met": 0, "undetermined": 1, "waived": 1, "met": 2}
THOROUGH = settings(max_examples=300, deadline=None)
NEEDS = [{"independent": n} for n in (1, 2, 3)] + [{"classes": n} for n in (1, 2, 3)] + [{"direct": n} for n in (1, 2)]
STANDARD = Standard(
    "counts",
    "1",
    tuple(
        Rule(f"r{n}", needs, "occurrence", FACETS)
        for n, needs in enumerate([*NEEDS, *({"one_of": [kind]} for kind in CLASSES)])
    )
    + (Rule("open", {"open_contradictions": 0}, "occurrence", (*FACETS,)),),
    exclude=WORDS,
)
excluding = st.sampled_from([STANDARD, replace(STANDARD, exclude=())])


def answers(standard, case):
    return [(r.id, r.facet, RANK[r.answer]) for r in weigh(standard, case).rules]


def counts(standard, case):
    sight = Sight(case, standard.exclude)
    found = {}
    for facet in FACETS:
        direct = sorted({place for place, link in sight.counted_links(facet) if link.strength == "direct"})
        kinds = {sight.class_of(place) for place in sight.counted(facet)}
        found[facet] = (sight.weight(facet).low, sight.independent(direct).low, len(kinds))
    return found


def counting(standard, case):
    """Give the items that count for every facet they support, and support at least one."""
    sight = Sight(case, standard.exclude)
    return [i for p, i in enumerate(case.items) if p not in sight.barred and any(p in sight.counted(f) for f in FACETS)]


def with_copy(case, original, source):
    """Add a copy of an item, from `source`, with links as the original has them, registered last."""
    record = {**original.record, "id": "COPY", "source": source}
    links = [replace(li, id=f"C{n}", item="COPY") for n, li in enumerate(case.links) if li.item == original.id]
    return replace(
        case,
        items=[*case.items, replace(original, id="COPY", record=record, index=99)],
        links=[*case.links, *links],
        relations=[*case.relations, Relation("RC", "COPY", "copy_of", original.id)],
    )


@THOROUGH
@given(excluding, cases(), SEEDS)
def test_adding_a_copy_never_raises_a_count(standard, case, seed):
    """Whatever its source, which may bridge two others."""
    originals = counting(standard, case)
    assume(originals)
    r = Random(seed)
    before = counts(standard, case)

    after = counts(standard, with_copy(case, r.choice(originals), r.choice([*case.sources, "S-new"])))

    assert all(b <= a for facet in FACETS for b, a in zip(after[facet], before[facet], strict=True))


@THOROUGH
@given(excluding, cases(), SEEDS)
def test_adding_a_copy_from_a_source_of_nothing_else_changes_no_count(standard, case, seed):
    originals = counting(standard, case)
    assume(originals)

    after = counts(standard, with_copy(case, Random(seed).choice(originals), "S-new"))

    assert counts(standard, case) == after


@THOROUGH
@given(excluding, cases(), SEEDS)
def test_withdrawing_a_support_never_raises_an_answer(standard, case, seed):
    assume(case.links)
    r = Random(seed)
    before = answers(standard, case)
    gone = r.choice(list(case.links))
    assume(gone.stance == "supports")

    link_gone = replace(case, links=[replace(li, withdrawn=li.withdrawn or li is gone) for li in case.links])
    assert all(b[2] <= a[2] for a, b in zip(before, answers(standard, link_gone), strict=True))

    item_gone = replace(case, items=[replace(i, withdrawn=i.withdrawn or i.id == gone.item) for i in case.items])
    counted = [(a, b) for a, b in zip(before, answers(standard, item_gone), strict=True) if a[0] != "open"]
    assert all(b[2] <= a[2] for a, b in counted)


@THOROUGH
@given(excluding, cases(), st.sampled_from(["statement", "document"]), st.sampled_from(["direct", "circumstantial"]))
def test_adding_an_independent_support_never_lowers_an_answer(standard, case, kind, strength):
    before = answers(standard, case)
    item = Item("NEW", {"id": "NEW", "kind": kind, "source": "S-new"}, 99)
    link = Link("LN", "NEW", FACETS, "supports", strength, "A-1")

    after = answers(standard, replace(case, items=[*case.items, item], links=[*case.links, link]))

    assert all(a[2] <= b[2] for a, b in zip(before, after, strict=True))


@THOROUGH
@given(excluding, cases(), SEEDS)
def test_adding_an_open_contradiction_never_raises_an_answer(standard, case, seed):
    before = answers(standard, case)
    item = Item("NEW", {"id": "NEW", "kind": "statement", "source": "S-new"}, 99)
    name = Random(seed).choice([*(i.id for i in case.items), "NEW"])
    link = Link("LN", name, FACETS, "contradicts", "direct", "A-1", "A-2")

    after = answers(standard, replace(case, items=[*case.items, item], links=[*case.links, link]))

    assert all(b[2] <= a[2] for a, b in zip(before, after, strict=True))


@THOROUGH
@given(excluding, cases(), SEEDS)
def test_the_order_of_registration_changes_no_count_and_no_answer(standard, case, seed):
    """Bar one thing that is said to depend on it: copies of two classes have the class of the first of them."""
    assume(not Sight(case, ())._originals)
    items = list(case.items)
    Random(seed).shuffle(items)

    assert answers(standard, case) == answers(standard, replace(case, items=items))
    assert counts(standard, case) == counts(standard, replace(case, items=items))


@THOROUGH
@given(cases(), SEEDS)
def test_taking_a_bridge_out_never_raises_a_count(case, seed):
    """Two sources tied only through a third item stay tied when that item is excluded or withdrawn."""
    assume(case.items)
    gone = Random(seed).choice(case.items)
    before = counts(STANDARD, case)

    for change in ({"withdrawn": True}, {"excluded": frozenset({"integrity_failed"})}):
        after = counts(STANDARD, replace(case, items=[replace(i, **change) if i is gone else i for i in case.items]))
        assert all(b <= a for facet in FACETS for a, b in zip(before[facet], after[facet], strict=True))


@THOROUGH
@given(excluding, cases(), SEEDS)
def test_erasing_items_one_after_another_never_raises_a_count(standard, case, seed):
    """What is left of an item is its id, its kind, and which items it was one source with."""
    assume(case.items)
    before = counts(standard, case)
    for gone in Random(seed).sample(list(case.items), min(3, len(case.items))):
        kept = joins_of_item(gone.id, case.items, case.sources)
        record = {"id": gone.id, "kind": gone.record["kind"], "erased": 7, "joined": kept}
        record |= {"medium": gone.record["medium"]} if "medium" in gone.record else {}
        erased = replace(gone, record=record, excluded=gone.excluded | {"disposed"})
        case = replace(case, items=[erased if item.id == gone.id else item for item in case.items])
        after = counts(standard, case)
        assert all(b <= a for facet in FACETS for a, b in zip(before[facet][:2], after[facet][:2], strict=True))


@THOROUGH
@example(make_case(8, 32931), 3)  # the source between two others
@example(make_case(7, 938900), 938900)
@given(cases(), SEEDS)
def test_erasing_a_source_never_raises_a_count(case, seed):
    gone = Random(seed).choice(list(case.sources))
    before = counts(STANDARD, case)
    erased = {"id": gone, "kind": "source", "erased": 7, "joined": joins_of_source(gone, case.sources)}
    after = counts(STANDARD, replace(case, sources={**case.sources, gone: erased}))
    assert all(b <= a for facet in FACETS for a, b in zip(before[facet], after[facet], strict=True))
