"""Objects that nobody names, listed and then removed: `sijill objects tidy`.

A crash between storing and recording leaves whole objects without a record.
They do no harm and take room. Only these and the temporary folders of dead
writers are ever removed: what is damaged, and what is no object, is a sign
that somebody was here, so it stays for an audit to tell.

The view says what is named, and whoever changed the view could make this
remove evidence; so everything but the objects' bytes is audited first, and
anything found there is a refusal. Objects go while the write lock is held.
An intake that has stored its objects and not yet recorded them finds out
under the same lock (`ledger`) and is refused, so no record is left without
its bytes.

No entry is written: nothing that the ledger tells of has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.audit import audit
from archive.workers import Saying
from schemas.errors import IntegrityError, RefusedError, UnreachableError
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.open import Archive

ROLE = "custodian"


def tidy(
    archive: Archive, signers: Sequence[ledger.Signer] | None, progress: Saying | None = None
) -> dict[str, Any]:
    """List what nobody names (`signers` None), or remove it; gives `sijill-objects-tidy/1`.

    Raises InputError, IntegrityError where an audit finds anything, RefusedError (the role),
    UnreachableError (not all could be looked at, the store lets nothing go).
    """
    _proved(archive, progress)
    if signers is None:
        with archive.reading() as db:
            return _document(*_unnamed(archive, db, progress), archive.objects.abandoned(), removed=False)
    with ledger.writing(archive, signers) as act:
        if not act.registry.holds([signer.fingerprint for signer in signers], ROLE):
            raise RefusedError(
                f"to remove objects needs the role {ROLE}; nothing was removed", code="role",
                hint="let a person with that role do it (--as NAME)",
            )  # fmt: skip
        objects, left = _unnamed(archive, act.db, progress)
        folders = archive.objects.abandoned()
        archive.objects.clean()
        for one in objects:
            archive.objects.remove(one["object"])
        archive.objects.sync()
        return _document(objects, left, folders, removed=True)


def _proved(archive: Archive, progress: Saying | None) -> None:
    report = audit(archive, objects=False, progress=progress)
    if report.exit_status == 1:
        raise IntegrityError(
            "the audit finds that this archive does not hold, so nothing says for certain what is named; "
            "nothing was removed",
            where=str(archive.folder), hint="run `sijill audit`", code="tidy-unproved",
        )  # fmt: skip
    if report.exit_status == 3:
        raise UnreachableError(
            "not all of this archive could be looked at; nothing was removed",
            where=str(archive.folder), hint="run `sijill audit`", code="tidy-unproved",
        )  # fmt: skip


def _unnamed(
    archive: Archive, db: Any, progress: Saying | None
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Read what nobody names; give the whole ones with their sizes in bytes, and what else lies there."""
    named = (name for (name,) in db.execute("SELECT DISTINCT blake3 FROM object ORDER BY 1"))
    expected = next(named, None)
    whole, other = [], []
    for number, found in enumerate(archive.objects.names(), 1):
        if progress is not None:
            progress("looking through the objects", number, None)
        if found.blake3 is None:
            other.append({"object": found.where, "what": found.what})
            continue
        while expected is not None and expected < found.blake3:
            expected = next(named, None)
        if expected == found.blake3:
            continue
        checked = archive.objects.check(found.blake3, None, None, quick=True)
        if checked.what == "ok":
            whole.append({"object": found.blake3, "size": checked.size})
        elif checked.what != "missing":
            other.append({"object": found.blake3, "what": checked.detail or checked.what})
    return whole, other


def _document(
    objects: list[dict[str, Any]], left: list[dict[str, str]], folders: list[str], *, removed: bool
) -> dict[str, Any]:
    return {
        "format": "sijill-objects-tidy/1", "objects": objects, "bytes": sum(one["size"] for one in objects),
        "folders": folders, "left": left, "removed": removed,
    }  # fmt: skip


def in_words(document: dict[str, Any]) -> str:
    """Say what nobody names, what became of it, and what was not touched."""
    objects, folders = document["objects"], document["folders"]
    lines = [f"objects/{one['object'][:2]}/{one['object']}  {one['size']:,} bytes" for one in objects]
    lines += [f"objects/{visible(name)}  what a stopped writer left" for name in folders]
    lines += [f"left alone: objects/{visible(one['object'])} ({visible(one['what'])})" for one in document["left"]]
    if document["left"]:
        lines.append("what is left alone is no whole object: `sijill audit` tells of it")
    told = f"{counted(len(objects), 'object')} that nobody names, {document['bytes']:,} bytes"
    if folders:
        told += f", and {counted(len(folders), 'folder')} of stopped writers"
    if not objects and not folders:
        return "\n".join([*lines, "nothing to tidy: every whole object is named"])
    return "\n".join([*lines, told + (": removed" if document["removed"] else "")])
