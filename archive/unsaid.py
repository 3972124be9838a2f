"""Leaving unsaid: words that speak of what is withheld, and values that hold one told apart from those that do not.

Never decides what is withheld. Works on words as they stand; what is hinted at
in other words is for people to see, before anything leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evidence.reason import reason, sentence

if TYPE_CHECKING:
    from archive.show import Kept

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


def words_of(records: Sequence[Kept], out: set[str], wanted: set[str]) -> set[str]:
    """Give the words that speak of the withheld items called `out`: ids, links, and sources that are not `wanted`."""
    words = {name for name in out if name}
    named = {r.fields.get("pseudonym") for r in records if r.kind == "source" and r.label in wanted}
    sources = {r.names("source") for r in records if r.kind == "item" and r.label in out} - wanted
    for record in records:
        if record.kind == "source" and record.label in sources:
            words |= {record.label, str(record.fields.get("pseudonym", record.label))} - named
        if record.kind in ("link", "relation") and {record.names("item"), record.names("of")} & out:
            words.add(record.label)
    return words


def files_of(hidden: Sequence[Kept], shown: Sequence[Kept], whole: Sequence[Kept]) -> set[str]:
    """Give what names bytes that stay: digests of what is withheld or leaves as a copy, names of withheld files.

    `whole` are those of the `shown` that leave as they were received.
    """
    digests = _values(hidden, "sha256", "blake3") | _values(shown, "sha256", "blake3")
    digests -= _values(whole, "sha256", "blake3")
    names = {part for path in _values(hidden, "file") for part in (path, path.rpartition("/")[2])}
    names -= {part for path in _values(shown, "file") for part in (path, path.rpartition("/")[2])}
    return {*digests, *(text.upper() for text in digests), *names}


def said_in(words: set[str], code: str, root: str) -> set[str]:
    """Give words that must stay unsaid as a record of the case `code` may say them: an id of its own without the code.

    `words` call them as the case `root` does.
    """
    if code == root:
        return words
    own = f"{code}/"
    return words | {word.removeprefix(own) for word in words if word.startswith(own)}


def _values(records: Sequence[Kept], *names: str) -> set[str]:
    return {str(record.fields[name]) for record in records for name in names if name in record.fields}


def answers_alone(assessment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give an assessment with its answers and without the sentences that give reasons."""
    facets = {
        name: {
            **{key: weight[key] for key in ("independent", "items", "contradictions") if key in weight},
            "left_out": [{"item": one["item"], "because": ""} for one in weight.get("left_out", ())],
        }
        for name, weight in assessment.get("facets", {}).items()
    }
    rules = [
        {**{key: rule[key] for key in ("id", "facet", "answer", "items")}, "because": "", "lacks": ""}
        for rule in assessment.get("rules", ())
    ]
    kept = {key: assessment[key] for key in ("code", "meets", "grade", "verdicts") if key in assessment}
    waivers = [{"rule": one["rule"], "reason": ""} for one in assessment.get("waivers", ())]
    return {**kept, "facets": facets, "rules": rules, **({"waivers": waivers} if waivers else {})}
