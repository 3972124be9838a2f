"""Sentences for people, in English and Arabic, by code: what is wrong with what was handed in.

The table is `sentences.toml`; the reasons of the evaluator are in `reasons.toml`
(`evidence.reason`). Codes and JSON stay the same in every language; only the
sentence follows `--lang`. Nothing here decides what is wrong.
"""

from __future__ import annotations

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


def say(code: str, lang: str = "en", **names: Any) -> str:
    """Give the sentence for `code` in `lang` (else in English). Raises KeyError for a code that has no sentence."""
    sentences = table()[code]
    return sentences.get(lang, sentences["en"]).format(**names)
