"""Sentences for people, in English and Arabic, by code: what is wrong with what was handed in.

The table is `sentences.toml`; the reasons of the evaluator are in `reasons.toml`
(`evidence.reason`). Codes and JSON stay the same in every language; only the
sentence follows `--lang`. Nothing here decides what is wrong.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
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


# beginnings of the codes of sentences that are said in English first
READINGS, DOSSIERS, ERRORS = ("log-", "time-", "reading-"), ("seen-",), ("error-", "call-")
ANSWERS, HEADS = ("told-",), ("table-",)


def retold(text: str, lang: str, codes: tuple[str, ...] = READINGS) -> str:
    """Give an English sentence on a flight log, a time, an image or a dossier's check, as it was recorded, in `lang`.

    One that is not ours stays.
    What fills it is given again as it stands in it, and retold where it is a sentence of ours itself.
    """
    if lang == "en" or not text:
        return text
    for code, pattern in _recorded(codes):
        if match := pattern.fullmatch(text):
            return say(code, lang, **{name: retold(value, lang, codes) for name, value in match.groupdict().items()})
    return text


@cache
def _recorded(codes: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Give code and pattern of the sentences that are recorded in English, those that say most first."""
    known = [(code, said["en"]) for code, said in table().items() if code.startswith(codes)]
    patterns = []
    for code, english in sorted(known, key=lambda one: -len(re.sub(r"\{\w+\}", "", one[1]))):
        parts, met, pattern = re.split(r"\{(\w+)\}", english.replace("{{", "\1").replace("}}", "\2")), set(), ""
        for at, part in enumerate(parts):
            if at % 2:
                pattern += f"(?P={part})" if part in met else f"(?P<{part}>.+?)"
                met.add(part)
            else:
                pattern += re.escape(part.replace("\1", "{").replace("\2", "}"))
        patterns.append((code, re.compile(pattern, re.DOTALL)))
    return tuple(patterns)
