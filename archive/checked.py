"""Verifications that were written down: `verify --record`, and what the last one said of an item.

A `custody.check` is one entry for all that was looked at: `scope` names items
and cases (empty: everything), `failed` the items whose bytes were not as taken
in, each with what was found. Intake is an item's first verification; only a
recorded one changes what it said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    archive: Archive, signers: Sequence[Signer], document: Mapping[str, Any], wanted: Sequence[str]
) -> dict[str, Any]:
    """Write the outcome of a verification (`sijill-verify/1`) as one entry.

    Raises IntegrityError, RefusedError, UnreachableError.

    Gives the members `recorded` (items that failed), `entries` and `checkpoint`.
    What could not be read is no failure: it was not looked at.
    """
    from archive import ledger
    from archive.merged import family

    failed = {one["item"]: one["what"] for kind in FAILED for one in document[kind]}
    fields = {
        "objects": document["objects"],
        "failed": [[item, what] for item, what in sorted(failed.items())],
        "quick": bool(document["quick"]),
    }
    with ledger.writing(archive, signers) as act:
        fields["scope"] = sorted({name for one in wanted for name in family(act.db, one)})
        act.add("custody.check", fields=fields)
    assert act.receipt is not None
    return {"recorded": len(failed), **act.receipt.document()}


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
