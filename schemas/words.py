"""The words people use for fields and vocabularies, in English and Arabic, read in both directions.

The table is `words.toml`: for every part of a field's name and for every word
of a vocabulary a label in each language, and other spellings that are also
read. Spelling is compared without case, accents, tatweel and vowel signs, with
the forms of alef, yeh and teh marbuta taken as one; nothing stored is changed
by that. Both tables are complete, and a test says so.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from schemas.text import nearest
from schemas.vocabulary import VOCABULARY

_MARKS = re.compile(  # accents, vowel signs, tatweel, direction marks
    "[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_JOINS = re.compile(r"[\s_\-]+")
_ALIKE = str.maketrans("\u0671\u0649\u0629\u06cc\u06a9٠١٢٣٤٥٦٧٨٩", "\u0627\u064a\u0647\u064a\u06430123456789")
_PARTS = re.compile(r"\s*(?:\.|/|:| [-\u2013\u2014] |\u203a|>)\s*")

YES_NO: Mapping[str, bool] = {
    "yes": True, "true": True, "1": True, "نعم": True, "صحيح": True, "y": True,
    "no": False, "false": False, "0": False, "لا": False, "خطا": False, "n": False,
}  # fmt: skip


def plain(text: str) -> str:
    """Give `text` as it is compared: lower case, no marks, alike letters as one, parts joined by `_`."""
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return _JOINS.sub("_", text.translate(_ALIKE).strip()).strip("_")


@cache
def table() -> dict[str, Any]:
    """Give the whole table of labels, as `words.toml` has it."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def _forms(word: str, labels: Mapping[str, Any]) -> Iterable[str]:
    yield word
    yield labels["en"]
    yield labels["ar"]
    yield from labels.get("also", ())


@cache
def _words(vocabulary: str) -> Mapping[str, str]:
    labels = table()["words"].get(vocabulary, {})
    return {plain(form): word for word in VOCABULARY[vocabulary] for form in _forms(word, labels[word])}


def read_word(vocabulary: str, text: str) -> str | None:
    """Give the word of `vocabulary` that `text` names in either language, or None."""
    return _words(vocabulary).get(plain(text))


def nearest_word(vocabulary: str, text: str) -> str | None:
    """Give the word of `vocabulary` whose name in either language is most like `text`, or None."""
    close = nearest(plain(text), _words(vocabulary))
    return _words(vocabulary)[close] if close else None


def word_label(vocabulary: str, word: str, lang: str) -> str:
    """Give the name of a vocabulary word in `lang`."""
    label: str = table()["words"][vocabulary][word][lang]
    return label


@cache
def _head_parts() -> Mapping[str, frozenset[str]]:
    parts: dict[str, set[str]] = {}
    for name, labels in table()["fields"].items():
        for form in _forms(name, labels):
            parts.setdefault(plain(form), set()).add(name)
    for word, labels in table()["words"]["casualty_category"].items():
        for form in _forms(word, labels):
            parts.setdefault(plain(form), set()).add(word)
    return {form: frozenset(names) for form, names in parts.items()}


def read_head(text: str, names: Iterable[str]) -> list[str]:
    """Give the names among `names` (dotted) that the head of a column means, in either language."""
    known = names if isinstance(names, (set, frozenset, dict)) else set(names)
    if text.strip() in known:
        return [text.strip()]
    whole = _head_parts().get(plain(text), frozenset())
    found = {name for name in whole if name in known}
    if not found:
        found = {name for name in _products(_PARTS.split(text.strip())) if name in known}
    return sorted(found)


def _products(segments: list[str]) -> set[str]:
    names = {""}
    if len(segments) > 5:
        return set()
    for segment in segments:
        options = _head_parts().get(plain(segment), frozenset())
        names = {f"{name}.{option}" if name else option for name in names for option in options}
    return names


def head_label(name: str, lang: str) -> str:
    """Give the label of a dotted field name in `lang`, its parts joined by ` – `."""
    fields, categories = table()["fields"], table()["words"]["casualty_category"]
    if name in fields:
        return str(fields[name][lang])
    return " – ".join(str((fields.get(part) or categories[part])[lang]) for part in name.split("."))


@cache
def _sheets() -> Mapping[str, str]:
    return {plain(form): name for name, labels in table()["sheets"].items() for form in _forms(name, labels)}


def read_sheet_name(text: str) -> str | None:
    """Give the table (`item`, `case`, …) that a sheet of that name holds, or None."""
    return _sheets().get(plain(text))


def sheet_names() -> list[str]:
    """Give every name of a sheet that is known, in both languages, as `plain` gives them."""
    return list(_sheets())


def sheet_label(name: str, lang: str) -> str:
    """Give the name of the sheet that holds the table `name`."""
    label: str = table()["sheets"][name][lang]
    return label


def nearest_head(text: str, names: Iterable[str]) -> str | None:
    """Give the name among `names` most like `text`, or None."""
    return nearest(plain(text).replace("__", "_"), names)
