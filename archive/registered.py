"""What a case already has in the archive, as intake and the single acts need it to tell new from known.

Reads the view and nothing else; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import orjson

from archive.database import NEWEST_SIZE
from archive.merged import family, weighed_as
from archive.show import gathered
from schemas.case import named
from schemas.link import LEANS, SAME_LINK, SAME_RELATION

SAME = {"link": SAME_LINK, "relation": SAME_RELATION}


@dataclass(slots=True)
class Known:
    """One registered record: its subject, its fields as JSON, and whether it was withdrawn.

    A case has tens of thousands of them, each of which is looked at a few times: as dicts they take five times as much.
    """

    sub: str
    said: bytes
    withdrawn: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """The fields, made anew each time."""
        fields: dict[str, Any] = orjson.loads(self.said)
        return fields


@dataclass
class Registered:
    """The records of one case by kind and id, and the prior custody of its items. Records come in through `add`.

    `size` is that of the ledger at which they stood so.
    """

    size: int
    case: Known | None = None
    records: dict[tuple[str, str], Known] = field(default_factory=dict)
    custody: dict[str, list[bytes]] = field(default_factory=dict)  # item's subject -> events, each as JSON
    sealed: set[str] = field(default_factory=set)  # sources' subjects
    manifests: set[str] = field(default_factory=set)  # BLAKE3
    reserved: set[tuple[str, str]] = field(default_factory=set)  # kind and id that a link or relation to come has
    _saying: dict[tuple[str, str], Known] = field(default_factory=dict)  # kind and what a link or relation says
    _given: dict[str, int] = field(default_factory=dict)  # kind -> the last number that was looked at

    def add(self, kind: str, name: str, known: Known) -> None:
        """Enter a record; of two that say the same, the first is the one to be found by what it says."""
        self.records[kind, name] = known
        if kind in SAME:
            self._saying.setdefault((kind, _says(kind, known.fields)), known)

    def revise(self, kind: str, known: Known, fields: dict[str, Any]) -> None:
        """Let a registered record have other fields; what it said before no longer finds it."""
        before = (kind, _says(kind, known.fields)) if kind in SAME else None
        known.said = orjson.dumps(fields)
        if before is not None:
            if self._saying.get(before) is known:
                del self._saying[before]
            self._saying.setdefault((kind, _says(kind, fields)), known)

    def find(self, kind: str, record: Mapping[str, Any]) -> Known | None:
        """Give the registered record that this one is a revision of: by id, else by what it says of what."""
        name = record.get("id")
        if name is not None:
            return self.records.get((kind, str(name)))
        return self._saying.get((kind, _says(kind, record))) if kind in SAME else None

    def free_id(self, kind: str) -> str:
        """Give the next id for a link (`L1`) or relation (`R1`) that has none; no record to come has it of its own."""
        letter = {"link": "L", "relation": "R"}[kind]
        names = ((kind, f"{letter}{number}") for number in count(1 + self._given.get(kind, 0)))
        found = next(name for name in names if name not in self.records and name not in self.reserved)[1]
        self._given[kind] = int(found[1:])
        return found


def _says(kind: str, fields: Mapping[str, Any]) -> str:
    return json.dumps([fields.get(key) for key in SAME[kind]])


def registered(db: Any, code: str) -> Registered:
    """Read the case `code` from the view; an unknown code gives an empty answer."""
    found = Registered(db.execute(NEWEST_SIZE).fetchone()[0])
    rows = db.execute(
        "SELECT sub, kind, id, withdrawn, fields FROM record WHERE code = ? AND kind != 'key' ORDER BY first", (code,)
    )
    for sub, kind, name, withdrawn, fields in rows:
        known = Known(sub, fields.encode(), withdrawn is not None)
        if kind == "case":
            found.case = known
        else:
            found.add(kind, name, known)
    for t, sub, fields in _acts(db, code):
        if t == "custody.prior":
            found.custody.setdefault(sub, []).append(fields.encode())
        elif t == "blob.add":
            found.manifests.add(json.loads(fields).get("blake3", ""))
        else:
            found.sealed.add(sub)
    return found


def had(db: Any, code: str) -> tuple[set[str], set[str], dict[str, set[str]]]:
    """Give the ids of the sources and items that a case has by now, and for each item what it rests on, by relation.

    What it is merged with has `CODE/ID`.
    """
    sources, items = (_ids(db, code, kind) for kind in ("source", "item"))
    leans: dict[str, set[str]] = {}
    root = weighed_as(db, code)
    for other in family(db, root):
        items |= {named(name, other, code) for name in _ids(db, other, "item")} if other != code else set()
    for one in (replace(one, seen_from=code) for one in gathered(db, root, "relation")):
        if one.withdrawn is None and one.fields.get("as") in LEANS and "of" in one.fields:
            leans.setdefault(str(one.names("item")), set()).add(str(one.names("of")))
    return sources, items, leans


def _ids(db: Any, code: str, kind: str) -> set[str]:
    return {name for (name,) in db.execute("SELECT id FROM record WHERE code = ? AND kind = ?", (code, kind))}


def _acts(db: Any, code: str) -> Iterator[tuple[str, str, str]]:
    rows: Iterator[tuple[str, str, str]] = db.execute(
        "SELECT a.t, a.sub, a.fields FROM act a JOIN record r ON r.sub = a.sub WHERE r.code = ?"
        " AND a.t IN ('custody.prior', 'blob.add', 'seal.put', 'seal.reseal') ORDER BY a.idx",
        (code,),
    )
    return rows
