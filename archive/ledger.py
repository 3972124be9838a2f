"""The ledger: every act is an entry, and every command ends in one signed commit.

`writing` is the one entry path. It takes the database's write lock, checks the
head it found against its checkpoint and the pin, takes drafts, and at the end
writes entries, disclosures, view, commit and checkpoint in one transaction.
A crash before that transaction leaves the old state; after it, the new one.
It never updates an entry, never reuses an index, never signs rows that it has
not read back.

Follows RFC 6962 (tree), C2SP tlog-checkpoint, SSHSIG; docs/format.md.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from archive import disclosure, merkle, note, registry, tiles, unfinished
from archive.database import blob, reading
from archive.draft import Draft, made_ready, ready
from archive.head import Head, checkpoint_note, open_head
from archive.object_trouble import taken_away
from archive.transaction import Waits, writer
from archive.view import MAKES, Projection
from schemas.entry import Entry
from schemas.errors import IntegrityError, RefusedError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.keys import Home
    from archive.objects import ObjectStore

COMMIT_NAMESPACE = "sijill-commit@v1"
BATCH = 1_000


class Signer(Protocol):
    """Whoever signs: a key on disk, in an agent or on a token."""

    @property
    def name(self) -> str:
        """Give the operator's name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Give the key's fingerprint, as OpenSSH prints it."""
        ...

    @property
    def public_line(self) -> str:
        """Give the public key, an OpenSSH line without a comment."""
        ...

    def sign(self, message: bytes, namespace: str) -> str:
        """Give an armoured SSHSIG."""
        ...


class Place(Protocol):
    """What a writer needs of an archive."""

    origin: str
    copy_of: str | None
    waits: Waits | None
    in_place: bool

    @property
    def folder(self) -> Path:
        """Give the folder of the archive."""
        ...

    @property
    def database(self) -> Path:
        """Give the database."""
        ...

    @property
    def objects(self) -> ObjectStore:
        """Give the store of evidence bytes."""
        ...

    @property
    def home(self) -> Home:
        """Give the home of keys."""
        ...

    def log_keys(self) -> Sequence[Any]:
        """Give the private log keys that this computer holds for the archive."""
        ...


@dataclass(frozen=True)
class Receipt:
    """What one act added: `count` entries from index `first` (the commit apart), and the new checkpoint."""

    first: int
    count: int
    size: int
    root: bytes
    note: bytes

    def document(self) -> dict[str, Any]:
        """Give the members `entries` and `checkpoint` of a command's JSON document."""
        return {
            "entries": {"first": self.first, "count": self.count},
            "checkpoint": {"size": self.size, "root": base64.b64encode(self.root).decode()},
        }


@dataclass
class Act:
    """One act being written. `db` reads and writes inside its transaction, under the lock."""

    db: Any
    head: Head
    origin: str
    signers: Sequence[Signer]
    at: str
    projection: Projection
    registry: registry.Registry
    count: int = 0
    asked: int = 0  # entries that were asked for, of which the last may not be added yet
    receipt: Receipt | None = None
    _leaves: list[tuple[int, bytes]] = field(default_factory=list)
    _private: list[tuple[int, str]] = field(default_factory=list)
    _chain: dict[str, int] = field(default_factory=dict)
    _kinds: dict[str, Entry] = field(default_factory=dict)

    def add(
        self,
        t: str,
        *,
        sub: str | None = None,
        body: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> int:
        """Add one entry, with one salted disclosure a field; gives its index. Raises CanonicalError, FormatError."""
        self.asked += 1
        return self._add(Draft(t, sub, body, dict(fields or {})), None)

    def add_all(self, drafts: Iterable[Draft]) -> None:
        """Add entries as `add` does, each draft asked for in its turn; of many, other processes make the values ready.

        Raises as `add`, as `drafts` does, and UnreachableError where such a process is lost.
        """
        for draft, made in made_ready(self._asked(drafts)):
            self._add(draft, made)

    def _asked(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        for draft in drafts:
            self.asked += 1
            yield draft

    def _add(self, draft: Draft, made: disclosure.Made | None) -> int:
        index, sub, fields = self.head.size + self.count, draft.sub, draft.fields or {}
        made = made or ready(draft)
        entry = Entry(
            index, draft.t, self.at, self.signers[0].fingerprint, nonce(), draft.body or {}, sub,
            None if draft.t in MAKES else self._previous(sub), made.digests if made else (),
        )  # fmt: skip
        self._leaves.append((index, entry.leaf()))
        if made:
            self._private.append((index, made.private))
        self._kinds.setdefault(draft.t, entry)
        self.projection.add(entry, fields, made.text if made else "{}")
        self.count += 1
        if sub is not None:
            self._chain[sub] = index
        if len(self._leaves) >= BATCH:
            self.flush()
        return index

    @property
    def following(self) -> int:
        """The index that the next entry will have: of drafts, which are asked for a few ahead, the next draft's."""
        return self.head.size + self.asked

    def _previous(self, sub: str | None) -> int | None:
        if sub is None:
            return None
        if sub not in self._chain:
            row = self.db.execute("SELECT last FROM record WHERE sub = ?", (sub,)).fetchone()
            return row[0] if row else None
        return self._chain[sub]

    def kinds(self) -> list[Entry]:
        """Give one entry of each type that was added so far."""
        return list(self._kinds.values())

    def flush(self) -> None:
        """Write what was gathered so far into the open transaction."""
        self.db.executemany("INSERT INTO ledger(idx, leaf) VALUES (?,?)", self._leaves)
        self.db.executemany("INSERT INTO private(idx, disclosures) VALUES (?,?)", self._private)
        self._leaves, self._private = [], []
        self.projection.flush()
        self._chain.clear()  # from here on the view tells

    def nothing_since(self, size: int, named: str, *, sub: str = "", code: str = "") -> None:
        """Refuse this act where anything was recorded since the ledger had `size` entries.

        About one record (`sub`), or about a case and its records (`code`); `named` is what people call it. What was
        decided before the lock was held is decided of that. Asked before anything is added. Raises RefusedError.
        """
        sql = f"SELECT 1 FROM record WHERE {'sub' if sub else 'code'} = ? AND last >= ? LIMIT 1"
        if self.db.execute(sql, (sub or code, size)).fetchone():
            raise RefusedError(
                f"something was recorded about {visible(named)} meanwhile; nothing of this is", code="meanwhile",
                where=named, hint="look at it, and run the command again",
            )  # fmt: skip

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Ask the view, as it stands with this act's entries so far."""
        self.flush()
        return list(self.db.execute(sql, tuple(values)).fetchall())


def nonce() -> str:
    """Give 128 random bits as 22 characters of base64url."""
    return disclosure.base64url(secrets.token_bytes(16))


def subject() -> str:
    """Give a new random subject, 128 bits in hex."""
    return secrets.token_hex(16)


def now() -> str:
    """Give the time of this machine's clock, UTC to the second; a claim, proved only by outside anchors."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def writing(place: Place, signers: Sequence[Signer], *, genesis: bool = False, growth: int = 0) -> Iterator[Act]:
    """Write one act: everything added inside, then the commit, or nothing at all.

    `growth` is about what a large act adds to the database, in bytes: room is
    looked for first. An act to which nothing is added leaves no trace. Raises
    RefusedError (a role or the pin forbids it), IntegrityError (the head does
    not hold), FormatError (so does not its checkpoint), NotFound,
    UnreachableError (locked, full, read-only).
    """
    if place.copy_of:
        raise RefusedError(
            "this is a copy and takes no act", code="copy", where=place.origin,
            hint="write in the archive itself; if that is lost, `sijill restore COPY` lets this one take its place",
        )  # fmt: skip
    if not signers:
        raise RefusedError("nobody signs this act", hint="name an operator with --as NAME")
    log_keys = place.log_keys()
    try:
        with writer(place.database, growth, place.waits) as db:
            head = Head(0, merkle.CompactRange(), None) if genesis else open_head(db, place)
            act = Act(
                db, head, place.origin, signers, now(), Projection(db.executemany),
                registry.Registry() if genesis else registry.registry_of(db),
            )  # fmt: skip
            yield act
            if act.count:
                act.flush()
                if not genesis:
                    _refuse(act)
                    _still_there(act, place)
                act.receipt = _commit(act, log_keys)
    except BaseException:
        unfinished.strike(place)
        raise
    if act.receipt is not None:
        keep(place, act.receipt)
        unfinished.finish(place)


def _refuse(act: Act) -> None:
    problems = act.registry.refusals(act.kinds(), [s.fingerprint for s in act.signers])
    if problems:
        names = ", ".join(s.name for s in act.signers)
        raise RefusedError(
            f"{names} may not do this: " + "; ".join(problems),
            code="role",
            hint="let a person with that role do it (--as NAME), or have the root grant it (sijill operator grant)",
        )


def _still_there(act: Act, place: Place) -> None:
    """Refuse an act that names an object which was tidied away or erased after it was stored and before the lock."""
    rows = act.db.execute("SELECT blake3 FROM object WHERE idx >= ?", (act.head.size,))
    gone = sum(1 for (name,) in rows if not place.objects.holds(name))
    if gone:
        raise taken_away(str(place.objects.folder), gone)


def commit_text(origin: str, first: int, count: int, root: bytes) -> bytes:
    """Give the five lines that operators sign."""
    return f"sijill-commit/v1\n{origin}\n{first}\n{count}\n{base64.b64encode(root).decode()}\n".encode()


def _log_key(act: Act, log_keys: Sequence[Any]) -> Any:
    """Give the private log key that counts once this act's own entries count. Raises RefusedError."""
    for entry in act.kinds():
        if entry.t in ("genesis", "logkey.rotate"):
            act.registry.apply(entry)
    for key in log_keys:
        if note.vkey_of(act.origin, key) == act.registry.log_vkey:
            return key
    raise RefusedError(
        "the log key on this computer is not the one that this archive's ledger names",
        code="key",
        where=act.origin,
        hint="write on the computer that holds it, or replace a lost one: sijill key rotate-log --lost",
    )


def _read_back(db: Any, first: int, count: int) -> Iterator[bytes]:
    """Give the leaves that were just written, as the database has them. Raises IntegrityError where it has others."""
    rows = db.execute("SELECT idx, leaf FROM ledger WHERE idx >= ? ORDER BY idx", (first,))
    for expected in (*range(first, first + count), None):
        index, leaf = rows.fetchone() or (None, None)
        if index != expected:
            raise IntegrityError("the database did not give back the entries that were written", where="ledger")
        if index is not None:
            yield blob(leaf)


def _commit(act: Act, log_keys: Sequence[Any]) -> Receipt:
    log_key = _log_key(act, log_keys)
    first, count = act.head.size, act.count
    compact = act.head.edge
    compact.extend(_read_back(act.db, first, count))
    root = compact.root()
    text = commit_text(act.origin, first, count, root)
    sigs = [{"by": s.fingerprint, "sig": s.sign(text, COMMIT_NAMESPACE)} for s in act.signers]
    body = {"first": first, "count": count, "root": base64.b64encode(root).decode(), "sigs": sigs}
    entry = Entry(first + count, "commit", act.at, act.signers[0].fingerprint, nonce(), body)
    leaf = entry.leaf()
    act.db.execute("INSERT INTO ledger(idx, leaf) VALUES (?,?)", (entry.index, leaf))
    compact.extend([leaf])
    size, root = entry.index + 1, compact.root()
    signed = note.sign_checkpoint(note.Checkpoint(act.origin, size, root), log_key)
    act.db.execute("INSERT INTO checkpoint(size, note) VALUES (?,?)", (size, signed))
    act.db.execute("DELETE FROM edge")
    act.db.execute("INSERT INTO edge(size, hashes) VALUES (?,?)", (size, b"".join(compact.hashes)))
    tiles.extend(act.db, first, size)
    return Receipt(first, count, size, root, signed)


def keep(place: Place, receipt: Receipt) -> None:
    """Write the checkpoint file and the pin, each by rename; a crash between leaves an older, consistent file.

    An archive that is still built is not pinned: if that is stopped, its name must be free again. Raises
    UnreachableError: the act is recorded all the same.
    """
    temporary = place.folder / f".checkpoint.{os.getpid()}"
    try:
        with temporary.open("wb") as file:
            file.write(receipt.note)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place.folder / "checkpoint")
    except OSError as error:
        raise UnreachableError(
            f"recorded, but the file `checkpoint` could not be written ({error.strerror})",
            where=str(place.folder / "checkpoint"),
            hint="make room; the next command writes it again",
        ) from error
    if place.in_place:
        place.home.set_pin(place.origin, receipt.size, receipt.root)


def pin(place: Place) -> None:
    """Keep the head of a new archive as seen, now that it has its place.

    Raises NotFound, UnreachableError, IntegrityError.
    """
    with reading(place.database) as db:
        head = note.Checkpoint.parse(note.SignedNote.parse(checkpoint_note(db)[1]).text)
    place.home.set_pin(place.origin, head.size, head.root)
