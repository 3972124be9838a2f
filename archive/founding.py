"""The first act of an archive: genesis, the first operator, every role, and the shape of what may come.

Entry 0 fixes the origin, the log key, the root keys with their threshold, and
the table of roles. A recovery key may be named as a second root key; with one
root key alone, its loss ends the adding of operators for ever, and that is said.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, note, sealing, transaction
from schemas.entry import ROLES
from schemas.errors import InputError, RefusedError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

KEY_NAMESPACE = "sijill-key@v1"
_ORIGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/-]{0,198}[A-Za-z0-9])?")
ONE_KEY = (
    "there is one root key: if it is lost, nobody can add operators again. "
    "Keep a copy of it elsewhere, or make the archive with --recovery FILE"
)


def check_origin(origin: str) -> None:
    """Raise InputError for what is no schema-less URL of plain letters (C2SP tlog-checkpoint, "Format").

    An origin stands in every checkpoint, in the names of keys, and in commands that strangers paste into a shell.
    """
    if not _ORIGIN.fullmatch(origin):
        raise InputError(
            f"not an origin: {visible(origin)}", code="origin",
            hint="a name like archive.example.org/field: Latin letters and digits, with . - _ / : between them",
        )  # fmt: skip


def possession_text(origin: str, name: str, fingerprint: str) -> bytes:
    """Give the lines over which a new operator proves to hold the key."""
    return f"sijill-key/v1\n{origin}\n{name}\n{fingerprint}\n".encode()


def found(
    archive: Archive,
    operator: str,
    key: Path | None,
    no_passphrase: bool,
    recovery: Path | None,
    guardians: Sequence[str],
    continues: Mapping[str, Any] | None = None,
) -> tuple[str, str, str, tuple[str, ...]]:
    """Write the first act; gives operator, fingerprint, log vkey, warnings.

    Raises InputError, IntegrityError, UnreachableError, RefusedError, FormatError.

    `continues` are the members of genesis that name the head of an older archive which this one goes on from.
    """
    home = archive.home
    guardians = [sealing.recipient(one) for one in guardians]
    spare = home.signer_from_file("recovery", recovery) if recovery is not None else None
    passphrase = home.new_passphrase(no_passphrase)
    signer = home.first_signer(operator, key, passphrase)
    log_vkey = home.make_log_key(archive.origin, passphrase)
    note.Verifier.parse(log_vkey)
    roots, warnings = [signer.fingerprint], [ONE_KEY]
    if spare is not None:
        if spare.fingerprint in roots:
            raise RefusedError("the recovery key is the operator's own key", hint="make it on another medium")
        roots.append(spare.fingerprint)
        warnings = ["the recovery key is a root key: keep it offline, apart from this computer"]
    transaction.make(archive.database)
    body: dict[str, Any] = {
        "origin": archive.origin, "log_vkey": log_vkey, "root_keys": roots, "root_threshold": 1,
        "roles": {role: list(types) for role, types in ROLES.items()}, **(continues or {}),
    }  # fmt: skip
    with ledger.writing(archive, [signer], genesis=True) as act:
        act.add("genesis", body=body)
        recipient = None if guardians else home.age_recipient(operator, passphrase)
        proof = signer.sign(possession_text(archive.origin, operator, signer.fingerprint), KEY_NAMESPACE)
        sub = add_key(act, signer.public_line, proof, operator, recipient)
        for role in ROLES:
            if role != "root" and not (role == "guardian" and guardians):
                act.add("role.grant", sub=sub, body={"fingerprint": signer.fingerprint, "role": role})
        if spare is not None:
            proof = spare.sign(possession_text(archive.origin, spare.name, spare.fingerprint), KEY_NAMESPACE)
            add_key(act, spare.public_line, proof, spare.name, None)
        for recipient in guardians:
            act.add("policy.set", fields={"guardian": recipient})
    return operator, signer.fingerprint, log_vkey, tuple(warnings)


def add_key(act: ledger.Act, line: str, proof: str, name: str, recipient: str | None) -> str:
    """Add a key under a new random subject and a new random person; gives the subject."""
    sub = ledger.subject()
    body = {"key": line, "person": secrets.token_hex(16), "proof": proof}
    if recipient:
        body["age"] = recipient
    act.add("key.add", sub=sub, body=body, fields={"name": name, "person_name": name})
    return sub
