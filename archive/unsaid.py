"""Leaving unsaid: values that speak of what is withheld, told apart from those that do not.

Works on words as they stand; what is hinted at in other words is for people to
see, before anything leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evidence.reason import reason, sentence

UNSAID = sentence(reason("speaks-of-withheld"))
_RUN = re.compile(r"[^\W_]+")  # letters and digits, as str.isalnum has them


class Hidden:
    """The words that must stay unsaid: ids, pseudonyms, names of files, digests.

    Found as words, wherever they stand: not as a part of a longer run of
    letters and digits; one that ends in `/` may go on. Thousands of them cost
    no more to look for than a few.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._begin: dict[str, set[str]] = {}  # the first run of letters and digits of a word -> such words
        self._other: set[str] = set()  # words that have none
        for word in filter(None, words):
            run = _RUN.search(word)
            (self._begin.setdefault(run[0], set()) if run else self._other).add(word)

    def spoken_in(self, value: Any) -> bool:
        """Tell whether a value holds one of the words, as a word, anywhere."""
        if isinstance(value, str):
            begun = (word for run in set(_RUN.findall(value)) for word in self._begin.get(run, ()))
            return any(_holds(value, word) for word in (*begun, *self._other))
        if isinstance(value, Mapping):
            return any(self.spoken_in(member) for member in value.values())
        return isinstance(value, (list, tuple)) and any(self.spoken_in(member) for member in value)


def redact(value: Any, names: Mapping[str, str], hidden: Hidden) -> Any:
    """Give an assessment without words of what is withheld: ids become exhibit numbers, sentences are left out.

    A sentence that holds such a word anywhere is replaced whole: half a
    sentence may still say who spoke.
    """
    if isinstance(value, Mapping):
        return {key: redact(member, names, hidden) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(member, names, hidden) for member in value]
    if isinstance(value, str) and value in names:
        return names[value]
    return UNSAID if isinstance(value, str) and hidden.spoken_in(value) else value


def unspoken(findings: Sequence[Any], hidden: Hidden) -> list[Any]:
    """Give the findings that say nothing of what is withheld: two sides and a difference betray each other."""
    return [one for one in findings if not hidden.spoken_in(one)]


def _holds(sentence: str, word: str) -> bool:
    start = sentence.find(word)
    while start >= 0:
        before, after = sentence[start - 1 : start], sentence[start + len(word) : start + len(word) + 1]
        if not (before.isalnum() or (after.isalnum() and word[-1:] != "/")):
            return True
        start = sentence.find(word, start + 1)
    return False
