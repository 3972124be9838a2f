"""A corroboration standard, format `sijill-standard/1`: a TOML file that a lawyer can read and a machine can run.

    [[rule]]
    id = "occurrence"
    verdict = "occurrence"
    facets = ["what", "when", "where"]
    needs = { independent = 2, classes = 2, direct = 1 }
    says = "What happened, when and where each rest on two independent sources of two kinds, one of them direct."

This module reads a standard or says everything that is wrong with it, each
with its line (`schemas.lint`). It never weighs: `evidence.corroboration` does.
A standard is known by the SHA-256 of its bytes, so that an assessment can be
repeated under the very same text.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import FormatError, NotFound, Problem
from schemas.lint import flat, problems_of
from schemas.text import nearest, visible
from schemas.toml_depth import too_deep
from schemas.toml_lines import lines

FORMAT = "sijill-standard/1"
LARGEST_BYTES = 1_000_000
_PACKAGED = Path(__file__).parent / "standards"
_AT_LINE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True)
class Rule:
    """One rule: what it needs, of which facets, when it applies, and of which verdict (None: for grades alone)."""

    id: str
    needs: Mapping[str, Any]
    verdict: str | None = None
    facets: tuple[str, ...] = ()
    applies_when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    otherwise: str = "not_met"
    says: str = ""


@dataclass(frozen=True)
class Grade:
    """One grade: given to a case when every rule named in `when` has the answer named there."""

    name: str
    when: Mapping[str, str]
    says: str = ""


@dataclass(frozen=True)
class Standard:
    """A standard as read; `sha256` is over its bytes, `exclude` the reasons for which an item does not count."""

    id: str
    version: str
    rules: tuple[Rule, ...]
    title: str = ""
    cite: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    grades: tuple[Grade, ...] = ()
    sha256: str = ""


def load(data: bytes, where: str = "") -> Standard:
    """Read a standard. Raises FormatError holding every problem, each with its line; `where` names the file."""
    document, problems = _read(data, where)
    if problems:
        name = visible(where) or "the standard"
        count = f"{len(problems)} problem{'s' * (len(problems) != 1)}"
        raise FormatError(
            f"{name}: {count}; first, {problems[0].where}: {problems[0].problem}",
            where=problems[0].where,
            hint="correct the lines named; `sijill standard lint FILE` shows them all",
            code="standard",
            problems=problems,
        )
    return _build(document, hashlib.sha256(data).hexdigest())


def lint(data: bytes, where: str = "") -> list[Problem]:
    """Give everything wrong with a standard, in the order of its lines; an empty list where nothing is."""
    return _read(data, where)[1]


def packaged() -> tuple[str, ...]:
    """Give the ids of the standards that come with Sijill."""
    return tuple(sorted(path.stem for path in _PACKAGED.glob("*.toml")))


def packaged_bytes(id: str) -> bytes:
    """Give the bytes of a packaged standard. Raises NotFound, naming the nearest."""
    if id not in packaged():
        near = nearest(id, packaged())
        hint = f"did you mean {near}?" if near else "`sijill standard list` names those there are"
        raise NotFound(f"no packaged standard is called {visible(id)!r}", hint=hint)
    return (_PACKAGED / f"{id}.toml").read_bytes()


def _read(data: bytes, where: str) -> tuple[dict[str, Any], list[Problem]]:
    """Parse and check; a text that is no TOML at all gives the one problem that stopped the parser."""

    def at(line: int) -> str:
        return f"{visible(where)}:{line}" if where else f"line {line}"

    if len(data) > LARGEST_BYTES:
        return {}, [Problem(at(1), f"longer than {LARGEST_BYTES:,} bytes: this is no standard")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return {}, [Problem(at(data[: error.start].count(b"\n") + 1), "not UTF-8; save the file as UTF-8 text")]
    unread = [Problem(at(1), "not TOML that can be read: nested too deep, or a number too long")]
    if too_deep(data):
        return {}, unread
    try:
        document = tomllib.loads(text)
        where_lines = lines(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = _AT_LINE.search(said)
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        return {}, [Problem(at(line), f"not TOML: {visible(_AT_LINE.sub('', said).strip())}")]
    except (RecursionError, ValueError):
        return {}, unread
    return document, [Problem(at(line), said) for line, said in problems_of(document, where_lines)]


def _build(document: Mapping[str, Any], sha256: str) -> Standard:
    return Standard(
        id=document["id"],
        version=document["version"],
        title=document.get("title", document["id"]),
        cite=tuple(document.get("cite", ())),
        exclude=tuple(document.get("exclude", ())),
        rules=tuple(_rule(table) for table in document["rule"]),
        grades=tuple(
            Grade(table["name"], dict(table["when"]), table.get("says", "")) for table in document.get("grade", ())
        ),
        sha256=sha256,
    )


def _rule(table: Mapping[str, Any]) -> Rule:
    return Rule(
        id=table["id"],
        needs=dict(table["needs"]),
        verdict=table.get("verdict"),
        facets=tuple(table.get("facets", ())),
        applies_when={
            name: tuple(wanted) if isinstance(wanted, list) else (wanted,)
            for name, wanted in flat(table.get("applies_when", {})).items()
        },
        otherwise=table.get("otherwise", "not_met"),
        says=table.get("says", ""),
    )
