"""An assessment put into words: a text for people in their language, and JUnit XML for machines that run tests.

Careful wording only. A case "meets" or "does not meet" a named standard; it is
never proven. What would meet a rule is said beside every rule that is not met.
Text from evidence is escaped, so that no control or bidi character reaches a
terminal. Nothing here decides: `evidence.corroboration` did.

Follows the JUnit XML that Jenkins and GitLab read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.answer import MET, NOT_MET
from evidence.consistency import Disagreement
from evidence.corroboration import DOES_NOT_APPLY, WAIVED, WARN, Assessment, RuleResult, Tell
from evidence.reason import Term, reason, reason_of, teller
from schemas.sentences import in_words, reasons
from schemas.standard import Standard
from schemas.text import visible

_XML_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
JUNIT_TAIL = "</testsuites>\n"
_XML_SPECIAL = re.compile('[&<>"]')
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_text(assessment: Assessment, *, title: str = "", lang: str = "en", whole: bool = True) -> str:
    """Give the assessment for people to read: the answer, the verdicts, each rule with its reasons, what would help.

    Not `whole`, a case that meets is told by its answer and verdicts alone.
    """
    lines = [*_head_lines(assessment, title, lang)]
    if whole or not assessment.meets:
        lines += _reason_lines(assessment, lang)
    return "\n".join(lines) + "\n"


def headline(assessment: Assessment, lang: str = "en") -> str:
    """Say in one line whether the case meets the standard, or which grade it has."""
    standard, grade = assessment.standard, assessment.grade
    name = f"{in_words(standard.title, lang)} ({standard.id} {standard.version})"
    if assessment.meets is not None:
        head = reason("head-meets" if assessment.meets else "head-meets-not", standard=name)
        head = reason("head-with-grade", head=head, grade=grade) if grade else head
    else:
        head = reason("head-grade", standard=name, grade=grade) if grade else reason("head-no-grade", standard=name)
    return visible(teller(lang)(head))


def _head_lines(assessment: Assessment, title: str, lang: str) -> Iterator[str]:
    tell, words = teller(lang), reasons(lang)
    yield visible(f"{assessment.code}  {title}".rstrip())
    yield headline(assessment, lang)
    grade = next((grade for grade in assessment.standard.grades if grade.name == assessment.grade), None)
    if grade is not None and grade.says:
        yield f"  {visible(in_words(grade.says, lang))}"
    has = {rule.verdict for rule in assessment.standard.rules}
    for verdict in ("occurrence", "handling", "attribution"):
        if verdict in has:
            beside = f"  {words['beside']}" if verdict == "attribution" else ""
            answer = words[f"shown-{assessment.verdicts[verdict]}"]
            yield f"  {words[f'verdict-{verdict}']:<12} {answer}{beside}"
    for rule, why in sorted(assessment.waivers.items()):
        yield f"  {visible(tell(reason('rule-waived', rule=rule, reason=reason_of(why))))}"


def _reason_lines(assessment: Assessment, lang: str) -> Iterator[str]:
    tell, words = teller(lang), reasons(lang)
    yield ""
    for result in assessment.rules:
        yield from _rule_lines(result, tell, words, lang)
    helps = assessment.next_best(tell)
    if helps:
        yield words["helps"]
        yield from (f"  {number}. {visible(line)}" for number, line in enumerate(helps, 1))


def _rule_lines(result: RuleResult, tell: Tell, words: Mapping[str, str], lang: str) -> Iterator[str]:
    facet = ""
    if result.facet is not None:
        facet = f" / {words['any-facet'] if result.facet == '*' else tell(Term('facet', result.facet))}"
    yield f"{words[f'shown-{result.answer}']:<15} {visible(result.id)}{facet}"
    if result.answer == MET:
        yield f"    {visible(tell(result.why))}"
        return
    if result.rule.says:
        yield f"    {words['asks']}{visible(in_words(result.rule.says, lang))}"
    yield f"    {words['found']}{visible(tell(result.why))}"
    if result.lacking:
        yield f"    {words['lacks']}{visible(tell(result.wanting))}"


def unfitting_text(found: Sequence[Disagreement], lang: str = "en") -> str:
    """Give what does not fit together, in words; empty where nothing is to be told."""
    if not found:
        return ""
    tell, words = teller(lang), reasons(lang)
    lines = [words["unfitting"]]
    for one in found:
        lines += [f"  {tell(one.one)}", f"    {tell(one.other)}"]
        lines.append(f"    {words['difference']}{tell(one.difference)}")
    return visible("\n".join([*lines, ""]), lines=True)


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
