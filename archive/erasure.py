"""Erasing: every disclosure of a record and its objects, by order of a guardian and the root.

The ledger keeps its entries: their salted digests tell nothing once value and
salt are gone. What stays is the order itself, with the name of what was erased
and why. Values go in the transaction that writes the order, with freed pages
overwritten and the journal folded in; objects go after it. A crash between
leaves a list beside the database, which an audit reports and the next writer
carries out.

Source: docs/format.md, "Erasing".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archive import ledger, log_rows, unfinished
from archive.consent import dossiers_with
from archive.copies import known_copies
from archive.database import blob, left_journal
from archive.likeness import Memory
from archive.merged import weighed_as
from archive.show import Kept, find_record
from evidence.independence import joins_of_item, joins_of_source
from schemas.case import named
from schemas.entry import Entry
from schemas.errors import InputError, UnreachableError
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

_DIGESTS = 400  # that one order names: an entry is at most 32 KiB


def erase(
    archive: Archive, signers: Sequence[ledger.Signer], name: str, reason: str, progress: Saying | None = None
) -> dict[str, Any]:
    """Erase what the archive knows of an item, source, link or relation `CODE/ID`.

    An object that another record names too stays, and is told. Raises IntegrityError, InputError, NotFound,
    RefusedError (guardian and root, two persons), UnreachableError (the store is away, for what cannot be reached is
    not erased).
    """
    say = progress or (lambda *_given: None)
    if not reason.strip():
        raise InputError("an order to erase needs its reason", hint="--reason TEXT")
    archive.objects.reach()
    with ledger.writing(archive, signers) as act:
        kept = find_record(act.db, name)
        if "erased" in kept.fields:
            raise InputError(f"{visible(name)} was erased by order {kept.fields['erased']} already")
        say("erasing: reading what is known of it", 0)
        chain = list(_chain(act.db, kept))
        digests = [digest for entry in chain for digest in entry.sd]
        doomed, shared = _objects(act.db, kept.sub)
        missing = [one for one in doomed if not archive.objects.holds(one)]
        dossiers = dossiers_with(act.db, [kept]) if kept.kind == "item" else []
        left: dict[str, Any] = {key: kept.fields[key] for key in ("case", "id", "kind") if key in kept.fields}
        joined = _joined(act.db, kept)
        left |= {"joined": joined} if joined else {}
        for start in range(0, len(digests), _DIGESTS):
            act.add("erase", sub=kept.sub, body={"digests": sorted(digests[start : start + _DIGESTS])},
                    fields={"reason": reason, **left})  # fmt: skip
            say("erasing: ordering the values gone", min(start + _DIGESTS, len(digests)), len(digests))
        act.flush()
        say("erasing: overwriting the values", 0)
        _forget(act.db, kept.sub, [entry.index for entry in chain if entry.sd])
        refused = act.registry.refusals(act.kinds(), [s.fingerprint for s in signers])
        if not refused:
            unfinished.put_down(archive.folder, doomed)
        say("erasing: folding the journal, removing the objects", 0)
    memory = Memory(archive)
    memory.forget(doomed)
    memory.end()
    assert act.receipt is not None
    if left_journal(archive.database):
        raise UnreachableError(
            f"{visible(name)} is erased by order {act.receipt.first}, but the disk still holds some of it",
            where=str(archive.folder), hint="mend the disk; the next act ends the erasing, and audit tells until then",
        )  # fmt: skip
    return {
        "format": "sijill-erase/1", "id": kept.name, "order": act.receipt.first, "values": len(digests),
        "objects": len(doomed) - len(missing), "missing": missing, "shared": shared, "dossiers": dossiers,
        "copies": [one["path"] for one in known_copies(archive)], **act.receipt.document(),
    }  # fmt: skip


def _joined(db: Any, kept: Kept) -> list[str]:
    """Name the records that this one was one source with, so that no count of sources rises by erasing."""
    from archive.docket import cases

    if kept.kind not in ("item", "source"):
        return []
    root = weighed_as(db, kept.code)
    _, case = next(cases(db, [root]))
    label = named(kept.id, kept.code, root)
    if kept.kind == "source":
        found = joins_of_source(label, case.sources)
    else:
        found = joins_of_item(label, case.items, case.sources)
    return [named(one, root, kept.code) for one in found]


def _chain(db: Any, kept: Kept) -> Iterator[Entry]:
    """Give every entry of a subject, newest first."""
    index: int | None = kept.last
    while index is not None:
        row = db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
        entry = Entry.parse(index, blob(row[0]))
        yield entry
        index = entry.prev


def _objects(db: Any, sub: str) -> tuple[list[str], list[dict[str, str]]]:
    """Give the objects that go, and those that stay since another record names them, with its name."""
    doomed, shared = [], []
    for (name,) in db.execute("SELECT DISTINCT blake3 FROM object WHERE sub = ? ORDER BY 1", (sub,)).fetchall():
        others = db.execute(
            "SELECT DISTINCT coalesce(r.code || '/' || r.id, r.code, 'entry ' || o.idx) FROM object o"
            " LEFT JOIN record r ON r.sub = o.sub WHERE o.blake3 = ? AND o.sub IS NOT ?",
            (name, sub),
        ).fetchall()
        if others:
            shared += [{"object": name, "item": other} for (other,) in others]
        else:
            doomed.append(name)
    return doomed, shared


def _forget(db: Any, sub: str, indices: Sequence[int]) -> None:
    """Remove the values of these entries, and all that the view made of them."""
    db.executemany("DELETE FROM private WHERE idx = ?", [(index,) for index in indices])
    db.executemany("UPDATE act SET fields = '{}' WHERE idx = ?", [(index,) for index in indices])
    db.execute("DELETE FROM object WHERE sub = ?", (sub,))
    db.executemany(log_rows.FORGET, [log_rows.span(index) for index in indices])


def in_words(document: dict[str, Any]) -> str:
    """Say what is gone, what stays and where copies may still be."""
    gone = f"{counted(document['values'], 'value')}, {counted(document['objects'], 'object')}"
    lines = [f"erased {visible(document['id'])} by order {document['order']}: {gone}"]
    lines += [
        f"not in the store: object {one[:16]}…; should its bytes lie on a disk that is not connected, they stay there:"
        " connect it, then `sijill objects tidy`" for one in document["missing"]
    ]  # fmt: skip
    lines += [f"kept: object {one['object'][:16]}… is {visible(one['item'])} too" for one in document["shared"]]
    for one in document["dossiers"]:
        which = f"{visible(str(one['code']))} number {one['number']}, for {one['audience']}"
        lines.append(f"a dossier left with it on {one['left']}: {which}")
    lines += [f"a copy holds it until it is brought up to date: {visible(path)}" for path in document["copies"]]
    lines.append("Copies of this archive made before, backups of this disk and what was exported still hold it.")
    return "\n".join(lines)


def orders(db: Any) -> list[dict[str, Any]]:
    """Give every order to erase: its entry, when, of what, and why."""
    found = []
    for index, at, text in db.execute("SELECT idx, at, fields FROM act WHERE t = 'erase' ORDER BY idx").fetchall():
        fields = json.loads(text)
        name = "/".join(str(fields[key]) for key in ("case", "id") if key in fields) or "(its name is gone too)"
        found.append({"order": index, "at": at, "id": name, "reason": fields.get("reason")})
    return found
