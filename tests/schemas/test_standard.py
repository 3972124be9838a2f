"""Standards are read whole or refused whole, every problem with its line."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.corroboration import _holds
from schemas.errors import FormatError, NotFound
from schemas.lint import ANSWERS
from schemas.standard import lint, load, packaged, packaged_bytes
from schemas.toml_lines import lines

HEAD = 'format = "sijill-standard/1"\nid = "house"\nversion = "1"\n'


def rule(text="", *, needs='needs = { set = ["killed"] }'):
    return f'{HEAD}[[rule]]\nid = "r"\nverdict = "occurrence"\n{needs}\n{text}'.encode()


def told(data):
    return [f"{problem.where}: {problem.problem}" for problem in lint(data, "house.toml")]


@pytest.mark.parametrize("name", packaged())
def test_every_packaged_standard_is_in_order_and_says_where_it_comes_from(name):
    standard = load(packaged_bytes(name), f"{name}.toml")

    assert name == standard.id
    assert standard.cite
    assert all(rule.says for rule in standard.rules)
    assert all(grade.says for grade in standard.grades)


def test_a_standard_is_known_by_its_bytes():
    assert 64 == len(load(rule()).sha256)
    assert load(rule()).sha256 != load(rule("\n")).sha256


def test_an_unknown_standard_is_refused_with_the_nearest():
    with pytest.raises(NotFound) as refused:
        packaged_bytes("sijil-minimum")

    assert "did you mean sijill-minimum?" == refused.value.hint


def test_a_standard_that_asks_nothing_is_refused():
    assert ["house.toml:1: a standard needs at least one [[rule]]: one that asks nothing passes everything"] == told(
        HEAD.encode()
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (rule(needs="needs = { }"), "house.toml:7: a rule needs at least one test in needs = { … }"),
        (rule(needs=""), "house.toml:4: a rule needs at least one test in needs = { … }"),
        (rule(needs="needs = { independant = 2 }"), "house.toml:7: there is no test 'independant' (did you mean independent?)"),
        (rule('facets = ["what", "wen"]'), "house.toml:8: there is no facet 'wen' (did you mean when?)"),
        (rule('facets = [\n  "what",\n  "wen",\n]'), "house.toml:10: there is no facet 'wen' (did you mean when?)"),
        (rule("facets = []"), "house.toml:8: facets must be a list that names at least one facet"),
        (rule('facets = ["*", "what"]'), 'house.toml:8: "*" is every facet and stands alone'),
        (rule('colour = "red"'), "house.toml:8: a rule has no key 'colour'"),
        (rule('otherwise = "maybe"'), "house.toml:8: otherwise cannot be 'maybe'; it is one of: not_met undetermined warn"),
        (rule(needs="needs = { independent = 2 }"), "house.toml:7: independent needs facets: name in the rule those it is to be asked of"),
        (rule('facets = ["*"]', needs="needs = { direct = 1 }"), 'house.toml:7: direct is asked of one facet at a time; "*" goes with open_contradictions alone'),
        (rule('facets = ["what"]', needs="needs = { classes = 7 }"), "house.toml:7: classes must be a whole number, 1 to 6"),
        (rule('facets = ["what"]', needs="needs = { independent = 0 }"), "house.toml:7: independent must be a whole number, 1 or more"),
        (rule('facets = ["what"]', needs="needs = { independent = true }"), "house.toml:7: independent must be a whole number, 1 or more"),
        (rule('facets = ["what"]', needs="needs = { reviewed = false }"), "house.toml:7: reviewed can only be true"),
        (rule(needs='needs = { custody = "mostly" }'), 'house.toml:7: custody can only be "unbroken"'),
        (rule(needs='needs = { set = ["militry_presence"] }'), "house.toml:7: there is no case field 'militry_presence' (did you mean military_presence?)"),
        (rule(needs='needs = { disjoint = ["what", "what"] }'), "house.toml:7: facet 'what' is named twice"),
        (rule(needs="needs = { flight = { within_km = 20, before_min = 75 } }"), "house.toml:7: after_min is missing"),
        (rule(needs="needs = { satellite = { before = false } }"), "house.toml:7: satellite asks for nothing: neither before nor after_within_days"),
        (rule('applies_when = { delivery = ["plane"] }'), "house.toml:8: delivery cannot be 'plane'; it is one of: air_fixed_wing air_rotary drone ballistic_missile artillery ground unknown"),
        (rule("applies_when = { delivery = [] }"), "house.toml:8: delivery lists no value, so the rule could never apply"),
        (rule('[[rule]]\nid = "r"\nverdict = "handling"\nneeds = { consent = "recorded" }'), "house.toml:9: a rule 'r' is already there, in line 5"),
        (rule('[[grade]]\nname = "g"\nwhen = { q = "met" }'), "house.toml:10: there is no rule 'q'"),
        (rule('[[grade]]\nname = "g"\nwhen = { r = "warn" }'), "house.toml:10: rule r never answers warn"),
        (rule('[[grade]]\nname = "g"\nwhen = { r = "met" }\n[[grade]]\nname = "h"\nwhen = { r = "met" }'), "house.toml:11: no case can be given this grade: each it fits is 'g' before"),
        (rule(needs='needs = { set = ["military_presence"] }\napplies_when = { military_presence = "not_asked" }'), "house.toml:8: contradicts itself: applies only where military_presence was not asked, and needs that it was"),
        (b'exclude = ["derivd"]\n' + rule(), "house.toml:1: there is no exclusion 'derivd' (did you mean derived?)"),
        (rule().replace(b"occurrence", b"ocurrence"), "house.toml:6: verdict cannot be 'ocurrence' (did you mean occurrence?); it is one of: occurrence attribution handling"),
        (rule().replace(b'verdict = "occurrence"', b""), "house.toml:4: verdict is missing; it is one of: occurrence attribution handling"),
        (b"a = [\n", "house.toml:2: not TOML: Invalid value"),
        (HEAD.encode() + b"x = \xff", "house.toml:4: not UTF-8; save the file as UTF-8 text"),
        (b"a." * 450_000 + b"b = 1\n", "house.toml:1: not TOML that can be read: nested too deep, or a number too long"),
        (b"x = " + b"[" * 100_000, "house.toml:1: not TOML that can be read: nested too deep, or a number too long"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(data, problem):
    assert problem in told(data)


def test_everything_wrong_is_reported_at_once_in_the_order_of_lines():
    data = rule('facets = ["wen"]\notherwise = "maybe"', needs="needs = { independant = 2, classes = 9 }")

    with pytest.raises(FormatError) as refused:
        load(data, "house.toml")

    assert ["house.toml:7", "house.toml:7", "house.toml:8", "house.toml:9"] == [p.where for p in refused.value.problems]


def test_a_dotted_field_may_be_quoted_or_not():
    one, two = (
        load(rule(f'applies_when = {{ {name} = "accepted" }}'))
        for name in ("actor_response.position", '"actor_response.position"')
    )

    assert {"actor_response.position": ("accepted",)} == one.rules[0].applies_when == two.rules[0].applies_when


def test_lines_are_found_through_strings_comments_lists_and_tables():
    text = 'a.b = """x\n"y" [["""\n# c [[\n[[r]]\nx = [1,\n 2, # ]\n{a = \'}\', "b c" = 2}]\n[r.needs]\nq = 1\n[[r]]\nz = 2\n'

    found = lines(text)

    assert {
        ("a", "b"): 1,
        ("r", 0): 4,
        ("r", 0, "x", 2, "b c"): 7,
        ("r", 0, "needs", "q"): 9,
        ("r", 1): 10,
        ("r", 1, "z"): 11,
    }.items() <= found.items()


RULES = st.fixed_dictionaries({"otherwise": st.sampled_from(["", "undetermined", "warn"]), "applies": st.booleans()})
GRADES = st.lists(
    st.dictionaries(st.sampled_from("ab"), st.sampled_from(ANSWERS), max_size=2), min_size=1, max_size=4
)


def _answers(one):
    """What a rule may answer: `otherwise` takes the place of not_met, warn of all but met; any rule may be waived."""
    plain = {"": {"met", "not_met", "undetermined"}, "undetermined": {"met", "undetermined"}, "warn": {"met", "warn"}}
    return plain[one["otherwise"]] | {"waived"} | ({"does_not_apply"} if one["applies"] else set())


@given(a=RULES, b=RULES, grades=GRADES)
def test_a_grade_is_refused_only_where_no_answers_of_the_rules_can_give_it(a, b, grades):
    text = ['format = "sijill-standard/1"', 'id = "house"', 'version = "1"', 'title = "A house"']
    for name, one in (("a", a), ("b", b)):
        text += ["[[rule]]", f'id = "{name}"', 'verdict = "occurrence"', 'facets = ["what"]', "needs = { independent = 1 }"]
        text += [f'otherwise = "{one["otherwise"]}"'] if one["otherwise"] else []
        text += ['applies_when = { delivery = "drone" }'] if one["applies"] else []
    heads = []
    for number, when in enumerate(grades):
        told = ", ".join(f'{rule} = "{answer}"' for rule, answer in when.items())
        heads.append(len(text) + 1)
        text += ["[[grade]]", f'name = "g{number}"', f"when = {{ {told} }}"]
    given_to = set()
    for answers in product(_answers(a), _answers(b)):
        by_rule = {"a": {answers[0]}, "b": {answers[1]}}
        fits = [n for n, when in enumerate(grades) if all(_holds(by_rule[r], wanted) for r, wanted in when.items())]
        given_to.update(fits[:1])
    found = [int(problem.where.rpartition(":")[2]) for problem in lint("\n".join(text).encode(), "house.toml")]
    refused = {max(n for n, head in enumerate(heads) if head <= line) for line in found}
    assert refused.isdisjoint(given_to)
