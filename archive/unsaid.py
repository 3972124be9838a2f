"""Leaving unsaid: values that speak of what is withheld, told apart from those that do not.

Works on words as they stand; what is hinted at in other words is for people to
see, before anything leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def redact(value: Any, names: Mapping[str, str], hidden: Sequence[str]) -> Any:
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
    return "(speaks of a withheld exhibit)" if isinstance(value, str) and speaks_of(value, hidden) else value


def unspoken(findings: Sequence[Any], hidden: Sequence[str]) -> list[Any]:
    """Give the findings that say nothing of what is withheld: two sides and a difference betray each other."""
    return [one for one in findings if not speaks_of(one, hidden)]


def speaks_of(value: Any, hidden: Sequence[str]) -> bool:
    """Tell whether a value holds one of the words, as a word, anywhere."""
    if isinstance(value, str):
        return any(_holds(value, word) for word in hidden)
    if isinstance(value, Mapping):
        return any(speaks_of(member, hidden) for member in value.values())
    return isinstance(value, (list, tuple)) and any(speaks_of(member, hidden) for member in value)


def _holds(sentence: str, word: str) -> bool:
    start = sentence.find(word)
    while start >= 0:
        before, after = sentence[start - 1 : start], sentence[start + len(word) : start + len(word) + 1]
        if not (before.isalnum() or (after.isalnum() and word[-1:] != "/")):
            return True
        start = sentence.find(word, start + 1)
    return False
