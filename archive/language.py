"""The language of sentences: as a call says it, else as the user's settings do. Holds no sentence itself."""

from __future__ import annotations

import os

from schemas.errors import InputError
from schemas.sentences import LANGUAGES
from schemas.text import visible


def language(lang: str | None) -> str:
    """Give the language of sentences: as said, else `$SIJILL_LANG`, else English. Raises InputError for another."""
    chosen = (lang or os.environ.get("SIJILL_LANG") or "en").split("_")[0].split(".")[0].lower()
    if chosen not in LANGUAGES:
        raise InputError(f"no sentences in {visible(chosen)}", hint=f"choose {' or '.join(LANGUAGES)}", code="usage")
    return chosen


def spoken_language() -> str:
    """Give the language that the user's settings ask for, English where it is none of ours."""
    try:
        return language(None)
    except InputError:
        return "en"
