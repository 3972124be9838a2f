"""An assessment in words: careful, complete, and safe to print."""

from xml.etree import ElementTree as ET

from evidence.corroboration import weigh
from evidence.verdict import as_junit, as_text
from schemas.standard import Rule, Standard
from tests.evidence.test_corroboration import MINIMUM, case, item, press_case


def test_the_text_says_what_fails_why_and_what_would_help():
    text = as_text(weigh(MINIMUM, press_case()), title="Strikes beside a hospital")

    assert text.startswith("EX-1  Strikes beside a hospital\ndoes NOT meet Minimum corroboration standard")
    assert "D2 and D1 both cite “report A” (external)" in text
    assert "one more independent source: would help to meet occurrence (what, when, where), weapon (actor)" in text
    assert "the case's military_presence, actor_response.asked_on: would meet fairness" in text
    assert "the case's place: would help to tell flight" in text
    assert "prove" not in text


def test_a_name_that_turns_text_around_reaches_no_terminal_and_no_report():
    standard = Standard("t", "1", (Rule("r", {"independent": 2}, "occurrence", ("what",)),))
    odd = case([item("W\u202e1\x1b[31m", source="S<&>")], ["W\u202e1\x1b[31m"])

    assessment = weigh(standard, odd)

    for shown in (as_text(assessment), as_junit(standard, [assessment]).decode()):
        assert not {"\u202e", "\x1b"} & set(shown)


def test_junit_fails_where_the_result_asks_and_skips_what_is_told_beside_it():
    suites = ET.fromstring(as_junit(MINIMUM, [weigh(MINIMUM, press_case())]))

    outcomes = {test.get("name"): [part.tag for part in test] for test in suites.iter("testcase")}

    assert ["failure"] == outcomes["meets"] == outcomes["occurrence[what]"] == outcomes["custody"]
    assert ["skipped"] == outcomes["flight"] == outcomes["weapon[actor]"]
    assert [] == outcomes["consent"]
    assert suites[0].get("failures") == str(sum(parts == ["failure"] for parts in outcomes.values()))
