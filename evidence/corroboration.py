"""Weighing: a standard and a case in, an answer with its reasons out. The one evaluator.

    weigh(standard, case).document()   # the `cases[]` member of sijill-check/1

Pure: no disk, database, network, clock or key; the same records under the same
standard give the same bytes. Every rule is evaluated, every test of every rule,
and nothing is cut short: stopping early loses reasons. An answer has three
values, `met`, `not_met`, `undetermined`; what cannot be told never rounds up.
Reasons are made when somebody asks, and are codes (`evidence.reason`) until
somebody reads them: in English in documents, which are records, and in the
reader's language elsewhere. The words never say more than "rests on", "is
consistent with", "is lacking".

`evidence.independence` tells which items are one source, `evidence.sight` what
counts, `evidence.requirements` has the tests; here rules are asked of facets
and their answers folded into verdicts and grades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.answer import LACKING, MET, NOT_MET, OF_CASE, UNDETERMINED, Finding, conjunction
from evidence.docket import Case, FlightAnswer, Item, Link, Relation, said
from evidence.reason import Reason, Several, Term, clauses, fields, listed, reason, reason_of, teller, told
from evidence.requirements import TESTS
from evidence.sight import Sight
from schemas.standard import Grade, Rule, Standard
from schemas.vocabulary import VOCABULARY

__all__ = ["Assessment", "Case", "FlightAnswer", "Item", "Link", "Relation", "RuleResult", "weigh"]

DOES_NOT_APPLY, WARN, WAIVED = "does_not_apply", "warn", "waived"
_WOULD = ("also-lacking", "would-help", "would-meet")  # alone for none, for some, for all
Tell = Callable[[Any], str]  # says a reason
_NO_FACET = (None,)
VERDICTS = ("occurrence", "attribution", "handling")


class RuleResult:
    """One rule's answer for one facet (None for a rule without facets); why, on which items, and what is lacking.

    `why` and each of `lacking` are reasons, to be said in any language; `because` and `lacks` say them in English.
    They are made when somebody asks, and always the same.
    """

    __slots__ = ("_applies", "_findings", "_lacking", "_sight", "_weighed", "answer", "facet", "rule")

    def __init__(
        self, rule: Rule, facet: str | None, sight: Sight, applies: str, findings: Sequence[Finding], weighed: str
    ) -> None:
        self.rule, self.facet = rule, facet
        self.answer = WAIVED if rule.id in sight.case.waivers and weighed != DOES_NOT_APPLY else weighed
        self._sight, self._applies, self._findings, self._weighed = sight, applies, findings, weighed
        self._lacking: tuple[Reason, ...] | None = None

    def __bool__(self) -> bool:
        """Refuse: an answer is never yes or no."""
        raise TypeError("a RuleResult has more than two answers; compare `.answer` with one of them")

    @property
    def id(self) -> str:
        """Give the rule's id."""
        return self.rule.id

    @property
    def verdict(self) -> str | None:
        """Give the verdict that the rule is of."""
        return self.rule.verdict

    @property
    def why(self) -> Any:
        """Give the reason."""
        if self._applies == NOT_MET:
            return reason("does-not-apply", why=_does_not_apply(self.rule, self._sight.case.record))
        because = clauses(finding.because() for finding in self._findings)
        if self._applies == UNDETERMINED:
            untold = reason("not-told", what=listed(fields(_untold(self.rule, self._sight.case.record))))
            because = reason("may-not-apply", why=untold, because=because)
        if self.answer == WAIVED:
            waiver, answer = reason_of(self._sight.case.waivers[self.id]), reason(f"answer-{self._weighed}")
            because = reason("waived", reason=waiver, answer=answer, because=because)
        return because

    @property
    def items(self) -> tuple[str, ...]:
        """Give the items that the answer is about, in the order of registration."""
        return self._sight.ids(sorted({place for finding in self._findings for place in finding.places}))

    @property
    def lacking(self) -> tuple[Reason, ...]:
        """Give what would meet it, one thing each."""
        if self._lacking is None:
            untold = _untold(self.rule, self._sight.case.record) if self._applies == UNDETERMINED else []
            first = [reason(OF_CASE, what=listed(fields(untold)))] if untold else []
            needed = [f.lacks() for f in self._findings if f.answer != MET and f.lacks is not None]
            self._lacking = (*first, *needed)
        return self._lacking

    @property
    def because(self) -> str:
        """Say why, in English."""
        return told(self.why)

    @property
    def lacks(self) -> str:
        """Say what would meet the rule, in English; empty where nothing is lacking."""
        return told(self.wanting)

    @property
    def wanting(self) -> Any:
        """Give what would meet the rule, with its facet before it; an empty text where nothing is lacking."""
        if not self.lacking:
            return ""
        lacks = clauses(self.lacking)
        if self.facet in (None, "*"):
            return lacks
        return reason("such", what=Term("facet", str(self.facet)), these=lacks)

    def document(self, tell: Tell = told) -> dict[str, Any]:
        """Give the `rules[]` member of sijill-check/1."""
        return {
            "id": self.id,
            "facet": self.facet,
            "verdict": self.verdict,
            "answer": self.answer,
            "because": tell(self.why),
            "items": list(self.items),
            "lacks": tell(self.wanting) if self.lacking else "",
        }


@dataclass(frozen=True)
class Assessment:
    """A case as one standard sees it. `meets` is None for a standard of grades alone, `grade` where it names none."""

    code: str
    standard: Standard
    meets: bool | None
    grade: str | None
    verdicts: Mapping[str, str]
    rules: tuple[RuleResult, ...]
    waivers: Mapping[str, str] = field(default_factory=dict)
    _sight: Sight | None = field(default=None, repr=False, compare=False)

    def facets(self, tell: Tell = told) -> dict[str, dict[str, Any]]:
        """Give every facet with its number of independent sources, their items, and a reason for all others."""
        sight = self._sight
        if sight is None:
            return {}
        facets = {}
        for name in VOCABULARY["facet"]:
            weight = sight.weight(name)
            facets[name] = {
                "independent": weight.low,
                "at_most": weight.high,
                "items": list(weight.items),
                "groups": [list(group) for group in weight.groups],
                "left_out": [{"item": item, "because": tell(because)} for item, because in weight.left_out],
                "contradictions": list(weight.contradictions),
            }
        return facets

    def next_best(self, tell: Tell = told) -> list[str]:
        """Name the evidence and acts that would help most, first what alone would meet most rules."""
        wanted: dict[str, tuple[Reason, dict[str, list[RuleResult]]]] = {}
        for result in self.rules:
            if result.answer in (MET, DOES_NOT_APPLY):
                continue
            for lack in result.lacking:
                need: Reason = lack.names["need"] if lack.code == LACKING else lack
                wanted.setdefault(tell(need), (need, {}))[1].setdefault(result.id, []).append(result)
        lines = []
        for said_need, (need, rules) in wanted.items():
            results = [result for of_rule in rules.values() for result in of_rule]
            alone = sum(len(result.lacking) == 1 for result in results)
            weight = sum(result.verdict in ("occurrence", "handling") for result in results)
            named = Several("comma", [_for_facets(rule, of_rule) for rule, of_rule in rules.items()])
            unclear = need.code == OF_CASE and all(result.answer == UNDETERMINED for result in results)
            would = "would-tell" if unclear else _WOULD[(alone > 0) + (alone == len(results))]
            line = tell(reason(would, lack=said_need, rules=named))
            lines.append((-min(weight, 1), -alone, -len(results), line))
        return [line for *_, line in sorted(lines, key=lambda entry: entry[:3])]

    def document(self, tell: Tell | None = None) -> dict[str, Any]:
        """Give the `cases[]` member of sijill-check/1: texts, whole numbers, lists, and None for what there is not.

        `tell` says the reasons; in English if not given.
        """
        tell = tell or teller("en")
        return {
            "code": self.code,
            "meets": self.meets,
            "grade": self.grade,
            "verdicts": dict(self.verdicts),
            "facets": self.facets(tell),
            "rules": [result.document(tell) for result in self.rules],
            "next": self.next_best(tell),
            "waivers": [{"rule": rule, "reason": reason} for rule, reason in sorted(self.waivers.items())],
        }


def weigh(standard: Standard, case: Case) -> Assessment:
    """Ask every rule of `standard` of `case` and fold the answers into verdicts, a grade, and whether it meets."""
    sight = Sight(case, standard.exclude)
    results = tuple([result for rule in standard.rules for result in _ask(rule, sight)])
    verdicts = {verdict: _fold(r.answer for r in results if r.verdict == verdict) for verdict in VERDICTS}
    return Assessment(
        code=str(case.record.get("code", "")),
        standard=standard,
        meets=_meets(standard, verdicts),
        grade=_grade(standard.grades, results),
        verdicts=verdicts,
        rules=results,
        waivers={rule.id: case.waivers[rule.id] for rule in standard.rules if rule.id in case.waivers},
        _sight=sight,
    )


def _ask(rule: Rule, sight: Sight) -> list[RuleResult]:
    """Evaluate one rule, once for each of its facets."""
    record, asked = sight.case.record, rule.applies_when
    applies = conjunction([_compare(record.get(name), wanted) for name, wanted in asked.items()]) if asked else MET
    if applies == NOT_MET:
        return [RuleResult(rule, facet, sight, applies, (), DOES_NOT_APPLY) for facet in rule.facets or _NO_FACET]
    return [_answer(rule, facet, applies, sight) for facet in rule.facets or _NO_FACET]


def _answer(rule: Rule, facet: str | None, applies: str, sight: Sight) -> RuleResult:
    findings = [TESTS[name](wanted, facet, sight) for name, wanted in rule.needs.items()]
    answer = UNDETERMINED if applies == UNDETERMINED else conjunction([finding.answer for finding in findings])
    if answer == NOT_MET:
        answer = rule.otherwise
    elif answer == UNDETERMINED and rule.otherwise == WARN:
        answer = WARN
    return RuleResult(rule, facet, sight, applies, findings, answer)


def _untold(rule: Rule, record: Mapping[str, Any]) -> list[str]:
    """Name the fields that would tell whether a rule applies."""
    return [name for name, wanted in rule.applies_when.items() if _compare(record.get(name), wanted) == UNDETERMINED]


def _does_not_apply(rule: Rule, record: Mapping[str, Any]) -> Any:
    """Say why a rule does not apply."""
    return clauses(
        reason("is-not", what=Term("field", name), found=listed(_values(name, record[name])),
               wanted=Several("or", _values(name, wanted)))
        for name, wanted in rule.applies_when.items()
        if _compare(record.get(name), wanted) == NOT_MET
    )  # fmt: skip


def _compare(value: Any, wanted: tuple[Any, ...]) -> str:
    """Compare one field: any member of a list; `unknown` is missing unless it is among the values wanted."""
    members = value if isinstance(value, list) else [value]
    told = [one for one in members if said(one) and (one != "unknown" or "unknown" in wanted)]
    if any(type(one) is type(want) and one == want for one in told for want in wanted):
        return MET
    return NOT_MET if told and len(told) == len(members) else UNDETERMINED


def _values(name: str, value: Any) -> list[Term]:
    return [Term(name, str(one)) for one in (value if isinstance(value, (list, tuple)) else [value])]


def _for_facets(rule: str, results: Iterable[RuleResult]) -> Any:
    facets = [Term("facet", result.facet) for result in results if result.facet not in (None, "*")]
    return reason("rule-of-facets", rule=rule, facets=Several("comma", facets)) if facets else rule


def _fold(answers: Iterable[str]) -> str:
    """Fold rule answers into a verdict; `waived` is undetermined, `warn` and `does_not_apply` weigh nothing."""
    weighed = [
        UNDETERMINED if answer == WAIVED else answer for answer in answers if answer not in (WARN, DOES_NOT_APPLY)
    ]
    return conjunction(weighed) if weighed else UNDETERMINED


def _meets(standard: Standard, verdicts: Mapping[str, str]) -> bool | None:
    has = {rule.verdict for rule in standard.rules}
    if standard.grades and not has & {"occurrence", "handling"}:
        return None
    return verdicts["occurrence"] == MET and ("handling" not in has or verdicts["handling"] == MET)


def _grade(grades: Sequence[Grade], results: Iterable[RuleResult]) -> str | None:
    """Give the first grade whose conditions all hold; a rule of several facets has the fold of its answers."""
    by_rule: dict[str, set[str]] = {}
    for result in results if grades else ():
        by_rule.setdefault(result.id, set()).add(result.answer)
    for grade in grades:
        if all(_holds(by_rule[rule], wanted) for rule, wanted in grade.when.items()):
            return grade.name
    return None


def _holds(answers: set[str], wanted: str) -> bool:
    for answer in (NOT_MET, WAIVED, UNDETERMINED, WARN, MET, DOES_NOT_APPLY):
        if answer in answers:
            return answer == wanted or (answer == WAIVED and wanted == UNDETERMINED)
    return False
