"""Audit: everything read again and held against everything else; nothing changed.

The ledger is replayed (`replay`), the view made again in a scratch database
and compared row by row (`compared`), every object read and hashed, and what
lies outside the ledger (`outside`: settings, file, pin, an auditor's own
checkpoints; `anchor`: time-stamps) held against the tree. An audit never
repairs, and changes nothing on the disk but its own scratch folder elsewhere.

The attacker it is made for has the archive folder, the database and one key,
not the auditor's pin or kept checkpoints.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import unfinished
from archive.anchor import Anchor, check_anchors, check_claims, proven, roots_of, windows
from archive.checked import recorded_checks
from archive.compared import check_merges, check_names, check_observations, check_pages, check_schema, compare_view
from archive.database import TABLES, VIEW, left_journal, still
from archive.erasure import orders
from archive.finding import Finding
from archive.outside import Outside, check_folder
from archive.replay import Replay
from archive.witness import check_witnesses
from archive.workers import Saying, summed
from schemas.errors import UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

NEEDED = frozenset(("ledger", "private", "checkpoint", "tile", "edge"))


@dataclass
class Report:
    """The outcome of an audit."""

    entries: int
    commits: int
    objects: int | None
    findings: list[Finding] = field(default_factory=list)
    anchors: list[Anchor] | None = None  # None where nobody looked
    erased: list[dict[str, Any]] = field(default_factory=list)
    witnessed: list[dict[str, Any]] = field(default_factory=list)
    continues: dict[str, Any] | None = None  # the older archive that this one goes on from
    size: int = 0
    readable: frozenset[str] = frozenset()

    @property
    def exit_status(self) -> int:
        """0 all holds, 1 a finding, 3 no finding but not all could be read; warnings alone are 0."""
        severities = {f.severity for f in self.findings}
        return 1 if "finding" in severities else 3 if "unread" in severities else 0

    def document(self) -> dict[str, Any]:
        """Give the `sijill-audit/1` document."""
        return {
            "format": "sijill-audit/1",
            "entries": self.entries,
            "commits": self.commits,
            "objects": self.objects,
            "findings": [f.document() for f in self.findings],
            "anchors": [a.document() for a in self.anchors or ()],
            "erased": self.erased,
            "witnessed": self.witnessed,
            "continues": self.continues,
            "proven_window": proven(self.anchors, self.size),
        }


def audit(
    archive: Archive,
    *,
    against: Sequence[Path] = (),
    ledger_only: bool = False,
    tsa_roots: Path | None = None,
    objects: bool = True,
    progress: Saying | None = None,
) -> Report:
    """Audit the archive, without `objects` all but their bytes. `tsa_roots` (PEM) stand for those of the time-stamps.

    Raises InputError (a checkpoint of `against`, or the roots) or UnreachableError.
    """
    outside = Outside(archive, against)
    roots = roots_of(tsa_roots) if tsa_roots is not None else None
    with _scratch() as scratch:
        replay = Replay(scratch, project=not ledger_only, asked=outside.sizes)
        report = Report(0, 0, None)
        try:
            with still(archive.database) as db:
                if left_journal(archive.database):
                    replay.report("journal-left", "the database", "a writer is at work or was stopped; it is read too")
                _ledger(replay, db, outside, report, progress)
                if not ledger_only:
                    if progress is not None:
                        progress("comparing the records with the ledger", 0)
                    _made(replay, db, report, roots)
        except sqlite3.Error as error:
            _damaged(replay, archive, error)
        check_folder(replay, archive)
        if objects and not ledger_only:
            scratch.commit()
            report.objects = _objects(replay, archive, scratch, progress)
    if replay.registry.continues is not None:
        report.continues = dict(zip(("origin", "size", "root"), replay.registry.continues, strict=True))
    report.entries = report.size = replay.size
    report.commits = replay.commits
    report.findings = replay.found.closed()
    return report


def _ledger(
    replay: Replay, db: sqlite3.Connection, outside: Outside, report: Report, progress: Saying | None
) -> None:
    report.readable = check_schema(replay, db)
    if not report.readable >= NEEDED:
        raise sqlite3.DatabaseError("no such table: the tables of the ledger are not those of an archive")
    newest = replay.run(db, progress)
    outside.check(replay, newest)


def _made(replay: Replay, db: sqlite3.Connection, report: Report, roots: bytes | None) -> None:
    """Compare what was made from the ledger with what it makes again, and look at every page."""
    report.anchors = check_anchors(replay, db, replay.scratch, roots)
    check_claims(replay, windows(report.anchors, replay.size))
    report.witnessed = check_witnesses(replay, db, replay.scratch)
    report.erased = orders(replay.scratch)
    check_names(replay, replay.scratch)
    check_merges(replay, replay.scratch)
    if report.readable >= frozenset(VIEW):
        compare_view(replay, db, replay.scratch)
    if "observation" in report.readable:
        check_observations(replay, db, replay.scratch)
    check_pages(replay, db)


def _damaged(replay: Replay, archive: Archive, error: sqlite3.Error) -> None:
    """Tell damage, which is a finding, from not being able to look. Raises UnreachableError."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    words = str(error)
    if code == sqlite3.SQLITE_FULL:  # the archive's own is only read
        raise _no_scratch(words) from error
    if code != sqlite3.SQLITE_CORRUPT and not words.startswith("no such"):
        raise UnreachableError(
            f"the database cannot be read ({words})", where=str(archive.database), hint="keep a copy as it is"
        ) from error
    where = f"the database, at entry {replay.size} or behind it"
    replay.report("database-damaged", where, f"it could not be read further ({words})")


@contextmanager
def _scratch() -> Iterator[sqlite3.Connection]:
    """Give an empty database for the replay, gone at the end. Raises UnreachableError where there is no room for it."""
    try:
        holder = tempfile.TemporaryDirectory(prefix="sijill-audit-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_scratch(error.strerror or str(error)) from error
    try:
        with holder as folder, closing(sqlite3.connect(Path(folder, "scratch.db"))) as scratch:
            scratch.execute("PRAGMA journal_mode=OFF")
            scratch.execute("PRAGMA synchronous=OFF")
            for name in VIEW:
                scratch.execute(TABLES[name])
            yield scratch
    except sqlite3.Error as error:  # of the archive's own database nothing comes this far
        raise _no_scratch(str(error)) from error


def _no_scratch(words: str) -> UnreachableError:
    return UnreachableError(
        f"the folder for temporary files cannot be used ({words})", where=visible(tempfile.tempdir or ""),
        hint="make room there, or name another folder with TMPDIR", code="disk-full",
    )  # fmt: skip


def _objects(
    replay: Replay, archive: Archive, scratch: sqlite3.Connection, progress: Saying | None
) -> int | None:
    """Read every object that the ledger names, and look for what it does not name; None where the store is away."""
    from archive.verify import HARMLESS, verify_objects

    rows = scratch.execute(
        "SELECT coalesce(r.code || '/' || r.id, 'entry ' || o.idx), o.blake3, o.sha256, o.size"
        " FROM object o LEFT JOIN record r ON r.sub = o.sub ORDER BY o.blake3, o.idx"
    )
    try:
        (total,) = scratch.execute("SELECT sum(size) FROM (SELECT DISTINCT blake3, size FROM object)").fetchone()
        step = summed(progress, "reading the objects", total)
        seen = verify_objects(rows, archive.objects, quick=False, progress=step)
    except UnreachableError as error:
        replay.report("object-unread", "objects", error.message)
        return None
    whole = _seen_whole(replay, scratch)
    for code, kind in (("object-damaged", "damaged"), ("object-missing", "missing")):
        for one in seen[kind]:
            where = f"{one['item']}, object {one['object'][:16]}…"
            damage = f"its bytes are not those taken in: {one['what']}"
            what = "it is gone, by no order" if kind == "missing" else damage
            replay.report(code, where, what, since=whole(one["item"], one["object"]))
    for unread in seen["unreadable"]:
        replay.report("object-unread", f"objects/{unread['object'][:16]}…", f"it could not be read ({unread['what']})")
    ordered = set(unfinished.listed(archive.folder))
    for stray in seen["unlisted"]:
        if stray["object"] in ordered:
            continue  # told of the list as a whole
        known = {"whole": "an object that nothing names", "stranger": "no object; it was not put there by Sijill"}
        what = known.get(stray["what"], f"it does not belong here ({stray['what']})")
        code = "object-unlisted" if stray["what"] in HARMLESS else "object-alien"
        replay.report(code, f"objects/{stray['object']}", what)
    return int(seen["objects"])


def _seen_whole(replay: Replay, scratch: sqlite3.Connection) -> Callable[[str, str], str | None]:
    """Give who tells when an item's object was last known to be whole: a recorded check, else its registration."""
    try:
        checks = recorded_checks(scratch)
    except (ValueError, TypeError):
        checks = []

    def since(item: str, name: str) -> str | None:
        (first,) = scratch.execute("SELECT min(idx) FROM object WHERE blake3 = ?", (name,)).fetchone()
        for check in reversed(checks):
            if first is not None and check.index > first and check.covers(item) and item not in check.failed:
                return f"{check.at}, entry {check.index}"
        return replay.time_of(first) if first is not None else None

    return since
