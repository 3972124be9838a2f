"""Salted disclosures: a named value, kept beside the ledger, that an entry commits to by digest.

A disclosure is a string and is never encoded again: its digest is over the
string as stored. Without the string and its salt the digest tells nothing, so
a value can be erased while the ledger stays whole.

Follows RFC 9901 section 4.2 (disclosures) without the JWT; docs/format.md.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas import canonical
from schemas.errors import CanonicalError, FormatError

SALT_BYTES = 16
_STANDARD = bytes.maketrans(b"-_+/=", b"+/***")
URL = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"===", b"==", b"=")
_LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")  # the characters whose loose bits are 0
# The form that nearly all disclosures have, [salt, name, text], with nothing that JSON escapes. What it does not match
# is read as JSON; what it matches gives the same.
_PLAIN = re.compile(r'\["([\w-]{21}[AQgw])","([a-z0-9_.]{1,64})","([^"\\\x00-\x1f]*)"\]', re.ASCII)

# After each of many strings that are decoded at once: what fills up its last four characters, and three bytes of 0.
# Bits that must be 0 are among those filled up, so that another spelling of a string leaves a byte that is not.
_APART = ("AAAA", "*", "AAAAAA", "AAAAA")
_LISTED = re.compile(
    r'(?<![^\0])\["[\w-]{21}[AQgw]","([a-z0-9_.]{1,64})",(?:"([^"\\\x00-\x1f]*)"|([^\x00-\x1f]+))\]\x00{3,5}', re.ASCII
)
_sha256 = hashlib.sha256


def base64url(data: bytes) -> str:
    """Give base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(data, newline=False).translate(URL, b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Read base64url in its one spelling. Raises FormatError."""
    rest = len(text) % 4
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_STANDARD) + _PADDING[rest], strict_mode=True)
    except ValueError:
        raise FormatError("not base64url") from None
    if rest and text[-1] not in _LAST[rest]:
        raise FormatError("base64url of another spelling")
    return data


def make(name: str, value: Any, salt: str | None = None) -> str:
    """Give the disclosure of a value under a fresh random salt of 128 bits. Raises CanonicalError."""
    salt = salt or base64url(secrets.token_bytes(SALT_BYTES))
    return base64url(canonical.encode([salt, name, value], booleans=True))


class Made(NamedTuple):
    """The values of one entry, made ready: `text` is their canonical JSON, `private` that of their disclosures."""

    text: str
    private: str
    digests: list[str]  # sorted, as the entry holds them


def make_all(fields: Mapping[str, Any]) -> Made:
    """Give what `make` and `digest` give for each of at least one value, in one pass.

    All values are looked at, and all salts drawn, at once. Raises CanonicalError, also for a name that no value has.
    """
    text = canonical.encode(fields, booleans=True).decode()
    salts = secrets.token_bytes(SALT_BYTES * len(fields))
    made = []
    for at, (name, value) in zip(range(0, len(salts), SALT_BYTES), fields.items(), strict=True):
        salt = base64url(salts[at : at + SALT_BYTES])
        data = orjson.dumps([salt, name, value], option=orjson.OPT_SORT_KEYS)
        made.append(binascii.b2a_base64(data, newline=False).translate(URL, b"="))
    digests = b" ".join([binascii.b2a_base64(hashlib.sha256(one).digest(), newline=False) for one in made])
    # neither alphabet needs an escape in JSON
    private = b'["' + b'","'.join(made) + b'"]'
    return Made(text, private.decode("ascii"), sorted(digests.translate(URL, b"=").decode("ascii").split(" ")))


def digest(disclosure: str) -> str:
    """Give what an entry holds of a disclosure: base64url of SHA-256 of its ASCII."""
    return base64url(hashlib.sha256(disclosure.encode()).digest())


def read_all(text: str | None, digests: Sequence[str]) -> tuple[dict[str, Any], list[str]] | None:
    """Give the values beside an entry, by their names, and those of its sorted `digests` of which none is there.

    `text` is the JSON list of the disclosures, None where there is none. Gives None where something is not as it must
    be, or of another spelling than ours: what it is `read` says of each. All are decoded and read in one pass.
    """
    if text is None:
        return {}, list(digests)
    listed = text[2:-2]
    strings = listed.split('","')
    padded = "".join([one + _APART[len(one) % 4] for one in strings])
    try:
        data = binascii.a2b_base64(padded.encode("ascii").translate(_STANDARD), strict_mode=True)
        found = _LISTED.findall(data.decode())
        fields = {name: _value(other) if other else plain for name, plain, other in found}
    except (ValueError, CanonicalError):
        return None
    hashed = [binascii.b2a_base64(_sha256(one.encode()).digest(), newline=False) for one in strings]
    told = sorted(b"".join(hashed).translate(URL).decode("ascii").split("=")[:-1])
    if (
        text != f'["{listed}"]'
        or data.count(0) != len(padded) - len("".join(strings)) - len(strings)  # of those that `_APART` makes
        or not len(strings) == len(found) == len(fields)
    ):
        return None
    if told == digests:
        return fields, []
    missing = sorted(set(digests).difference(told))
    return (fields, missing) if len(told) + len(missing) == len(digests) else None


def _value(text: str) -> Any:
    """Read a value in our own spelling. Raises ValueError, or CanonicalError."""
    value = orjson.loads(text)
    if canonical.encode([value], booleans=True) != f"[{text}]".encode():
        raise ValueError("another spelling")
    return value


def read(disclosure: str) -> tuple[str, str, Any]:
    """Give (salt, name, value), strictly. Raises FormatError, which never holds the value."""
    data = from_base64url(disclosure)
    try:
        plain = _PLAIN.fullmatch(data.decode())
        if plain is not None:
            return plain[1], plain[2], plain[3]
        parts = orjson.loads(data)
    except ValueError:
        raise FormatError("a disclosure is no JSON") from None
    if type(parts) is not list or len(parts) != 3 or type(parts[0]) is not str or type(parts[1]) is not str:
        raise FormatError("a disclosure is not [salt, name, value]")
    try:
        same = canonical.encode(parts, booleans=True) == data
    except CanonicalError:
        raise FormatError("a disclosure holds a value that none may hold") from None
    if not same:
        _no_twins_in(data)
    if len(parts[0]) != 22 or len(from_base64url(parts[0])) != SALT_BYTES:
        raise FormatError("a disclosure's salt is not of 128 bits")
    return parts[0], parts[1], parts[2]


def _no_twins_in(data: bytes) -> None:
    """Refuse a key twice in a disclosure of another spelling than ours, which RFC 9901 allows. Raises FormatError."""
    try:
        json.loads(data, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        raise FormatError("a disclosure is no JSON") from None


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("a disclosure names a key twice")
    return found
