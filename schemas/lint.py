"""What is wrong with a standard: everything at once, each with its line.

A standard that says nothing, refers to nothing or contradicts itself is
refused: no rule, a rule with no test, a word, field, facet or key that does not
exist, a rule that no answer can reach, a grade that no case can be given.

This module reads no file and weighs no case; `schemas.standard` hands it what
`tomllib` read, and the lines of `schemas.toml_lines`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from schemas.case import CASE
from schemas.fields import Field, flat_names
from schemas.item import ITEM_FIELDS, STORED
from schemas.text import nearest, visible
from schemas.toml_lines import Path
from schemas.vocabulary import VOCABULARY

FACETS, CLASSES = VOCABULARY["facet"], VOCABULARY["class"]
VERDICTS = ("occurrence", "attribution", "handling")
OTHERWISE = ("not_met", "undetermined", "warn")
EXCLUDE = ("integrity_failed", "consent_withdrawn", "derived", "untranslated", "disposed")
ANSWERS = ("met", "not_met", "undetermined", "does_not_apply", "warn", "waived")
COUNTING = ("independent", "classes", "one_of", "direct", "reviewed", "item_set")  # these look at what counts
_TOP = ("format", "id", "version", "title", "cite", "exclude", "rule", "grade")
_RULE = ("id", "verdict", "facets", "applies_when", "needs", "otherwise", "says")
_GRADE = ("name", "says", "when")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_CASE_FIELDS = flat_names(CASE)
_ITEM_FIELDS = {name for fields in ITEM_FIELDS.values() for name in flat_names(fields)} | set(STORED)


def problems_of(document: Mapping[str, Any], lines: Mapping[Path, int]) -> list[tuple[int, str]]:
    """Give every problem of a standard as (line, what), in the order of lines."""
    checker = _Checker(lines)
    checker.standard(document)
    return sorted(dict.fromkeys(checker.found), key=lambda problem: problem[0])


def _known(name: str, fields: Collection[str]) -> bool:
    """Tell whether a dotted name is a field, a group of fields, or reaches inside a field."""
    return name in fields or any(field.startswith(name + ".") for field in fields)


def flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """Give a table with its inner tables as dotted names: `a.b = 1` and `"a.b" = 1` say the same."""
    names: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict) and value:
            names.update({f"{name}.{inner}": one for inner, one in flat(value).items()})
        else:
            names[name] = value
    return names


class _Checker:
    def __init__(self, lines: Mapping[Path, int]) -> None:
        self.lines = lines
        self.found: list[tuple[int, str]] = []

    def say(self, path: Path, problem: str) -> None:
        """Note a problem at the line of `path`, or of the nearest table that holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        self.found.append((self.lines.get(path, 1), problem))

    # -- the small shapes

    def keys(self, table: Mapping[str, Any], path: Path, known: Iterable[str], what: str) -> None:
        for name in table:
            if name not in known:
                self.say((*path, name), f"{what} has no key {visible(name)!r}{_near(name, known)}")

    def text(self, table: Mapping[str, Any], path: Path, name: str, *, required: bool = False) -> str | None:
        value = table.get(name)
        if value is None:
            if required:
                self.say(path, f"{name} is missing")
            return None
        if not isinstance(value, str) or not value.strip():
            self.say((*path, name), f"{name} must be text that says something")
            return None
        return value

    def word(self, value: Any, path: Path, words: Collection[str], what: str) -> bool:
        if isinstance(value, str) and value in words:
            return True
        shown = f"{visible(value)!r}" if isinstance(value, str) else f"a {_kind(value)}"
        self.say(path, f"{what} cannot be {shown}{_near(value, words)}; it is one of: {' '.join(words)}")
        return False

    def words(
        self, value: Any, path: Path, known: Callable[[str], bool], names: Collection[str], what: str
    ) -> list[str]:
        """Check a list of known names without repetition; give those that are good."""
        if not isinstance(value, list) or not value:
            self.say(path, f"{path[-1]} must be a list that names at least one {what}")
            return []
        good: list[str] = []
        for number, member in enumerate(value):
            if not isinstance(member, str) or not known(member):
                shown = f"{visible(member)!r}" if isinstance(member, str) else f"a {_kind(member)}"
                self.say((*path, number), f"there is no {what} {shown}{_near(member, names)}")
            elif member in good:
                self.say((*path, number), f"{what} {member!r} is named twice")
            else:
                good.append(member)
        return good

    def whole(self, value: Any, path: Path, least: int = 1, most: int | None = None) -> bool:
        if type(value) is int and value >= least and (most is None or value <= most):
            return True
        upto = f" to {most}" if most is not None else " or more"
        self.say(path, f"{path[-1]} must be a whole number, {least}{upto}")
        return False

    def exactly(self, value: Any, path: Path, wanted: Any) -> None:
        if type(value) is not type(wanted) or value != wanted:
            shown = {True: "true", 0: "0"}.get(wanted, f'"{wanted}"') if not isinstance(wanted, str) else f'"{wanted}"'
            self.say(path, f"{path[-1]} can only be {shown}")

    def unique(self, rules: list[Any]) -> None:
        seen: dict[str, int] = {}
        for number, rule in enumerate(rules):
            name = rule.get("id")
            if isinstance(name, str) and seen.setdefault(name, number) != number:
                line = self.lines.get(("rule", seen[name], "id"))
                self.say(("rule", number, "id"), f"a rule {visible(name)!r} is already there, in line {line}")

    def tables(self, document: Mapping[str, Any], name: str) -> list[Any]:
        value = document.get(name, [])
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            self.say((name,), f"{name} must be written as [[{name}]] tables")
            return []
        return value

    # -- the standard

    def standard(self, document: Mapping[str, Any]) -> None:
        self.keys(document, (), _TOP, "a standard")
        if document.get("format") != "sijill-standard/1":
            self.say(("format",), 'format must be "sijill-standard/1"')
        for name in ("id", "version"):
            self.text(document, (), name, required=True)
        if isinstance(document.get("id"), str) and not _ID.match(document["id"]):
            self.say(("id",), "id must be of letters, digits, dots, underscores and hyphens, without blanks")
        self.text(document, (), "title")
        cite = document.get("cite", [])
        if not isinstance(cite, list) or not all(isinstance(source, str) and source.strip() for source in cite):
            self.say(("cite",), "cite must be a list of texts")
        if "exclude" in document and document["exclude"] != []:
            self.words(document["exclude"], ("exclude",), EXCLUDE.__contains__, EXCLUDE, "exclusion")
        rules, grades = self.tables(document, "rule"), self.tables(document, "grade")
        if not rules:
            self.say(("rule",), "a standard needs at least one [[rule]]: one that asks nothing passes everything")
        self.unique(rules)
        used = {name for grade in grades for name in _table(grade.get("when"))}
        for number, rule in enumerate(rules):
            self.rule(rule, ("rule", number), graded=bool(grades), used=used)
        self.grades(grades, {rule["id"]: rule for rule in rules if isinstance(rule.get("id"), str)})

    def rule(self, rule: Mapping[str, Any], path: Path, *, graded: bool, used: Collection[str]) -> None:
        self.keys(rule, path, _RULE, "a rule")
        name = self.text(rule, path, "id", required=True)
        if name is not None and not _ID.match(name):
            self.say((*path, "id"), "id must be of letters, digits, dots, underscores and hyphens, without blanks")
        self.text(rule, path, "says")
        if "verdict" in rule:
            self.word(rule["verdict"], (*path, "verdict"), VERDICTS, "verdict")
        elif not graded:
            self.say(path, f"verdict is missing; it is one of: {' '.join(VERDICTS)}")
        elif name is not None and name not in used:
            self.say(path, "this rule says nothing: it has no verdict, and no grade asks for its answer")
        if "otherwise" in rule:
            self.word(rule["otherwise"], (*path, "otherwise"), OTHERWISE, "otherwise")
        facets: list[str] = []
        if "facets" in rule:
            named = (*FACETS, "*")
            facets = self.words(rule["facets"], (*path, "facets"), named.__contains__, named, "facet")
            if "*" in facets and len(facets) > 1:
                self.say((*path, "facets"), '"*" is every facet and stands alone')
        needs = rule.get("needs")
        if not isinstance(needs, dict) or not needs:
            self.say((*path, "needs"), "a rule needs at least one test in needs = { … }")
        else:
            self.needs(needs, (*path, "needs"), facets, named="facets" in rule)
        if "applies_when" in rule:
            self.applies_when(rule["applies_when"], (*path, "applies_when"), _table(needs))

    # -- the tests

    def needs(self, needs: Mapping[str, Any], path: Path, facets: list[str], *, named: bool) -> None:
        for name, value in needs.items():
            at = (*path, name)
            if name not in _TESTS:
                self.say(at, f"there is no test {visible(name)!r}{_near(name, _TESTS)}")
                continue
            if name in (*COUNTING, "open_contradictions") and not named:
                self.say(at, f"{name} needs facets: name in the rule those it is to be asked of")
            if name in COUNTING and "*" in facets:
                self.say(at, f'{name} is asked of one facet at a time; "*" goes with open_contradictions alone')
            _TESTS[name](self, value, at)

    def one_of(self, value: Any, path: Path) -> None:
        self.words(value, path, CLASSES.__contains__, CLASSES, "class")

    def case_fields(self, value: Any, path: Path) -> None:
        self.words(value, path, lambda name: _known(name, _CASE_FIELDS), _CASE_FIELDS, "case field")

    def item_fields(self, value: Any, path: Path) -> None:
        self.words(value, path, lambda name: _known(name, _ITEM_FIELDS), _ITEM_FIELDS, "item field")

    def digests(self, value: Any, path: Path) -> None:
        names = ("sha256", "blake3")
        self.words(value, path, names.__contains__, names, "digest")

    def disjoint(self, value: Any, path: Path) -> None:
        self.words(value, path, FACETS.__contains__, FACETS, "facet")
        if isinstance(value, list) and len(value) != 2:
            self.say(path, "disjoint names two facets")

    def flight(self, value: Any, path: Path) -> None:
        members = ("within_km", "before_min", "after_min")
        if not isinstance(value, dict):
            self.say(path, "flight must be { within_km = …, before_min = …, after_min = … }")
            return
        self.keys(value, path, members, "flight")
        for name in members:
            number: Any = value.get(name)
            if number is None:
                self.say(path, f"{name} is missing")
            elif type(number) not in (int, float) or not 0 <= number <= 1_000_000:
                self.say((*path, name), f"{name} must be a number, not negative")
            elif name == "within_km" and not number:
                self.say((*path, name), "within_km must be more than 0")

    def satellite(self, value: Any, path: Path) -> None:
        members = ("before", "after_within_days")
        if not isinstance(value, dict) or not value:
            self.say(path, "satellite must be { before = true, after_within_days = … }")
            return
        self.keys(value, path, members, "satellite")
        if not isinstance(value.get("before", True), bool):
            self.say((*path, "before"), "before must be true or false")
        elif value.get("before") is False and "after_within_days" not in value:
            self.say((*path, "before"), "satellite asks for nothing: neither before nor after_within_days")
        if "after_within_days" in value:
            self.whole(value["after_within_days"], (*path, "after_within_days"), 0, 100_000)

    # -- when a rule applies

    def applies_when(self, value: Any, path: Path, needs: Mapping[str, Any]) -> None:
        if not isinstance(value, dict) or not value:
            self.say(path, "applies_when must name a case field and the values for which the rule applies")
            return
        for name, wanted in flat(value).items():
            at = (*path, name) if name in value else (*path, *name.split("."))
            field = _CASE_FIELDS.get(name)
            if field is None:
                self.say(at, f"there is no case field {visible(name)!r}{_near(name, _CASE_FIELDS)}")
                continue
            listing = isinstance(wanted, list)
            if listing and not wanted:
                self.say(at, f"{name} lists no value, so the rule could never apply")
            for number, one in enumerate(wanted if listing else [wanted]):
                self.field_value(one, (*at, number) if listing else at, field, name)
            if name in _list(needs.get("set")) and wanted in ("not_asked", ["not_asked"]):
                self.say(at, f"contradicts itself: applies only where {name} was not asked, and needs that it was")

    def field_value(self, value: Any, path: Path, field: Field, name: str) -> None:
        if field.words is not None:
            self.word(value, path, VOCABULARY[field.words], name)
        elif field.type in ("time", "rows", "degrees"):
            self.say(path, f"{name} cannot be compared with a value")
        elif type(value) is not {"whole": int, "yesno": bool}.get(field.type, str):
            self.say(path, f"{name} is never a {_kind(value)}")

    # -- grades

    def grades(self, grades: list[Any], rules: Mapping[str, Mapping[str, Any]]) -> None:
        earlier: list[tuple[str, dict[str, Any]]] = []
        for number, grade in enumerate(grades):
            path: Path = ("grade", number)
            self.keys(grade, path, _GRADE, "a grade")
            name = self.text(grade, path, "name", required=True)
            self.text(grade, path, "says")
            when = grade.get("when")
            if not isinstance(when, dict):
                self.say((*path, "when"), "when = { RULE = ANSWER, … } is missing or no table")
                continue
            for rule, answer in when.items():
                at = (*path, "when", rule)
                if rule not in rules:
                    self.say(at, f"there is no rule {visible(rule)!r}{_near(rule, rules)}")
                elif self.word(answer, at, ANSWERS, f"the answer of {rule}"):
                    self.reachable(answer, rules[rule], at)
            for other, conditions in earlier:
                if all(_asks_no_more(answer, when.get(rule)) for rule, answer in conditions.items()):
                    self.say(path, f"no case can be given this grade: each it fits is {visible(other)!r} before")
                    break
            earlier.append((name or "?", when))

    def reachable(self, answer: str, rule: Mapping[str, Any], path: Path) -> None:
        otherwise = rule.get("otherwise", "not_met")
        never = (
            (answer == "not_met" and otherwise != "not_met")
            or (answer == "warn" and otherwise != "warn")
            or (answer == "does_not_apply" and not rule.get("applies_when"))
        )
        if never:
            self.say(path, f"rule {rule['id']} never answers {answer}")


def _asks_no_more(answer: str, of: str | None) -> bool:
    """Tell whether a rule that answers as `of` asks also answers `answer`: what is waived counts as undetermined."""
    return answer == of or (answer == "undetermined" and of == "waived")


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _kind(value: Any) -> str:
    """Name a TOML type in words."""
    names = {
        bool: "truth value",
        int: "whole number",
        float: "decimal number",
        str: "text",
        list: "list",
        dict: "table",
    }
    return names.get(type(value), "date or time")


def _near(word: Any, known: Iterable[str]) -> str:
    near = nearest(word, known) if isinstance(word, str) and len(word) <= 64 else None
    return f" (did you mean {near}?)" if near else ""


_TESTS: dict[str, Callable[[_Checker, Any, Path], Any]] = {
    "independent": lambda check, value, path: check.whole(value, path),
    "classes": lambda check, value, path: check.whole(value, path, 1, len(CLASSES)),
    "one_of": _Checker.one_of,
    "direct": lambda check, value, path: check.whole(value, path),
    "reviewed": lambda check, value, path: check.exactly(value, path, True),
    "open_contradictions": lambda check, value, path: check.exactly(value, path, 0),
    "set": _Checker.case_fields,
    "custody": lambda check, value, path: check.exactly(value, path, "unbroken"),
    "digests": _Checker.digests,
    "originals": lambda check, value, path: check.exactly(value, path, "present"),
    "consent": lambda check, value, path: check.exactly(value, path, "recorded"),
    "flight": _Checker.flight,
    "item_set": _Checker.item_fields,
    "disjoint": _Checker.disjoint,
    "satellite": _Checker.satellite,
}
TESTS = tuple(_TESTS)
