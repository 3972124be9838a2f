"""Handing an item over inside the archive's custody: one person gives, another accepts, and the bytes are read at both.

A transfer to somebody outside who has no key is one act, with the receipt that
they signed on paper kept beside it. What was handed over and not accepted is a
gap that is named until it is closed.

Follows PREMIS 3 (transfer) and docs/format.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper
from archive.operators import find as find_operator
from archive.registry import registry_of
from archive.show import Kept, find_item
from schemas.errors import InputError, IntegrityError, RefusedError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive


def hand_over(
    archive: Archive,
    signers: Sequence[ledger.Signer],
    name: str,
    to: str,
    purpose: str,
    *,
    receipt: Path | None = None,
    outside: bool = False,
) -> dict[str, Any]:
    """Hand an item to an operator or, with `outside`, to somebody without a key, whose `receipt` is kept.

    Raises UnreachableError, InputError, NotFound, IntegrityError (its bytes are not as taken in), RefusedError
    (the custodian's role).
    """
    if not purpose.strip():
        raise InputError("handing over needs its purpose", hint="--purpose TEXT")
    if outside != (receipt is not None):
        raise InputError("somebody outside gives a receipt: --to-outside NAME --receipt FILE", code="usage")
    with archive.reading() as db:
        item = find_item(db, name)
        if not outside:
            _other_person(db, signers[0].fingerprint, to)
    fields: dict[str, Any] = {"to": to, "purpose": purpose, **_digest(archive, item)}
    kept = None
    if receipt is not None:
        kept = archive.objects.put_bytes(paper.read(receipt))
        archive.objects.sync()
        fields["outside"] = True
    with ledger.writing(archive, signers) as act:
        act.nothing_since(item.last + 1, item.name, sub=item.sub)
        act.add("custody.transfer", sub=item.sub, fields=fields)
        if kept is not None and receipt is not None:
            stored = {"blake3": kept.blake3, "sha256": kept.sha256, "size": kept.size, "name": receipt.name}
            act.add("blob.add", sub=item.sub, body={"role": "receipt"}, fields=stored)
    return _document(item, to, act, outside=outside)


def accept(archive: Archive, signers: Sequence[ledger.Signer], name: str) -> dict[str, Any]:
    """Accept an item that was handed over to the one who signs.

    Raises IntegrityError, UnreachableError, InputError (nothing waits), RefusedError (it was handed to somebody
    else, or by the same person).
    """
    with archive.reading() as db:
        item = find_item(db, name)
        waiting = waiting_for(db, item.sub)
        if waiting is None:
            raise InputError(f"{visible(item.name)} was not handed over to anybody", where=item.name)
        to, giver = waiting
        who = find_operator(db, to)
        if who.key.fingerprint != signers[0].fingerprint:
            raise RefusedError(
                f"{visible(item.name)} was handed over to {visible(to)}, who alone can accept it",
                code="custody", where=item.name, hint=f"--as {to}",
            )  # fmt: skip
        _other_person(db, giver, to)
    fields = _digest(archive, item)
    with ledger.writing(archive, signers) as act:
        act.nothing_since(item.last + 1, item.name, sub=item.sub)
        act.add("custody.accept", sub=item.sub, fields=fields)
    return _document(item, to, act, outside=False)


def waiting_for(db: Any, sub: str) -> tuple[str, str] | None:
    """Give to whom and by whose key an item was handed over and not yet accepted, or None."""
    row = db.execute(
        "SELECT t, by, fields FROM act WHERE sub = ? AND t IN ('custody.transfer','custody.accept')"
        " ORDER BY idx DESC LIMIT 1",
        (sub,),
    ).fetchone()
    if row is None or row[0] == "custody.accept":
        return None
    fields = json.loads(row[2])
    return None if fields.get("outside") or "to" not in fields else (str(fields["to"]), row[1])


def _other_person(db: Any, giver: str, to: str) -> None:
    receiver = find_operator(db, to).key
    person = registry_of(db).keys[giver].person if giver in registry_of(db).keys else ""
    if receiver.person == person:
        raise RefusedError(
            f"{visible(to)} is the person who hands it over", code="custody", hint="two persons take part in a transfer"
        )


def _digest(archive: Archive, item: Kept) -> dict[str, Any]:
    """Read the item's bytes again; gives their SHA-256, nothing for an item without a file. Raises IntegrityError."""
    if "blake3" not in item.fields:
        return {}
    blake3, sha256, size = str(item.fields["blake3"]), str(item.fields["sha256"]), item.fields["size"]
    found = archive.objects.check(blake3, sha256, int(size))
    if found.what != "ok":
        raise IntegrityError(
            f"{visible(item.name)} is not as it was taken in ({found.what}); it cannot change hands",
            where=item.name, hint="run `sijill verify`",
        )  # fmt: skip
    return {"sha256": sha256}


def _document(item: Kept, to: str, act: ledger.Act, *, outside: bool) -> dict[str, Any]:
    assert act.receipt is not None
    return {"format": "sijill-transfer/1", "id": item.name, "to": to, "outside": outside, **act.receipt.document()}
