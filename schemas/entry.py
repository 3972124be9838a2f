"""Ledger entries: their types, what the body of each may hold, and which role may write it.

An entry holds no name, place, text or plain digest: only salted commitments
(`_sd`) to such values, random ids, and what the rules need. The roles written
in entry 0 of an archive are `ROLES`; a verifier takes them from there.
Follows RFC 9901 (digests of disclosures); the rest is docs/format.md.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from operator import lt
from typing import Any, NamedTuple

from schemas import canonical
from schemas.errors import FormatError

VERSION = 1
LARGEST_ENTRY = 32 * 1024

CONTINUES = ("continues_origin", "continues_size", "continues_root")  # an older archive: all or none

# type -> the keys its body must hold, and those that it may hold
BODIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "genesis": (("origin", "log_vkey", "root_keys", "root_threshold", "roles"), ("recovery_keys", *CONTINUES)),
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
_ALLOWED = {t: (frozenset(must), frozenset((*must, *may))) for t, (must, may) in BODIES.items()}
KINDS = ("case", "source", "item", "link", "relation")

# type -> the kinds of record (`key`: of an operator) that such an act may be about, and must
ABOUT: dict[str, tuple[str, ...]] = {
    "key.revoke": ("key",), "role.grant": ("key",), "role.revoke": ("key",), "blob.add": ("case", "item"),
    "reading.add": ("item",), "exhibit.number": ("item",), "assessment.add": ("case",), "waiver.set": ("case",),
    "custody.prior": ("item",), "custody.transfer": ("item",), "custody.accept": ("item",), "seal.put": ("source",),
    "seal.reseal": ("source",), "seal.open": ("source",), "consent.set": ("item",), "erase": KINDS,
}  # fmt: skip

_Shape = Callable[[Any], bool]
_ID = re.compile(r"[0-9a-f]{32}\Z")
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}\Z")
_DIGEST_LENGTH = 43
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_ROOT = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z")  # 32 bytes, in their one spelling
_DIGESTS = re.compile(r"[A-Za-z0-9_-]+\Z")
_SECOND = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\Z", re.ASCII)
_MUST = frozenset(("at", "body", "by", "n", "t", "v"))
_KEYS = _MUST | {"_sd", "prev", "sub"}
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
    return (
        type(value) is list
        and bool(value)
        and all(type(one) is dict and one.keys() == {"by", "sig"} and _texts(list(one.values())) for one in value)
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
    "continues_origin": lambda value: _text(value) and value != "",
    "continues_size": lambda value: _index(value) and value > 0,
    "continues_root": lambda value: _text(value) and _ROOT.match(value) is not None,
}  # fmt: skip


class Entry(NamedTuple):
    """One entry as the ledger holds it; `at` is UTC to the second, a claim of the one who wrote it."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of an entry
    t: str
    at: str
    by: str
    n: str
    body: Mapping[str, Any]
    sub: str | None = None
    prev: int | None = None
    sd: Sequence[str] = ()

    def leaf(self) -> bytes:
        """Give the exact bytes that are hashed. Raises CanonicalError or FormatError."""
        leaf = _written_plainly(self) or self._written()
        if len(leaf) > LARGEST_ENTRY:
            raise FormatError(f"an entry of {len(leaf)} bytes is larger than {LARGEST_ENTRY}")
        return leaf

    def _written(self) -> bytes:
        value: dict[str, Any] = {
            "at": self.at, "body": dict(self.body), "by": self.by, "n": self.n, "t": self.t, "v": VERSION,
        }  # fmt: skip
        if self.sd:
            value["_sd"] = sorted(self.sd)
        if self.sub is not None:
            value["sub"] = self.sub
        if self.prev is not None:
            value["prev"] = self.prev
        return canonical.encode(value)

    @classmethod
    def parse(cls, index: int, leaf: bytes) -> Entry:
        """Read an entry strictly; an unknown version, type or key is refused. Raises FormatError, naming the index."""
        if len(leaf) > LARGEST_ENTRY:
            raise FormatError(f"entry {index}: larger than {LARGEST_ENTRY} bytes")
        if (plain := _plain(index, leaf)) is not None:
            return plain
        return cls.parse_any(index, leaf)

    @classmethod
    def parse_any(cls, index: int, leaf: bytes) -> Entry:
        """Read an entry of any form as `parse` does, by the JSON that it is. Raises FormatError, naming the index."""
        what = f"entry {index}"
        value = canonical.decode(leaf, what=what)
        problem = _problem(value)
        if problem:
            raise FormatError(f"{what}: {problem}")
        return cls(
            index, value["t"], value["at"], value["by"], value["n"], value["body"],
            value.get("sub"), value.get("prev"), value.get("_sd", ()),
        )  # fmt: skip


# The form that nearly all entries have: no more in the body than a kind, and nothing that JSON escapes. What it does
# not match is read as JSON; what it matches gives the same entry, many times as quickly.
_PLAIN = re.compile(
    r'^{"_sd":\["([\w-]{43}(?:","[\w-]{43})*)"\],"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)","body":{(?:"kind":"([a-z]+)")?},'
    r'"by":"(SHA256:[\w+/=]*)","n":"([\w-]{22})",(?:"prev":(0|[1-9]\d{0,14}),)?"sub":"([0-9a-f]{32})",'
    r'"t":"([a-z.]+)","v":1}$',
    re.ASCII | re.MULTILINE,
)
_PLAIN_BODIES: dict[tuple[str, str], Mapping[str, Any]] = {
    ("", t): {} for t, keys in BODIES.items() if keys == ((), ())
} | {
    (kind, t): {"kind": kind} for t, keys in BODIES.items() if keys == (("kind",), ()) for kind in KINDS
}  # a kind and a type -> the body that they make


def _plain(index: int, leaf: bytes) -> Entry | None:
    """Read an entry of the plain form; None where it has another, or is none."""
    found = _PLAIN.fullmatch(leaf.decode("latin-1"))
    if found is None:
        return None
    digests, at, kind, by, nonce, prev, sub, t = found.groups("")
    body = _PLAIN_BODIES.get((kind, t))
    sd = digests.split('","')
    if body is None or not is_second(at) or not all(map(lt, sd, sd[1:])):
        return None
    return Entry(index, t, at, by, nonce, body, sub, int(prev) if prev else None, sd)


class PlainRun(NamedTuple):
    """Entries of the plain form, by the column; `prev` is None where an entry names none."""

    sd: Sequence[Sequence[str]]
    at: Sequence[str]
    kind: Sequence[str]
    by: Sequence[str]
    n: Sequence[str]
    prev: Sequence[int | None]
    sub: Sequence[str]
    t: Sequence[str]

    def entries(self, first: int) -> Iterator[Entry]:
        """Give each entry, as `parse` gives it; `first` is the index of the first."""
        body = map(_PLAIN_BODIES.__getitem__, zip(self.kind, self.t, strict=True))
        return map(Entry, count(first), self.t, self.at, self.by, self.n, body, self.sub, self.prev, self.sd)


def plain_run(leaves: Sequence[bytes]) -> PlainRun | None:
    """Read many entries at once, as `parse` reads each; None where any of them has another form, or is none."""
    joined = b"\n".join(leaves)
    if joined.count(b"\n") != len(leaves) - 1 or max(map(len, leaves)) > LARGEST_ENTRY:
        return None
    found = _PLAIN.findall(joined.decode("latin-1"))
    if len(found) != len(leaves):
        return None
    digests, at, kind, by, nonce, prev, sub, t = zip(*found, strict=True)
    if not _PLAIN_BODIES.keys() >= set(zip(kind, t, strict=True)) or not all(map(is_second, set(at))):
        return None
    listed = [one.split('","') for one in digests]
    if not all(all(map(lt, sd, sd[1:])) for sd in listed):
        return None
    return PlainRun(listed, at, kind, by, nonce, [int(one) if one else None for one in prev], sub, t)


def _written_plainly(entry: Entry) -> bytes | None:
    """Write an entry in the plain form, if that is the form it has: as the pattern says that reads it."""
    if not entry.sd or len(entry.body) > 1:
        return None
    digests = '","'.join(sorted(entry.sd))
    kind = f'"kind":"{entry.body.get("kind")}"' if entry.body else ""
    prev = "" if entry.prev is None else f'"prev":{entry.prev},'
    text = (
        f'{{"_sd":["{digests}"],"at":"{entry.at}","body":{{{kind}}},"by":"{entry.by}","n":"{entry.n}",{prev}'
        f'"sub":"{entry.sub}","t":"{entry.t}","v":{VERSION}}}'
    )
    return text.encode("ascii") if _PLAIN.fullmatch(text) else None


def _problem(value: Any) -> str | None:
    """Give what is wrong with the shape of an entry, or None."""
    if type(value) is not dict or not _MUST <= value.keys() <= _KEYS:
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
    if "_sd" in value and (problem := _sd_problem(value["_sd"])):
        return problem
    if value["t"] in _ALONE and value.keys() & {"sub", "prev", "_sd"}:
        return "it has members that its type never has"
    return _body_problem(value["t"], value["body"])


def _sd_problem(sd: Any) -> str | None:
    if type(sd) is not list or not sd or any(type(d) is not str or len(d) != _DIGEST_LENGTH for d in sd):
        return "`_sd` is no list of digests"
    if not _DIGESTS.match("".join(sd)):
        return "`_sd` is no list of digests"
    if not all(map(lt, sd, sd[1:])):
        return "`_sd` is not sorted and unique"
    return None


def _body_problem(t: str, body: Any) -> str | None:
    if type(body) is not dict:
        return "its body is no object"
    must, may = _ALLOWED[t]
    if not must <= body.keys() <= may:
        return f"its body lacks {sorted(must - body.keys())} or has unknown {sorted(body.keys() - may)}"
    older = [body[key] for key in CONTINUES if key in body]
    if older and (len(older) != len(CONTINUES) or older[0] == body["origin"]):
        return "its body does not name the older archive that it continues by another origin, size and root"
    wrong = sorted(key for key, value in body.items() if not SHAPES[key](value))
    return f"its body holds a malformed {wrong}" if wrong else None


def role_for(t: str, roles: Mapping[str, Any]) -> str | None:
    """Give the role that may write an entry of type `t`, under the role table of an archive."""
    return next((role for role, types in roles.items() if t in types), None)
