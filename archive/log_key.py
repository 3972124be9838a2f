"""The log's key: replaced by a new one that the old one signs for, or, where that is lost, by the root's word.

A replacement without the old key is marked `lost` in the ledger, and every
audit shows it for ever. The new key lies beside the old one until the ledger
names it; a crash between leaves a home that can still write.

Source: docs/format.md, "Roles".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archive import ledger, note, registry, sshsig
from schemas.errors import RefusedError

if TYPE_CHECKING:
    from archive.open import Archive


def rotate(
    archive: Archive, signers: Sequence[ledger.Signer], *, lost: bool = False, no_passphrase: bool = False
) -> dict[str, Any]:
    """Replace the log key.

    Raises IntegrityError, UnreachableError, RefusedError (role; the old key is not here, and `lost` was not said).
    """
    home = archive.home
    with archive.reading() as db:
        known = registry.registry_of(db)
    held = {} if lost else {note.vkey_of(archive.origin, key): key for key in home.log_keys(archive.origin)}
    old = held.get(known.log_vkey)
    if old is not None and known.log_vkey != next(iter(held)):  # a rotation was cut short; the next lies in its place
        home.take_next_log_key(archive.origin, known.log_vkey)
    if old is None and not lost:
        raise RefusedError(
            "the log key that the ledger names is not on this computer",
            code="key",
            where=archive.origin,
            hint="rotate where it is; if nobody has it any more, the root may say --lost, which shows for ever",
        )
    new = home.make_next_log_key(archive.origin, home.new_passphrase(no_passphrase))
    vkey = note.vkey_of(archive.origin, new)
    text = registry.rotation_text(archive.origin, known.log_vkey, vkey)
    body: dict[str, Any] = {"log_vkey": vkey, "new_sig": sshsig.sign(text, registry.LOGKEY_NAMESPACE, new)}
    if old is not None:
        body["old_sig"] = sshsig.sign(text, registry.LOGKEY_NAMESPACE, old)
    else:
        body["lost"] = 1
    with ledger.writing(archive, signers) as act:
        act.add("logkey.rotate", body=body)
    assert act.receipt is not None
    home.take_next_log_key(archive.origin, vkey)
    return {"format": "sijill-log-key/1", "log_vkey": vkey, "before": known.log_vkey, "lost": lost,
            **act.receipt.document()}  # fmt: skip
