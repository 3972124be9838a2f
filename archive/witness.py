"""Witnesses: others who cosign a checkpoint after they saw that it only grew, by file.

A policy names the witnesses and how many must agree. A request holds what a
witness needs: the checkpoint and the proof from the size that they saw last. What
comes back is checked and kept; a witness who is not named counts for nothing.

Follows C2SP tlog-cosignature (cosignature/v1), tlog-witness 1.0.0 (the body of
add-checkpoint) and tlog-policy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, note, tiles
from archive.sshsig import base64_strict, check_ed25519_point
from schemas.errors import FormatError, InputError, SijillError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.replay import Replay

COSIGNATURE = 0x04
LARGEST = 64 * 1024
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\Z")


@dataclass(frozen=True)
class Witness:
    """One witness: its key's name, id and point."""

    name: str
    key_id: bytes
    point: bytes

    @classmethod
    def parse(cls, vkey: str) -> Witness:
        """Read a verifier key of type 0x04. Raises FormatError."""
        match = _VKEY.match(vkey)
        typed = base64_strict(match[3]) if match else b""
        if match is None or len(typed) != 33 or typed[0] != COSIGNATURE:
            raise FormatError("not a witness's verifier key (cosignature/v1)")
        check_ed25519_point(typed[1:])
        key_id = hashlib.sha256(match[1].encode() + b"\n" + typed).digest()[:4]
        if key_id.hex() != match[2]:
            raise FormatError("a witness's key id does not fit its name and key")
        return cls(match[1], key_id, typed[1:])

    def check(self, text: str, signature: bytes) -> datetime:
        """Give when (UTC) this witness cosigned a checkpoint's text. Raises FormatError where it did not."""
        if len(signature) != 72:
            raise FormatError(f"a cosignature of {visible(self.name)} is malformed")
        seconds = int.from_bytes(signature[:8], "big")
        message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        if not note.Verifier(self.name, self.key_id, self.point).holds(message, signature[8:]):
            raise FormatError(f"the cosignature of {visible(self.name)} does not hold")
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            raise FormatError(f"the cosignature of {visible(self.name)} says no time") from None


@dataclass
class Policy:
    """Which witnesses count, and how many must agree."""

    witnesses: dict[str, Witness] = field(default_factory=dict)  # by their name in the policy
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = "none"

    @classmethod
    def parse(cls, text: str, log_vkey: str | None = None) -> Policy:
        """Read a tlog-policy file; its `log` must be `log_vkey`, where one is given. Raises FormatError, by line."""
        policy, quorum = cls(), False
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            try:
                if words[0] == "log" and len(words) in (2, 3):
                    if log_vkey is not None and note.Verifier.parse(words[1]).vkey() != log_vkey:
                        raise FormatError("the log is not this archive's")
                elif words[0] == "quorum" and len(words) == 2 and not quorum:
                    policy.quorum, quorum = policy._known(words[1], none=True), True
                else:
                    policy._member(words)
            except FormatError as error:
                raise FormatError(f"line {number}: {error.message}") from None
        if not quorum:
            raise FormatError("it names no quorum", hint="the last line is `quorum NAME` or `quorum none`")
        return policy

    def _member(self, words: Sequence[str]) -> None:
        if len(words) < 3 or words[1] in self.witnesses or words[1] in self.groups or words[1] == "none":
            raise FormatError(f"`{visible(' '.join(words))[:60]}` is no line of a policy, or a name twice")
        if words[0] == "witness" and len(words) in (3, 4):
            witness = Witness.parse(words[2])
            if witness in self.witnesses.values():
                raise FormatError("one witness key stands under two names")
            self.witnesses[words[1]] = witness
        elif words[0] == "group" and len(words) > 3:
            members = tuple(self._known(word) for word in words[3:])
            wanted = {"any": 1, "all": len(members)}.get(words[2]) or note.number(words[2])
            if not 1 <= wanted <= len(members) or len(set(members)) != len(members):
                raise FormatError("a group asks for more members than it has, or names one twice")
            self.groups[words[1]] = (wanted, members)
        else:
            raise FormatError(f"`{visible(words[0])}` is none of log, witness, group, quorum")

    def _known(self, name: str, *, none: bool = False) -> str:
        if name not in self.witnesses and name not in self.groups and not (none and name == "none"):
            raise FormatError(f"{visible(name)} is not named before")
        return name

    def met(self, signed: frozenset[str]) -> bool:
        """Tell whether the witnesses (their names in the policy) who signed make the quorum."""
        return self.quorum == "none" or self._agrees(self.quorum, signed)

    def _agrees(self, name: str, signed: frozenset[str]) -> bool:
        if name in self.witnesses:
            return name in signed
        wanted, members = self.groups[name]
        return sum(self._agrees(member, signed) for member in members) >= wanted

    def check(self, text: str, lines: Sequence[note.Signature]) -> dict[str, datetime]:
        """Give which witnesses cosigned a text, and when. Raises FormatError for a cosignature that does not hold."""
        found = {}
        for name, witness in self.witnesses.items():
            for line in lines:
                if (line.name, line.key_id) == (witness.name, witness.key_id):
                    found[name] = witness.check(text, line.signature)
        return found


def set_policy(archive: Archive, signers: Sequence[ledger.Signer], file: Path) -> dict[str, Any]:
    """Record a policy. Raises InputError, RefusedError (the root's threshold)."""
    text = _text(file)
    with ledger.writing(archive, signers) as act:
        try:
            policy = Policy.parse(text, act.registry.log_vkey)
        except FormatError as error:
            raise InputError(f"{visible(str(file))}: {error.message}", hint=error.hint) from None
        act.add("policy.set", fields={"policy": text})
    assert act.receipt is not None
    return {
        "format": "sijill-policy/1", "witnesses": sorted(policy.witnesses), "quorum": policy.quorum,
        **act.receipt.document(),
    }  # fmt: skip


def _text(file: Path) -> str:
    shown = visible(str(file))
    try:
        data = file.read_bytes()[: LARGEST + 1]
        if len(data) > LARGEST:
            raise InputError(f"{shown} is too large", where=shown)
        return data.decode()
    except OSError as error:
        raise InputError(f"{shown} cannot be read ({error.strerror})", where=shown) from error
    except UnicodeDecodeError:
        raise InputError(f"{shown} is not UTF-8", where=shown) from None


def policy_of(db: Any) -> Policy | None:
    """Give the policy in force, or None where none was set."""
    for (text,) in db.execute("SELECT fields FROM act WHERE t = 'policy.set' ORDER BY idx DESC").fetchall():
        told = json.loads(text).get("policy")
        if told is not None:
            return Policy.parse(str(told))
    return None


def request(archive: Archive, out: Path, since: Path | None = None) -> dict[str, Any]:
    """Write `add-checkpoint`, and the checkpoint alone, to a new folder. `since` is what the witness saw last.

    Raises InputError (not of this log, or not an older state of it) and UnreachableError.
    """
    shown = visible(str(out))
    with archive.reading() as db:
        size, stored = ledger.checkpoint_note(db)
        newest = note.Checkpoint.parse(note.SignedNote.parse(stored).text)
        old, proof = 0, []
        if since is not None:
            try:
                seen = note.Checkpoint.parse(note.SignedNote.parse(_text(since).encode()).text)
            except FormatError as error:
                raise InputError(f"{visible(str(since))}: {error.message}") from None
            found = tiles.consistency(db, seen.size, size, seen.root, newest.root) if seen.size <= size else None
            if seen.origin != newest.origin or found is None:
                raise InputError(f"{visible(str(since))} is no older state of this log", hint="see `sijill compare`")
            old, proof = seen.size, found
    body = f"old {old}\n" + "".join(base64.b64encode(one).decode() + "\n" for one in proof)
    try:
        out.mkdir(parents=True, exist_ok=False)
        (out / "checkpoint").write_bytes(stored)
        (out / "add-checkpoint").write_bytes(body.encode() + b"\n" + stored)
    except FileExistsError:
        raise InputError(f"{shown} exists already", where=shown, hint="name a new folder") from None
    except OSError as error:
        raise UnreachableError(f"{shown} could not be written ({error.strerror})", where=shown) from error
    return {"format": "sijill-cosign-request/1", "folder": str(out), "old": old, "size": size}


def attach(archive: Archive, signers: Sequence[ledger.Signer], file: Path) -> dict[str, Any]:
    """Check and keep what witnesses gave back: a cosigned checkpoint, or signature lines alone for the newest one.

    Raises InputError: nothing is recorded where none holds.
    """
    text, shown = _text(file), visible(str(file))
    with ledger.writing(archive, signers) as act:
        policy = policy_of(act.db)
        if policy is None:
            raise InputError("this archive names no witnesses", hint="sijill policy set FILE")
        try:
            if text.startswith("— "):
                size, stored = act.head.size, act.head.note or b""
                signed = note.SignedNote.parse(note.SignedNote.parse(stored).text.encode() + b"\n" + text.encode())
            else:
                signed = note.SignedNote.parse(text.encode())
                size = note.Checkpoint.parse(signed.text).size
                row = act.db.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
                stored = bytes(row[0]) if row else b""
            if not stored.startswith(signed.text.encode() + b"\n"):
                raise FormatError("it is over no checkpoint of this archive")
            found = policy.check(signed.text, signed.signatures)
        except FormatError as error:
            raise InputError(f"{shown}: {error.message}", where=shown) from None
        if not found:
            raise InputError(f"{shown}: no witness of this archive's policy signed it", where=shown)
        own = {(w.name, w.key_id) for w in policy.witnesses.values()}
        lines = [
            f"— {s.name} {base64.b64encode(s.key_id + s.signature).decode()}"
            for s in signed.signatures
            if (s.name, s.key_id) in own
        ]
        act.add("anchor.witness", sub=ledger.subject(), fields={
            "size": size, "note_sha256": hashlib.sha256(stored).hexdigest(), "cosignatures": lines,
        })  # fmt: skip
    assert act.receipt is not None
    return {
        "format": "sijill-cosign/1", "size": size, "witnesses": sorted(found), "quorum": policy.met(frozenset(found)),
        **act.receipt.document(),
    }  # fmt: skip


def check_witnesses(replay: Replay, db: Any, scratch: Any) -> list[dict[str, Any]]:
    """Check every cosignature that the ledger keeps; give who stands for which size, and whether they are enough."""
    signed: dict[int, set[str]] = {}
    try:
        policy = policy_of(scratch)
    except SijillError as error:
        replay.report("witness", "the witness policy", error.message)
        return []
    rows = scratch.execute("SELECT idx, fields FROM act WHERE t = 'anchor.witness' ORDER BY idx").fetchall()
    for index, text in rows:
        fields: Mapping[str, Any] = json.loads(text)
        if "cosignatures" not in fields:
            continue
        try:
            row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (fields["size"],)).fetchone()
            stored = note.SignedNote.parse(bytes(row[0]) if row else b"")
            lines = "".join(f"{line}\n" for line in fields["cosignatures"])
            read = note.SignedNote.parse(f"{stored.text}\n{lines}".encode())
            found = policy.check(stored.text, read.signatures) if policy else {}
            signed.setdefault(int(fields["size"]), set()).update(found)
        except (SijillError, KeyError, TypeError, ValueError) as error:
            what = error.message if isinstance(error, SijillError) else "malformed"
            replay.report("witness", f"the cosignatures of entry {index}", f"they do not hold: {what}")
    return [
        {"size": size, "witnesses": sorted(names), "quorum": policy is not None and policy.met(frozenset(names))}
        for size, names in sorted(signed.items())
    ]
