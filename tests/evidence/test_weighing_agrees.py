"""The one evaluator and a naive second one, written apart, say the same of every generated case."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.corroboration import weigh
from tests.evidence.strategies import FACETS, cases, standards
from tests.reference_weighing import Reference

THOROUGH = settings(max_examples=300, deadline=None, print_blob=True)


@THOROUGH
@given(standards(), cases())
def test_both_evaluators_give_every_rule_the_same_answer(standard, case):
    reference = Reference(standard, case)

    assessment = weigh(standard, case)

    assert reference.rules() == [(r.id, r.facet, r.answer) for r in assessment.rules]
    assert {v: reference.verdict(v) for v in assessment.verdicts} == assessment.verdicts
    assert reference.meets() == assessment.meets


@THOROUGH
@given(standards(), cases())
def test_both_evaluators_choose_the_same_items(standard, case):
    """The largest set of independent items, the first by registration where several are as large."""
    reference = Reference(standard, case)

    facets = weigh(standard, case).document()["facets"]

    for facet in FACETS:
        chosen = reference.largest(reference.counted(facet))
        assert chosen == facets[facet]["items"]
        assert len(chosen) == facets[facet]["independent"] == facets[facet]["at_most"]


@THOROUGH
@given(standards(), cases())
def test_every_support_is_either_among_the_items_or_left_out_with_a_reason(standard, case):
    document = weigh(standard, case).document()

    for facet in FACETS:
        supports = {
            link.item
            for link in case.links
            if not link.withdrawn and link.stance == "supports" and facet in link.facets
        }
        left_out = [entry["item"] for entry in document["facets"][facet]["left_out"]]
        assert supports == {*left_out, *document["facets"][facet]["items"]}
        assert len(left_out) == len(supports) - len(document["facets"][facet]["items"])
        assert all(e["item"] in e["because"] for e in document["facets"][facet]["left_out"])


@THOROUGH
@given(standards(), cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_links_relations_and_sources_were_entered_changes_no_answer(standard, case, random):
    def shuffled(members):
        members = list(members)
        random.shuffle(members)
        return members

    other = type(case)(
        case.record,
        case.items,
        dict(shuffled(case.sources.items())),
        shuffled(case.links),
        shuffled(case.relations),
        case.flights,
        case.waivers,
    )

    one, two = weigh(standard, case), weigh(standard, other)

    assert [r.answer for r in one.rules] == [r.answer for r in two.rules]
    assert {f: w["items"] for f, w in one.facets().items()} == {f: w["items"] for f, w in two.facets().items()}


@THOROUGH
@given(standards(), cases())
def test_the_same_records_give_the_same_bytes(standard, case):
    one, two = (json.dumps(weigh(standard, case).document(), ensure_ascii=False) for _ in range(2))

    assert one == two


@THOROUGH
@given(standards(), cases())
def test_every_answer_but_met_says_what_is_lacking(standard, case):
    for result in weigh(standard, case).rules:
        assert result.because
        assert bool(result.lacks) == (result.answer in ("not_met", "undetermined", "warn")) or result.answer == "waived"
