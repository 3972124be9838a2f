"""Going on from an older copy: another archive, whose genesis names the head it goes on from.

Where entries are lost for good, the log itself is never continued: that would
be a second history under one name. A new archive with an origin of its own
takes in what the copy holds, as it stands there; the copy is kept whole in its
folder `predecessor`, readable and audited on its own, and says who did what.

Not taken in, because nobody may say them again for those who said them:
assessments, waivers, exports, checks, notes, anchors, keys of other operators.
Subjects keep their random ids. Follows docs/format.md, "An archive that goes on from another".
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import custody, durable, ledger, log_rows, note, paper, seal
from archive.audit import audit
from archive.copies import mark, missing, remember, restore
from archive.founding import check_origin, found
from archive.head import checkpoint_note
from archive.open import CONFIGURATION, PREDECESSOR, Archive, find, lay_out
from schemas.errors import InputError, RefusedError, UnreachableError
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.keys import Home
    from archive.workers import Saying

_AGAIN = ("blob.add", "reading.add", "exhibit.number", "consent.set")  # acts on a subject that are said again
_LEFT = {"waiver.set": "waiver", "export": "export", "assessment.add": "recorded assessment"}
_KEPT = ("at", "by", "to", "purpose", "place", "sha256")
_TOLD = {custody.TAKEN_IN: "copy", "custody.transfer": "transfer", "custody.accept": "receive"}
_BUILT = ".sijill-"  # ends the name of what is built beside a copy, before the number of its process


def go_on(
    copied: Archive, signers: Sequence[ledger.Signer], reason: str, *, origin: str | None = None,
    against: Sequence[Path] = (), no_passphrase: bool = False, progress: Saying | None = None,
) -> dict[str, Any]:
    """Make a new archive in the copy's place, with the copy inside it; where nothing is missing, restore it.

    Gives `sijill-restore/1`. Built beside the copy and renamed: a failure leaves the copy as it was. Raises
    InputError, RefusedError (the copy itself does not hold; no key), IntegrityError, UnreachableError.
    """
    lost = missing(copied, against, progress)
    if not lost:
        return restore(copied, against, progress)
    if not reason.strip():
        raise InputError("going on without the missing entries needs a reason", hint="--reason TEXT")
    if origin:
        check_origin(origin)
    origin = origin or _next_origin(copied.origin, copied.home)
    if origin == copied.origin:
        raise InputError("the new archive needs another origin than the old one", hint="name another --origin")
    _holds(copied, progress)
    folder, home = copied.folder, copied.home
    building = paper.beside(folder, f"{_BUILT}{os.getpid()}")
    try:
        building.mkdir(mode=0o700)
        new = lay_out(building, origin, copied.standard, home)
        document = _take_in(copied, new, signers, reason, lost, no_passphrase, progress)
        os.rename(folder, building / PREDECESSOR)
        os.rename(building, folder)
        durable.sync_folder(str(folder.parent))
        mark(folder / PREDECESSOR, copied.origin)
    except OSError as error:
        raise UnreachableError(
            f"the new archive could not be made ({error.strerror})", where=visible(str(folder)),
            hint="the copy is as it was; it must lie in a folder that can be renamed",
        ) from error  # fmt: skip
    finally:
        put_back(folder)
        shutil.rmtree(building, ignore_errors=True)
    new = find(folder, home)
    ledger.pin(new)
    remember(new, folder / PREDECESSOR, document["size"])
    return {"format": "sijill-restore/1", "archive": str(folder), **document}


def put_back(folder: Path) -> None:
    """Put a copy back into its place where what was to take that was stopped between its two renames.

    It lies whole in the folder that was built beside it then. Raises UnreachableError.
    """
    if os.path.lexists(folder) or not folder.parent.is_dir():
        return
    built = paper.beside(folder, _BUILT).name
    for building in sorted(one for one in folder.parent.iterdir() if one.name.startswith(built)):
        copied = building / PREDECESSOR
        if (copied / CONFIGURATION).is_file():
            try:
                os.rename(copied, folder)
            except OSError as error:
                raise UnreachableError(
                    f"the copy lies in {visible(str(copied))} and cannot be moved back ({error.strerror})",
                    where=visible(str(folder)), hint="move it to its place by hand; it is whole",
                ) from error  # fmt: skip
            shutil.rmtree(building, ignore_errors=True)
            return


def _next_origin(origin: str, home: Home) -> str:
    """Give the first name of its kind that this computer has not seen: NAME-2, NAME-3, …"""
    stem, number = origin, 2
    if ending := re.fullmatch(r"(.+)-([2-9]|[1-9][0-9])", origin):
        stem, number = ending[1], int(ending[2]) + 1
    while home.pin(f"{stem}-{number}") is not None:
        number += 1
    return f"{stem}-{number}"


def _holds(copied: Archive, progress: Saying | None) -> None:
    """Refuse a copy in which more is wrong than that it is older."""
    report = audit(copied, progress=progress)
    found = [one for one in report.findings if one.severity != "warning" and one.code != "pin"]
    if found:
        raise RefusedError(
            f"the copy itself does not hold: {found[0].where}: {found[0].what}", code="copy",
            where=visible(str(copied.folder)), hint="run `sijill audit` on it, and look for another copy",
        )  # fmt: skip


def _take_in(
    copied: Archive, new: Archive, signers: Sequence[ledger.Signer], reason: str, lost: int, no_passphrase: bool,
    progress: Saying | None,
) -> dict[str, Any]:  # fmt: skip
    with copied.reading() as db:
        head = note.Checkpoint.parse(note.SignedNote.parse(checkpoint_note(db)[1]).text)
        root = base64.b64encode(head.root).decode()
        older = {"continues_origin": head.origin, "continues_size": head.size, "continues_root": root}
        guardians = seal.named_recipients(db)
        fingerprint, log_vkey = found(new, signers[0].name, None, no_passphrase, None, guardians, older)[1:3]
        objects = _link(copied, new, db, progress)
        if progress is not None:
            progress("taking the records in", 0)
        fields = {"outcome": "goes on from an older copy", "entries": head.size, "note": reason,
                  "findings": [["entries-missing", str(lost)]]}  # fmt: skip
        with ledger.writing(new, signers[:1]) as act:
            act.add("audit.note", sub=ledger.subject(), fields=fields)
            records, warnings = _records(act, db)
        assert act.receipt is not None
        warnings += _left(db, signers[0].name)
    return {
        "size": act.receipt.size, "missing": lost, "pinned": True, "origin": new.origin, "log_vkey": log_vkey,
        "fingerprint": fingerprint, "continues": {"origin": head.origin, "size": head.size, "root": root},
        "records": records, "objects": objects, "warnings": warnings,
    }  # fmt: skip


def _link(copied: Archive, new: Archive, db: Any, progress: Saying | None) -> int:
    """Let the new store hold what the copy's holds: the same files where the disk can, else copies read again."""
    names = [name for (name,) in db.execute("SELECT DISTINCT blake3 FROM object ORDER BY 1")]
    for number, name in enumerate(names, 1):
        target = new.objects.path(name)
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(copied.objects.path(name), target)
        except OSError:
            with target.open("wb") as file:
                copied.objects.copy(name, file)
                file.flush()
                os.fsync(file.fileno())
            target.chmod(0o444)
        if progress is not None:
            progress("taking the objects in", number, len(names))
    return len(names)


def _records(act: ledger.Act, db: Any) -> tuple[int, list[str]]:
    """Say every record again as it stands, with the acts on it that still speak; gives how many, and what is lost."""
    count, warnings = 0, []
    rows = db.execute("SELECT sub, kind, withdrawn, fields FROM record WHERE kind != 'key' ORDER BY first")
    for sub, kind, withdrawn, text in rows:
        fields = json.loads(text)
        if "erased" in fields:
            warnings += _joined(fields)
            continue
        t = "record.link" if kind in ("link", "relation") else "record.add"
        act.add(t, sub=sub, body={"kind": kind}, fields=fields)
        for again, body, said in _acts(db, sub, kind):
            act.add(again, sub=sub, body=body, fields=said)
        if withdrawn is not None:
            (said,) = db.execute("SELECT fields FROM act WHERE idx = ?", (withdrawn,)).fetchone()
            act.add("record.withdraw", sub=sub, body={"kind": kind}, fields=json.loads(said))
        count += 1
    act.flush()
    moved = "SELECT id - ?, earliest, latest, lat, lon, value FROM observation WHERE id BETWEEN ? AND ? ORDER BY id"
    new = {sub: index for index, sub in act.db.execute(log_rows.READINGS)}
    for index, sub in db.execute(log_rows.READINGS).fetchall():
        if sub in new:
            first, last = log_rows.span(index)
            act.db.executemany(log_rows.insert(new[sub]), db.execute(moved, (first, first, last)))
    return count, warnings


def _acts(db: Any, sub: str, kind: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give type, body and disclosures of what is said again of a subject; its custody so far is told as prior."""
    if kind == "item":
        for event in custody.events_of(db, sub):
            action = event["action"] if event["told"] else _TOLD.get(event["action"])
            if action is not None:
                kept: dict[str, Any] = {key: event[key] for key in _KEPT if key in event}
                yield "custody.prior", {}, kept | {"action": action}
    marks = ",".join("?" * len(_AGAIN))
    for t, body, said in db.execute(
        f"SELECT t, body, fields FROM act WHERE sub = ? AND t IN ({marks}) ORDER BY idx", (sub, *_AGAIN)
    ):
        yield t, json.loads(body), json.loads(said)
    sealed = seal.sealed_of(db, sub)
    if sealed is not None:
        yield "seal.put", {}, sealed


def _joined(fields: dict[str, Any]) -> list[str]:
    joined = [str(one) for one in fields.get("joined", ())]
    if len(joined) < 2:
        return []
    were = f"{', '.join(joined)} of {fields.get('case')} were one source with what was erased"
    return [f"{were}; say so again with `sijill relation add`, or they count apart"]


def _left(db: Any, name: str) -> list[str]:
    """Say what stays in the predecessor alone."""
    lines = []
    for t, word in _LEFT.items():
        (count,) = db.execute("SELECT count(*) FROM act WHERE t = ?", (t,)).fetchone()
        if count:
            lines.append(f"only in {PREDECESSOR}, as none may say it again for those who did: {counted(count, word)}")
    others = sorted(set(custody.operator_names(db).values()) - {name})
    if others:
        lines.append(f"operators to add again, each with their own key: {', '.join(others)}")
    return lines
