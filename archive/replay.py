"""Replay: the ledger read once, in order, and held against every rule it must keep.

Gives findings, never repairs, and goes on after each so that one fault does
not hide the next. Memory is flat: what grows with the ledger (subjects'
chains, signers, what was erased, the view made again) is spilled into a
scratch database.

The verifier never re-serialises to hash: it hashes stored bytes, then parses
them strictly, and believes no type of a stored value. Absence of a signature
is failure. Follows RFC 6962 and docs/format.md; the codes are in `finding`.
"""

from __future__ import annotations

import base64
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from archive import disclosure, merkle, sshsig, tiles
from archive.ahead import RUN, Part, Ready, Row, reading_ahead, rows_of
from archive.chains import check_chains, does
from archive.checkpoints import Checkpoints
from archive.finding import CODES, Findings
from archive.ledger import COMMIT_NAMESPACE, commit_text
from archive.registry import FIRST_BY_REGISTRAR, Registry
from archive.span import Span
from archive.spilled import Spilled
from archive.view import Projection
from archive.workers import Saying
from schemas import canonical
from schemas.entry import ABOUT, Entry
from schemas.errors import SijillError

BATCH = 5_000
LARGEST_ROW = 64 * 1024 * 1024  # bytes of the disclosures of one entry that are still looked at


@dataclass
class Replay:
    """What was read so far. `scratch` holds what grows and, if `project`, the view made again from the disclosures."""

    scratch: sqlite3.Connection
    project: bool = True
    found: Findings = field(default_factory=Findings)
    registry: Registry = field(default_factory=Registry)
    compact: merkle.CompactRange = field(default_factory=merkle.CompactRange)
    roots: dict[int, bytes] = field(default_factory=dict)  # size -> root, at each size asked for
    commits: int = 0
    last_at: str | None = None
    held: str | None = None  # the last act up to which nothing was found
    asked: frozenset[int] = frozenset()
    size: int = 0
    broken: bool = False  # a root did not come out; after that no later root can
    _grave: int = 0
    _before: int = 0
    _span: Span = field(default_factory=lambda: Span(0))
    _checkpoints: Any = None

    def __post_init__(self) -> None:
        self._spilled = Spilled(self.scratch)

    def report(self, code: str, where: str, what: str, *, since: str | None = None) -> None:
        """Add a finding, dated by `since` or by the last act up to which all held; a warning has no such date."""
        self.found.add(code, where, what, since or (self.held if CODES[code].severity == "finding" else None))

    def run(self, db: sqlite3.Connection, progress: Saying | None = None) -> bytes:
        """Read every entry, disclosure and checkpoint of the archive; gives the newest checkpoint."""
        self._before = self._grave = self.found.grave
        self._spilled.begin()
        self._checkpoints = checkpoints = Checkpoints(db)
        growing = tiles.Growing(lambda level, n, hashes: self._spilled.row("tile", (level, n, hashes)), lowest=1)
        self.compact = merkle.CompactRange(lambda hashes: growing.extend(hashes, 1))
        projection = Projection(self._spilled.insert) if self.project else None
        (last,) = db.execute("SELECT coalesce(max(idx), -1) FROM ledger").fetchone()
        total = last + 1  # here, as the database counts beyond its largest integer in inexact numbers
        if progress is not None:
            progress("reading the entries", 0, total)
        flushed = 0
        with reading_ahead(db, total, values=self.project) as ready:
            for first, count in _runs(db, self):
                self._run(db, projection, first, ready(first, count))
                if self.size - flushed >= BATCH:
                    self._flush(projection)
                    flushed = self.size
                    if progress is not None:
                        progress("reading the entries", flushed, total)
        self._flush(projection)
        self.compact.root()  # whatever waits goes into the tree
        growing.end()
        self._flush(projection)
        self._spilled.change()
        if self._span.count or not self.size:
            where = f"entries {self._span.start} to {self.size - 1}"
            self.report("tail-uncommitted", where, "entries that no commit signs")
        checkpoints.end(self)
        self._afterwards()
        self._caches(db)
        return checkpoints.newest

    def _run(self, db: sqlite3.Connection, projection: Projection | None, first: int, parts: list[Part]) -> None:
        """Take entries that follow each other, from `first` on: what was made ready together, all other one by one."""
        for count, made in parts:
            asked = any(first < size <= first + count for size in self.asked)
            if made is not None and first and not asked:
                self._take(projection, first, count, made)
            else:
                for row in rows_of(db, first, count, values=self.project):
                    self._one(db, projection, *_row(self, row))
            first += count

    def _one(
        self, db: sqlite3.Connection, projection: Projection | None, index: int, leaf: bytes, text: str | None
    ) -> None:
        entry = self._entry(index, leaf)
        if projection is not None:
            fields = self._fields(index, entry, text)
            if entry is not None:
                self._project(projection, entry, fields)
        elif entry is not None and entry.t == "key.add":
            self._fields(index, entry, _beside(db, index))

    def _take(self, projection: Projection | None, first: int, count: int, made: Ready) -> None:
        """Take plain entries together, as `_one` takes each."""
        self._span.take_run(first, count, made.firsts)
        self.compact.extend_hashes(made.hashed)
        self.size = first + count
        chain = zip(made.sub, range(first, self.size), made.prev, made.did, strict=True)
        self._spilled.rows("chain", chain)
        self._spilled.rows("gone", made.gone)
        if projection is not None:
            projection.flush()  # of what came before
        for statement, rows in made.view:
            self._spilled.insert(statement, rows)

    def time_of(self, index: int) -> str | None:
        """Give the act in which entry `index` was written, as `since` says it: from then on it was as it should be."""
        row = self.scratch.execute("SELECT idx, at FROM made WHERE idx >= ? ORDER BY idx LIMIT 1", (index,)).fetchone()
        return _act(*row) if row else None

    def _project(self, projection: Projection, entry: Entry, fields: dict[str, Any]) -> None:
        try:
            projection.add(entry, fields)
        except SijillError as error:
            self.report("record-malformed", f"entry {entry.index}", error.message)

    def _flush(self, projection: Projection | None) -> None:
        self._spilled.flush()
        if projection is not None:
            projection.flush()

    def _entry(self, index: int, leaf: bytes) -> Entry | None:
        entry = None
        try:
            entry = Entry.parse(index, leaf)
        except SijillError as error:
            self.report("entry-malformed", f"entry {index}", error.message)
        t = entry.t if entry is not None else ""
        if index == 0 and t != "genesis":
            self.report("genesis-missing", "entry 0", "the first entry is not the genesis of an archive")
        if index and t == "genesis":
            self.report("genesis-again", f"entry {index}", "a second genesis")
        if entry is not None and t == "commit":
            self._commit(entry)
        else:
            self._span.take(entry)
        self.compact.append(merkle.leaf_hash(leaf))
        self.size = index + 1
        if self.size in self.asked:
            self.roots[self.size] = self.compact.root()
        if entry is not None and t == "commit":
            self._checkpoints.hold(self, self.size)
            self._end(entry)
        if entry is not None and entry.sub is None and t in ABOUT:
            self.report("chain", f"entry {index}", f"it is about no {' or '.join(ABOUT[t])}")
        if entry is not None and entry.sub is not None:
            self._spilled.row("chain", (entry.sub, index, entry.prev, does(entry)))
        return entry

    def _commit(self, commit: Entry) -> None:
        where, span, body = f"commit {commit.index}", self._span, commit.body
        if (body["first"], body["count"]) != (span.start, span.count):
            what = f"it does not sign exactly the {span.count} entries from {span.start}"
            self.report("commit-range", where, what)
        first_commit = span.start == 0
        if first_commit:
            self._apply(span.entries)
        root = self.compact.root()
        if body["root"] != base64.b64encode(root).decode() and not self.broken:
            self.broken = True
            what = "they do not give the root that was signed for them; later ones cannot be held against theirs"
            self.report("commit-root", f"entries {span.start} to {commit.index - 1}", what)
        signers = self._signers(where, commit)
        for problem in self.registry.refusals(span.entries, signers):
            self.report("role", where, problem)
        if commit.by not in signers or not span.bys <= set(signers):
            self.report("entry-by", where, "an entry names a key that did not sign its commit")
        for at, index in span.ats.items():
            if at != commit.at:
                self.report("entry-time", f"entry {index}", f"it says {at}, its commit {commit.at}")
        for signer in signers:
            self._spilled.row("signed", (signer, span.start, commit.index))
        for entry in span.entries:
            if entry.t in FIRST_BY_REGISTRAR and not self.registry.holds(signers, "guardian"):
                self._spilled.row("lent", (entry.index,))
        if not first_commit:
            self._apply(span.entries)
        self._key_proofs(span)
        if self.last_at and commit.at < self.last_at:
            what = f"its time {commit.at} lies before {self.last_at}, that of an act before it"
            self.report("clock-back", where, what)

    def _end(self, commit: Entry) -> None:
        """Close the act of a commit; only one in which all holds may excuse that something was erased."""
        self._spilled.row("made", (commit.index, commit.at))
        if self.found.grave == self._before:
            self.held = _act(commit.index, commit.at)
        for entry in self._span.entries if self.found.grave == self._grave else ():
            for digest in entry.body.get("digests", ()):
                self._spilled.row("erased", (digest, entry.index))
        self._grave = self.found.grave
        self.last_at = max(commit.at, self.last_at or "")
        self.commits += 1
        self._span = Span(commit.index + 1)

    def _signers(self, where: str, commit: Entry) -> list[str]:
        """Give the keys whose signatures on a commit hold, over the root that it states."""
        body, signers = commit.body, []
        try:
            stated = sshsig.base64_strict(body["root"])
        except SijillError:
            stated = b""
        text = commit_text(self.registry.origin, body["first"], body["count"], stated)
        for sig in body["sigs"]:
            try:
                found = sshsig.fingerprint(sshsig.verify(text, COMMIT_NAMESPACE, sig["sig"]))
                if found != sig["by"]:
                    raise SijillError("it is not by the key that it names")
                signers.append(found)
            except SijillError as error:
                self.report("commit-signature", where, f"a signature does not hold: {error.message}")
        if not signers:
            self.report("commit-unsigned", where, "no signature on it holds")
        return signers

    def _apply(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                problems = self.registry.apply(entry)
            except SijillError as error:
                problems = [error.message]
            for problem in problems:
                self.report("registry", f"entry {entry.index}", problem)

    def _fields(self, index: int, entry: Entry | None, text: str | None) -> dict[str, Any]:
        """Give the values of the disclosures of an entry that hold, and report those that do not."""
        where = f"disclosures of entry {index}"
        fields: dict[str, Any] = {}
        digests: set[str] = set()
        want = set(entry.sd) if entry is not None else set()
        if text is not None and entry is not None and not want:
            self.report("disclosure-stray", where, "its entry has none")
        strings = _strings(text)
        if strings is None:
            self.report("disclosure-malformed", where, "not a list of disclosures in its one form")
            strings = []
        strange = 0
        for string in strings:
            try:
                _, name, value = disclosure.read(string)
            except SijillError as error:
                self.report("disclosure-malformed", where, error.message)
                continue
            digest = disclosure.digest(string)
            if digest not in want or digest in digests or name in fields:
                strange += 1
                continue
            digests.add(digest)
            fields[name] = value
        if strange and entry is not None:
            what = f"{strange} of {len(strings)} values that its entry never committed to, or said twice"
            self.report("disclosure-changed", where, what)
        for digest in want - digests:
            self._spilled.row("gone", (index, digest))
        if entry is not None and entry.t == "key.add" and (isinstance(fields.get("name"), str) or want == digests):
            self._span.names[index] = str(fields.get("name", ""))  # no name can have been proved where none was said
        return fields

    def _key_proofs(self, span: Span) -> None:
        """Hold the proof of possession of each key added against its name, where that name was not erased."""
        from archive.founding import KEY_NAMESPACE, possession_text

        for entry in span.entries:
            if entry.t != "key.add" or entry.index not in span.names:
                continue
            try:
                blob = sshsig.parse_public_line(entry.body["key"])
                text = possession_text(self.registry.origin, span.names[entry.index], sshsig.fingerprint(blob))
                if sshsig.verify(text, KEY_NAMESPACE, entry.body["proof"]) != blob:
                    raise SijillError("made by another key")
            except SijillError as error:
                what = f"the proof of possession does not hold: {error.message}"
                self.report("key-proof", f"entry {entry.index}", what)

    def _afterwards(self) -> None:
        """Tell what can be told only when all was read: chains, erasures, disputed commits."""
        check_chains(self)
        self._check_disputed()
        self.scratch.execute("CREATE INDEX erased_digest ON erased(digest)")
        rows = self.scratch.execute(
            "SELECT g.idx, count(*) FROM gone g WHERE NOT EXISTS"
            " (SELECT 1 FROM erased e WHERE e.digest = g.digest AND e.idx > g.idx) GROUP BY g.idx ORDER BY g.idx"
        )
        for index, count in rows.fetchall():
            where = f"disclosures of entry {index}"
            self.report("disclosure-missing", where, f"{count} are gone, by no order", since=self.time_of(index))
        if not self.project:
            return
        self.scratch.execute("CREATE INDEX gone_digest ON gone(digest)")
        rows = self.scratch.execute(
            "SELECT idx, count(*) FROM erased WHERE digest NOT IN (SELECT digest FROM gone) GROUP BY idx ORDER BY idx"
        )
        for index, count in rows:
            self.report("erase-unfinished", f"entry {index}", f"{count} values that it orders to erase are still here")

    def _check_disputed(self) -> None:
        """Name every commit at or after the place from which a revoked key is not believed."""
        for key in self.registry.keys.values():
            if key.bad_from is None:
                continue
            rows = self.scratch.execute(
                "SELECT first, idx FROM signed WHERE key = ? AND idx >= ? ORDER BY idx", (key.fingerprint, key.bad_from)
            )
            for first, index in rows:
                what = f"signed with key {key.fingerprint}, which is not believed from entry {key.bad_from} on"
                self.report("disputed", f"entries {max(first, key.bad_from)} to {index}", what)

    def _caches(self, db: sqlite3.Connection) -> None:
        """Hold tiles and edge against the tree; a wrong one proves nothing and is only told."""
        if self.broken:
            return  # it is the tree that is wrong
        rows = [one.execute("SELECT level, n, hashes FROM tile ORDER BY level, n") for one in (db, self.scratch)]
        if any(stored != again for stored, again in itertools.zip_longest(*rows)):
            self.report("cache", "tile", "the hashes of subtrees are not those of the entries")
        edge = db.execute("SELECT size, hashes FROM edge").fetchall()
        if edge != [(self.compact.size, b"".join(self.compact.hashes))]:
            self.report("cache", "edge", "the right edge of the tree is not that of the entries")


def _act(index: int, at: str) -> str:
    return f"{at}, entry {index}"


def _beside(db: sqlite3.Connection, index: int) -> str | None:
    row = db.execute("SELECT disclosures FROM private WHERE idx = ?", (index,)).fetchone()
    return row[0] if row is not None and type(row[0]) is str else None


def _strings(text: str | None) -> list[str] | None:
    """Give the disclosure strings of a row; None where it is not their list in its one form."""
    if text is None:
        return []
    if len(text) > LARGEST_ROW:
        return None
    try:
        value = canonical.decode(text.encode())
    except (UnicodeEncodeError, SijillError):
        return None
    return value if isinstance(value, list) and all(isinstance(s, str) for s in value) else None


def _runs(db: sqlite3.Connection, replay: Replay) -> Iterator[tuple[int, int]]:
    """Give (first, count) of entries that follow each other, in order, many at a time; report where some are gone."""
    rows, expected = db.execute("SELECT idx FROM ledger ORDER BY idx"), 0
    while run := rows.fetchmany(RUN):
        if run[0][0] == expected and run[-1][0] - expected + 1 == len(run):
            yield expected, len(run)
        else:
            for (index,) in run:
                if index != expected:
                    what = "entries are gone, or indices were changed"
                    replay.report("entry-missing", f"entries {expected} to {index - 1}", what)
                yield index, 1
                expected = index + 1
        expected = run[-1][0] + 1
    if not replay.project:
        return
    for (index,) in db.execute("SELECT idx FROM private WHERE idx NOT IN (SELECT idx FROM ledger) ORDER BY idx"):
        replay.report("disclosure-stray", f"disclosures of entry {index}", "no such entry")


def _row(replay: Replay, row: Row) -> tuple[int, bytes, str | None]:
    """Report what is wrong with a row, and give it with nothing where a wrong type stood."""
    index, leaf, text = row
    if type(leaf) is not bytes:
        replay.report("entry-malformed", f"entry {index}", "it is stored as another type")
        leaf = b""
    if type(text) not in (str, type(None)):
        replay.report("disclosure-malformed", f"disclosures of entry {index}", "they are stored as another type")
        text = None
    return index, leaf, text
