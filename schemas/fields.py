"""Tables of fields: the one description of every record, from which all else follows.

A record is a flat `dict[str, Value]`: dotted names to strings, integers,
booleans, lists, or one `dict` for a time. The noun files (`case`, `item`,
`source`, `link`, `custody`) hold the tables. Intake, sheets, workbooks, JSON
Schemas and audiences read them; no field is described twice.

Example: `{"code": "EX-2019-0001", "title.ar": "…", "place.lat": 35812000}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.extent import MICRO

Value = str | int | bool | list[Any] | dict[str, Any]
Record = dict[str, Value]

TYPES = (
    "text",  # one string, kept as given
    "id",  # a short name: letters, digits, . _ - ; no blank
    "item",  # the id of an item; CODE/ID where it is of a case merged with this one
    "words",  # text, or {en, ar}: becomes NAME.en / NAME.ar (plain text becomes NAME.und)
    "word",  # one word of a vocabulary
    "wordlist",  # several words of a vocabulary
    "textlist",  # several strings
    "time",  # one extent of time
    "place",  # a group: name.en name.ar name.und lat lon accuracy_m
    "whole",  # a whole number, not negative
    "decimal",  # a decimal number, kept as its digits
    "degrees",  # a coordinate, WGS 84; kept as whole micro-degrees
    "zone",  # an IANA time zone
    "yesno",  # true or false
    "file",  # a relative path inside the folder
    "group",  # a table of named members: becomes NAME.member
    "range",  # {min, max} whole numbers
    "ranges",  # {children = {min, max}, …} over a vocabulary
    "answers",  # consent: audience = answer, and other members
    "map",  # free keys to text (column maps)
    "rows",  # a list of tables
)


@dataclass(frozen=True, eq=False)
class Field:
    """One field: its name, type, whether it must be there, its vocabulary, and the fields inside it.

    A field is equal to itself alone, so that a table of fields is quickly looked up.
    """

    name: str
    type: str = "text"
    required: bool = False
    words: str | None = None
    members: tuple[Field, ...] = field(default=())


def flat_names(fields: Iterable[Field]) -> dict[str, Field]:
    """Give dotted name -> leaf field, the names that may stand in a flat record and as heads of a sheet."""
    names: dict[str, Field] = {}
    for entry in fields:
        for suffix, leaf in _leaves(entry):
            names[entry.name + suffix] = leaf
    return names


def _leaves(entry: Field) -> Iterable[tuple[str, Field]]:
    if entry.type == "words":
        return [(f".{lang}", Field(lang)) for lang in ("en", "ar", "und")]
    if entry.type == "place":
        inner = [(f".name{s}", f) for s, f in _leaves(Field("name", "words"))]
        return [
            *inner,
            (".lat", Field("lat", "degrees")),
            (".lon", Field("lon", "degrees")),
            (".accuracy_m", Field("accuracy_m", "decimal")),
        ]
    if entry.type == "range":
        return [(".min", Field("min", "whole")), (".max", Field("max", "whole"))]
    if entry.type == "ranges":
        from schemas.vocabulary import VOCABULARY

        return [(f".{word}{s}", f) for word in VOCABULARY[entry.words or ""] for s, f in _leaves(Field(word, "range"))]
    if entry.type in ("group", "answers"):
        return [(f".{m.name}{suffix}", leaf) for m in entry.members for suffix, leaf in _leaves(m)]
    return [("", entry)]


def nest(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give the record with its groups as nested tables, and micro-degrees as degrees, for people and JSON."""
    nested: dict[str, Any] = {}
    for name, value in record.items():
        target, parts = nested, name.split(".")
        for part in parts[:-1]:
            target = target.setdefault(part, {})
        if parts[-1] == "und" and f"{name[:-4]}.en" not in record and f"{name[:-4]}.ar" not in record:
            _set(nested, parts[:-1], value)  # plain text, in no language that was told
            continue
        if parts[-1] in ("lat", "lon") and type(value) is int:
            value = value / MICRO
        elif isinstance(value, list):
            value = [nest(row) if isinstance(row, dict) and "earliest" not in row else row for row in value]
        target[parts[-1]] = value
    return nested


def _set(nested: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        nested = nested.setdefault(part, {})
    nested[parts[-1]] = value


def in_language(record: Mapping[str, Any], name: str, lang: str = "en") -> str:
    """Give the text of a `words` field in `lang`, else in any language, else an empty string."""
    for suffix in (lang, "und", "en", "ar"):
        text = record.get(f"{name}.{suffix}")
        if isinstance(text, str):
            return text
    return ""
