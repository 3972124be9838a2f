"""Reading every object again and comparing it with what was recorded: `sijill verify`.

Says which items are touched by what is damaged or gone, and what lies in the
store that nobody names. It reads the rows of the view and believes them: that
these follow from the ledger is `audit`'s business. Changes nothing, repairs
nothing, and holds as much in memory for a million objects as for a thousand,
because rows and store are both gone through in the order of object names.

An object that nobody names but that is whole is what a crash leaves, and a
file with a name of no object is a stranger; both are told and neither is a
finding. Imports no SQLAlchemy: that would take longer than the work.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from archive.objects import Checked, ObjectStore, Progress
from archive.shelves import Found
from schemas.errors import NotFound

Row = tuple[str, str, str | None, int | None]  # item for people, BLAKE3, SHA-256, size in bytes

HARMLESS = ("whole", "stranger")  # what of an unlisted thing that is no finding

_ITEM = "CASE WHEN r.kind = 'case' THEN r.code ELSE coalesce(r.code || '/' || r.id, 'entry ' || o.idx) END"
EVERY_OBJECT = (
    f"SELECT {_ITEM}, o.blake3, o.sha256, o.size FROM object o LEFT JOIN record r ON r.sub = o.sub"
    " ORDER BY o.blake3, o.idx"
)


class _Claim(NamedTuple):
    """One object, and everything that the archive says of it: (item, SHA-256, size), nothing if nobody names it."""

    name: str
    holders: tuple[tuple[str, str | None, int | None], ...] = ()


def object_rows(database: sqlite3.Connection, wanted: Sequence[str] = ()) -> Iterator[Row]:
    """Give the rows of every object, or of the items (`CODE/ID`) and cases (`CODE`) wanted, by object name.

    Raises NotFound for what is wanted and not in the archive.
    """
    if not wanted:
        yield from database.execute(EVERY_OBJECT)
        return
    for one in wanted:
        known = "SELECT 1 FROM record WHERE code = ?1 OR code || '/' || id = ?1 LIMIT 1"
        if database.execute(known, (one,)).fetchone() is None:
            raise NotFound(
                "no item or case of that name",
                where=one,
                hint="`sijill case list` and `sijill case show CODE` name them",
            )
    marks = ",".join("?" * len(wanted))
    some = EVERY_OBJECT.replace(
        " ORDER BY", f" WHERE r.code IN ({marks}) OR r.code || '/' || r.id IN ({marks}) ORDER BY"
    )
    yield from database.execute(some, (*wanted, *wanted))


def verify_objects(
    rows: Iterable[Row],
    store: ObjectStore,
    *,
    quick: bool = False,
    whole: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Give the `sijill-verify/1` document of an archive, or with `whole=False` of some items of it.

    `rows` come in the order of their BLAKE3; ValueError if they do not. An
    object is counted once, and every item that names it is told. `quick`
    leaves SHA-256 out; `progress` takes bytes done. `ok` is whether
    nothing is a finding and all could be read. Raises UnreachableError where
    the store is away.
    """
    report = _Report()
    waiting: deque[_Claim] = deque()

    def expected() -> Iterator[tuple[str, str | None, int | None]]:
        claims = _claims(rows)
        for claim in _merged(claims, store.names(), report, store) if whole else claims:
            waiting.append(claim)
            _, sha256, size = claim.holders[0] if claim.holders else ("", None, None)
            yield claim.name, sha256, size

    for checked in store.check_many(expected(), quick=quick, progress=progress):
        report.take(waiting.popleft(), checked)
    return report.document(quick=quick)


def exit_status(document: dict[str, Any]) -> int:
    """Give what the command ends with: 0 all holds, 1 a finding, 3 no finding but not all could be read."""
    stray = any(one["what"] not in HARMLESS for one in document["unlisted"])
    if document["damaged"] or document["missing"] or stray:
        return 1
    return 3 if document["unreadable"] else 0


class _Report:
    """The document while it grows."""

    def __init__(self) -> None:
        self.objects = self.bytes = 0
        self.damaged: list[dict[str, str]] = []
        self.missing: list[dict[str, str]] = []
        self.unlisted: list[dict[str, str]] = []
        self.unreadable: list[dict[str, str]] = []

    def take(self, claim: _Claim, checked: Checked) -> None:
        """Note what reading one object showed, for every item that names it."""
        self.bytes += checked.size
        if not claim.holders:
            self._stray(checked)
            return
        self.objects += 1
        _, sha256, size = claim.holders[0]
        for item, other_sha256, other_size in claim.holders:
            if checked.what == "ok":
                if (other_sha256, other_size) != (sha256, size):
                    said = "two records of these bytes name different digests or sizes"
                    self.damaged.append({"item": item, "object": claim.name, "what": said})
                continue
            kept = {"missing": self.missing, "unreadable": self.unreadable}.get(checked.what, self.damaged)
            kept.append({"item": item, "object": claim.name, "what": checked.detail or checked.what})

    def _stray(self, checked: Checked) -> None:
        if checked.what == "missing":
            return  # it went while we looked: another process tidies
        if checked.what == "unreadable":
            self.unreadable.append({"item": "", "object": checked.blake3, "what": checked.detail})
            return
        what = "whole" if checked.what == "ok" else checked.detail
        self.unlisted.append({"object": checked.blake3, "what": what})

    def misplaced(self, found: Found, store: ObjectStore) -> None:
        """Note what lies in the store and is no object."""
        where = found.path.relative_to(store.folder).as_posix()
        if found.what == "unreadable":
            self.unreadable.append({"item": "", "object": where, "what": "this folder cannot be listed"})
        else:
            what = (
                found.what if found.what == "stranger" else f"a {found.what} lies in the place of a folder of objects"
            )
            self.unlisted.append({"object": where, "what": what})

    def document(self, *, quick: bool) -> dict[str, Any]:
        """Give the finished document."""
        document: dict[str, Any] = {
            "format": "sijill-verify/1",
            "objects": self.objects,
            "bytes": self.bytes,
            "ok": False,
            "damaged": self.damaged,
            "missing": self.missing,
            "unlisted": self.unlisted,
            "unreadable": self.unreadable,
            "quick": quick,
        }
        document["ok"] = exit_status(document) == 0
        return document


def _claims(rows: Iterable[Row]) -> Iterator[_Claim]:
    last = ""
    for name, group in groupby(rows, key=lambda row: row[1]):
        if name < last:
            raise ValueError("verify_objects takes rows in the order of their BLAKE3")
        last = name
        yield _Claim(name, tuple((item, sha256, size) for item, _, sha256, size in group))


def _merged(claims: Iterator[_Claim], lying: Iterator[Found], report: _Report, store: ObjectStore) -> Iterator[_Claim]:
    """Add to what is claimed what lies there unclaimed; both come in the order of object names."""

    def names() -> Iterator[str]:
        for found in lying:
            if found.blake3 is None:
                report.misplaced(found, store)
            else:
                yield found.blake3

    there = names()
    name = next(there, None)
    for claim in claims:
        while name is not None and name < claim.name:
            yield _Claim(name)
            name = next(there, None)
        if name == claim.name:
            name = next(there, None)
        yield claim
    while name is not None:
        yield _Claim(name)
        name = next(there, None)
