"""Ledger entries: their types, what the body of each may hold, and which role may write it.

An entry holds no name, place, text or plain digest: only salted commitments
(`_sd`) to such values, random ids, and what the rules need. The roles written
in entry 0 of an archive are `ROLES`; a verifier takes them from there.
Follows RFC 9901 (digests of disclosures); the rest is docs/format.md.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas import canonical
from schemas.errors import FormatError

VERSION = 1
LARGEST_ENTRY = 32 * 1024

# type -> the keys its body must hold, and those that it may hold
BODIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "genesis": (("origin", "log_vkey", "root_keys", "root_threshold", "roles"), ("recovery_keys",)),
    "commit": (("first", "count", "root", "sigs"), ()),
    "key.add": (("key", "person", "proof"), ("age",)),
    "key.revoke": (("fingerprint",), ("bad_from",)),
    "role.grant": (("fingerprint", "role"), ()),
    "role.revoke": (("fingerprint", "role"), ()),
    "logkey.rotate": (("log_vkey", "new_sig"), ("old_sig", "lost")),
    "policy.set": ((), ("root_threshold",)),
    "record.add": (("kind",), ()),
    "record.edit": (("kind",), ()),
    "record.link": (("kind",), ()),
    "record.withdraw": (("kind",), ()),
    "blob.add": (("role",), ()),
    "reading.add": ((), ()),
    "assessment.add": ((), ()),
    "waiver.set": ((), ()),
    "exhibit.number": ((), ()),
    "custody.prior": ((), ()),
    "custody.transfer": ((), ()),
    "custody.accept": ((), ()),
    "custody.check": ((), ()),
    "export": ((), ()),
    "seal.put": ((), ()),
    "seal.reseal": ((), ()),
    "seal.open": ((), ()),
    "consent.set": ((), ()),
    "erase": (("digests",), ()),
    "anchor.time": ((), ()),
    "anchor.witness": ((), ()),
    "audit.note": ((), ()),
}

ROLES: dict[str, tuple[str, ...]] = {
    "root": ("key.add", "key.revoke", "role.grant", "role.revoke", "logkey.rotate", "policy.set"),
    "registrar": (
        "record.add", "record.edit", "record.link", "record.withdraw", "blob.add", "reading.add", "exhibit.number",
        "custody.prior", "assessment.add", "waiver.set",
    ),
    "custodian": ("custody.transfer", "custody.accept", "custody.check", "export"),
    "guardian": ("seal.put", "seal.reseal", "seal.open", "consent.set", "erase"),
    "anchor": ("anchor.time", "anchor.witness"),
    "auditor": ("audit.note",),
}  # fmt: skip
KINDS = ("case", "source", "item", "link", "relation")

_Shape = Callable[[Any], bool]
_ID = re.compile(r"[0-9a-f]{32}\Z")
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}\Z")
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_SECOND = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\Z", re.ASCII)
_KEYS = frozenset(("_sd", "at", "body", "by", "n", "prev", "sub", "t", "v"))
_ALONE = ("genesis", "commit")  # are about no subject and disclose nothing


def _text(value: Any) -> bool:
    return type(value) is str


def _index(value: Any) -> bool:
    return type(value) is int and value >= 0


@functools.lru_cache(maxsize=1024)
def is_second(text: str) -> bool:
    """Tell whether a text is a time that there is: UTC, to the second."""
    match = _SECOND.match(text)
    try:
        return match is not None and datetime(*map(int, match.groups())) is not None  # type: ignore[arg-type]
    except ValueError:
        return False


def _texts(value: Any) -> bool:
    return type(value) is list and all(map(_text, value))


def _signatures(value: Any) -> bool:
    return type(value) is list and bool(value) and all(
        type(one) is dict and one.keys() == {"by", "sig"} and _texts(list(one.values())) for one in value
    )


# what a key of a body holds, in every type that has it
SHAPES: dict[str, _Shape] = {
    "origin": _text, "log_vkey": _text, "root_keys": _texts, "recovery_keys": _texts, "fingerprint": _text,
    "root_threshold": lambda value: _index(value) and value > 0, "role": _text, "bad_from": _index,
    "roles": lambda value: type(value) is dict and all(map(_texts, value.values())),
    "first": _index, "count": lambda value: _index(value) and value > 0, "root": _text, "sigs": _signatures,
    "key": _text, "person": lambda value: _text(value) and _ID.match(value) is not None, "proof": _text, "age": _text,
    "new_sig": _text, "old_sig": _text, "lost": lambda value: value == 1, "kind": lambda value: value in KINDS,
    "digests": lambda value: _texts(value) and all(map(_DIGEST.match, value)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the ledger holds it; `at` is UTC to the second, a claim of the one who wrote it."""

    index: int
    t: str
    at: str
    by: str
    n: str
    body: Mapping[str, Any]
    sub: str | None = None
    prev: int | None = None
    sd: tuple[str, ...] = ()

    def leaf(self) -> bytes:
        """Give the exact bytes that are hashed. Raises CanonicalError or FormatError."""
        value: dict[str, Any] = {
            "at": self.at, "body": dict(self.body), "by": self.by, "n": self.n, "t": self.t, "v": VERSION,
        }  # fmt: skip
        if self.sd:
            value["_sd"] = sorted(self.sd)
        if self.sub is not None:
            value["sub"] = self.sub
        if self.prev is not None:
            value["prev"] = self.prev
        leaf = canonical.encode(value)
        if len(leaf) > LARGEST_ENTRY:
            raise FormatError(f"an entry of {len(leaf)} bytes is larger than {LARGEST_ENTRY}")
        return leaf

    @classmethod
    def parse(cls, index: int, leaf: bytes) -> Entry:
        """Read an entry strictly; an unknown version, type or key is refused. Raises FormatError, naming the index."""
        what = f"entry {index}"
        if len(leaf) > LARGEST_ENTRY:
            raise FormatError(f"{what}: larger than {LARGEST_ENTRY} bytes")
        value = canonical.decode(leaf, what=what)
        problem = _problem(value)
        if problem:
            raise FormatError(f"{what}: {problem}")
        return cls(
            index, value["t"], value["at"], value["by"], value["n"], value["body"],
            value.get("sub"), value.get("prev"), tuple(value.get("_sd", ())),
        )  # fmt: skip


def _problem(value: Any) -> str | None:
    """Give what is wrong with the shape of an entry, or None."""
    if type(value) is not dict or not value.keys() <= _KEYS or not {"at", "body", "by", "n", "t", "v"} <= value.keys():
        return "its keys are not those of an entry"
    if type(value["v"]) is not int or value["v"] != VERSION:
        return "its version is unknown"
    if type(value["t"]) is not str or value["t"] not in BODIES:
        return "its type is unknown"
    for key, well in (("at", is_second), ("n", _NONCE.match), ("sub", _ID.match)):
        if key in value and (type(value[key]) is not str or not well(value[key])):
            return f"`{key}` is malformed"
    if type(value["by"]) is not str or not value["by"].startswith("SHA256:"):
        return "`by` is no key fingerprint"
    if "prev" in value and (type(value["prev"]) is not int or value["prev"] < 0):
        return "`prev` is no index"
    sd = value.get("_sd", ["x" * 43])
    if type(sd) is not list or not sd or not all(type(d) is str and _DIGEST.match(d) for d in sd):
        return "`_sd` is no list of digests"
    if "_sd" in value and (sorted(sd) != sd or len(set(sd)) != len(sd)):
        return "`_sd` is not sorted and unique"
    if value["t"] in _ALONE and value.keys() & {"sub", "prev", "_sd"}:
        return "it has members that its type never has"
    return _body_problem(value["t"], value["body"])


def _body_problem(t: str, body: Any) -> str | None:
    if type(body) is not dict:
        return "its body is no object"
    must, may = BODIES[t]
    missing, unknown = set(must) - body.keys(), body.keys() - set(must) - set(may)
    if missing or unknown:
        return f"its body lacks {sorted(missing)} or has unknown {sorted(unknown)}"
    wrong = sorted(key for key, value in body.items() if not SHAPES[key](value))
    return f"its body holds a malformed {wrong}" if wrong else None


def role_for(t: str, roles: Mapping[str, Any]) -> str | None:
    """Give the role that may write an entry of type `t`, under the role table of an archive."""
    return next((role for role, types in roles.items() if t in types), None)
