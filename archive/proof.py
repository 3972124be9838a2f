"""The proof that travels with a dossier: exact entries, their places in the tree, and who signed them.

Gathers what `data/proof/` holds and decides nothing about audiences: it is
told which entries may be disclosed and which names in them. A withheld record
is proved by leaf and place alone.

Of thousands of entries only the places are held: leaf, proof and disclosures
of each are read when they are written. Leaf and proof never change; where a
disclosure was erased meanwhile, nothing is handed over.

A commit's signed root needs no proof of its own: the inclusion proof of the
commit entry holds every subtree to its left, and these give that root.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from archive import disclosure, merkle, note, registry, tiles
from archive.database import blob
from archive.head import checkpoint_note
from archive.ledger import commit_text
from schemas.entry import Entry
from schemas.errors import RefusedError

_REGISTRY_TYPES = ("role.grant", "role.revoke", "key.revoke")


@dataclass(frozen=True)
class Proved:
    """One entry: its index, its exact bytes and its tlog-proof."""

    index: int
    leaf: bytes
    proof: bytes


@dataclass(frozen=True)
class Signed:
    """One commit as `ssh-keygen -Y verify` wants it: the five signed lines and each armoured signature."""

    index: int
    text: bytes
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class Anchored:
    """A time-stamp over an earlier checkpoint: its exact bytes, and how the tree grew from there to the proof's."""

    size: int
    checkpoint: bytes
    answer: bytes  # RFC 3161, DER
    roots: bytes  # PEM, as they were kept with it
    time: str  # UTC, as recorded
    hashes: tuple[bytes, ...]  # the RFC 6962 consistency proof


@dataclass(frozen=True)
class Proof:
    """Everything of `data/proof/`: one checkpoint, and entries, commits and keys proved against it."""

    origin: str
    size: int
    root: bytes
    checkpoint: bytes
    log_vkey: str
    genesis: bytes  # the leaf hash of entry 0, the trust root with the log's key
    entries: tuple[int, ...]  # their indices, in order
    proved: Callable[[], Iterator[Proved]]  # gives each; raises IntegrityError where the ledger does not give the root
    disclosures: Callable[[], Iterator[str]]  # gives those that may be shown, as lines; raises RefusedError (erased)
    commits: tuple[Signed, ...]
    signers: tuple[tuple[str, str], ...]  # fingerprint, OpenSSH public line; in order of their key entries
    anchors: tuple[Anchored, ...] = ()  # by size, one each


@dataclass
class Gathering:
    """Collects entries until all that they need is there too."""

    db: Any
    entries: set[int] = field(default_factory=set)
    commits: dict[int, Entry] = field(default_factory=dict)
    keys: Mapping[str, registry.Key] = field(default_factory=dict)
    signers: set[str] = field(default_factory=set)  # whose key entries were taken

    def take(self, index: int) -> Entry:
        """Take one entry, with the commit over it and the keys that signed that. Raises FormatError, IntegrityError."""
        waiting = [index]
        while waiting:
            number = waiting.pop()
            if number in self.entries:
                continue
            entry = self._entry(number)
            self.entries.add(number)
            if entry.t == "commit":
                self.commits[number] = entry
                for sig in entry.body["sigs"]:
                    waiting += self._key_entries(sig["by"])
            else:
                waiting.append(self._commit_over(number))
        return self._entry(index)

    def _entry(self, index: int) -> Entry:
        return Entry.parse(index, _leaf(self.db, index))

    def take_chain(self, last: int) -> None:
        """Take every entry of one subject, from its last back."""
        index: int | None = last
        while index is not None:
            index = self.take(index).prev

    def _commit_over(self, index: int) -> int:
        row = self.db.execute("SELECT min(size) FROM checkpoint WHERE size > ?", (index + 1,)).fetchone()
        return int(row[0]) - 1

    def _key_entries(self, fingerprint: str) -> list[int]:
        """Give the indices of what makes a key what it is: its adding, its roles, its revocation."""
        key = self.keys.get(fingerprint)
        if key is None or fingerprint in self.signers:
            return []
        self.signers.add(fingerprint)
        found = [key.added]
        last = self.db.execute("SELECT last FROM record WHERE sub = ?", (key.sub,)).fetchone()
        index = last[0] if last else None
        while index is not None:
            found.append(index)
            index = self._entry(index).prev
        for number, body in self.db.execute(
            f"SELECT idx, body FROM act WHERE t IN ({','.join('?' * len(_REGISTRY_TYPES))})", _REGISTRY_TYPES
        ):
            if json.loads(body).get("fingerprint") == fingerprint:
                found.append(number)
        return found


def gather_proof(
    reading: Callable[[], AbstractContextManager[Any]], db: Any, chains: Iterable[int],
    show: Mapping[int, frozenset[str]], extra_signers: Iterable[str] = (),
) -> Proof:  # fmt: skip
    """Prove every entry of the subjects whose last entries are `chains`; disclose of each only the names in `show`.

    `reading` opens the ledger again when the proofs are wanted. `extra_signers` are keys that sign something beside
    the ledger. Raises SijillError where there is no checkpoint.
    """
    size, stored = checkpoint_note(db)
    registered = registry.registry_of(db)
    gathering = Gathering(db, keys=registered.keys)
    gathering.take(0)
    for (index,) in db.execute("SELECT idx FROM act WHERE t IN ('policy.set', 'logkey.rotate')").fetchall():
        gathering.take(index)
    for last in chains:
        gathering.take_chain(last)
    for (index,) in db.execute("SELECT idx FROM act WHERE t = 'logkey.rotate' ORDER BY idx").fetchall():
        gathering.take(index)
    for fingerprint in extra_signers:
        for index in gathering._key_entries(fingerprint):
            gathering.take(index)
    checkpoint = note.open_checkpoint(stored, registered.log_vkey)
    alone = _alone(stored, registered.log_vkey)
    indices = tuple(sorted(gathering.entries))

    def proved() -> Iterator[Proved]:
        with reading() as again:
            prover = tiles.Prover(again, size, checkpoint.root)
            for index in indices:
                yield Proved(index, _leaf(again, index), note.TlogProof(index, prover.inclusion(index), alone).write())

    def disclosures() -> Iterator[str]:
        with reading() as again:
            yield from _shown(again, indices, show)

    commits = tuple(
        Signed(index, commit_text_of(registered.origin, entry), tuple(sig["sig"] for sig in entry.body["sigs"]))
        for index, entry in sorted(gathering.commits.items())
    )
    added = {key.added: name for name, key in registered.keys.items()}
    signers = tuple((added[i], registered.keys[added[i]].line) for i in sorted(added) if i in gathering.entries)
    return Proof(
        registered.origin, size, checkpoint.root, alone, registered.log_vkey,
        merkle.leaf_hash(_leaf(db, 0)), indices, proved, disclosures, commits, signers,
        tuple(_anchors(db, registered, checkpoint)),
    )  # fmt: skip


def _anchors(db: Any, registered: registry.Registry, whole: note.Checkpoint) -> Iterator[Anchored]:
    """Give the first time-stamp over each stamped checkpoint; those that do not fit the tree are left for an audit."""
    seen: set[int] = set()
    for (text,) in db.execute("SELECT fields FROM act WHERE t = 'anchor.time' ORDER BY idx").fetchall():
        fields = json.loads(text)
        size = fields.get("size")
        row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
        if row is None or size in seen or not {"tsr", "roots", "time"} <= fields.keys():
            continue
        stamped = note.open_checkpoint(bytes(row[0]), registered.log_vkey_at(size))
        hashes = tiles.consistency(db, size, whole.size, stamped.root, whole.root)
        if hashes is not None:
            seen.add(size)
            answer, roots = base64.b64decode(fields["tsr"]), str(fields["roots"]).encode()
            yield Anchored(size, bytes(row[0]), answer, roots, str(fields["time"]), tuple(hashes))


def prove_entry(db: Any, index: int) -> note.TlogProof:
    """Give the tlog-proof of entry `index` against the newest checkpoint. Raises FormatError, IntegrityError."""
    size, stored = checkpoint_note(db)
    root = note.open_checkpoint(stored, registry.registry_of(db).log_vkey).root
    return note.TlogProof(index, tiles.Prover(db, size, root).inclusion(index), stored)


def commit_text_of(origin: str, commit: Entry) -> bytes:
    """Give the five signed lines of a commit entry."""
    body = commit.body
    return commit_text(origin, body["first"], body["count"], base64.b64decode(body["root"]))


def _alone(stored: bytes, vkey: str) -> bytes:
    """Give the checkpoint with the log's own signature and no other."""
    text, gap, tail = stored.partition(b"\n\n")
    name = vkey.split("+", maxsplit=1)[0].encode()
    own = [line for line in tail.split(b"\n") if line.startswith("— ".encode() + name + b" ")]
    return text + gap + own[0] + b"\n" if own else stored


def _leaf(db: Any, index: int) -> bytes:
    return blob(db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()[0])


def _shown(db: Any, indices: Iterable[int], show: Mapping[int, frozenset[str]]) -> Iterator[str]:
    """Give the stored disclosure strings whose names may be shown, as the lines of each entry that has some."""
    for index in indices:
        names = show.get(index)
        if not names:
            continue
        row = db.execute("SELECT disclosures FROM private WHERE idx = ?", (index,)).fetchone()
        shown = [string for string in (json.loads(row[0]) if row else ()) if disclosure.read(string)[1] in names]
        if len(shown) != len(names):
            raise RefusedError(
                "something that was to leave was erased meanwhile", code="meanwhile", hint="run the command again"
            )
        yield "".join(f"{string}\n" for string in shown)
