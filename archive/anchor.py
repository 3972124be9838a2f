"""Anchors in outside time: time-stamps over checkpoints, and what they prove about every entry.

A stamp over the checkpoint of size n proves that entries 0 to n-1 existed by
then. The entry that keeps the stamp, and all that follow, were made after it:
they hold it, or a tree that holds it. Between the two lies the proven window of an entry; what an entry says
of its own time is held against it.

A stamp proves no more than its roots are worth. Those in the archive were
chosen by whoever attached it; an auditor may bring others, and is told whose
they are. Nothing is asked of a network unless a URL is named.

Follows RFC 3161; imprint over the exact bytes of the signed checkpoint.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper, time_stamp
from archive.database import blob
from archive.head import checkpoint_note
from schemas.errors import FormatError, InputError, SijillError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.replay import Replay

TOLERATED = timedelta(minutes=5)  # by how much this computer's clock may differ from an authority's
NO_ANCHOR = "no outside anchor: when these entries were made rests on this archive's own clock alone"
NOT_LOOKED = "time-stamps were not looked at: they are values beside the ledger"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def request(
    archive: Archive, out: Path, url: str | None = None, *, waiting: Callable[[str, int, int], None] | None = None
) -> dict[str, Any]:
    """Write a request for the newest checkpoint to `out`; with `url`, ask there and write the answer beside it.

    `waiting` is told that somebody is waited for, and with no words that it is over.
    Raises IntegrityError, InputError (a file is there already) or UnreachableError.
    """
    from archive.authority import WAIT_S, ask

    answer = out.with_suffix(".tsr") if out.name else out
    if url is not None and answer.exists():
        raise InputError(f"{visible(str(answer))} is there already", hint="name a new file")
    with archive.reading() as db:
        size, stored = checkpoint_note(db)
    asked = time_stamp.request(stored)
    paper.write(out, asked)
    if url is not None:
        if waiting is not None:
            waiting("waiting for the authority", 0, WAIT_S)
        try:
            paper.write(answer, ask(url, asked))
        finally:
            if waiting is not None:
                waiting("", 0, WAIT_S)
    return {
        "format": "sijill-anchor-request/1", "size": size, "note_sha256": hashlib.sha256(stored).hexdigest(),
        "request": str(out), "answer": str(answer) if url is not None else None,
    }  # fmt: skip


def attach(
    archive: Archive, signers: Sequence[ledger.Signer], answer: Path, roots: Path, asked: Path | None = None,
    *, policy: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Check an answer and keep it in the ledger. The stamped checkpoint is found by its imprint.

    `policy` is the dotted OID that the answer must be given under. Raises IntegrityError, RefusedError, InputError:
    nothing is recorded where it does not hold. Raises UnreachableError where no tool could check it, and what
    `ledger.writing` raises.
    """
    shown = visible(str(answer))
    data, given = paper.read(answer, time_stamp.LARGEST), roots_of(roots)
    question = paper.read(asked, time_stamp.LARGEST) if asked is not None else None
    try:
        wanted = time_stamp.imprint(data)
        with archive.reading() as db:
            found = _stamped(db, wanted)
        if found is None:
            raise FormatError("this time-stamp is over no checkpoint of this archive")
        size, stored = found
        stamp = time_stamp.check(data, stored, given, question, policy=policy)
    except (FormatError, time_stamp.DoesNotHold) as error:
        raise InputError(error.message, where=shown, hint=error.hint) from None
    fields: dict[str, Any] = {
        "size": size, "note_sha256": wanted.hex(), "tsr": base64.b64encode(data).decode(),
        "tsr_sha256": hashlib.sha256(data).hexdigest(), "roots": given.decode("ascii"),
        "time": _second(stamp.time), "policy": stamp.policy, "checked_by": list(stamp.checked_by),
    }  # fmt: skip
    if question is not None:
        fields["request"] = base64.b64encode(question).decode()
    with ledger.writing(archive, signers) as act:
        if _known(act.db, fields["tsr_sha256"]):
            raise InputError("this time-stamp is kept here already", where=shown)
        act.add("anchor.time", sub=ledger.subject(), fields=fields)
    assert act.receipt is not None
    return {
        "format": "sijill-anchor/1", "size": size, "time": fields["time"], "policy": stamp.policy,
        "checked_by": list(stamp.checked_by), **act.receipt.document(),
    }  # fmt: skip


def roots_of(path: Path) -> bytes:
    """Read the roots that somebody chose; gives them as PEM and nothing else of their file.

    Raises UnreachableError, InputError.
    """
    data = paper.read(path, time_stamp.LARGEST)
    try:
        return time_stamp.pem(time_stamp.certificates(data))
    except FormatError as error:
        raise InputError(error.message, where=visible(str(path)), hint=error.hint) from None


def _stamped(db: Any, wanted: bytes) -> tuple[int, bytes] | None:
    """Give the checkpoint, newest first, whose SHA-256 is the imprint."""
    for size, stored in db.execute("SELECT size, note FROM checkpoint ORDER BY size DESC"):
        if hashlib.sha256(blob(stored)).digest() == wanted:
            return size, blob(stored)
    return None


def _known(db: Any, digest: str) -> bool:
    rows = db.execute("SELECT fields FROM act WHERE t = 'anchor.time'").fetchall()
    return any(json.loads(fields).get("tsr_sha256") == digest for (fields,) in rows)


def _second(time: datetime) -> str:
    return time.astimezone(UTC).strftime(_TIME)


@dataclass(frozen=True)
class Anchor:
    """A stamp that holds: the entry that keeps it, the size it is over, when (UTC, to the second), and by whose word.

    `roots` names the certificates it rests on, with the SHA-256 of each; `own_roots` says that they are those which
    this archive keeps, and nobody brought others.
    """

    entry: int
    size: int
    time: str
    checked_by: tuple[str, ...] = ()
    policy: str = ""
    roots: tuple[str, ...] = ()
    own_roots: bool = True

    def document(self) -> dict[str, Any]:
        """Give the member of `anchors`."""
        return {
            "entry": self.entry, "size": self.size, "time": self.time, "policy": self.policy,
            "roots": list(self.roots), "own_roots": self.own_roots, "checked_by": list(self.checked_by),
        }  # fmt: skip


def check_anchors(
    replay: Replay, db: sqlite3.Connection, scratch: sqlite3.Connection, roots: bytes | None = None
) -> list[Anchor]:
    """Check every stamp that the ledger keeps again, by its own roots or by `roots`; report those that do not hold."""
    found = []
    for index, text in scratch.execute("SELECT idx, fields FROM act WHERE t = 'anchor.time' ORDER BY idx").fetchall():
        fields = json.loads(text)
        if not fields:
            continue  # erased, which is told elsewhere
        where = f"the time-stamp of entry {index}"
        try:
            found.append(_held(index, fields, db, roots))
        except UnreachableError as error:
            replay.report("anchor-unread", where, error.message)
        except SijillError as error:
            replay.report("anchor", where, f"it does not hold: {error.message}")
        except (KeyError, ValueError, TypeError, AttributeError, sqlite3.ProgrammingError, OverflowError):
            replay.report("anchor", where, "it does not hold: its entry is malformed")
    return found


def _held(index: int, fields: dict[str, Any], db: sqlite3.Connection, roots: bytes | None) -> Anchor:
    """Give the anchor that an entry keeps. Raises SijillError where it does not hold."""
    answer, asked, size = base64.b64decode(fields["tsr"]), fields.get("request"), fields["size"]
    row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
    if type(size) is not int or row is None or type(row[0]) is not bytes:
        raise InputError("its checkpoint is gone")
    if hashlib.sha256(answer).hexdigest() != fields["tsr_sha256"]:
        raise InputError("it is not the answer that was recorded")
    if hashlib.sha256(row[0]).hexdigest() != fields["note_sha256"]:
        raise InputError("its checkpoint is another than was stamped")
    pem = fields["roots"].encode() if roots is None else roots
    stamp = time_stamp.check(answer, row[0], pem, base64.b64decode(asked) if asked else None)
    if _second(stamp.time) != fields["time"]:
        raise InputError("it says another time than was recorded")
    return Anchor(
        index, size, fields["time"], stamp.checked_by, stamp.policy, time_stamp.named(pem), own_roots=roots is None
    )


def proven(anchors: Sequence[Anchor] | None, size: int) -> dict[str, Any]:
    """Give `proven_window`: what stamps prove of `size` entries, in words and as ranges; None if nobody looked.

    `before` is when all that is stamped existed by, `after` what the newest entries are younger than; `own_roots`
    names the roots that nobody but the archive itself vouches for.
    """
    ranges = windows(anchors or (), size)
    return {
        "after": ranges[-1]["after"] if ranges else None,
        "before": next((w["before"] for w in reversed(ranges) if w["before"] is not None), None),
        "says": NOT_LOOKED if anchors is None else in_words(anchors, size),
        "own_roots": list(dict.fromkeys(root for a in anchors or () if a.own_roots for root in a.roots)),
        "ranges": ranges if anchors is not None else [],
    }


def windows(anchors: Sequence[Anchor], size: int) -> list[dict[str, Any]]:
    """Give the proven window of every entry of `size`, as ranges: made after `after` and before `before`.

    Both are UTC; None where that is not proved.
    """
    marks = sorted({0, size, *(a.size for a in anchors), *(a.entry for a in anchors)})
    found = []
    for first, end in itertools.pairwise(marks):
        after = max((a.time for a in anchors if a.entry <= first), default=None)
        before = min((a.time for a in anchors if a.size >= end), default=None)
        found.append({"first": first, "last": end - 1, "after": after, "before": before})
    return found


def check_claims(replay: Replay, proven: Sequence[dict[str, Any]]) -> None:
    """Hold the time that each act claims against the proven window of its entries."""
    first, windows_left = 0, list(reversed(proven))
    for index, at in replay.scratch.execute("SELECT idx, at FROM made ORDER BY idx"):
        while windows_left and windows_left[-1]["last"] < index:
            windows_left.pop()
        if windows_left:
            window = windows_left[-1]
            low, high = (_shifted(window[key], sign) for key, sign in (("after", -1), ("before", 1)))
            if (low is not None and at < low) or (high is not None and at > high):
                bounds = [f"{key} {window[key]}" for key in ("after", "before") if window[key] is not None]
                what = f"they say {at}; they were made {' and '.join(bounds)}"
                replay.report("at-outside", f"entries {first} to {index}", what)
        first = index + 1


def _shifted(time: str | None, sign: int) -> str | None:
    if time is None:
        return None
    return _second(datetime.strptime(time, _TIME).replace(tzinfo=UTC) + sign * TOLERATED)


def in_words(anchors: Sequence[Anchor], size: int) -> str:
    """Say what outside time proves, and what it does not."""
    if not anchors:
        return NO_ANCHOR
    covered = max(a.size for a in anchors)
    time = min(a.time for a in anchors if a.size == covered)
    said = f"no outside anchor older than {min(a.time for a in anchors)}"
    said += f"; entries 0 to {covered - 1} existed before {time}"
    if covered < size:
        said += f"; entries {covered} to {size - 1} have no anchor over them yet"
    return said
