"""The proof that travels with a dossier: exact entries, their places in the tree, and who signed them.

Gathers what `data/proof/` holds and decides nothing about audiences: it is
told which entries may be disclosed and which names in them. A withheld record
is proved by leaf and place alone.

A commit's signed root needs no proof of its own: the inclusion proof of the
commit entry holds every subtree to its left, and these give that root.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archive import disclosure, merkle, note, registry, tiles
from archive.database import blob
from archive.ledger import checkpoint_note, commit_text
from schemas.entry import Entry

_REGISTRY_TYPES = ("role.grant", "role.revoke", "key.revoke")


@dataclass(frozen=True)
class Proved:
    """One entry: its exact bytes, its tlog-proof, and the disclosures of it that may be shown."""

    entry: Entry
    leaf: bytes
    proof: bytes
    disclosures: tuple[str, ...] = ()


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
    entries: tuple[Proved, ...]
    commits: tuple[Signed, ...]
    signers: tuple[tuple[str, str], ...]  # fingerprint, OpenSSH public line; in order of their key entries
    anchors: tuple[Anchored, ...] = ()  # by size, one each


@dataclass
class Gathering:
    """Collects entries until all that they need is there too."""

    db: Any
    entries: dict[int, Entry] = field(default_factory=dict)
    leaves: dict[int, bytes] = field(default_factory=dict)
    keys: Mapping[str, registry.Key] = field(default_factory=dict)
    signers: set[str] = field(default_factory=set)  # whose key entries were taken

    def take(self, index: int) -> Entry:
        """Take one entry, with the commit over it and the keys that signed that."""
        waiting = [index]
        while waiting:
            number = waiting.pop()
            if number in self.entries:
                continue
            leaf = bytes(self.db.execute("SELECT leaf FROM ledger WHERE idx = ?", (number,)).fetchone()[0])
            entry = Entry.parse(number, leaf)
            self.entries[number], self.leaves[number] = entry, leaf
            if entry.t == "commit":
                for sig in entry.body["sigs"]:
                    waiting += self._key_entries(sig["by"])
            else:
                waiting.append(self._commit_over(number))
        return self.entries[index]

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
            row = self.db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
            index = Entry.parse(index, blob(row[0])).prev
        for number, body in self.db.execute(
            f"SELECT idx, body FROM act WHERE t IN ({','.join('?' * len(_REGISTRY_TYPES))})", _REGISTRY_TYPES
        ):
            if json.loads(body).get("fingerprint") == fingerprint:
                found.append(number)
        return found


def gather_proof(
    db: Any, chains: Iterable[int], show: Mapping[int, frozenset[str]], extra_signers: Iterable[str] = ()
) -> Proof:
    """Prove every entry of the subjects whose last entries are `chains`; disclose of each only the names in `show`.

    `extra_signers` are keys that sign something beside the ledger. Raises SijillError where there is no checkpoint.
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
    prover, entries = tiles.Prover(db, size, checkpoint.root), []
    for index in sorted(gathering.entries):
        proof = note.TlogProof(index, prover.inclusion(index), alone)
        strings = _shown(db, index, show.get(index, frozenset()))
        entries.append(Proved(gathering.entries[index], gathering.leaves[index], proof.write(), strings))
    commits = tuple(
        Signed(
            p.entry.index,
            commit_text_of(registered.origin, p.entry),
            tuple(sig["sig"] for sig in p.entry.body["sigs"]),
        )
        for p in entries
        if p.entry.t == "commit"
    )
    added = {key.added: name for name, key in registered.keys.items()}
    signers = tuple((added[i], registered.keys[added[i]].line) for i in sorted(added) if i in gathering.entries)
    return Proof(
        registered.origin, size, checkpoint.root, alone, registered.log_vkey,
        merkle.leaf_hash(gathering.leaves[0]), tuple(entries), commits, signers,
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
    """Give the tlog-proof of entry `index` against the newest checkpoint. Raises IntegrityError."""
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


def _shown(db: Any, index: int, names: frozenset[str]) -> tuple[str, ...]:
    """Give the stored disclosure strings of an entry whose names may be shown."""
    if not names:
        return ()
    row = db.execute("SELECT disclosures FROM private WHERE idx = ?", (index,)).fetchone()
    strings = json.loads(row[0]) if row else []
    return tuple(string for string in strings if disclosure.read(string)[1] in names)
