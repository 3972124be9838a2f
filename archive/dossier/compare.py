"""Comparing: two dossiers that were written, or one case as two audiences would get it. Reads only.

A dossier that is to be superseded is read here too: it must be whole, of the
same case and for the same audience.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import paper
from archive.dossier import records
from archive.dossier.differences import differences, nothing
from archive.dossier.looking import MOST_TEXT_BYTES
from archive.dossier.verification import check
from archive.handed_over import Dossier, Request
from archive.pictures import Copies
from archive.release import gather
from evidence.reason import reason, sentence
from schemas.errors import InputError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying


@dataclass(frozen=True)
class Earlier:
    """A dossier that was written before: what it is, its case and its assessment."""

    id: str
    audience: str
    date: str
    case: Mapping[str, Any]
    weighed: Mapping[str, Any]
    ok: bool

    def document(self) -> dict[str, Any]:
        """Give what it is."""
        return {"id": self.id, "audience": self.audience, "date": self.date, "ok": self.ok}


def read(folder: Path, progress: Saying | None = None) -> Earlier:
    """Read a dossier folder. Raises UnreachableError, NotFound, or InputError where it is no dossier."""
    shown, report = visible(str(folder)), check(folder, progress=progress)
    try:
        case, weighed = (
            json.loads(paper.read(folder / "data/records" / name, MOST_TEXT_BYTES).decode())
            for name in ("case.json", "corroboration.json")
        )
        told = case["dossier"]
        found = Earlier(str(told["id"]), str(told["audience"]), str(told["date"]), case, weighed, report.ok)
        differences(case, case, weighed, weighed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{shown} is no dossier that can be compared", where=shown, hint="sijill dossier verify DIR"
        ) from error
    return found


def compare(old: Path, new: Path, *, progress: Saying | None = None) -> dict[str, Any]:
    """Give the `sijill-dossier-compare/1` document. Raises UnreachableError, InputError where they are of two cases."""
    one, two = read(old, progress), read(new, progress)
    if not _follows(one.case, *_case_of(two.case)):
        raise InputError("these are dossiers of two cases", code="two-cases", hint="compare dossiers of one case")
    found = differences(one.case, two.case, one.weighed, two.weighed)
    return {
        "format": "sijill-dossier-compare/1", "old": one.document(), "new": two.document(), "same": nothing(found),
        **found,
    }  # fmt: skip


def _case_of(case: Mapping[str, Any]) -> tuple[Any, list[Any]]:
    """Give the archive of a dossier, and the codes of its case and of those that it takes in."""
    told = [case["case"], *case.get("merged", ())]
    return case["ledger"]["genesis"], [one["fields"]["code"] for one in told]


def _follows(old: Mapping[str, Any], genesis: Any, codes: Sequence[Any]) -> bool:
    """Tell whether a dossier of `codes` is a later one of the case of `old`, or of the case that took it in."""
    return bool(old["ledger"]["genesis"] == genesis and old["case"]["fields"]["code"] in codes)


def to_supersede(folder: Path, dossier: Dossier, progress: Saying | None = None) -> Earlier:
    """Read the dossier that `dossier` supersedes.

    Raises UnreachableError, InputError where it is not one that it can supersede.
    """
    found = read(folder, progress)
    codes = [dossier.code, *(one.fields["code"] for one in dossier.merged)]
    problem = None
    if not found.ok:
        problem = "it is not as it was written"
    elif not _follows(found.case, dossier.proof.genesis.hex(), codes):
        problem = "it is of another case"
    elif found.audience != dossier.audience:
        problem = f"it is for {found.audience}, not for {dossier.audience}"
    elif found.case["case"]["fields"]["code"] == dossier.code and found.case["dossier"]["number"] >= dossier.number:
        problem = "it is not older"
    if problem:
        shown = visible(str(folder))
        raise InputError(f"{shown} cannot be superseded: {problem}", where=shown, code="supersede")
    return found


def correction(dossier: Dossier, earlier: Earlier, thumbnails: Mapping[str, str]) -> dict[str, Any]:
    """Give what changed between `earlier` and a dossier that is being written: records/correction.json."""
    case = json.loads(records.text(records.case_document(dossier, thumbnails)))
    weighed = json.loads(records.corroboration_json(dossier))
    found = differences(earlier.case, case, earlier.weighed, weighed)
    return {"format": "sijill-dossier-correction/1", "supersedes": earlier.id, "of": earlier.date, **found}


def diff(
    archive: Archive, code: str, one: str, two: str, date: str, *, progress: Saying | None = None
) -> dict[str, Any]:
    """Give the `sijill-dossier-diff/1` document: what two audiences would get. Raises NotFound, InputError."""
    with Copies() as copies:
        first, second = (
            gather(archive, code, Request(audience), copies, date=date, progress=progress) for audience in (one, two)
        )
        return {
            "format": "sijill-dossier-diff/1", "case": code, "audiences": [one, two],
            "exhibits": _side_by_side(first, second), "fields": _fields(first, second),
            "logs": [len(first.logs), len(second.logs)],
            "not_shown": [dict(first.not_shown), dict(second.not_shown)],
        }  # fmt: skip


def _side_by_side(first: Dossier, second: Dossier) -> list[dict[str, Any]]:
    sides = []
    for dossier in (first, second):
        shown: dict[str, str] = {e.bates: e.form for e in dossier.exhibits}
        withheld = {one.bates: sentence(reason("withheld-so", why=one.reason.reason)) for one in dossier.withheld}
        sides.append(shown | withheld)
    names = {e.bates: e.name for dossier in (first, second) for e in dossier.exhibits}
    return [
        {"bates": number, "id": names.get(number), "leaves": [sides[0][number], sides[1][number]]}
        for number in sorted(sides[0])
        if sides[0][number] != sides[1][number]
    ]


def _fields(first: Dossier, second: Dossier) -> dict[str, list[list[str]]]:
    """Give, by kind of record, the names of fields that only the one or only the other sees."""
    found = {}
    for kind in ("case", "source", "item", "link", "relation", "reading", "custody"):
        one, two = _names(first, kind), _names(second, kind)
        if one != two:
            found[kind] = [sorted(one - two), sorted(two - one)]
    return found


def _names(dossier: Dossier, kind: str) -> set[str]:
    kinds: dict[str, list[Any]] = {
        "case": [dossier.case, *dossier.merged], "source": [*dossier.sources],
        "item": [e.record for e in dossier.exhibits],
        "link": [*dossier.links], "relation": [*dossier.relations],
        "reading": [reading for e in dossier.exhibits for reading in e.readings],
        "custody": [event for e in dossier.exhibits for event in e.custody],
    }  # fmt: skip
    return {name for record in kinds[kind] for name in (record.fields or {})}
