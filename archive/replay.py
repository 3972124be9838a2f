"""Replay: the ledger read once, in order, and held against every rule it must keep.

Gives findings, never repairs, and goes on after each so that one fault does
not hide the next. Memory is flat: subjects' chains and the view are spilled
into a scratch database.

The verifier never re-serialises to hash: it hashes stored bytes, then parses
them strictly. Absence of a signature is failure. Follows RFC 6962 and
docs/format.md; the findings' codes are listed there.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from archive import disclosure, merkle, note, sshsig
from archive.ledger import COMMIT_NAMESPACE, commit_text
from archive.registry import Registry
from archive.view import Projection
from schemas.canonical import encode
from schemas.entry import Entry
from schemas.errors import SijillError

_SCRATCH = (
    "CREATE TABLE chain(sub TEXT, idx INTEGER, prev INTEGER)",
    "CREATE TABLE signed(key TEXT, first INTEGER, idx INTEGER)",
)


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: its code, how grave, where, what in words, and since when at the earliest."""

    code: str
    severity: str  # "finding" or "warning"
    where: str
    what: str
    since: str | None = None

    def document(self) -> dict[str, Any]:
        """Give the JSON member."""
        return {
            "code": self.code, "severity": self.severity, "where": self.where, "what": self.what, "since": self.since,
        }  # fmt: skip


@dataclass
class Replay:
    """What was read so far. `scratch` holds the chains and, if `project`, the view made again."""

    scratch: sqlite3.Connection
    project: bool = True
    findings: list[Finding] = field(default_factory=list)
    registry: Registry = field(default_factory=Registry)
    compact: merkle.CompactRange = field(default_factory=merkle.CompactRange)
    roots: dict[int, bytes] = field(default_factory=dict)  # size -> root, at each size asked for
    commits: int = 0
    last_at: str | None = None
    asked: frozenset[int] = frozenset()
    _start: int = 0
    _pending: list[Entry | None] = field(default_factory=list)
    _erased: set[str] = field(default_factory=set)
    _signed: list[tuple[str, int, int]] = field(default_factory=list)
    _checkpoints: Any = None

    def report(self, code: str, where: str, what: str, *, severity: str = "finding") -> None:
        """Add a finding, dated by the last commit that still held."""
        since = f"after {self.last_at}" if self.last_at else None
        self.findings.append(Finding(code, severity, where, what, since))

    def run(self, db: sqlite3.Connection) -> None:
        """Read every entry and every disclosure of the archive."""
        for statement in _SCRATCH:
            self.scratch.execute(statement)
        self._checkpoints = Checkpoints(db)
        self._erased = _erased_digests(db)
        projection = Projection(self.scratch.executemany) if self.project else None
        chain: list[tuple[Any, ...]] = []
        for index, leaf, text in _rows(db, self.report):
            entry = self._entry(index, leaf)
            fields = self._fields(index, entry, text)
            if projection is not None and entry is not None:
                projection.add(entry, fields)
            if entry is not None and entry.sub is not None:
                chain.append((entry.sub, index, entry.prev))
            if index % 5_000 == 4_999:
                self._spill(projection, chain)
        self._spill(projection, chain)
        if self._pending:
            self.report(
                "tail-uncommitted", f"entries {self._start} to {self.compact.size - 1}", "entries that no commit signs"
            )
        self._checkpoints.end(self)
        self._check_chains()
        self._check_disputed()

    def _spill(self, projection: Projection | None, chain: list[tuple[Any, ...]]) -> None:
        self.scratch.executemany("INSERT INTO chain VALUES (?,?,?)", chain)
        chain.clear()
        self.scratch.executemany("INSERT INTO signed VALUES (?,?,?)", self._signed)
        self._signed.clear()
        if projection is not None:
            projection.flush()

    def _entry(self, index: int, leaf: bytes) -> Entry | None:
        entry = None
        try:
            entry = Entry.parse(index, leaf)
        except SijillError as error:
            self.report("entry-malformed", f"entry {index}", error.message)
        if index == 0 and (entry is None or entry.t != "genesis"):
            self.report("genesis-missing", "entry 0", "the first entry is not the genesis of an archive")
        if entry is not None and entry.t == "genesis" and index:
            self.report("genesis-again", f"entry {index}", "a second genesis")
        if entry is not None and entry.t == "commit":
            self._commit(entry)
        else:
            self._pending.append(entry)
        self.compact.extend([leaf])
        size = index + 1
        if size in self.asked:
            self.roots[size] = self.compact.root()
        if entry is not None and entry.t == "commit":
            self._checkpoints.hold(self, size)
        return entry

    def _commit(self, commit: Entry) -> None:
        where = f"commit {commit.index}"
        body, entries = commit.body, [e for e in self._pending if e is not None]
        first, count, signers = self._start, len(self._pending), []
        if body["first"] != first or body["count"] != count or not count:
            self.report("commit-range", where, f"it does not sign exactly the {count} entries from {first}")
        root = self.compact.root()
        if body["root"] != base64.b64encode(root).decode():
            self.report("commit-root", where, "the entries before it do not give the root that was signed")
        text = commit_text(self.registry.origin or _origin(entries), first, count, root)
        for sig in body["sigs"] if isinstance(body["sigs"], list) else []:
            signers += self._signature(where, text, sig)
        if not signers:
            self.report("commit-unsigned", where, "no signature on it holds")
        first_commit = first == 0
        if first_commit:
            self._apply(entries)
        for problem in self.registry.refusals(entries, signers):
            self.report("role", where, problem)
        if commit.by not in signers or any(e.by not in signers for e in entries):
            self.report("entry-by", where, "an entry names a key that did not sign its commit")
        self._signed += [(sig, first, commit.index) for sig in signers]
        if not first_commit:
            self._apply(entries)
        if self.last_at and commit.at < self.last_at:
            what = f"its time {commit.at} lies before the commit before it"
            self.report("clock-back", where, what, severity="warning")
        self.last_at = max(commit.at, self.last_at or "")
        self.commits += 1
        self._start, self._pending = commit.index + 1, []

    def _signature(self, where: str, text: bytes, sig: Any) -> list[str]:
        try:
            found = sshsig.fingerprint(sshsig.verify(text, COMMIT_NAMESPACE, sig["sig"]))
            if found != sig["by"]:
                raise SijillError(f"it is by {found}, not by the key that it names")
        except (SijillError, KeyError, TypeError) as error:
            reason = error.message if isinstance(error, SijillError) else "malformed"
            self.report("commit-signature", where, f"a signature does not hold: {reason}")
            return []
        return [found]

    def _apply(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                problems = self.registry.apply(entry)
            except (SijillError, KeyError, TypeError, ValueError) as error:
                problems = [error.message if isinstance(error, SijillError) else "malformed"]
            for problem in problems:
                self.report("registry", f"entry {entry.index}", problem)

    def _fields(self, index: int, entry: Entry | None, text: str | None) -> dict[str, Any]:
        """Give the values of the disclosures of an entry that hold, and report those that do not."""
        where, fields, digests = f"disclosures of entry {index}", {}, []
        strings = _strings(text)
        if strings is None or (text is not None and encode(strings) != text.encode()):
            self.report("disclosure-malformed", where, "not a list of disclosures")
            strings = strings or []
        for string in strings:
            try:
                _, name, value = disclosure.read(string)
            except SijillError as error:
                self.report("disclosure-malformed", where, error.message)
                continue
            digests.append(disclosure.digest(string))
            fields[name] = value
        want = set(entry.sd) if entry is not None else set()
        if set(digests) - want or len(set(digests)) != len(digests):
            self.report("disclosure-changed", where, "a disclosure that its entry never committed to")
        missing = want - set(digests)
        gone = missing - self._erased
        if gone:
            self.report("disclosure-missing", where, f"{len(gone)} of {len(want)} are gone, by no order")
        return fields

    def _check_chains(self) -> None:
        rows = self.scratch.execute(
            "SELECT idx, prev, was FROM"
            " (SELECT idx, prev, lag(idx) OVER (PARTITION BY sub ORDER BY idx) AS was FROM chain)"
            " WHERE prev IS NOT was"
        )
        for index, prev, was in rows:
            self.report("chain", f"entry {index}", f"it names entry {prev} as the one before it; it is {was}")

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

    def check_proofs_of_possession(self) -> None:
        """Hold each key's proof against its name, where that name was not erased."""
        from archive.founding import KEY_NAMESPACE, possession_text

        rows = self.scratch.execute("SELECT idx, body, fields FROM act WHERE t = 'key.add' ORDER BY idx").fetchall()
        for index, body, fields in rows:
            name, proof = json.loads(fields).get("name"), json.loads(body)
            if name is None:
                continue
            try:
                blob = sshsig.parse_public_line(proof["key"])
                text = possession_text(self.registry.origin, name, sshsig.fingerprint(blob))
                if sshsig.fingerprint(sshsig.verify(text, KEY_NAMESPACE, proof["proof"])) != sshsig.fingerprint(blob):
                    raise SijillError("made by another key")
            except SijillError as error:
                self.report("key-proof", f"entry {index}", f"the proof of possession does not hold: {error.message}")


def _origin(entries: list[Entry]) -> str:
    return str(entries[0].body.get("origin", "")) if entries else ""


def _strings(text: str | None) -> list[str] | None:
    if text is None:
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and all(isinstance(s, str) for s in value) else None


def _erased_digests(db: sqlite3.Connection) -> set[str]:
    """Give the digests that erase entries of the ledger name."""
    erased: set[str] = set()
    for (leaf,) in db.execute("SELECT leaf FROM ledger WHERE instr(leaf, CAST('\"t\":\"erase\"' AS BLOB))"):
        try:
            entry = Entry.parse(0, bytes(leaf))
        except SijillError:
            continue
        if entry.t == "erase":
            erased.update(d for d in entry.body["digests"] if isinstance(d, str))
    return erased


def _rows(db: sqlite3.Connection, report: Any) -> Iterator[tuple[int, bytes, str | None]]:
    """Give (index, leaf, disclosures) in order; reports gaps and disclosures without an entry."""
    expected = 0
    for index, leaf, text in db.execute(
        "SELECT l.idx, l.leaf, p.disclosures FROM ledger l LEFT JOIN private p ON p.idx = l.idx ORDER BY l.idx"
    ):
        if index != expected:
            report("entry-missing", f"entries {expected} to {index - 1}", "entries are gone, or indices were changed")
        expected = index + 1
        yield index, bytes(leaf), text
    for (index,) in db.execute("SELECT idx FROM private WHERE idx NOT IN (SELECT idx FROM ledger) ORDER BY idx"):
        report("disclosure-stray", f"disclosures of entry {index}", "no such entry")


class Checkpoints:
    """The checkpoint rows, read in step with the ledger: one a commit, each signed by the log key of its time."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._rows = iter(db.execute("SELECT size, note FROM checkpoint ORDER BY size"))
        self._next = next(self._rows, None)

    def hold(self, replay: Replay, size: int) -> None:
        """Hold the row of a commit's size against the tree as it is now."""
        self._stray(replay, size)
        if self._next is None or self._next[0] != size:
            replay.report("checkpoint-missing", f"checkpoint {size}", "a commit without its checkpoint")
            return
        stored, self._next = self._next[1], next(self._rows, None)
        where = f"checkpoint {size}"
        try:
            checkpoint = note.open_checkpoint(bytes(stored), replay.registry.log_vkey)
        except (SijillError, TypeError) as error:
            what = error.message if isinstance(error, SijillError) else "it is no text"
            replay.report("checkpoint-signature", where, what)
            return
        if (checkpoint.origin, checkpoint.size) != (replay.registry.origin, size):
            replay.report("checkpoint-wrong", where, "it is for another origin or another size")
        elif checkpoint.root != replay.compact.root():
            replay.report("checkpoint-root", where, "the entries do not give the root that the log signed")

    def end(self, replay: Replay) -> None:
        """Report what is left when the ledger has ended."""
        self._stray(replay, None)

    def _stray(self, replay: Replay, below: int | None) -> None:
        while self._next is not None and (below is None or self._next[0] < below):
            replay.report("checkpoint-stray", f"checkpoint {self._next[0]}", "a checkpoint that no commit made")
            self._next = next(self._rows, None)
