"""An assessment put into words: a text for people, and JUnit XML for machines that run tests.

Careful wording only. A case "meets" or "does not meet" a named standard; it is
never proven. What would meet a rule is said beside every rule that is not met.
Text from evidence is escaped, so that no control or bidi character reaches a
terminal. Nothing here decides: `evidence.corroboration` did.

Follows the JUnit XML that Jenkins and GitLab read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evidence.consistency import Disagreement
from evidence.corroboration import DOES_NOT_APPLY, WAIVED, WARN, Assessment, RuleResult
from evidence.requirements import MET, NOT_MET
from schemas.standard import Standard
from schemas.text import visible

_WORDS = {"met": "met", "not_met": "NOT MET", "does_not_apply": "does not apply", "warn": "warning"}
_XML_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
JUNIT_TAIL = "</testsuites>\n"
_XML_SPECIAL = re.compile('[&<>"]')
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_text(assessment: Assessment, *, title: str = "") -> str:
    """Give the assessment for people to read: the answer, the verdicts, each rule with its reasons, what would help."""
    return "\n".join(_lines(assessment, title)) + "\n"


def headline(assessment: Assessment) -> str:
    """Say in one line whether the case meets the standard, or which grade it has."""
    standard = assessment.standard
    name = f"{standard.title} ({standard.id} {standard.version})"
    if assessment.meets is not None:
        text = f"{'meets' if assessment.meets else 'does NOT meet'} {name}"
        return visible(text + (f"; grade: {assessment.grade}" if assessment.grade else ""))
    return visible(f"{name}: {'grade ' + assessment.grade if assessment.grade else 'no grade fits'}")


def _lines(assessment: Assessment, title: str) -> Iterator[str]:
    yield visible(f"{assessment.code}  {title}".rstrip())
    yield headline(assessment)
    grade = next((grade for grade in assessment.standard.grades if grade.name == assessment.grade), None)
    if grade is not None and grade.says:
        yield f"  {visible(grade.says)}"
    has = {rule.verdict for rule in assessment.standard.rules}
    for verdict in ("occurrence", "handling", "attribution"):
        if verdict in has:
            beside = "  (reported beside the result; not asked for)" if verdict == "attribution" else ""
            yield f"  {verdict:<12} {_word(assessment.verdicts[verdict])}{beside}"
    for rule, reason in sorted(assessment.waivers.items()):
        yield visible(f"  rule {rule} is WAIVED for this case: {reason}")
    yield ""
    for result in assessment.rules:
        yield from _rule_lines(result)
    helps = assessment.next_best()
    if helps:
        yield "What would help, first what helps most:"
        yield from (f"  {number}. {visible(line)}" for number, line in enumerate(helps, 1))


def _rule_lines(result: RuleResult) -> Iterator[str]:
    facet = f" / {result.facet}" if result.facet is not None else ""
    yield f"{_word(result.answer):<15} {visible(result.id)}{facet}"
    if result.answer == MET:
        yield f"    {visible(result.because)}"
        return
    if result.says:
        yield f"    asks:    {visible(result.says)}"
    yield f"    found:   {visible(result.because)}"
    if result.lacks:
        yield f"    lacking: {visible(result.lacks)}"


def unfitting_text(found: Sequence[Disagreement]) -> str:
    """Give what does not fit together, in words; empty where nothing is to be told."""
    if not found:
        return ""
    lines = [f"  {one.one}\n    {one.other}\n    difference: {one.difference}" for one in found]
    return visible("\n".join(["What does not fit together (told, not judged):", *lines, ""]), lines=True)


def _word(answer: str) -> str:
    return _WORDS.get(answer, answer)


def as_junit(standard: Standard, assessments: Sequence[Assessment]) -> bytes:
    """Give JUnit XML, UTF-8: a suite a case, a test a rule and facet, and one named `meets` that fails with the case.

    `not_met` is a failure; so is what is undetermined or waived where the result asks for it (occurrence, handling).
    Elsewhere that, a warning, and a rule that does not apply are skipped, with the reason.
    """
    return (junit_head(standard) + "".join(map(junit_suite, assessments)) + JUNIT_TAIL).encode()


def junit_head(standard: Standard) -> str:
    """Give what stands before the suites."""
    name = _xml(f"{standard.id} {standard.version}")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="{name}">\n'


def junit_suite(assessment: Assessment) -> str:
    """Give the suite of one case, as `as_junit` has it."""
    return "".join(_suite(assessment))


def _suite(assessment: Assessment) -> Iterable[str]:
    tests: list[tuple[str, str, str, str]] = []  # name, outcome, type, text
    if assessment.meets is not None:
        tests.append(("meets", "" if assessment.meets else "failure", "not_met", headline(assessment)))
    for result in assessment.rules:
        name = result.id if result.facet is None else f"{result.id}[{result.facet}]"
        text = "\n".join(filter(None, [result.because, result.lacks and f"lacking: {result.lacks}"]))
        tests.append((name, _outcome(result), result.answer, text))
    failed = sum(outcome == "failure" for _, outcome, _, _ in tests)
    skipped = sum(outcome == "skipped" for _, outcome, _, _ in tests)
    code = _xml(assessment.code)
    yield f'  <testsuite name="{code}" tests="{len(tests)}" failures="{failed}" errors="0" skipped="{skipped}">\n'
    for name, outcome, kind, text in tests:
        case = f'    <testcase classname="{code}" name="{_xml(name)}"'
        if not outcome:
            yield f"{case}/>\n"
            continue
        message = _xml(text.partition("\n")[0])
        kinds = f' type="{_xml(kind)}"' if outcome == "failure" else ""
        yield f'{case}>\n      <{outcome}{kinds} message="{message}">{_xml(text)}</{outcome}>\n    </testcase>\n'
    yield "  </testsuite>\n"


def _outcome(result: RuleResult) -> str:
    if result.answer == MET:
        return ""
    if result.answer in (WARN, DOES_NOT_APPLY):
        return "skipped"
    asked = result.verdict in ("occurrence", "handling")
    return "failure" if result.answer == NOT_MET or (asked and result.answer in ("undetermined", WAIVED)) else "skipped"


def _xml(text: str) -> str:
    safe = _NOT_XML.sub("\ufffd", visible(text, lines=True))
    return _XML_SPECIAL.sub(lambda found: _XML_ESCAPES[found[0]], safe)
