"""A reason as a code with names to fill in, said at the door in the reader's language.

    told(reason("copy-by-digest", a="V2", b="V1"), "ar")

The evaluator gives reasons; records and JSON have them in English, people in
their own language. Nothing is said until somebody reads it. Unlike the faults
of `evidence.faults`, what fills a reason stays as it was given, since JSON has
it so; who shows it escapes it.

The sentences are `schemas/reasons.toml`. The words of fields and vocabularies
(`Term`) are keys in English, where a reader may look them up in the record,
and words in other languages.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.sentences import reasons
from schemas.words import head_label, word_label

SHOWN = 6  # things named in a sentence before it says how many more there are
FIELD = "field"


@dataclass(slots=True)
class Reason:
    """A sentence or half of one: its code, and what fills the {names} in it (texts, numbers, and these again)."""

    code: str
    names: Mapping[str, Any]


class Several(NamedTuple):
    """Parts one after another; `between` is the code of what stands between two."""

    between: str
    parts: Sequence[Any]


class Term(NamedTuple):
    """A word of a vocabulary, or the dotted name of a field (`FIELD`)."""

    vocabulary: str
    word: str


def reason(code: str, /, **names: Any) -> Reason:
    """Give a reason."""
    return Reason(code, names)


def fields(names: Iterable[str]) -> list[Term]:
    """Give names of fields as terms."""
    return [Term(FIELD, name) for name in names]


def listed(things: Iterable[Any]) -> Any:
    """Name things in a sentence, the first few where they are many."""
    things = list(things)
    if len(things) == 1 and type(things[0]) is str:
        return things[0]
    shown = Several("comma", things[:SHOWN])
    return reason("and-more", shown=shown, more=len(things) - SHOWN) if len(things) > SHOWN else shown


def clauses(parts: Iterable[Any]) -> Any:
    """Put half sentences one after another."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else Several("semicolon", parts)


def few(parts: Iterable[Any]) -> Any:
    """Put half sentences one after another, the first few where they are many."""
    parts = list(parts)
    more = len(parts) - SHOWN
    return clauses([*parts[:SHOWN], reason("more", count=more)] if more > 0 else parts)


_NUMBERS = [Reason(f"number-{count}", {}) for count in range(7)]


def number(count: int) -> Any:
    """Give a number, a small one as a word where the language has it so."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else count


def told(said: Any, lang: str = "en") -> str:
    """Say a reason, or what fills one, in `lang`."""
    return _told(said, reasons(lang), lang)


def teller(lang: str) -> Callable[[Any], str]:
    """Give what says reasons in `lang`."""
    table = reasons(lang)
    return lambda said: _told(said, table, lang)


class Sentence(str):
    """A reason said in English, as records and JSON hold it, that can still be said in another language.

    The reason is held packed: of a long case thousands wait for the Arabic page.
    """

    __slots__ = ("_packed",)

    _packed: bytes

    @property
    def reason(self) -> Any:
        """Give the reason itself."""
        return pickle.loads(self._packed)  # noqa: S301 -- packed below


def sentence(reason: Any) -> Sentence:
    """Say a reason in English, and keep it."""
    said = Sentence(told(reason))
    said._packed = pickle.dumps(reason, pickle.HIGHEST_PROTOCOL)
    return said


def reason_of(text: str) -> Any:
    """Give the reason of a `Sentence`, to fill another with; any other text as it is."""
    return text.reason if isinstance(text, Sentence) else text


def in_language(text: str, lang: str) -> str:
    """Give a `Sentence` in `lang`; any other text stays as it is."""
    return told(text.reason, lang) if isinstance(text, Sentence) else text


def _told(said: Any, table: Mapping[str, str], lang: str) -> str:
    kind = type(said)
    if kind is str:
        return said  # type: ignore[no-any-return]
    if kind is Reason:
        names = said.names
        if not names:
            return table[said.code]
        return table[said.code].format_map({
            name: value if type(value) is str else _told(value, table, lang) for name, value in names.items()
        })  # fmt: skip
    if kind is Several:
        between, parts = said
        if parts and type(parts[0]) is str:  # names, most often
            try:
                return table[between].join(parts)
            except TypeError:
                pass
        return table[between].join([_told(part, table, lang) for part in parts])
    if kind is Term:
        return said[1] if lang == "en" else _word(said, lang)
    return str(said)


def _word(term: Term, lang: str) -> str:
    try:
        return head_label(term.word, lang) if term.vocabulary == FIELD else word_label(term.vocabulary, term.word, lang)
    except KeyError:
        return term.word
