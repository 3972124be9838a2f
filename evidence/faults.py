"""What is wrong with something handed in, and exactly where: file, table, number, column.

Everything wrong is gathered before anything is refused, so that a person
corrects a folder once. A fault is a code with names to fill in; the sentence is
made in the reader's language (`schemas.sentences`). A value of a consent or of
an identity is never among those names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from schemas.errors import Problem
from schemas.sentences import ANSWERS, retold, say
from schemas.text import visible

MOST_ALIKE = 100  # faults of one kind, in one column of one table, that are told one by one
_NONE: Mapping[str, Any] = MappingProxyType({})  # one for all: a case has as many spots as rows
LONGEST_SHOWN = 80  # characters of a value from outside that a sentence repeats


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands. `style` is `toml`, `csv` or `xlsx`; `number` counts from 1, as people see it."""

    file: str
    style: str = "toml"
    table: str = ""
    number: int = 0
    id: str = ""
    column: str = ""
    # dotted name -> head of the column
    heads: Mapping[str, str] = field(default_factory=lambda: _NONE, compare=False, repr=False)
    # dotted name -> row, of `case`
    lines: Mapping[str, int] = field(default_factory=lambda: _NONE, compare=False, repr=False)

    def at(self, column: str) -> Spot:
        """Give the same spot, in one column or key."""
        return Spot(self.file, self.style, self.table, self.number, self.id, column, self.heads, self.lines)

    def row(self, number: int, name: str = "") -> Spot:
        """Give the spot of one row of this table."""
        return Spot(self.file, self.style, self.table, number, name, "", self.heads)

    def where(self) -> str:
        """Give the place in words: `case.toml: item 3 "V1"`, or `items.csv: row 4 "V1": column taken`."""
        name = f' "{shown(self.id)}"' if self.id else ""
        if self.style == "toml":
            nth = f" {self.number}" if self.number else ""
            return f"{self.file}: {self.table}{nth}{name}" if self.table else self.file
        sheet = f"sheet {shown(self.table)}" if self.style == "xlsx" and self.table else ""
        number = self.lines.get(self.column, self.number)
        row = f"row {number}{name}" if number else ""
        middle = ", ".join(part for part in (sheet, row) if part)
        head = self.heads.get(self.column, self.column)
        column = f"column {shown(head)}" if head else ""
        return ": ".join(part for part in (self.file, middle, column) if part)


class Wrong(Exception):
    """One value that cannot be taken; `names` fill its sentence."""

    def __init__(self, code: str, **names: Any) -> None:
        super().__init__(code)
        self.code = code
        self.names = names


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, or one thing to know (`warning`)."""

    spot: Spot
    code: str
    names: Mapping[str, Any]
    warning: bool = False

    def sentence(self, lang: str = "en") -> str:
        """Say what is wrong, without the place."""
        names = dict(self.names)
        if isinstance(why := names.get("because"), str):
            names["because"] = retold(why, lang, ANSWERS)
        return say(self.code, lang, **{name: _fill(value, lang) for name, value in names.items()})

    def problem(self, lang: str = "en") -> Problem:
        """Give place and sentence as they are reported."""
        sentence = self.sentence(lang)
        if self.spot.style == "toml" and self.spot.column:
            sentence = f"{shown(self.spot.column)}: {sentence}"
        return Problem(self.spot.where(), sentence)

    def line(self, lang: str = "en") -> str:
        """Give place and sentence as one line."""
        problem = self.problem(lang)
        return f"{problem.where}: {problem.problem}" if problem.where else problem.problem


@dataclass(frozen=True, slots=True)
class Part:
    """A half sentence that fills a name of a sentence, in the same language."""

    code: str
    names: Mapping[str, Any]


def part(code: str, **names: Any) -> Part:
    """Give a half sentence, as `; the nearest is …`."""
    return Part(code, names)


def near(code: str, nearest: str | None) -> Part | str:
    """Give the half sentence that names the nearest known word, or nothing where none is near."""
    return Part(code, {"nearest": nearest}) if nearest else ""


def shown(text: str) -> str:
    """Give text from outside as a message may show it: escaped, and not longer than a line."""
    text = visible(text)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _fill(value: Any, lang: str) -> Any:
    if isinstance(value, Part):
        return say(value.code, lang, **{name: _fill(inner, lang) for name, inner in value.names.items()})
    return visible(value) if isinstance(value, str) else value


@dataclass
class Faults:
    """Gathers faults and warnings in the order they were met; many alike are counted, not listed."""

    found: list[Fault] = field(default_factory=list)
    _alike: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    _last: dict[tuple[str, str, str, str], Fault] = field(default_factory=dict)

    def wrong(self, spot: Spot, code: str, **names: Any) -> None:
        """Note something that refuses the folder."""
        self._note(Fault(spot, code, names))

    def warn(self, spot: Spot, code: str, **names: Any) -> None:
        """Note something to know that refuses nothing."""
        self._note(Fault(spot, code, names, warning=True))

    def _note(self, fault: Fault) -> None:
        key = (fault.spot.file, fault.spot.table, fault.spot.column, fault.code)
        self._alike[key] += 1
        if self._alike[key] <= MOST_ALIKE:
            self.found.append(fault)
        else:
            self._last[key] = fault

    def all(self) -> list[Fault]:
        """Give every fault, and one more for each kind that was met too often to be listed."""
        rest = []
        for key, last in self._last.items():
            names = {"count": self._alike[key] - MOST_ALIKE}
            rest.append(Fault(replace(last.spot, number=0, id=""), "too-many", names, last.warning))
        return [*self.found, *rest]

    @property
    def refused(self) -> bool:
        """Whether anything was noted that refuses the folder."""
        return any(not fault.warning for fault in self.found)
