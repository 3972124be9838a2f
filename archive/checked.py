"""Verifications that were written down: `verify --record`, and what the last one said of an item.

A `custody.check` is one entry for all that was looked at: `scope` names items
and cases (empty: everything), `failed` the items whose bytes were not as taken
in, each with what was found. What could not be read, or came in meanwhile, was
not looked at and is in no scope. Intake is an item's first verification; only a
recorded one changes what it said.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.ledger import Signer
    from archive.open import Archive

FAILED = ("damaged", "missing")


@dataclass(frozen=True)
class Check:
    """One recorded verification."""

    index: int
    at: str
    by: str
    scope: frozenset[str]
    failed: Mapping[str, str]
    quick: bool

    def covers(self, name: str) -> bool:
        """Tell whether the item `CODE/ID` was looked at."""
        return not self.scope or name in self.scope or name.partition("/")[0] in self.scope


def record_checks(
    archive: Archive, signers: Sequence[Signer], document: Mapping[str, Any], wanted: Sequence[str], size: int
) -> dict[str, Any]:
    """Write the outcome of a verification (`sijill-verify/1`) as one entry.

    `wanted` are the items and cases that were to be looked at (none: all), `size` the entries there were when it
    began. Gives the members `recorded` (items that failed), `entries` and `checkpoint`; none, and nothing is recorded,
    where nothing could be looked at. Raises IntegrityError, RefusedError, UnreachableError.
    """
    from archive import ledger

    failed = {one["item"]: one["what"] for kind in FAILED for one in document[kind]}
    fields = {
        "objects": document["objects"],
        "failed": [[item, what] for item, what in sorted(failed.items())],
        "quick": bool(document["quick"]),
    }
    with ledger.writing(archive, signers) as act:
        scope = _looked_at(act.db, wanted, size, {str(one["item"]) for one in document["unreadable"]})
        if scope is None:
            return {}
        fields["scope"] = scope
        act.add("custody.check", fields=fields)
    assert act.receipt is not None
    return {"recorded": len(failed), **act.receipt.document()}


def _looked_at(db: Any, wanted: Sequence[str], size: int, unread: Collection[str]) -> list[str] | None:
    """Name what was looked at: cases, and of one in which something was not, its items that were; None for nothing.

    An empty list is everything.
    """
    from archive.merged import family

    scope = {name for one in wanted for name in family(db, one)}
    later = db.execute("SELECT code || '/' || id FROM record WHERE kind = 'item' AND first >= ?", (size,))
    missed = {*unread} | {name for (name,) in later}
    if not missed:
        return sorted(scope)
    parted = {name.partition("/")[0] for name in missed}
    seen = set[str]()
    for name in scope or {code for (code,) in db.execute("SELECT code FROM record WHERE kind = 'case'")}:
        if name not in parted:
            seen.add(name)
            continue
        items = db.execute("SELECT code || '/' || id FROM record WHERE kind = 'item' AND code = ?", (name,))
        seen |= {item for (item,) in items}
    return sorted(seen - missed) or None


def recorded_checks(db: Any) -> list[Check]:
    """Give every recorded verification, oldest first."""
    rows = db.execute("SELECT idx, at, by, fields FROM act WHERE t = 'custody.check' ORDER BY idx").fetchall()
    return [_check(index, at, by, json.loads(fields)) for index, at, by, fields in rows]


def _check(index: int, at: str, by: str, fields: Mapping[str, Any]) -> Check:
    failed = {str(item): str(what) for item, what in fields.get("failed", [])}
    return Check(index, at, by, frozenset(fields.get("scope", [])), failed, bool(fields.get("quick")))


def last_word(checks: Sequence[Check], name: str, first: int) -> str | None:
    """Give what the last verification after entry `first` found wrong with an item, or None where it held."""
    for check in reversed(checks):
        if check.index > first and check.covers(name):
            return check.failed.get(name)
    return None
