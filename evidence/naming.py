"""Names of persons looked for in a text, as people write them: in any case, with vowel signs or without, prefixed.

An Arabic word takes up the conjunctions wa- and fa-, the prepositions bi-, li-
and ka-, and the article before it; a name behind them is the same name. A name
is found as whole words alone, so that a word that merely holds its letters is
not one. Spelling is compared as `schemas.words.plain` does. Opens nothing and
warns of nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.words import plain

FEWEST_LETTERS = 3  # of the longest word of a name; shorter ones, and codes with digits, are no names in this sense
_WORD = re.compile(r"[^\W_]+")
_AND, _TO, _THE, _TO_THE = ("و", "ف"), ("ب", "ك", "ل"), "ال", "لل"


class Names:
    """Names that are looked for. Thousands cost no more to look for than a few."""

    def __init__(self, names: Iterable[str]) -> None:
        self._begin: dict[str, set[tuple[str, ...]]] = {}  # the first word of a name -> such names, as words
        for name in names:
            words = tuple(_WORD.findall(plain(name)))
            if words and len(max(words, key=len)) >= FEWEST_LETTERS and not any(map(str.isdigit, "".join(words))):
                self._begin.setdefault(words[0], set()).add(words)

    def spoken_in(self, value: Any) -> bool:
        """Tell whether a value names one of them, anywhere."""
        if isinstance(value, str):
            return bool(self._begin) and self._in_text(_WORD.findall(plain(value)))
        if isinstance(value, Mapping):
            return any(self.spoken_in(member) for member in value.values())
        return isinstance(value, (list, tuple)) and any(self.spoken_in(member) for member in value)

    def _in_text(self, text: list[str]) -> bool:
        for at, word in enumerate(text):
            for bare in bare_forms(word):
                for name in self._begin.get(bare, ()):
                    if name[1:] == tuple(text[at + 1 : at + len(name)]):
                        return True
        return False


def bare_forms(word: str) -> set[str]:
    """Give a word (as `plain` has it) and what is left of it behind each prefix that it may have taken up."""
    begun = [word, *_without(word, _AND)]
    return {*begun, *(form for one in begun for form in _without_the(one))}


def _without_the(word: str) -> Iterator[str]:
    """Give what is left behind a preposition, the article, or both; the article may belong to the name."""
    if word.startswith(_TO_THE):
        yield word[len(_TO_THE) :]
        yield _THE + word[len(_TO_THE) :]
    for form in (word, *_without(word, _TO)):
        yield form
        if form.startswith(_THE):
            yield form[len(_THE) :]


def _without(word: str, letters: Iterable[str]) -> Iterator[str]:
    for letter in letters:
        if word.startswith(letter):
            yield word[1:]
