"""Anchors in outside time: time-stamps over checkpoints, and what they prove about every entry.

A stamp over the checkpoint of size n proves that entries 0 to n-1 existed by
then. The entry that keeps the stamp proves that what comes after it was made
later. Between the two lies the proven window of an entry; what an entry says
of its own time is held against it. Nothing is asked of a network unless a URL
is named.

Follows RFC 3161; imprint over the exact bytes of the signed checkpoint.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, time_stamp
from archive.ledger import checkpoint_note
from schemas.errors import InputError, SijillError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.replay import Replay

TOLERATED = timedelta(minutes=5)  # by how much this computer's clock may differ from an authority's
NO_ANCHOR = "no outside anchor: when these entries were made rests on this archive's own clock alone"
_WAIT_S = 60


def request(archive: Archive, out: Path, url: str | None = None) -> dict[str, Any]:
    """Write a request for the newest checkpoint to `out`; with `url`, ask there and write the answer beside it.

    Raises InputError (the file is there already) or UnreachableError.
    """
    with archive.reading() as db:
        size, stored = checkpoint_note(db)
    asked = time_stamp.request(stored)
    _write(out, asked)
    document = {
        "format": "sijill-anchor-request/1", "size": size, "note_sha256": hashlib.sha256(stored).hexdigest(),
        "request": str(out), "answer": None,
    }  # fmt: skip
    if url is not None:
        answer = out.with_suffix(".tsr")
        _write(answer, _ask(url, asked))
        document["answer"] = str(answer)
    return document


def attach(
    archive: Archive, signers: Sequence[ledger.Signer], answer: Path, roots: Path, asked: Path | None = None
) -> dict[str, Any]:
    """Check an answer and keep it in the ledger. The stamped checkpoint is found by its imprint.

    Raises InputError: nothing is recorded where it does not hold.
    """
    data, pem = _read(answer), _read(roots)
    question = _read(asked) if asked is not None else None
    try:
        wanted = time_stamp.imprint(data)
        with ledger.writing(archive, signers) as act:
            found = _stamped(act.db, wanted)
            if found is None:
                raise InputError("this time-stamp is over no checkpoint of this archive", where=visible(str(answer)))
            size, stored = found
            stamp = time_stamp.check(data, stored, pem, question)
            fields = {
                "size": size, "note_sha256": wanted.hex(), "tsr": base64.b64encode(data).decode(),
                "tsr_sha256": hashlib.sha256(data).hexdigest(), "roots": pem.decode("ascii", "replace"),
                "time": _second(stamp.time), "policy": stamp.policy, "checked_by": list(stamp.checked_by),
            }  # fmt: skip
            if question is not None:
                fields["request"] = base64.b64encode(question).decode()
            if _known(act.db, str(fields["tsr_sha256"])):
                raise InputError("this time-stamp is kept here already", where=visible(str(answer)))
            act.add("anchor.time", sub=ledger.subject(), fields=fields)
    except UnreachableError:
        raise
    except SijillError as error:
        if error.exit_status == 4:
            raise
        raise InputError(error.message, where=error.where or visible(str(answer)), hint=error.hint) from None
    assert act.receipt is not None
    return {
        "format": "sijill-anchor/1", "size": size, "time": fields["time"], "checked_by": list(stamp.checked_by),
        **act.receipt.document(),
    }  # fmt: skip


def _stamped(db: Any, wanted: bytes) -> tuple[int, bytes] | None:
    """Give the checkpoint, newest first, whose SHA-256 is the imprint."""
    for size, stored in db.execute("SELECT size, note FROM checkpoint ORDER BY size DESC"):
        if hashlib.sha256(bytes(stored)).digest() == wanted:
            return size, bytes(stored)
    return None


def _known(db: Any, digest: str) -> bool:
    rows = db.execute("SELECT fields FROM act WHERE t = 'anchor.time'").fetchall()
    return any(json.loads(fields).get("tsr_sha256") == digest for (fields,) in rows)


def _second(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(time_stamp.LARGEST + 1)
    except OSError as error:
        raise InputError(f"{visible(str(path))} cannot be read ({error.strerror})", where=visible(str(path))) from None
    if len(data) > time_stamp.LARGEST:
        raise InputError(f"{visible(str(path))} is larger than any time-stamp", where=visible(str(path)))
    return data


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise InputError(f"{visible(str(path))} is there already", hint="name a new file") from None
    except OSError as error:
        raise UnreachableError(f"{visible(str(path))} cannot be written ({error.strerror})") from error


def _ask(url: str, asked: bytes) -> bytes:
    """Ask an authority. Raises UnreachableError, InputError."""
    import urllib.request

    if not url.startswith(("http://", "https://")):
        raise InputError("a time-stamp authority is named by http:// or https://", where=visible(url))
    call = urllib.request.Request(url, asked, {"Content-Type": "application/timestamp-query"})  # noqa: S310
    try:
        with urllib.request.urlopen(call, timeout=_WAIT_S) as reply:  # noqa: S310
            return bytes(reply.read(time_stamp.LARGEST))
    except (OSError, ValueError) as error:
        raise UnreachableError(
            f"the authority did not answer ({visible(str(error))[:120]})", where=visible(url),
            hint="send the .tsq another way and attach the answer",
        ) from error  # fmt: skip


@dataclass(frozen=True)
class Anchor:
    """A stamp that holds: the entry that keeps it, the size it is over, and when (UTC, to the second)."""

    entry: int
    size: int
    time: str
    checked_by: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Give the member of `anchors`."""
        return {"entry": self.entry, "size": self.size, "time": self.time, "checked_by": list(self.checked_by)}


def check_anchors(
    replay: Replay, db: sqlite3.Connection, scratch: sqlite3.Connection, roots: bytes | None = None
) -> list[Anchor]:
    """Check every stamp that the ledger keeps again, by its own roots or by `roots`; report those that do not hold."""
    found = []
    for index, text in scratch.execute("SELECT idx, fields FROM act WHERE t = 'anchor.time' ORDER BY idx").fetchall():
        fields = json.loads(text)
        if "tsr" not in fields:
            continue
        where = f"the time-stamp of entry {index}"
        try:
            answer, asked = base64.b64decode(fields["tsr"]), fields.get("request")
            row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (fields["size"],)).fetchone()
            if row is None or hashlib.sha256(answer).hexdigest() != fields["tsr_sha256"]:
                raise InputError("it is not the answer that was recorded, or its checkpoint is gone")
            pem = roots if roots is not None else fields["roots"].encode()
            stamp = time_stamp.check(answer, bytes(row[0]), pem, base64.b64decode(asked) if asked else None)
            if _second(stamp.time) != fields["time"]:
                raise InputError("it says another time than was recorded")
            found.append(Anchor(index, fields["size"], fields["time"], stamp.checked_by))
        except UnreachableError as error:
            replay.report("anchor-unread", where, error.message)
        except (SijillError, KeyError, ValueError, TypeError) as error:
            what = error.message if isinstance(error, SijillError) else "malformed"
            replay.report("anchor", where, f"it does not hold: {what}")
    return found


def windows(anchors: Sequence[Anchor], size: int) -> list[dict[str, Any]]:
    """Give the proven window of every entry, as ranges: made after `after` and before `before` (None: not proved)."""
    marks = sorted({0, size, *(a.size for a in anchors), *(a.entry + 1 for a in anchors)})
    found = []
    for first, end in itertools.pairwise(marks):
        after = max((a.time for a in anchors if a.entry < first), default=None)
        before = min((a.time for a in anchors if a.size >= end), default=None)
        found.append({"first": first, "last": end - 1, "after": after, "before": before})
    return found


def check_claims(replay: Replay, db: sqlite3.Connection, proven: Sequence[dict[str, Any]]) -> None:
    """Hold the time that each entry claims against its proven window."""
    from schemas.entry import Entry

    for window in proven:
        low, high = (_shifted(window[key], sign) for key, sign in (("after", -1), ("before", 1)))
        if low is None and high is None:
            continue
        for index, leaf in db.execute(
            "SELECT idx, leaf FROM ledger WHERE idx BETWEEN ? AND ? ORDER BY idx", (window["first"], window["last"])
        ):
            try:
                at = Entry.parse(index, leaf if type(leaf) is bytes else b"").at
            except SijillError:
                continue
            if (low is not None and at < low) or (high is not None and at > high):
                proved = f"after {window['after'] or '?'} and before {window['before'] or '?'}"
                replay.report("at-outside", f"entry {index}", f"it says {at}; it was made {proved}")


def _shifted(time: str | None, sign: int) -> str | None:
    if time is None:
        return None
    return _second(datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + sign * TOLERATED)


def in_words(anchors: Sequence[Anchor], size: int) -> str:
    """Say what outside time proves, and what it does not."""
    if not anchors:
        return NO_ANCHOR
    first, newest = min(anchors, key=lambda a: a.time), max(anchors, key=lambda a: a.size)
    said = f"no outside anchor older than {first.time}; entries 0 to {newest.size - 1} existed before {newest.time}"
    if newest.size < size:
        said += f"; entries {newest.size} to {size - 1} have no anchor over them yet"
    return said
