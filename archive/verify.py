"""Reading every object again and comparing it with what was recorded: `sijill verify`.

Says which items are touched by what is damaged or gone, and what lies in the
store that nobody names. It reads the rows of the view and believes them: that
these follow from the ledger is `audit`'s business. Changes nothing, repairs
nothing, and holds as much in memory for a million objects as for a thousand,
because rows and store are both gone through in the order of object names.

An object that nobody names but that is whole is what a crash leaves, and a
file with a name of no object is a stranger; both are told and neither is a
finding.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from schemas.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from archive.shelves import Found
    from archive.stored import Checked, StoredObjects
    from archive.workers import Progress

    # item for people, or the entry it is of; BLAKE3, SHA-256, size in bytes
    Row = tuple[Any, str, str | None, int | None]
    _Claim = tuple[str, Sequence[Row]]  # an object's name, and all rows that name it: none if nobody does

_NOBODY: Row = ("", "", None, None)
HARMLESS = ("whole", "stranger")  # what of an unlisted thing that is no finding

ITEM_OF = "CASE WHEN r.kind = 'case' THEN r.code ELSE coalesce(r.code || '/' || r.id, 'entry ' || o.idx) END"
EVERY_OBJECT = "SELECT o.idx, o.blake3, o.sha256, o.size FROM object o ORDER BY o.blake3, o.idx"
_SOME = (
    f"SELECT {ITEM_OF}, o.blake3, o.sha256, o.size FROM object o LEFT JOIN record r ON r.sub = o.sub"
    " WHERE r.code IN ({0}) OR r.code || '/' || r.id IN ({0}) ORDER BY o.blake3, o.idx"
)
_NAME = f"SELECT {ITEM_OF} FROM object o LEFT JOIN record r ON r.sub = o.sub WHERE o.idx = ? LIMIT 1"


HELD_ROWS = 50_000  # so many are held in memory, more lie in a temporary file
_BATCH = 5_000


def object_rows(database: sqlite3.Connection, wanted: Sequence[str] = ()) -> Iterator[Row]:
    """Give the rows of every object, or of the items (`CODE/ID`) and cases (`CODE`) wanted, by object name.

    Those of every object bear the entry that names it, for a finding alone needs the item: `named` looks it up.
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
    from archive.merged import family

    wanted = [name for one in wanted for name in family(database, one)]  # a case with all that it takes in
    marks = ",".join("?" * len(wanted))
    yield from database.execute(_SOME.format(marks), (*wanted, *wanted))


def named(database: sqlite3.Connection, document: dict[str, Any]) -> dict[str, Any]:
    """Put the names that people use in the place of the entries in a document's findings; gives the document."""
    for one in (*document["damaged"], *document["missing"], *document["unreadable"]):
        if type(one["item"]) is int:
            row = database.execute(_NAME, (one["item"],)).fetchone()
            one["item"] = row[0] if row else f"entry {one['item']}"
    return document


def taken_down(rows: Iterable[Row]) -> Iterator[Row]:
    """Take all rows from the database now, so that nobody who writes meanwhile disturbs a reading of hours."""
    coming = iter(rows)
    held = list(islice(coming, HELD_ROWS))
    if len(held) < HELD_ROWS:
        return iter(held)
    import marshal
    import tempfile

    file = tempfile.TemporaryFile(prefix="sijill-rows-")  # noqa: SIM115 -- it goes with the iterator
    while held:
        marshal.dump(held, file)
        held = list(islice(coming, _BATCH))
    marshal.dump(held, file)
    file.seek(0)

    def again() -> Iterator[Row]:
        with file:
            while batch := marshal.load(file):  # noqa: S302 -- written just above, and nobody else can open it
                yield from batch

    return again()


def verify_objects(
    rows: Iterable[Row],
    store: StoredObjects,
    *,
    quick: bool = False,
    whole: bool = True,
    progress: Progress | None = None,
    seen: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Give the `sijill-verify/1` document of an archive, or with `whole=False` of some of its objects.

    `rows` of the whole come in the order of their BLAKE3; ValueError if they do
    not. Those of some come object by object. An object is counted once, and
    every item that names it is told. `quick` leaves SHA-256 out; `progress`
    takes bytes done, `seen` the name of each object that was read. `ok` is
    whether nothing is a finding and all could be read. Raises UnreachableError
    where the store is away.
    """
    report = _Report()
    waiting: deque[_Claim] = deque()

    def expected() -> Iterator[tuple[str, str | None, int | None]]:
        claims = _claims(rows, in_order=whole)
        for claim in _merged(claims, store.names(), report) if whole else claims:
            waiting.append(claim)
            name, holders = claim
            _, _, sha256, size = holders[0] if holders else _NOBODY
            yield name, sha256, size

    for checked in store.check_many(expected(), quick=quick, progress=progress):
        report.take(waiting.popleft(), checked)
        if seen is not None and checked.what not in ("missing", "unreadable"):
            seen(checked.blake3)
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
        self.damaged: list[dict[str, Any]] = []
        self.missing: list[dict[str, Any]] = []
        self.unlisted: list[dict[str, str]] = []
        self.unreadable: list[dict[str, Any]] = []

    def take(self, claim: _Claim, checked: Checked) -> None:
        """Note what reading one object showed, for every item that names it."""
        name, holders = claim
        self.bytes += checked.size
        if not holders:
            self._stray(checked)
            return
        self.objects += 1
        if checked.what == "ok" and len(holders) == 1:
            return
        _, _, sha256, size = holders[0]
        for item, _, other_sha256, other_size in holders:
            if checked.what == "ok":
                if (other_sha256, other_size) != (sha256, size):
                    said = "two records of these bytes name different digests or sizes"
                    self.damaged.append({"item": item, "object": name, "what": said})
                continue
            kept = {"missing": self.missing, "unreadable": self.unreadable}.get(checked.what, self.damaged)
            kept.append({"item": item, "object": name, "what": checked.detail or checked.what})

    def _stray(self, checked: Checked) -> None:
        if checked.what == "missing":
            return  # it went while we looked: another process tidies
        if checked.what == "unreadable":
            self.unreadable.append({"item": "", "object": checked.blake3, "what": checked.detail})
            return
        what = "whole" if checked.what == "ok" else checked.detail
        self.unlisted.append({"object": checked.blake3, "what": what})

    def misplaced(self, found: Found) -> None:
        """Note what lies in the store and is no object."""
        if found.what == "unreadable":
            self.unreadable.append({"item": "", "object": found.where, "what": "this folder cannot be listed"})
        else:
            what = (
                found.what if found.what == "stranger" else f"a {found.what} lies in the place of a folder of objects"
            )
            self.unlisted.append({"object": found.where, "what": what})

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


def _claims(rows: Iterable[Row], *, in_order: bool) -> Iterator[_Claim]:
    """Gather the rows of each object; plain tuples and one loop, for a million of them pass here."""
    name = ""
    holders: list[Row] = []
    for row in rows:
        if row[1] != name:
            if holders:
                yield name, holders
            if in_order and row[1] < name:
                raise ValueError("verify_objects takes rows in the order of their BLAKE3")
            name, holders = row[1], []
        holders.append(row)
    if holders:
        yield name, holders


def _merged(claims: Iterator[_Claim], lying: Iterator[Found], report: _Report) -> Iterator[_Claim]:
    """Add to what is claimed what lies there unclaimed; both come in the order of object names."""

    def following() -> str | None:
        for found in lying:
            if found.blake3 is not None:
                return found.blake3
            report.misplaced(found)
        return None

    name = following()
    for claim in claims:
        while name is not None and name < claim[0]:
            yield name, ()
            name = following()
        if name == claim[0]:
            name = following()
        yield claim
    while name is not None:
        yield name, ()
        name = following()
