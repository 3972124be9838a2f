"""The registry: which key may do what, at which place of the ledger.

Made by replaying genesis, key and role entries in order; validity is by index,
never by clock. The same rules refuse an act before it is written and find it
in an audit, so a writer that skips them gains nothing.

A threshold counts distinct keys and distinct persons: one key, one person.
Source: docs/format.md, "Roles"; after TUF 5.3 (root rotation).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.entry import Entry, role_for
from schemas.errors import IntegrityError, SijillError

LOGKEY_NAMESPACE = "sijill-logkey@v1"
BY_TWO = ("waiver.set",)
FIRST_BY_REGISTRAR = ("seal.put",)  # the first of these, in an intake, is the registrar's too


@dataclass
class Key:
    """One operator's key: its OpenSSH line, its person, and from where to where it is good."""

    fingerprint: str
    line: str
    person: str
    sub: str
    added: int
    age: str | None = None
    revoked: int | None = None
    bad_from: int | None = None
    roles: set[str] = field(default_factory=set)


@dataclass
class Registry:
    """What the entries read so far say about keys and roles."""

    origin: str = ""
    log_vkey: str = ""
    root_threshold: int = 1
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    root_keys: tuple[str, ...] = ()
    keys: dict[str, Key] = field(default_factory=dict)
    continues: tuple[str, int, str] | None = None  # origin, size and root of the archive that this one goes on from
    log_keys: list[tuple[int, str, bool]] = field(default_factory=list)  # from which entry, which, the one before lost

    def apply(self, entry: Entry) -> list[str]:
        """Take one entry into account; gives what is wrong with it as an act of the registry.

        Raises FormatError, IntegrityError.
        """
        body = entry.body
        if entry.t == "genesis" and entry.index == 0:
            self.origin, self.log_vkey = body["origin"], body["log_vkey"]
            self.root_threshold, self.roles = body["root_threshold"], body["roles"]
            self.root_keys = tuple(body["root_keys"])
            self.log_keys = [(0, self.log_vkey, False)]
            if "continues_origin" in body:
                self.continues = body["continues_origin"], body["continues_size"], body["continues_root"]
        elif entry.t == "key.add":
            return self._add(entry)
        elif entry.t == "logkey.rotate":
            return self._rotate(entry)
        elif entry.t == "policy.set" and "root_threshold" in body:
            return self._threshold(body["root_threshold"])
        elif entry.t in ("role.grant", "role.revoke", "key.revoke"):
            return self._change(entry)
        return []

    def _add(self, entry: Entry) -> list[str]:
        from archive.sshsig import fingerprint, parse_public_line

        line = entry.body["key"]
        blob = parse_public_line(line)
        name = fingerprint(blob)
        if self.knows(blob):
            return [f"key {name} is added a second time"]
        self.keys[name] = Key(
            name, line, entry.body["person"], entry.sub or "", entry.index, entry.body.get("age")
        )
        if name in self.root_keys:
            self.keys[name].roles.add("root")
        return []

    def knows(self, blob: bytes) -> bool:
        """Tell whether a public key was ever added here, be it under another type: one key, one person.

        Raises FormatError.
        """
        from archive.sshsig import parse_public_line, point_of

        return any(point_of(parse_public_line(key.line)) == point_of(blob) for key in self.keys.values())

    def _rotate(self, entry: Entry) -> list[str]:
        """Take a new log key: signed by the old one and itself or, where that is lost, by itself and the root."""
        from archive import note, sshsig

        new = entry.body["log_vkey"]
        old, text = self.log_vkey, rotation_text(self.origin, self.log_vkey, new)
        if "old_sig" in entry.body and "lost" in entry.body:
            return ["the new log key is signed by an old one that is said to be lost"]
        needed = [("new_sig", new)] if entry.body.get("lost") else [("old_sig", old), ("new_sig", new)]
        for member, vkey in needed:
            verifier = note.Verifier.parse(vkey)
            if verifier.name != self.origin:
                return ["the new log key has another name than this archive"]
            blob = sshsig.verify(text, LOGKEY_NAMESPACE, entry.body.get(member, ""))
            if blob != sshsig.blob_of(verifier.point):
                return [f"the new log key: {member} is by another key"]
        self.log_vkey = new
        self.log_keys.append((entry.index, new, bool(entry.body.get("lost"))))
        return []

    def log_vkey_at(self, size: int) -> str:
        """Give the log key that signs the checkpoint of a tree of `size` entries."""
        return next((vkey for index, vkey, _ in reversed(self.log_keys) if index < size), self.log_vkey)

    def _threshold(self, wanted: Any) -> list[str]:
        if type(wanted) is not int or wanted < 1:
            return ["a root threshold that is no number of persons"]
        self.root_threshold = wanted
        return []

    def _change(self, entry: Entry) -> list[str]:
        key = self.keys.get(entry.body["fingerprint"])
        if key is None:
            return [f"{entry.t} names a key that was never added"]
        if entry.t == "key.revoke":
            self._revoke(key, entry)
        elif entry.body["role"] not in self.roles:
            return [f"{entry.t} names a role that does not exist"]
        elif entry.t == "role.grant":
            key.roles.add(entry.body["role"])
        else:
            key.roles.discard(entry.body["role"])
        return []

    def _revoke(self, key: Key, entry: Entry) -> None:
        """Revoke a key for good. A later revocation may say that it was bad from earlier on, never from later."""
        stated = [bad for bad in (key.bad_from, entry.body.get("bad_from")) if bad is not None]
        key.bad_from = min(stated, default=None)
        key.revoked = entry.index if key.revoked is None else key.revoked

    def active(self, fingerprint: str) -> Key | None:
        """Give the key if it is known and not revoked at this place of the ledger."""
        key = self.keys.get(fingerprint)
        return key if key is not None and key.revoked is None else None

    def holds(self, signers: Iterable[str], role: str) -> bool:
        """Tell whether an active key among the signers has a role."""
        return any(key is not None and role in key.roles for key in map(self.active, signers))

    def refusals(self, entries: Iterable[Entry], signers: Sequence[str], first_seals: bool = True) -> list[str]:
        """Give why these signers may not write these entries; empty if they may."""
        keys = {s: self.active(s) for s in signers}
        problems = [f"{s} is no active key of this archive" for s, key in keys.items() if key is None]
        held = [key for key in keys.values() if key is not None]
        if len(set(signers)) != len(signers):
            problems.append("one key signs twice")
        for t in sorted({e.t for e in entries} - {"commit", "genesis"}):
            problems += self._type_refusals(t, held, first_seals)
        return problems

    def _type_refusals(self, t: str, held: Sequence[Key], first_seals: bool) -> list[str]:
        role = role_for(t, self.roles)
        if role is None:
            return [f"no role may write {t}"]
        if t == "erase":
            guardians = {k.person for k in held if "guardian" in k.roles}
            roots = {k.person for k in held if "root" in k.roles}
            if not guardians or not roots or len(guardians | roots) < 2:
                return ["erase needs a guardian and a root key of two persons"]
            return []
        persons = {k.person for k in held if role in k.roles}
        if t in BY_TWO and len({k.person for k in held}) < 2:
            return [f"{t} needs the signatures of two persons"]
        need = self.root_threshold if role == "root" else 1
        if t in FIRST_BY_REGISTRAR and first_seals:
            persons |= {k.person for k in held if "registrar" in k.roles}
        if len(persons) < need:
            return [f"{t} needs the role {role}" + (f" of {need} persons" if need > 1 else "")]
        return []


def rotation_text(origin: str, old: str, new: str) -> bytes:
    """Give the lines that the old and the new log key sign."""
    return f"sijill-logkey/v1\n{origin}\n{old}\n{new}\n".encode()


def replay(entries: Iterable[tuple[int, Any]]) -> Registry:
    """Give the registry that these entries (index, leaf) make. Raises IntegrityError for one that was changed."""
    registry = Registry()
    for index, leaf in entries:
        try:
            registry.apply(Entry.parse(index, leaf if type(leaf) is bytes else b""))
        except SijillError as error:
            raise IntegrityError(
                f"the ledger was changed: {error.message}", where=f"entry {index}",
                hint="write nothing more here; run `sijill audit`",
            ) from error  # fmt: skip
    return registry


def registry_of(connection: Any) -> Registry:
    """Give the registry of the archive behind a connection, from the ledger's own bytes. Raises IntegrityError."""
    rows = connection.execute(
        "SELECT l.idx, l.leaf FROM ledger l JOIN act a ON a.idx = l.idx"
        " WHERE a.t IN ('genesis','key.add','key.revoke','role.grant','role.revoke','logkey.rotate','policy.set')"
        " ORDER BY l.idx"
    )
    return replay(rows)
