"""What counts, what is one source, and what each test of a standard asks, one field sentence a test."""

import pytest

from evidence.answer import Finding
from evidence.corroboration import Case, FlightAnswer, Item, Link, Relation, weigh
from schemas.standard import Grade, Rule, Standard, load, packaged_bytes

MINIMUM = load(packaged_bytes("sijill-minimum"))


def item(id, kind="statement", source=None, *, custody=(), present=True, excluded=(), withdrawn=False, **record):
    fields = {"id": id, "kind": kind, **({"source": source} if source else {}), **record}
    return Item(
        id, {k.replace("__", "."): v for k, v in fields.items()}, 0, frozenset(excluded), withdrawn, custody, present
    )


def link(item, facets="what", stance="supports", strength="circumstantial", **more):
    return Link(more.pop("id", f"L-{item}"), item, tuple(facets.split()), stance, strength, "A-1", **more)


def case(items=(), links=(), relations=(), sources=None, flights=None, waivers=None, **record):
    fields = {"code": "EX-1"} | {k.replace("__", "."): v for k, v in record.items()}
    links = [link(one) if isinstance(one, str) else one for one in links]
    relations = [Relation(f"R{n}", *one) for n, one in enumerate(relations)]
    answer = flights or FlightAnswer(covered=False)
    return Case(fields, items, sources or {}, links, relations, lambda *_: answer, waivers or {})


def what(case, exclude=MINIMUM.exclude):
    return weigh(Standard("t", "1", (), exclude=tuple(exclude)), case).facets()["what"]


def ask(case, needs, facets=("what",), **rule):
    standard = Standard("t", "1", (Rule("r", needs, "occurrence", tuple(facets), **rule),), exclude=MINIMUM.exclude)
    (result,) = weigh(standard, case).rules
    return result


def time(first, last=None):
    return {"said": first, "earliest": first, "latest": last or first, "precision": "second", "basis": "clock"}


# -- independence


def test_two_witnesses_are_two_sources():
    weight = what(case([item("W1", source="S1"), item("W2", source="S2")], ["W1", "W2"]))

    assert (2, ["W1", "W2"], []) == (weight["independent"], weight["items"], weight["left_out"])


def test_a_second_upload_of_the_same_bytes_is_the_same_source():
    digests = {"sha256": "aa", "blake3": "bb"}
    items = [
        item("V1", "imagery", "S1", medium="video", **digests),
        item("V2", "imagery", "S2", medium="video", **digests),
    ]

    weight = what(case(items, ["V1", "V2"]))

    assert ["V1"] == weight["items"]
    assert [{"item": "V2", "because": "V2 is a copy of V1, joined by content digest"}] == weight["left_out"]


@pytest.mark.parametrize(
    ("relation", "because"),
    [
        ("copy_of", "W2 is a copy of W1, joined by relation copy_of"),
        ("same_speaker", "W2 has the same speaker as W1, joined by relation same_speaker"),
        ("same_camera", "W2 was taken with the same camera as W1, joined by relation same_camera"),
        ("cites", "W2 cites W1"),
        ("derived_from", "W2 is derived from W1"),
    ],
)
def test_a_relation_leaves_out_the_second_and_is_named(relation, because):
    items = [item("W1", source="S1"), item("W2", source="S2")]

    weight = what(case(items, ["W1", "W2"], [("W2", relation, "W1")]), exclude=())

    assert ["W1"] == weight["items"]
    assert because == weight["left_out"][0]["because"]


def test_two_desks_of_one_agency_are_one_source():
    items = [item("D1", "document", "S1"), item("D2", "document", "S2")]
    sources = {"S1": {"part_of": "S9"}, "S2": {"part_of": "S9"}, "S9": {}}

    weight = what(case(items, ["D1", "D2"], sources=sources))

    assert 1 == weight["independent"]
    assert "D2 and D1 come from sources tied by part_of" == weight["left_out"][0]["because"]


def test_items_without_a_source_are_one_group():
    """What is not known is not independent."""
    weight = what(case([item("D1", "document"), item("D2", "document"), item("W1", source="S1")], ["D1", "D2", "W1"]))

    assert ["D1", "W1"] == weight["items"]
    assert "unknown source" in weight["left_out"][0]["because"]


def test_a_report_on_two_accounts_rests_on_both_and_joins_them_to_nobody():
    items = [item("R", "document", "S3"), item("W1", source="S1"), item("W2", source="S2")]

    weight = what(case(items, ["R", "W1", "W2"], [("R", "cites", "W1"), ("R", "cites", "W2")]))

    assert (2, ["W1", "W2"]) == (weight["independent"], weight["items"])
    assert "R cites W1" == weight["left_out"][0]["because"]


def test_articles_on_one_outside_report_are_one_source():
    items = [item("D1", "document", "S1"), item("D2", "document", "S2")]
    relations = [("D1", "cites", None, "annual report"), ("D2", "cites", None, "annual report")]

    weight = what(case(items, ["D1", "D2"], relations))

    assert "D2 and D1 both cite “annual report” (external)" == weight["left_out"][0]["because"]


def test_desks_that_quote_each_other_are_one_root():
    items = [
        item("D1", "document", "S1"),
        item("D1b", "document", "S1"),
        item("D2", "document", "S2"),
        item("D2b", "document", "S2"),
    ]

    weight = what(case(items, ["D1", "D2"], [("D1", "cites", "D2"), ("D2b", "cites", "D1b")]))

    assert 1 == weight["independent"]


def test_a_withdrawn_bridge_still_joins():
    items = [item("W1", source="S1"), item("B", source="S2", withdrawn=True), item("W2", source="S2")]

    weight = what(case(items, ["W1", "B", "W2"], [("B", "same_speaker", "W1")]))

    assert ["W1"] == weight["items"]
    reasons = {entry["item"]: entry["because"] for entry in weight["left_out"]}
    assert "B was withdrawn" == reasons["B"]
    assert "W2 is one source with W1: W2 has the same source as B (withdrawn) (S2); " in reasons["W2"]


def test_a_translation_never_counts():
    items = [item("W1", source="S1"), item("T1", source="S2")]

    weight = what(case(items, ["T1"], [("T1", "translation_of", "W1")]), exclude=())

    assert 0 == weight["independent"]
    assert "T1 is a translation, and a translation never counts" == weight["left_out"][0]["because"]


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("integrity_failed", item("E", excluded=["integrity_failed"])),
        ("consent_withdrawn", item("E", excluded=["consent_withdrawn"])),
        ("disposed", item("E", excluded=["disposed"])),
        ("untranslated", item("E", "intercept")),
    ],
)
def test_what_a_standard_excludes_does_not_count_and_one_that_excludes_nothing_counts_it(word, one):
    assert 0 == what(case([one], ["E"]), exclude=[word])["independent"]
    assert word in what(case([one], ["E"]), exclude=[word])["left_out"][0]["because"]
    assert 1 == what(case([one], ["E"]), exclude=())["independent"]


def test_a_crop_of_an_item_here_is_derived_and_a_frame_of_something_outside_is_not():
    items = [item("V1", "imagery", "S1", medium="video"), item("V2", "imagery", "S2", medium="photo")]

    inside = what(case(items, ["V2"], [("V2", "derived_from", "V1")]))
    outside = what(case(items, ["V2"], [("V2", "derived_from", None, "a broadcast")]))

    assert (0, 1) == (inside["independent"], outside["independent"])


# -- the tests of a standard


def test_classes_of_copies_are_those_of_what_was_registered_first():
    items = [item("V1", "imagery", "S1", medium="photo"), item("D1", "document", "S2")]
    counted = case(items, ["V1", "D1"], [("D1", "copy_of", "V1")])

    assert "not_met" == ask(counted, {"classes": 2}).answer
    assert "not_met" == ask(counted, {"one_of": ["document"]}).answer


def test_a_direct_contradiction_is_not_direct_support():
    links = [link("W1"), link("W1", stance="contradicts", strength="direct", id="L2")]

    assert "not_met" == ask(case([item("W1", source="S1")], links), {"direct": 1}).answer


def test_a_review_by_the_assessor_is_no_review():
    reviewed = lambda by: ask(case([item("W1")], [link("W1", reviewed_by=by)]), {"reviewed": True}).answer  # noqa: E731

    assert ["met", "not_met", "not_met"] == [reviewed("A-2"), reviewed("A-1"), reviewed(None)]


def test_a_contradiction_by_an_excluded_item_stays_open_until_resolved_in_writing():
    def open_with(**more):
        links = [link("W1", stance="contradicts", **more)]
        return ask(case([item("W1", excluded=["disposed"])], links), {"open_contradictions": 0}, ["*"]).answer

    outcomes = [open_with(), open_with(resolution="unresolved"), open_with(resolution="explained")]
    assert ["not_met", "not_met", "met"] == outcomes


def test_a_field_that_was_not_asked_is_not_set():
    needs = {"set": ["military_presence", "actor_response.asked_on"]}

    assert (
        "met"
        == ask(
            case(military_presence="none_reported", actor_response__asked_on=time("2031-05-01T00:00:00Z")), needs, ()
        ).answer
    )
    missing = ask(case(military_presence="not_asked"), needs, ())
    assert "not_met" == missing.answer
    assert "military_presence was not asked; actor_response.asked_on is not told" == missing.because


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        ([], "undetermined"),
        ([("capture", "desk", None)], "met"),
        ([("capture", "desk", None), ("transfer", "desk", "I-3")], "met"),
        ([("receive", "I-3", None), ("access", "I-4", None), ("transfer", "I-3", "I-4")], "met"),
        ([("transfer", "desk", "I-3")], "not_met"),
        ([("capture", "desk", None), ("transfer", "somebody", "I-3")], "not_met"),
        ([("capture", "desk", None), ("transfer", "desk", None)], "undetermined"),
        ([("capture", "desk", None), ("transfer", "desk", None), ("receive", "I-3", None)], "met"),
        ([("capture", "desk", None), ("transfer", "desk", None), ("transfer", "I-3", "I-4")], "undetermined"),
    ],
)
def test_custody_runs_from_capture_or_receipt_through_those_who_held_it(events, answer):
    custody = [{"action": a, "by": by, **({"to": to} if to else {})} for a, by, to in events]

    assert answer == ask(case([item("V1", custody=custody)], ["V1"]), {"custody": "unbroken"}, ()).answer


def test_custody_digests_originals_and_consent_over_nothing_at_all_are_met():
    needs = {"custody": "unbroken", "digests": ["sha256"], "originals": "present", "consent": "recorded"}

    assert "met" == ask(case([item("V1", file="v")]), needs, ()).answer


def test_context_and_excluded_items_are_linked_too():
    one = item("V1", "imagery", medium="photo", file="v", present=False, excluded=["disposed"])

    assert "not_met" == ask(case([one], [link("V1", stance="context")]), {"originals": "present"}, ()).answer


def test_an_original_that_was_never_verified_cannot_be_told():
    one = item("V1", file="v", sha256="aa", present=None)

    assert "undetermined" == ask(case([one], ["V1"]), {"originals": "present"}, ()).answer
    assert "not_met" == ask(case([one], ["V1"]), {"digests": ["sha256", "blake3"]}, ()).answer


def test_a_statement_without_the_date_of_its_consent_fails_and_a_photograph_needs_none():
    needs = {"consent": "recorded"}
    given = item("W1", consent__given=time("2031-05-02T00:00:00Z"))

    assert "met" == ask(case([given, item("V1", "imagery", medium="photo")], ["W1", "V1"]), needs, ()).answer
    assert "not_met" == ask(case([item("W1", consent__court="yes")], ["W1"]), needs, ()).answer


@pytest.mark.parametrize(
    ("flights", "answer"),
    [
        (FlightAnswer(["EX-2/F1 row 2"], True), "met"),
        (FlightAnswer([], True), "not_met"),
        (FlightAnswer([], False), "undetermined"),
    ],
)
def test_silence_of_a_flight_log_counts_only_where_someone_was_watching(flights, answer):
    told = {"occurred": time("2031-05-03T11:20:00Z"), "place__lat": 35_800_000, "place__lon": 36_600_000}
    needs = {"flight": {"within_km": 20, "before_min": 75, "after_min": 35}}

    assert answer == ask(case(flights=flights, **told), needs, ()).answer
    assert "undetermined" == ask(case(flights=flights), needs, ()).answer


def test_a_capture_without_its_address_is_not_complete():
    items = [item("V1", source_url="https://example.org/1"), item("V2")]

    result = ask(case(items, ["V1", "V2"]), {"item_set": ["source_url"]})

    assert ("not_met", ("V2",)) == (result.answer, result.items)


def test_an_item_cannot_both_show_the_place_and_verify_it():
    result = ask(case([item("V1")], [link("V1", "what where")]), {"disjoint": ["what", "where"]}, ())

    assert ("not_met", ("V1",)) == (result.answer, result.items)


@pytest.mark.parametrize(
    ("images", "answer"),
    [
        (["2031-05-01T08:00:00Z", "2031-05-06T08:00:00Z"], "met"),
        (["2031-05-01T08:00:00Z"], "not_met"),
        (["2031-05-01T08:00:00Z", "2031-06-06T08:00:00Z"], "not_met"),
        (["2031-05-01T08:00:00Z", None], "undetermined"),
        ([], "not_met"),
    ],
)
def test_satellite_images_bracket_the_event(images, answer):
    items = [
        item(f"I{n}", "imagery", medium="satellite", **({"claimed__time": time(at)} if at else {}))
        for n, at in enumerate(images)
    ]
    told = case(items, [one.id for one in items], occurred=time("2031-05-03T11:20:00Z", "2031-05-03T11:40:00Z"))

    assert answer == ask(told, {"satellite": {"before": True, "after_within_days": 14}}, ()).answer


# -- rules, verdicts, grades


def test_a_rule_that_does_not_apply_weighs_nothing_and_one_that_may_apply_is_undetermined():
    def asked(**record):
        return ask(case(**record), {"set": ["object_type"]}, (), applies_when={"delivery": ("drone",)}).answer

    assert ["does_not_apply", "undetermined", "undetermined", "not_met"] == [
        asked(delivery="ground"),
        asked(),
        asked(delivery="unknown"),
        asked(delivery="drone"),
    ]


def test_one_false_condition_beats_a_missing_one():
    conditions = {"delivery": ("drone",), "object_type": ("school",)}

    assert "does_not_apply" == ask(case(delivery="ground"), {"set": ["killed"]}, (), applies_when=conditions).answer


@pytest.mark.parametrize(
    ("otherwise", "not_met", "undetermined"),
    [
        ("not_met", "not_met", "undetermined"),
        ("undetermined", "undetermined", "undetermined"),
        ("warn", "warn", "warn"),
    ],
)
def test_otherwise_takes_the_place_of_not_met_and_warn_of_both(otherwise, not_met, undetermined):
    assert not_met == ask(case(), {"set": ["killed"]}, (), otherwise=otherwise).answer
    assert undetermined == ask(case([item("V1")], ["V1"]), {"custody": "unbroken"}, (), otherwise=otherwise).answer


def test_a_waived_rule_is_shown_and_counts_as_undetermined():
    standard = Standard("t", "1", (Rule("r", {"set": ["killed"]}, "occurrence"),))

    assessment = weigh(standard, case(waivers={"r": "the registry burnt down"}))

    assert ("waived", "undetermined", False) == (
        assessment.rules[0].answer,
        assessment.verdicts["occurrence"],
        assessment.meets,
    )
    assert [{"rule": "r", "reason": "the registry burnt down"}] == assessment.document()["waivers"]


def test_attribution_may_stay_open_in_a_case_that_meets_the_standard():
    rules = (Rule("o", {"set": ["killed"]}, "occurrence"), Rule("a", {"set": ["delivery"]}, "attribution"))

    assessment = weigh(Standard("t", "1", rules), case(killed__min=2))

    assert (True, "not_met") == (assessment.meets, assessment.verdicts["attribution"])


def test_the_first_grade_whose_conditions_all_hold_is_given():
    rules = (Rule("two", {"independent": 2}, None, ("what",)), Rule("one", {"independent": 1}, None, ("what",)))
    grades = (Grade("fair", {"two": "met"}), Grade("weak", {"one": "met"}))
    standard = Standard("t", "1", rules, grades=grades)
    items = [item("W1", source="S1"), item("W2", source="S2")]

    given = [weigh(standard, case(items, names)) for names in (["W1", "W2"], ["W2"], [])]

    assert ["fair", "weak", None] == [assessment.grade for assessment in given]
    assert {None} == {assessment.meets for assessment in given}


def test_an_answer_cannot_pass_for_yes_or_no():
    with pytest.raises(TypeError):
        bool(ask(case(), {"set": ["killed"]}, ()))
    with pytest.raises(TypeError):
        bool(Finding("met", "…"))


def test_what_is_lacking_names_what_is_there_and_what_was_left_out():
    digest = {"sha256": "aa"}
    items = [item("W1", source="S1", **digest), item("V2", "imagery", "S2", medium="photo", **digest)]

    result = ask(case(items, ["W1", "V2"]), {"independent": 2})

    assert (
        "what: one more independent source (have 1: W1; V2 is a copy of W1, joined by content digest)" == result.lacks
    )


# -- a case known from press reports alone


def press_case():
    """Three texts that all go back to one report, one of them naming day and place, and one on another report."""
    texts = [
        item(f"D{n}", "document", source, file="d", sha256=f"a{n}", blake3=f"b{n}")
        for n, source in enumerate(["RIGHTS", "PRESS", "RIGHTS", "PRESS", "RIGHTS"], 1)
    ]
    links = [
        link("D2", "what when where casualties actor delivery"),
        link("D1", "what actor"),
        link("D3"),
        link("D4", stance="context"),
    ]
    relations = [(name, "cites", None, "report A") for name in ("D1", "D2", "D3")] + [("D4", "cites", None, "report B")]
    sources = {name: {"kind": "organisation", "pseudonym": name} for name in ("RIGHTS", "PRESS")}
    return case(
        texts,
        links,
        relations,
        sources,
        occurred=time("2020-01-28T22:00:00Z", "2020-01-29T21:59:59Z"),
        place__name__en="a town",
        delivery="air_fixed_wing",
        military_presence="not_asked",
        actor_response__position="no_reply",
    )


def test_a_case_from_press_reports_alone_fails_the_minimum_for_the_right_reasons():
    assessment = weigh(MINIMUM, press_case())
    document = assessment.document()
    answers = {(r["id"], r["facet"]): r for r in document["rules"]}

    assert assessment.meets is False
    assert {"occurrence": "not_met", "handling": "not_met", "attribution": "undetermined"} == document["verdicts"]
    assert [1, 1, 1] == [document["facets"][facet]["independent"] for facet in ("what", "when", "where")]
    assert {"D2", "D3"} == {entry["item"] for entry in document["facets"]["what"]["left_out"]}
    assert "no independent source" in answers["occurrence", "what"]["because"]
    assert "one class of evidence (document" in answers["occurrence", "what"]["because"]
    assert ["D2"] == document["facets"]["when"]["items"] == document["facets"]["where"]["items"]
    assert {"reviewed", "fairness"} == {r["id"] for r in document["rules"] if r["answer"] == "not_met"} - {"occurrence"}
    assert "undetermined" == answers["custody", None]["answer"]
    assert "no custody is told: D1, D2, D3, D4" in answers["custody", None]["because"]
    assert "military_presence was not asked" in answers["fairness", None]["because"]
    assert "place is not told" == answers["flight", None]["because"]


@pytest.mark.parametrize(
    ("name", "meets", "grade", "verdicts"),
    [
        ("amnesty-2020", False, None, ("not_met", "undetermined", "not_met")),
        ("un-reasonable-grounds", False, None, ("not_met", "undetermined", "not_met")),
        ("syrian-archive", False, None, ("not_met", "undetermined", "not_met")),
        ("berkeley-capture", False, None, ("met", "undetermined", "not_met")),
        ("airwars", None, "weak", ("undetermined", "undetermined", "undetermined")),
    ],
)
def test_the_same_case_under_the_other_packaged_standards(name, meets, grade, verdicts):
    assessment = weigh(load(packaged_bytes(name)), press_case())

    assert (meets, grade) == (assessment.meets, assessment.grade)
    assert verdicts == tuple(assessment.verdicts[v] for v in ("occurrence", "attribution", "handling"))


@pytest.mark.parametrize(
    ("grade", "links", "record"),
    [
        (None, [], {}),
        ("weak", ["W1"], {}),
        ("weak", ["W1", "W2"], {}),
        ("fair", ["W1", "W2"], {"alleged_actor__actor": "A", "alleged_actor__confidence": "likely"}),
        ("contested", ["W1", "W2"], {"alleged_actor__actor": "A", "alleged_actor__confidence": "contested"}),
        ("contested", ["W1", "W2", ("W2", "actor", "contradicts")], {}),
        ("confirmed", ["W1"], {"actor_response__position": "accepted"}),
        ("confirmed", ["W1", ("W2", "actor", "contradicts")], {"actor_response__position": "accepted"}),
        ("discounted", ["W1", ("W2", "civilian_status", "contradicts")], {"actor_response__position": "accepted"}),
        ("weak", ["W1", ("W1", "civilian_status", "supports"), ("W2", "civilian_status", "contradicts")], {}),
    ],
)
def test_reports_of_harm_are_graded(grade, links, record):
    items = [item("W1", source="S1"), item("W2", source="S2")]
    made = [
        link(one, "casualties", id=f"L{n}") if isinstance(one, str) else link(*one, id=f"L{n}")
        for n, one in enumerate(links)
    ]

    assert grade == weigh(load(packaged_bytes("airwars")), case(items, made, **record)).grade


def test_a_chain_of_a_thousand_quotations_is_weighed_and_told_in_few_words():
    items = [item(f"D{n}", "document", f"S{n}") for n in range(1000)]
    relations = [(f"D{n}", "cites", f"D{n + 1}") for n in range(999)]

    weight = what(case(items, [one.id for one in items], relations))

    assert (1, 999) == (weight["independent"], len(weight["left_out"]))
    assert max(len(entry["because"]) for entry in weight["left_out"]) < 300


def test_a_case_too_entangled_to_count_is_undetermined_between_what_is_proved():
    items = [item(f"D{n}", "document", f"S{n}") for n in range(300)]
    relations = [(f"D{n}", "cites", None, f"X{n * k % 97}") for n in range(300) for k in (1, 5, 13)]
    tangled = case(items, [one.id for one in items], relations)
    weight = what(tangled)
    low, high = weight["independent"], weight["at_most"]

    answers = [ask(tangled, {"independent": n}).answer for n in (low, low + 1, high, high + 1)]

    assert low < high
    assert ["met", "undetermined", "undetermined", "not_met"] == answers
    assert low == len(weight["items"])
