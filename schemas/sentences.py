"""Sentences for people, in English and Arabic, by code: what is wrong with what was handed in.

What is said by code in either language is in `sentences.toml`; what arises in
English and is told again in Arabic, in `retold.toml`; the reasons of the
evaluator are in `reasons.toml` (`evidence.reason`). Codes and JSON stay the same in every language; only the
sentence follows `--lang`. Nothing here decides what is wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ar")


@cache
def table() -> dict[str, dict[str, str]]:
    """Give code -> language -> sentence with {names} to fill in."""
    return tomllib.loads((Path(__file__).parent / "sentences.toml").read_text(encoding="utf-8"))


@cache
def reasons(lang: str) -> dict[str, str]:
    """Give code -> sentence of a reason in `lang` (else in English), with {names} to fill in."""
    read = tomllib.loads((Path(__file__).parent / "reasons.toml").read_text(encoding="utf-8"))
    return {code: sentences.get(lang, sentences["en"]) for code, sentences in read.items()}


@cache
def _standards(lang: str) -> dict[str, str]:
    """Give what packaged standards say in `lang`, by what they say in English."""
    read = tomllib.loads((Path(__file__).parent / "standard_says.toml").read_text(encoding="utf-8"))
    return {one["en"]: one[lang] for one in read["says"]}


def in_words(says: str, lang: str) -> str:
    """Give a title or a sentence of a standard in `lang`; one that is in no packaged standard stays as it is."""
    return says if lang == "en" else _standards(lang).get(says, says)


def say(code: str, lang: str = "en", /, **names: Any) -> str:
    """Give the sentence for `code` in `lang` (else in English). Raises KeyError for a code that has no sentence."""
    sentences = table()[code]
    return sentences.get(lang, sentences["en"]).format(**names)


NAMES = frozenset(("name", "code", "file", "text", "item", "origin"))  # {names} that somebody gave: they stay
NUMBERS = frozenset(("count", "bytes"))  # {names} that stand for a number and match nothing else
# beginnings of the codes of sentences that are said in English first
READINGS, DOSSIERS, CELLS = ("log-", "time-", "reading-"), ("seen-",), ("table-",)
ANSWERS = ("told-", "audit-", "error-", "call-")


def retold(text: str, lang: str, codes: tuple[str, ...] = READINGS) -> str:
    """Give an English sentence, as it was recorded or as it arose, in `lang`; `codes` say which sentences it may be.

    One that is not ours stays. What fills it is given again as it stands in it, and retold where it is a sentence of
    ours itself; so is one behind a place and a colon.
    """
    if lang == "en" or not text:
        return text
    for said, begins, ends, pattern in _recorded(codes):
        if text.startswith(begins) and text.endswith(ends) and (match := pattern().fullmatch(text)):
            filled = match.groupdict().items()
            names = {name: value if name in NAMES else retold(value, lang, codes) for name, value in filled}
            return said.get(lang, said["en"]).format(**names)
    place, colon, sentence = text.partition(": ")
    return f"{place}: {retold(sentence, lang, codes)}" if colon else text


_Retold = tuple[dict[str, str], str, str, Callable[[], re.Pattern[str]]]


@cache
def _recorded(codes: tuple[str, ...]) -> tuple[_Retold, ...]:
    """Give the sentences that arise in English, what says most first: how each begins and ends, its pattern."""
    retold = tomllib.loads((Path(__file__).parent / "retold.toml").read_text(encoding="utf-8"))
    known = [said for code, said in (table() | retold).items() if code.startswith(codes)]
    found = []
    for said in sorted(known, key=lambda one: -len(re.sub(r"\{\w+\}", "", one["en"]))):
        parts = re.split(r"\{(\w+)\}", said["en"].replace("{{", "\1").replace("}}", "\2"))
        parts[::2] = [part.replace("\1", "{").replace("\2", "}") for part in parts[::2]]
        found.append((said, parts[0], parts[-1], cache(partial(_pattern, parts))))
    return tuple(found)


def _pattern(parts: list[str]) -> re.Pattern[str]:
    """Give what matches a sentence; `parts` are by turns what it says and the names of what fills it."""
    met: set[str] = set()
    pattern = ""
    for at, part in enumerate(parts):
        if at % 2:
            what = "[-0-9.,]+" if part in NUMBERS else ".+?"
            pattern += f"(?P={part})" if part in met else f"(?P<{part}>{what})"
            met.add(part)
        else:
            pattern += re.escape(part)
    return re.compile(pattern, re.DOTALL)
