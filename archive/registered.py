"""What a case already has in the archive, as intake and the single acts need it to tell new from known.

Reads the view and nothing else; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.link import SAME_LINK, SAME_RELATION


@dataclass
class Known:
    """One registered record: its subject, its fields, and whether it was withdrawn."""

    sub: str
    fields: dict[str, Any]
    withdrawn: bool
    first: int


@dataclass
class Registered:
    """The records of one case by kind and id, and the prior custody of its items."""

    case: Known | None = None
    records: dict[tuple[str, str], Known] = field(default_factory=dict)
    custody: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # item's subject -> events
    sealed: set[str] = field(default_factory=set)  # sources' subjects
    manifests: set[str] = field(default_factory=set)  # BLAKE3

    def find(self, kind: str, record: Mapping[str, Any]) -> Known | None:
        """Give the registered record that this one is a revision of: by id, else by what it says of what."""
        name = record.get("id")
        if name is not None:
            return self.records.get((kind, str(name)))
        same = SAME_LINK if kind == "link" else SAME_RELATION
        wanted = [record.get(key) for key in same]
        for (other, _), known in self.records.items():
            if other == kind and [known.fields.get(key) for key in same] == wanted:
                return known
        return None

    def free_id(self, kind: str) -> str:
        """Give the next id for a link (`L1`) or relation (`R1`) that has none."""
        letter = {"link": "L", "relation": "R"}[kind]
        number = 1
        while (kind, f"{letter}{number}") in self.records:
            number += 1
        return f"{letter}{number}"


def registered(db: Any, code: str) -> Registered:
    """Read the case `code` from the view; an unknown code gives an empty answer."""
    found = Registered()
    rows = db.execute(
        "SELECT sub, kind, id, withdrawn, fields, first FROM record WHERE code = ? AND kind != 'key' ORDER BY first",
        (code,),
    )
    for sub, kind, name, withdrawn, fields, first in rows.fetchall():
        known = Known(sub, json.loads(fields), withdrawn is not None, first)
        if kind == "case":
            found.case = known
        else:
            found.records[(kind, name)] = known
    for t, sub, fields in _acts(db, code):
        if t == "custody.prior":
            found.custody.setdefault(sub, []).append(json.loads(fields))
        elif t == "blob.add":
            found.manifests.add(json.loads(fields).get("blake3", ""))
        else:
            found.sealed.add(sub)
    return found


def _acts(db: Any, code: str) -> Sequence[tuple[str, str, str]]:
    return list(
        db.execute(
            "SELECT a.t, a.sub, a.fields FROM act a JOIN record r ON r.sub = a.sub WHERE r.code = ?"
            " AND a.t IN ('custody.prior', 'blob.add', 'seal.put', 'seal.reseal') ORDER BY a.idx",
            (code,),
        ).fetchall()
    )
