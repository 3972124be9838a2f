"""Aircraft, compass and log words: what a spotter writes, as the words a record keeps.

The tables are data: `aircraft.toml` (families of types, classes, speeds) and
`flight_heads.toml` (heads of columns, compass words, activities). Spelling is
compared without case, vowel signs and tatweel, with the forms of alef as one.
What is in no table stays unknown; a type never tells who flew it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from schemas.words import plain

CLASSES = ("fixed_wing", "rotary", "drone", "unknown")

_ALEFS = str.maketrans("أإآؤئ", "اااوي")
_SYMBOLS = re.compile(r"[\s_\-\u2010-\u2015.,،؛;/()]+")


def fold(text: str) -> str:
    """Give `text` as it is compared: lower case, alike letters as one, words with one blank between."""
    return _SYMBOLS.sub(" ", plain(text).translate(_ALEFS)).strip()


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def speeds_kmh() -> Mapping[str, tuple[int, int]]:
    """Give class -> lowest and highest ground speed, in kilometres an hour."""
    return {name: (low, high) for name, (low, high) in _table("aircraft")["speed_kmh"].items()}


@cache
def heads() -> Mapping[str, tuple[str, int]]:
    """Give folded head of a column -> field, and its rank among the heads of that field."""
    known: dict[str, tuple[str, int]] = {}
    for field, words in _table("flight_heads")["head"].items():
        for rank, word in enumerate((*words, field)):
            known.setdefault(fold(word), (field, rank))
    return known


@cache
def epoch_heads() -> frozenset[str]:
    """Give the folded heads under which a whole number is seconds or milliseconds since 1970."""
    return frozenset(fold(word) for word in _table("flight_heads")["epoch"]["heads"])


@cache
def _compass() -> Mapping[str, int]:
    table = _table("flight_heads")["compass"]
    # `22.5 = …` is a dotted key in TOML: the fraction is a table of its own.
    known: dict[str, int] = {}
    for whole, value in table.items():
        for fraction, words in value.items() if isinstance(value, dict) else (("0", value),):
            known |= {fold(word): int(whole) * 100 + int(fraction.ljust(2, "0")) for word in words}
    return known


@cache
def _beside() -> re.Pattern[str]:
    words = sorted((fold(word) for word in _table("flight_heads")["beside"]["words"]), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(words)}) (?=\S)")


def compass_heading(text: str) -> int | None:
    """Give a compass word, English or Arabic, in hundredths of a degree from north; None where it is none."""
    words = fold(text)
    while match := _beside().match(words):
        words = words[match.end() :]
    known = _compass()
    return known.get(words, known.get(words.replace(" ", "")))


@cache
def _activities() -> Mapping[str, str]:
    table = _table("flight_heads")["activity"]
    return {fold(word): activity for activity, words in table.items() for word in (activity, *words)}


def activity_of(text: str) -> str | None:
    """Give the activity a word names, None where it names none that is known."""
    return _activities().get(fold(text))


@cache
def _class_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table, patterns = _table("aircraft"), []
    for name in CLASSES:
        families, types, words = (
            "|".join(re.escape(fold(word)) for word in table[kind].get(name, ())) or r"(?!)"
            for kind in ("family", "type", "word")
        )
        pattern = rf"(?<!\w)(?:ال)?(?:(?:{families}) ?\d|(?:{types})(?!\d)|(?:{words})(?!\w))"
        patterns.append((name, re.compile(pattern)))
    return tuple(patterns)


def class_of(text: str) -> str:
    """Give the class of a type or word: fixed_wing, rotary, drone; unknown where it tells none, or more than one."""
    words = fold(text)
    found = [name for name, pattern in _class_patterns() if name != "unknown" and pattern.search(words)]
    return found[0] if len(found) == 1 else "unknown"


def is_class_word(text: str) -> bool:
    """Whether `text` says a class or that it is not known; else it is a word nobody knows."""
    words = fold(text)
    return any(pattern.search(words) for _, pattern in _class_patterns())
