"""What the disclosures of an entry are called and hold, for every type of entry.

The ledger commits to values without looking at them; here is said which there
are. An entry that discloses another name, or a value of another shape, makes
no row of the view and is a finding, whoever signed it: what reads the view can
rely on these shapes, and on words of a vocabulary where there is one.

Follows docs/format.md, "Types" and "Records"; records follow the tables of
fields. Never says a value, only the name it stands under.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.case import CASE, MERGED
from schemas.custody import CUSTODY
from schemas.entry import Entry, is_second
from schemas.fields import Field, flat_names
from schemas.item import ITEM_FIELDS
from schemas.link import LINK, RELATION, RESOLUTION
from schemas.source import SOURCE
from schemas.vocabulary import AUDIENCES, VOCABULARY

_HEX = re.compile(r"[0-9a-f]{64}\Z")


def _text(value: Any) -> bool:
    return type(value) is str


def _texts(value: Any) -> bool:
    return type(value) is list and all(map(_text, value))


def _pairs(value: Any) -> bool:
    return type(value) is list and all(_texts(pair) and len(pair) == 2 for pair in value)


def _named(value: Any) -> bool:
    return type(value) is dict and all(map(_text, value.values()))


def _moment(value: Any) -> bool:
    return _named(value) and all(is_second(value[name]) for name in ("earliest", "latest") if name in value)


SHAPES: dict[str, Callable[[Any], bool]] = {
    "text": _text,
    "texts": _texts,
    "pairs": _pairs,
    "named": lambda value: _named(value) or _pairs(value),  # the columns of a flight log
    "time": _moment,
    "whole": lambda value: type(value) is int,
    "size": lambda value: type(value) is int and value >= 0,
    "yes": lambda value: type(value) is bool,
    "digest": lambda value: _text(value) and _HEX.match(value) is not None,
    "table": lambda value: type(value) is dict,
    "tables": lambda value: type(value) is list and all(type(row) is dict for row in value),
    "boxes": lambda value: type(value) is list and all(
        type(box) is list and all(type(side) is int for side in box) for box in value
    ),
}  # fmt: skip
_BY_FIELD = {
    "wordlist": "texts", "textlist": "texts", "time": "time", "whole": "whole", "degrees": "whole", "yesno": "yes",
    "map": "named", "rows": "tables",
}  # fmt: skip

_OBJECT = "blake3:digest sha256:digest size:size"
# type -> NAME:SHAPE of what it must disclose, and of what it may
ACTS: dict[str, tuple[str, str]] = {
    "key.add": ("name:text", "person_name:text"),
    "key.revoke": ("", "reason:text"),
    "role.grant": ("", "reason:text"),
    "role.revoke": ("", "reason:text"),
    "policy.set": ("", "policy:text guardian:text"),
    "record.withdraw": ("reason:text", ""),
    "blob.add": (_OBJECT, "name:text media_type:text audience:text how:text boxes:boxes reason:text"),
    "exhibit.number": ("scheme:text number:text", ""),
    "assessment.add": ("standard:text standard_sha256:digest result:table", "meets:yes grade:text"),
    "waiver.set": ("rule:text standard:text reason:text until:text ordered_by:texts", ""),
    "custody.transfer": ("to:text purpose:text", "sha256:digest outside:yes"),
    "custody.accept": ("", "sha256:digest"),
    "custody.check": ("objects:size failed:pairs quick:yes scope:texts", ""),
    "export": (
        "audience:text purpose:text tagmanifest_sha256:digest",
        "recipient:text supersedes:text number:size items:texts cases:texts",
    ),
    "seal.put": (_OBJECT, "recipients:texts"),
    "seal.reseal": (_OBJECT, "recipients:texts"),
    "seal.open": ("purpose:text", ""),
    "consent.set": ("audience:text answer:text reason:text", ""),
    "erase": ("reason:text", "case:text id:text kind:text joined:texts"),
    "audit.note": ("outcome:text", "entries:size findings:pairs note:text"),
}
_LOG = "columns:named rows:size rows_readable:size rows_root:digest rows_salt:text"
# what a record of each kind must say; those that are not here say their case, id and kind
_NAMED = {"case": "code:text", "link": "case:text id:text item:text", "relation": "case:text id:text item:text"}
_STORED = "case:text sha256:digest blake3:digest size:size media_type:text"

# type -> NAME:VOCABULARY of what an act says in words of a vocabulary; records have theirs in their tables of fields
_ACT_WORDS = {
    "consent.set": "audience:audience answer:answer", "export": "audience:left_for", "blob.add": "audience:audience",
}  # fmt: skip
LEFT_FOR = (*AUDIENCES, "archive")  # for whom something left; the whole of it is for those who take it over

Shapes = Mapping[str, str]


def _said(text: str) -> dict[str, str]:
    return dict(word.split(":") for word in text.split())


def _of_fields(*fields: Field) -> dict[str, str]:
    return {name: _BY_FIELD.get(leaf.type, "text") for name, leaf in flat_names(fields).items()}


@functools.cache
def disclosed(t: str, kind: str = "") -> tuple[Shapes, Shapes]:
    """Give name -> shape of what an entry of type `t` (of a record: and kind) must disclose, and of all it may."""
    if t in ("record.add", "record.edit", "record.link"):
        must = _said(_NAMED.get(kind, "case:text id:text kind:text"))
        return must, {**_record(kind), **({"reason": "text"} if t == "record.edit" else {})}
    if t == "custody.prior":
        return {}, _of_fields(*CUSTODY)
    if t == "reading.add":
        must = _said("tool:text version:text")
        return must, {**must, **_said(f"warnings:texts network:text {_LOG}")}
    first, more = (_said(text) for text in ACTS.get(t, ("", "")))
    return first, {**first, **more}


def _record(kind: str) -> dict[str, str]:
    if kind == "case":
        return _of_fields(*CASE, *MERGED)
    if kind == "item":
        every = [_of_fields(*fields) for fields in ITEM_FIELDS.values()]
        return {name: shape for one in every for name, shape in one.items()} | _said(_STORED)
    fields = {"source": SOURCE, "link": (*LINK, *RESOLUTION), "relation": RELATION}[kind]
    return {**_of_fields(*fields), "case": "text"}


@functools.cache
def worded(t: str, kind: str = "") -> Mapping[str, str]:
    """Give name -> vocabulary of what an entry of type `t` (of a record: and kind) says in words of a vocabulary."""
    if t not in ("record.add", "record.edit", "record.link"):
        return _words(CUSTODY) if t == "custody.prior" else _said(_ACT_WORDS.get(t, ""))
    if kind != "item":
        return _words({"case": CASE, "source": SOURCE, "link": (*LINK, *RESOLUTION), "relation": RELATION}[kind])
    found: dict[str, set[str]] = {}
    for fields in ITEM_FIELDS.values():
        for name, leaf in flat_names(fields).items():
            found.setdefault(name, set()).add(leaf.words or "")
    return {name: one for name, (one, *more) in found.items() if one and not more}


def _words(fields: Iterable[Field]) -> dict[str, str]:
    return {name: leaf.words for name, leaf in flat_names(fields).items() if leaf.words}


_Check = tuple[Callable[[Any], bool], frozenset[str] | None]  # a shape, and the words where there are no others


@functools.cache
def _checks(t: str, kind: str) -> tuple[Shapes, Mapping[str, _Check]]:
    must, may = disclosed(t, kind)
    lists = {name: frozenset(VOCABULARY.get(words, LEFT_FOR)) for name, words in worded(t, kind).items()}
    return must, {name: (SHAPES[shape], lists.get(name)) for name, shape in may.items()}


def misfit(entry: Entry, fields: Mapping[str, Any]) -> str | None:
    """Give what the disclosures of an entry that are there say which such an entry does not say, or None.

    What must be there is asked for only where none of them is gone: that is told elsewhere, or was ordered.
    """
    if entry.t.startswith("anchor."):
        return None if entry.sd else "an anchor that says nothing"  # their reader judges them whole
    must, checks = _checks(entry.t, str(entry.body.get("kind", "")))
    for name, value in fields.items():
        if name in checks:
            fits, words = checks[name]
            if (type(value) is not str or fits is not _text) and not fits(value):
                return f"`{name}` is not what such a field holds"
            if words is not None and not words.issuperset(value if type(value) is list else (value,)):
                return f"`{name}` is no word of its vocabulary"
        elif entry.t != "reading.add" or not name.startswith("facts."):
            return f"{entry.t} discloses what no such entry does"
    if len(fields) == len(entry.sd) and not must.keys() <= fields.keys():
        return f"it does not say its {', '.join(sorted(must.keys() - fields.keys()))}"
    if "rows_root" in fields and not _said("rows:size rows_salt:text").keys() <= fields.keys():
        return "a flight log does not say what its rows were"
    return None
