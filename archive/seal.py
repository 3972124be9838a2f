"""Sealing after intake: an identity sealed, opened by its guardian, or sealed again to the guardians of today.

Every opening leaves an entry before its plain text is written anywhere. Sealed
bytes are objects; the ledger holds salted digests of them alone. What was
sealed to somebody who is no guardian any more is sealed again and its old
ciphertext removed from the store.

Follows age-encryption.org/v1; padding in docs/format.md, "Sealed files".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper, sealing, unfinished
from archive.object_trouble import gone
from archive.registry import registry_of
from archive.show import Kept, find_source
from schemas.errors import FormatError, InputError, NotFound, RefusedError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.objects import Stored
    from archive.open import Archive



def recipients_of(db: Any) -> list[str]:
    """Give the age recipients of all guardians: operators with that role, and those named when the archive was made."""
    keys = registry_of(db).keys.values()
    found = [key.age for key in keys if key.age and key.revoked is None and "guardian" in key.roles]
    return list(dict.fromkeys([*found, *named_recipients(db)]))


def named_recipients(db: Any) -> list[str]:
    """Give the age recipients that were named when the archive was made, whose keys are none of its operators'."""
    rows = db.execute("SELECT fields FROM act WHERE t = 'policy.set' ORDER BY idx").fetchall()
    told = [json.loads(fields).get("guardian") for (fields,) in rows]
    return [one for one in dict.fromkeys(told) if one]


def sealed_of(db: Any, sub: str) -> dict[str, Any] | None:
    """Give the newest sealing of a source (`blake3 sha256 size recipients`), or None."""
    row = db.execute(
        "SELECT fields FROM act WHERE sub = ? AND t IN ('seal.put','seal.reseal') ORDER BY idx DESC LIMIT 1", (sub,)
    ).fetchone()
    return json.loads(row[0]) if row else None


def seal(archive: Archive, signers: Sequence[ledger.Signer], name: str, file: Path) -> dict[str, Any]:
    """Seal a file as the identity of the source `CODE/ID`.

    Raises IntegrityError, UnreachableError, InputError, NotFound, RefusedError.
    """
    data = paper.read(file)
    with archive.reading() as db:
        source, recipients = find_source(db, name), recipients_of(db)
        before = sealed_of(db, source.sub)
    ready = sealing.is_sealed(data)
    one = _store(archive, data if ready else sealing.seal(data, recipients))
    with ledger.writing(archive, signers) as act:
        act.nothing_since(source.last + 1, source.name, sub=source.sub)
        t = "seal.reseal" if before else "seal.put"
        act.add(t, sub=source.sub, fields=_fields(one, [] if ready else recipients))
        _replaced(archive, before, one)
    warnings = [] if ready else [f"the open copy is still at {visible(str(file))}; remove it"]
    return _document(source, act, recipients, warnings)


def seal_again(archive: Archive, signers: Sequence[ledger.Signer], name: str) -> dict[str, Any]:
    """Seal a source's identity again, to the guardians of today.

    Raises InputError, IntegrityError, UnreachableError, RefusedError where none of them is here.
    """
    with archive.reading() as db:
        source, recipients = find_source(db, name), recipients_of(db)
        before = sealed_of(db, source.sub)
    plain = _open(archive, signers, before, source)
    one = _store(archive, sealing.seal(plain, recipients))
    with ledger.writing(archive, signers) as act:
        act.nothing_since(source.last + 1, source.name, sub=source.sub)
        act.add("seal.reseal", sub=source.sub, fields=_fields(one, recipients))
        _replaced(archive, before, one)
    return _document(source, act, recipients, [])


def unseal(archive: Archive, signers: Sequence[ledger.Signer], name: str, out: Path, purpose: str) -> dict[str, Any]:
    """Open a source's identity into a new file. The entry that says so is committed before the file is written.

    Raises IntegrityError, InputError, NotFound, RefusedError (no identity of a guardian here), UnreachableError.
    """
    if not purpose.strip():
        raise InputError("opening an identity needs its purpose", hint="--purpose TEXT")
    shown = visible(str(out))
    if out.exists():
        raise InputError(f"{shown} is there already", where=shown, hint="name another file")
    with archive.reading() as db:
        source = find_source(db, name)
        before = sealed_of(db, source.sub)
    plain = _open(archive, signers, before, source)
    with ledger.writing(archive, signers) as act:
        act.nothing_since(source.last + 1, source.name, sub=source.sub)
        act.add("seal.open", sub=source.sub, fields={"purpose": purpose})
    try:
        paper.write(out, plain, private=True)
    except UnreachableError as error:
        error.hint = "that it was opened is in the ledger; the command can be run again"
        raise
    return {**_document(source, act, [], []), "format": "sijill-unseal/1", "out": str(out)}


def _store(archive: Archive, sealed: bytes) -> Stored:
    one = archive.objects.put_bytes(sealed)
    archive.objects.sync()
    return one


def _fields(one: Stored, recipients: Sequence[str]) -> dict[str, Any]:
    return {"blake3": one.blake3, "sha256": one.sha256, "size": one.size, "recipients": list(recipients)}


def _replaced(archive: Archive, before: dict[str, Any] | None, one: Stored) -> None:
    """Put ciphertext that this act replaces on the list of what goes once it is committed."""
    if before is not None and before.get("blake3") not in (None, one.blake3):
        unfinished.put_down(archive.folder, [str(before["blake3"])])


def _open(
    archive: Archive, signers: Sequence[ledger.Signer], sealed: dict[str, Any] | None, source: Kept
) -> bytes:
    if sealed is None or "blake3" not in sealed:
        raise InputError(f"nothing is sealed for {visible(source.name)}", hint=f"sijill seal {source.name} --file FILE")
    name = str(sealed["blake3"])
    try:
        data = archive.objects.get(name)
    except NotFound as error:
        raise gone(str(archive.objects.folder), name) from error
    refused: RefusedError | None = None
    for signer in signers:
        try:
            return sealing.unseal(data, archive.home.age_identity(signer.name))
        except RefusedError as error:
            refused = error
        except FormatError:
            refused = RefusedError(
                f"the identity of {visible(signer.name)} does not open it: it was sealed to others", code="key",
                hint="a guardian to whom it was sealed can open it",
            )  # fmt: skip
    assert refused is not None
    raise refused


def _document(
    source: Kept, act: ledger.Act, recipients: Sequence[str], warnings: Sequence[str]
) -> dict[str, Any]:
    assert act.receipt is not None
    return {
        "format": "sijill-seal/1", "source": source.name, "recipients": list(recipients), "warnings": list(warnings),
        **act.receipt.document(),
    }  # fmt: skip
