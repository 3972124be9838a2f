"""Operators: who may act in an archive, with which key and in which roles.

A person is a random id in the ledger; names are disclosures. Every key proves
its possession over its name and this archive's origin before it is added. A
private key stays where it is: the home remembers the place, never the bytes.
What a revoked key signed stays in the ledger; from `bad_from` on it is disputed.

Source: docs/format.md, "Types" and "Roles".
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper, registry, sealing, sshsig
from archive.founding import KEY_NAMESPACE, possession_text
from archive.keys import AGENT
from archive.signer import AgentSigner
from schemas.errors import InputError, NotFound, RefusedError, UnreachableError
from schemas.text import nearest, visible

if TYPE_CHECKING:
    from archive.open import Archive


@dataclass(frozen=True)
class Operator:
    """One operator: name, person in words, key, roles held now, and since when it is revoked (an entry, or None)."""

    name: str
    person: str
    key: registry.Key

    def document(self) -> dict[str, Any]:
        """Give the member of `sijill-operators/1`."""
        return {
            "name": self.name, "person": self.person, "fingerprint": self.key.fingerprint,
            "roles": sorted(self.key.roles), "revoked": self.key.revoked is not None, "age": self.key.age,
            "bad_from": self.key.bad_from,
        }  # fmt: skip


def operators(db: Any) -> list[Operator]:
    """Give every operator, in the order in which they were added; an erased name is `(erased)`."""
    names = {}
    for sub, fields in db.execute("SELECT sub, fields FROM record WHERE kind = 'key'").fetchall():
        names[sub] = json.loads(fields)
    found = []
    for key in registry.registry_of(db).keys.values():
        told = names.get(key.sub, {})
        name = str(told.get("name", "(erased)"))
        found.append(Operator(name, str(told.get("person_name", name)), key))
    return found


def find(db: Any, name: str) -> Operator:
    """Give the operator of that name whose key is not revoked, else the last of that name. Raises NotFound."""
    known = operators(db)
    named = [one for one in known if one.name == name]
    if not named:
        near = nearest(name, [one.name for one in known])
        raise NotFound(
            f"no operator is named {visible(name)}",
            hint=f"did you mean {visible(near)}?" if near else "`sijill operator list` names them",
        )
    return next((one for one in named if one.key.revoked is None), named[-1])


def add(
    archive: Archive,
    signers: Sequence[ledger.Signer],
    name: str,
    key: Path,
    *,
    proof: Path | None = None,
    person: str | None = None,
    roles: Sequence[str] = (),
    age: str | None = None,
) -> dict[str, Any]:
    """Add an operator. `key` is a private key, or a public one whose possession ssh-agent or `proof` (SSHSIG) shows.

    The home remembers where a private key is; of a public one, that an agent or a token signs for it.

    Raises IntegrityError, FormatError (weak or malformed key), InputError, RefusedError; UnreachableError where
    the home does not take it, too, though the operator is recorded then.
    """
    line, signature, held = _possession(archive, name, key, proof)
    fingerprint = sshsig.fingerprint(sshsig.parse_public_line(line))
    if held != AGENT:
        archive.home.check_free(name, line)
    with ledger.writing(archive, signers) as act:
        known = operators(act.db)
        if act.registry.knows(sshsig.parse_public_line(line)):
            if any(one.name == name and one.key.fingerprint == fingerprint for one in known):
                _remember(archive, name, line, held)  # which a command that was stopped had not done
            raise InputError("this key is known here already", where=fingerprint, hint="one key, one person, ever")
        if any(one.name == name and one.key.revoked is None for one in known):
            raise InputError(f"there is an operator named {visible(name)}", hint="choose another name")
        _check_roles(act.registry, roles)
        same = {one.person: one.key.person for one in known}
        sub = ledger.subject()
        body = {"key": line, "person": same.get(person or name) or secrets.token_hex(16), "proof": signature}
        if age:
            body["age"] = sealing.recipient(age)
        act.add("key.add", sub=sub, body=body, fields={"name": name, "person_name": person or name})
        for role in dict.fromkeys(roles):
            act.add("role.grant", sub=sub, body={"fingerprint": fingerprint, "role": role})
    try:
        _remember(archive, name, line, held)
    except UnreachableError as error:
        hint = "the operator is recorded; when that is mended run the same command again, and this home knows the key"
        raise UnreachableError(error.message, where=error.where, hint=hint) from error
    return _document(archive, name, act)


def _remember(archive: Archive, name: str, line: str, held: str) -> None:
    if held != AGENT or name not in archive.home.operators():
        archive.home.remember(name, line, held)


def grant(archive: Archive, signers: Sequence[ledger.Signer], name: str, roles: Sequence[str]) -> dict[str, Any]:
    """Give roles to an operator. Raises IntegrityError, UnreachableError, NotFound, InputError, RefusedError."""
    with ledger.writing(archive, signers) as act:
        one = _active(act.db, name)
        _check_roles(act.registry, roles)
        for role in dict.fromkeys(roles):
            if role not in one.key.roles:
                act.add("role.grant", sub=one.key.sub, body={"fingerprint": one.key.fingerprint, "role": role})
    return _document(archive, name, act)


def revoke(
    archive: Archive,
    signers: Sequence[ledger.Signer],
    name: str,
    *,
    role: str | None = None,
    reason: str = "",
    bad_from: int | None = None,
) -> dict[str, Any]:
    """Take a role or, without `role`, the whole key from an operator.

    `bad_from` is the index of the first entry by that key that is not
    believed. Gives `seal_again`: sources whose sealed identity this guardian
    can still open. Raises IntegrityError, UnreachableError, NotFound, InputError, RefusedError.
    """
    if not reason.strip():
        raise InputError("a revocation needs its reason", hint="--reason TEXT")
    if role is not None and bad_from is not None:
        raise InputError("--bad-from goes with a whole key, not with one role")
    with ledger.writing(archive, signers) as act:
        one = find(act.db, name)
        key, fields = one.key, {"reason": reason}
        worse = bad_from is not None and (key.bad_from is None or bad_from < key.bad_from)
        if key.revoked is not None and not worse:
            raise InputError(f"{visible(name)} was revoked in entry {key.revoked}", hint="it can only turn out worse")
        if key.revoked is None and role in (None, "root"):
            _keep_a_root(act.registry, key)
        if role is not None:
            if role not in key.roles:
                raise InputError(f"{visible(name)} does not hold the role {visible(role)}")
            act.add("role.revoke", sub=key.sub, body={"fingerprint": key.fingerprint, "role": role}, fields=fields)
        else:
            if bad_from is not None and not key.added < bad_from <= act.head.size:
                raise InputError(f"--bad-from lies between {key.added + 1} and {act.head.size}", code="usage")
            body: dict[str, Any] = {"fingerprint": key.fingerprint}
            if bad_from is not None:
                body["bad_from"] = bad_from
            act.add("key.revoke", sub=key.sub, body=body, fields=fields)
        again = _sealed_to(act.db, key.age) if key.age and role in (None, "guardian") else []
    return {**_document(archive, name, act), "seal_again": again}


def set_threshold(archive: Archive, signers: Sequence[ledger.Signer], persons: int) -> dict[str, Any]:
    """Say how many persons must sign what only the root may do.

    Raises IntegrityError, UnreachableError, InputError, RefusedError.
    """
    with ledger.writing(archive, signers) as act:
        able = {k.person for k in act.registry.keys.values() if "root" in k.roles and k.revoked is None}
        if not 1 <= persons <= len(able):
            raise InputError(
                f"{len(able)} persons hold the role root, so the threshold lies between 1 and {len(able)}",
                hint="grant the role root first: sijill operator grant NAME root",
            )
        act.add("policy.set", body={"root_threshold": persons})
    assert act.receipt is not None
    return {"format": "sijill-policy/1", "root_threshold": persons, **act.receipt.document()}


def _possession(archive: Archive, name: str, key: Path, proof: Path | None) -> tuple[str, str, str]:
    """Give the public line, a proof of possession that holds, and where the private key is held, as a home says it."""
    data = paper.read(key)
    if not data.startswith(b"ssh-") and not data.startswith(b"sk-"):
        signer = archive.home.signer_from_file(name, key)
        text = possession_text(archive.origin, name, signer.fingerprint)
        return signer.public_line, signer.sign(text, KEY_NAMESPACE), str(key.absolute())
    blob = sshsig.parse_public_line(data.decode("utf-8", "replace"))
    line, text = sshsig.public_line(blob), possession_text(archive.origin, name, sshsig.fingerprint(blob))
    signature = paper.read(proof).decode("ascii", "replace") if proof is not None else _by_agent(name, line, text)
    if sshsig.verify(text, KEY_NAMESPACE, signature) != blob:
        raise InputError("the proof is by another key", where=visible(str(proof)))
    return line, signature, AGENT


def _by_agent(name: str, line: str, text: bytes) -> str:
    """Let ssh-agent prove possession of a public key. Raises InputError where it does not hold it.

    It is asked with the public key alone, apart from any private one, as it will be asked to sign later.
    """
    try:
        fingerprint = sshsig.fingerprint(sshsig.parse_public_line(line))
        with tempfile.TemporaryDirectory(prefix="sijill-key-") as apart:
            public = Path(apart) / "key.pub"
            public.write_text(line + "\n", "ascii")
            return AgentSigner(name, line, fingerprint, public).sign(text, KEY_NAMESPACE)
    except RefusedError:
        raise InputError(
            "a public key needs the proof that its owner holds the private one",
            hint="add it to ssh-agent with ssh-add; or its owner signs these lines with"
            f" `ssh-keygen -Y sign -n {KEY_NAMESPACE}`, and you give --proof FILE.sig:\n{text.decode()}",
        ) from None


def _check_roles(known: registry.Registry, roles: Sequence[str]) -> None:
    for role in roles:
        if role not in known.roles:
            near = nearest(role, known.roles)
            hint = f"did you mean {near}? " if near else ""
            raise InputError(f"there is no role {visible(role)}", hint=f"{hint}roles: {', '.join(known.roles)}")


def _active(db: Any, name: str) -> Operator:
    one = find(db, name)
    if one.key.revoked is not None:
        raise InputError(f"{visible(name)} was revoked in entry {one.key.revoked}", hint="add a new key")
    return one


def _keep_a_root(known: registry.Registry, leaving: registry.Key) -> None:
    """Refuse to leave fewer root persons than the threshold asks for: nobody could act as the root again."""
    left = {
        key.person
        for key in known.keys.values()
        if "root" in key.roles and key.revoked is None and key.fingerprint != leaving.fingerprint
    }
    if "root" in leaving.roles and len(left) < known.root_threshold:
        raise RefusedError(
            f"this would leave {len(left)} persons with the role root, and {known.root_threshold} are needed",
            code="role",
            hint="add another root key first",
        )


def _sealed_to(db: Any, recipient: str) -> list[str]:
    """Give the sources whose newest sealed identity can be opened with this recipient's identity."""
    newest: dict[str, tuple[str, Any]] = {}
    rows = db.execute(
        "SELECT r.code || '/' || r.id, a.fields FROM act a JOIN record r ON r.sub = a.sub"
        " WHERE a.t IN ('seal.put', 'seal.reseal') ORDER BY a.idx"
    )
    for name, fields in rows.fetchall():
        newest[name] = json.loads(fields).get("recipients", [])
    return sorted(name for name, recipients in newest.items() if recipient in recipients)


def _document(archive: Archive, name: str, act: ledger.Act) -> dict[str, Any]:
    with archive.reading() as db:
        one = find(db, name)
    receipt = act.receipt.document() if act.receipt is not None else {"entries": {"first": act.head.size, "count": 0}}
    return {"format": "sijill-operator/1", **one.document(), **receipt}
