"""Sentences for people, in English and Arabic, by code: what is wrong with what was handed in.

The table is `sentences.toml`. Codes and JSON stay the same in every language;
only the sentence follows `--lang`. Nothing here decides what is wrong.
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


def say(code: str, lang: str = "en", **names: Any) -> str:
    """Give the sentence for `code` in `lang` (else in English). Raises KeyError for a code that has no sentence."""
    sentences = table()[code]
    return sentences.get(lang, sentences["en"]).format(**names)
