"""Witnesses: others who cosign a checkpoint after they saw that it only grew, by file.

A policy names the witnesses and how many must agree. A request holds what a
witness needs: the checkpoint and the proof from the size that they saw last. What
comes back is checked and kept; a witness who is not named counts for nothing.

Follows C2SP tlog-cosignature (cosignature/v1) and tlog-witness 1.0.0 (the body
of add-checkpoint).
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, note, paper, tiles
from archive.database import blob
from archive.head import checkpoint_note
from archive.policy import Policy
from schemas.errors import FormatError, InputError, SijillError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.replay import Replay


def set_policy(archive: Archive, signers: Sequence[ledger.Signer], file: Path) -> dict[str, Any]:
    """Record a policy. Raises IntegrityError, UnreachableError, InputError, RefusedError (the root's threshold)."""
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
    try:
        return paper.read(file, note.LARGEST).decode()
    except UnicodeDecodeError:
        raise InputError(f"{visible(str(file))} is not UTF-8", where=visible(str(file))) from None


def policy_of(db: Any) -> Policy | None:
    """Give the policy in force, or None where none was set. Raises FormatError."""
    for (text,) in db.execute("SELECT fields FROM act WHERE t = 'policy.set' ORDER BY idx DESC").fetchall():
        told = json.loads(text).get("policy")
        if told is not None:
            return Policy.parse(str(told))
    return None


def request(archive: Archive, out: Path, since: str | None = None) -> dict[str, Any]:
    """Write `add-checkpoint`, and the checkpoint alone, to a new folder.

    `since` is what the witness saw last: a checkpoint file, or the number of entries that its refusal (409) names.
    Raises IntegrityError, InputError (not of this log, or not an older state of it) and UnreachableError.
    """
    shown = visible(str(out))
    with archive.reading() as db:
        size, stored = checkpoint_note(db)
        newest = note.Checkpoint.parse(note.SignedNote.parse(stored).text)
        old, proof = 0, []
        if since is not None:
            seen = _seen(db, since)
            found = tiles.consistency(db, seen.size, size, seen.root, newest.root) if seen.size <= size else None
            if seen.origin != newest.origin or found is None:
                raise InputError(f"{visible(since)} is no older state of this log", hint="see `sijill compare`")
            old, proof = seen.size, found
    body = f"old {old}\n" + "".join(base64.b64encode(one).decode() + "\n" for one in proof)
    try:
        out.mkdir(parents=True, exist_ok=False)
    except FileExistsError:
        raise InputError(f"{shown} is there already", where=shown, hint="name a new folder") from None
    except (OSError, ValueError) as error:
        raise UnreachableError(f"{shown} could not be made ({error})", where=shown) from error
    paper.write(out / "checkpoint", stored)
    paper.write(out / "add-checkpoint", body.encode() + b"\n" + stored)
    return {"format": "sijill-cosign-request/1", "folder": str(out), "old": old, "size": size}


def _seen(db: Any, since: str) -> note.Checkpoint:
    """Give the checkpoint that a witness saw last, from its file or by its number of entries. Raises InputError."""
    try:
        if since.isascii() and since.isdigit():
            row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (note.number(since),)).fetchone()
            if row is None:
                raise FormatError("this archive never had a checkpoint of so many entries")
            return note.Checkpoint.parse(note.SignedNote.parse(blob(row[0])).text)
        return note.Checkpoint.parse(note.SignedNote.parse(_text(Path(since)).encode()).text)
    except FormatError as error:
        raise InputError(f"{visible(since)}: {error.message}", where=visible(since)) from None


def attach(archive: Archive, signers: Sequence[ledger.Signer], file: Path) -> dict[str, Any]:
    """Check and keep what witnesses gave back: a cosigned checkpoint, or their signature lines alone.

    Lines alone are held against every checkpoint, newest first: others may have been made while a witness was asked.
    Raises IntegrityError, UnreachableError, RefusedError, InputError: nothing is recorded where none holds, or
    where all is known.
    """
    text, shown = _text(file), visible(str(file))
    with archive.reading() as db:
        policy = policy_of(db)
        if policy is None:
            raise InputError("this archive names no witnesses", hint="sijill policy set FILE")
        try:
            size, stored, signed, found = _cosigned(db, policy, text)
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
    with ledger.writing(archive, signers) as act:
        if {line for _, fields in _kept(act.db) for line in fields.get("cosignatures", ())}.issuperset(lines):
            raise InputError(f"{shown}: these cosignatures are kept here already", where=shown)
        act.add("anchor.witness", sub=ledger.subject(), fields={
            "size": size, "note_sha256": hashlib.sha256(stored).hexdigest(), "cosignatures": lines,
        })  # fmt: skip
    assert act.receipt is not None
    return {
        "format": "sijill-cosign/1", "size": size, "witnesses": sorted(found), "quorum": policy.met(found),
        **act.receipt.document(),
    }  # fmt: skip


def _cosigned(db: Any, policy: Policy, text: str) -> tuple[int, bytes, note.SignedNote, Mapping[str, datetime]]:
    """Give the checkpoint that was cosigned, and by whom. Raises FormatError."""
    if not text.startswith("— "):
        signed = note.SignedNote.parse(text.encode())
        size = note.Checkpoint.parse(signed.text).size
        row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
        stored = blob(row[0]) if row else b""
        if not stored.startswith(signed.text.encode() + b"\n"):
            raise FormatError("it is over no checkpoint of this archive")
        return size, stored, signed, policy.check(signed.text, signed.signatures)
    lines = note.SignedNote.parse(b"any\n\n" + text.encode()).signatures
    wrong = FormatError("no witness of this archive's policy signed it")
    for size, stored in db.execute("SELECT size, note FROM checkpoint ORDER BY size DESC"):
        signed = note.SignedNote(note.SignedNote.parse(blob(stored)).text, lines)
        try:
            found = policy.check(signed.text, lines)
        except FormatError as error:
            wrong = error
            continue
        return size, blob(stored), signed, found
    raise wrong


def _kept(db: Any) -> list[tuple[int, dict[str, Any]]]:
    """Give every entry that keeps cosignatures, with its fields."""
    rows = db.execute("SELECT idx, fields FROM act WHERE t = 'anchor.witness' ORDER BY idx").fetchall()
    return [(index, json.loads(fields)) for index, fields in rows]


def check_witnesses(replay: Replay, db: Any, scratch: Any) -> list[dict[str, Any]]:
    """Check every cosignature that the ledger keeps; give who stands for which size, and whether they are enough.

    Who counts is said by the policy now in force; a witness that it does not name counts for nothing.
    """
    signed: dict[int, set[str]] = {}
    policy = _in_force(replay, scratch)
    for index, fields in _kept(scratch):
        if not fields:
            continue  # erased, which is told elsewhere
        where = f"the cosignatures of entry {index}"
        try:
            row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (fields["size"],)).fetchone()
            stored = row[0] if row else b""
            if fields.keys() != {"size", "note_sha256", "cosignatures"} or type(fields["size"]) is not int:
                raise FormatError("their entry is malformed")
            if type(stored) is not bytes or hashlib.sha256(stored).hexdigest() != fields["note_sha256"]:
                raise FormatError("their checkpoint is not the one that was cosigned")
            text = note.SignedNote.parse(stored).text
            if any("\n" in line for line in fields["cosignatures"]):
                raise FormatError("a cosignature is no line")
            lines = "".join(f"{line}\n" for line in fields["cosignatures"])
            read = note.SignedNote.parse(f"{text}\n{lines}".encode())
            found = policy.check(text, read.signatures) if policy else {}
            signed.setdefault(int(fields["size"]), set()).update(found)
        except SijillError as error:
            replay.report("witness", where, f"they do not hold: {error.message}")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, sqlite3.ProgrammingError):
            replay.report("witness", where, "they do not hold: their entry is malformed")
    return [
        {"size": size, "witnesses": sorted(names), "quorum": policy is not None and policy.met(names)}
        for size, names in sorted(signed.items())
    ]


def _in_force(replay: Replay, scratch: Any) -> Policy | None:
    """Give the policy that was set last, or None; reports every one that is none."""
    policy = None
    for index, text in scratch.execute("SELECT idx, fields FROM act WHERE t = 'policy.set' ORDER BY idx").fetchall():
        told = json.loads(text).get("policy")
        if told is None:
            continue
        policy = None
        try:
            policy = Policy.parse(str(told))
        except SijillError as error:
            replay.report("witness", f"the witness policy of entry {index}", error.message)
    return policy
