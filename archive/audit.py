"""Audit: everything read again and held against everything else; nothing changed.

The ledger is replayed (`replay`), the view made again in a scratch database
and compared row by row, every object read and hashed, and the checkpoints
that lie outside the archive (the file, the pin, an auditor's own) held against
the tree. An audit never repairs.

The attacker it is made for has the archive folder, the database and one key,
not the auditor's pin or kept checkpoints.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import disclosure, merkle, note
from archive.anchor import Anchor, check_anchors, check_claims, in_words, windows
from archive.database import INDEXES, OBSERVATION_COLUMNS, TABLES, TRIGGERS, VIEW
from archive.replay import Finding, Replay
from schemas.errors import InputError, SijillError

if TYPE_CHECKING:
    from archive.open import Archive


@dataclass
class Report:
    """The outcome of an audit."""

    entries: int
    commits: int
    objects: int | None
    findings: list[Finding] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    size: int = 0

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
            "anchors": [a.document() for a in self.anchors],
            "proven_window": {
                "after": None, "before": max((a.time for a in self.anchors), default=None),
                "says": in_words(self.anchors, self.size), "ranges": windows(self.anchors, self.size),
            },
        }


def audit(
    archive: Archive,
    *,
    against: Sequence[Path] = (),
    ledger_only: bool = False,
    tsa_roots: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Audit the archive. `tsa_roots` (PEM) stand for the roots that came with the time-stamps.

    Raises InputError (a checkpoint of `against`, or the roots) or UnreachableError.
    """
    kept = [(path, _read(path)) for path in against]
    roots = _read(tsa_roots) if tsa_roots is not None else None
    with archive.reading() as db, tempfile.TemporaryDirectory(prefix="sijill-audit-") as scratch_folder:
        scratch = _scratch(Path(scratch_folder))
        try:
            replay = Replay(scratch, project=not ledger_only, asked=_sizes(archive, kept))
            _schema(replay, db)
            replay.run(db)
            _outside(replay, archive, db, kept)
            report = Report(replay.compact.size, replay.commits, None, replay.findings, size=replay.compact.size)
            if not ledger_only:
                replay.check_proofs_of_possession()
                scratch.commit()
                report.anchors = check_anchors(replay, db, scratch, roots)
                check_claims(replay, db, windows(report.anchors, report.size))
                _compare_view(replay, archive, scratch)
                _observations(replay, db, scratch)
                report.objects = _objects(replay, archive, scratch, progress)
        finally:
            scratch.close()
    return report


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", where=str(path)) from error


def _scratch(folder: Path) -> sqlite3.Connection:
    scratch = sqlite3.connect(f"file:{urllib.parse.quote(str(folder / 'scratch.db'))}", uri=True)
    scratch.execute("PRAGMA journal_mode=OFF")
    scratch.execute("PRAGMA synchronous=OFF")
    for name in VIEW:
        scratch.execute(TABLES[name])
    return scratch


def _schema(replay: Replay, db: sqlite3.Connection) -> None:
    """The database holds exactly the tables, indexes and triggers that `init` made."""
    expected = {**TABLES, **INDEXES, **TRIGGERS}
    found = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            what = "is missing" if name not in found else "is not as it was made" if name in expected else "is not ours"
            replay.report("schema", f"{name} in the database", f"it {what}")


def _sizes(archive: Archive, kept: Iterable[tuple[Path, bytes]]) -> frozenset[int]:
    """Give the sizes whose roots the outside checkpoints ask for."""
    sizes = set()
    pin = archive.home.pin(archive.origin)
    if pin is not None:
        sizes.add(pin.size)
    for stored in [*(data for _, data in kept), *_checkpoint_file(archive)]:
        try:
            sizes.add(note.Checkpoint.parse(note.SignedNote.parse(stored).text).size)
        except SijillError:
            continue
    return frozenset(sizes)


def _checkpoint_file(archive: Archive) -> list[bytes]:
    try:
        return [(archive.folder / "checkpoint").read_bytes()]
    except OSError:
        return []


def _outside(replay: Replay, archive: Archive, db: sqlite3.Connection, kept: Iterable[tuple[Path, bytes]]) -> None:
    """Hold the file, the pin and the auditor's checkpoints against the tree."""
    if archive.origin != replay.registry.origin:
        replay.report("origin", "sijill.toml", "its origin is not the one that entry 0 states")
    for index, _, lost in replay.registry.log_keys:
        if lost:
            what = "the log key before it was lost and replaced by the root's word alone"
            replay.report("logkey-lost", f"entry {index}", what, severity="warning")
    files = _checkpoint_file(archive)
    newest = db.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if not files:
        replay.report("checkpoint-file", "the file checkpoint", "it is not there", severity="warning")
    elif (newest is None or bytes(newest[0]) != files[0]) and _holds(
        replay, "the file checkpoint", files[0], "checkpoint-file"
    ):
        replay.report("checkpoint-file", "the file checkpoint", "it is older than the ledger", severity="warning")
    for path, stored in kept:
        _holds(replay, str(path), stored, "against")
    pin = archive.home.pin(archive.origin)
    if pin is None:
        replay.report("pin", "this computer", "it has no pin of this archive: an older copy would not be noticed",
                      severity="warning")  # fmt: skip
    elif pin.size > replay.compact.size:
        replay.report("pin", "this computer", f"it has seen {pin.size} entries; there are {replay.compact.size}: "
                      "the end was cut off, or this is an older copy")  # fmt: skip
    elif replay.roots.get(pin.size) != pin.root:
        replay.report("pin", "this computer", f"the first {pin.size} entries are not those it has seen: rewritten")


def _holds(replay: Replay, where: str, stored: bytes, code: str) -> bool:
    try:
        size = note.Checkpoint.parse(note.SignedNote.parse(stored).text).size
        checkpoint = note.open_checkpoint(stored, replay.registry.log_vkey_at(size))
    except SijillError as error:
        replay.report(code, where, error.message)
        return False
    if checkpoint.size > replay.compact.size:
        replay.report(code, where, f"it is for {checkpoint.size} entries; there are {replay.compact.size}: "
                      "the end was cut off, or this is an older copy")  # fmt: skip
        return False
    if checkpoint.origin != replay.registry.origin or replay.roots.get(checkpoint.size) != checkpoint.root:
        replay.report(code, where, f"the first {checkpoint.size} entries are not those it was signed for: rewritten")
        return False
    return True


def _compare_view(replay: Replay, archive: Archive, scratch: sqlite3.Connection) -> None:
    """Compare every row of the view with the one the replay made."""
    journal = archive.database.with_name(archive.database.name + "-wal")
    mode = "mode=ro" if journal.exists() and journal.stat().st_size else "mode=ro&immutable=1"
    scratch.execute("ATTACH ? AS live", (f"file:{urllib.parse.quote(str(archive.database))}?{mode}",))
    for table in VIEW:
        key = {"record": "sub", "act": "idx", "object": "idx"}[table]
        for verb, one, two in (("was changed or added", "live", "main"), ("was changed or removed", "main", "live")):
            rows = scratch.execute(f"SELECT * FROM {one}.{table} EXCEPT SELECT * FROM {two}.{table} ORDER BY {key}")
            for row in rows:
                where = f"{table} {_row_name(table, row)}"
                replay.report("view-changed", where, f"a row {verb} behind the ledger's back")
    scratch.execute("DETACH live") if not scratch.in_transaction else None


def _row_name(table: str, row: Sequence[Any]) -> str:
    if table == "record":
        return f"{row[1]} of entry {row[4]}"
    return f"of entry {row[0]}"


def _observations(replay: Replay, db: sqlite3.Connection, scratch: sqlite3.Connection) -> None:
    """Hold the rows of every flight log against the root that its reading committed to."""
    logs = {}
    for sub, fields in scratch.execute("SELECT sub, fields FROM act WHERE t = 'reading.add' ORDER BY idx"):
        reading = json.loads(fields)
        if "rows_root" in reading:
            logs[sub] = reading
    columns = ", ".join(OBSERVATION_COLUMNS)
    for sub, reading in logs.items():
        compact, count = merkle.CompactRange(), 0
        rows = db.execute(f"SELECT {columns} FROM observation WHERE log = ? ORDER BY row", (sub,))
        for row in rows:
            compact.extend([disclosure.row_leaf(reading["rows_salt"], OBSERVATION_COLUMNS, row)])
            count += 1
        if count != reading["rows"] or compact.root().hex() != reading["rows_root"]:
            name = scratch.execute("SELECT first FROM record WHERE sub = ?", (sub,)).fetchone()
            replay.report("observation-changed", f"flight log of entry {name[0] if name else '?'}",
                          "its rows are not those that were read from it")  # fmt: skip
    for (sub,) in db.execute("SELECT DISTINCT log FROM observation"):
        if sub not in logs:
            replay.report("observation-changed", "observation", "rows of a flight log that the ledger does not know")


def _objects(
    replay: Replay, archive: Archive, scratch: sqlite3.Connection, progress: Callable[[int], None] | None
) -> int:
    """Read every object that the ledger names, and look for what it does not name."""
    from archive.verify import HARMLESS, verify_objects

    rows = scratch.execute(
        "SELECT coalesce(r.code || '/' || r.id, 'entry ' || o.idx), o.blake3, o.sha256, o.size"
        " FROM object o LEFT JOIN record r ON r.sub = o.sub ORDER BY o.blake3, o.idx"
    )
    seen = verify_objects(rows, archive.objects, quick=False, progress=progress)
    for damage in seen["damaged"]:
        where = f"{damage['item']}, object {damage['object'][:16]}…"
        replay.report("object-damaged", where, f"its bytes are not those taken in ({damage['what']})")
    for missing in seen["missing"]:
        replay.report("object-missing", f"{missing['item']}, object {missing['object'][:16]}…",
                      "it is gone, by no order")  # fmt: skip
    for unread in seen["unreadable"]:
        where = f"objects/{unread['object'][:16]}…"
        replay.report("object-unread", where, f"it could not be read ({unread['what']})", severity="unread")
    for stray in seen["unlisted"]:
        harmless = stray["what"] in HARMLESS
        known = {"whole": "an object that nothing names", "stranger": "no object; it was not put there by Sijill"}
        what = known.get(stray["what"], f"it does not belong here ({stray['what']})")
        replay.report("object-unlisted", f"objects/{stray['object']}", what,
                      severity="warning" if harmless else "finding")  # fmt: skip
    return int(seen["objects"])
