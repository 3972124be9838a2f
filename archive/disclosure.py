"""Salted disclosures: a named value, kept beside the ledger, that an entry commits to by digest.

A disclosure is a string and is never encoded again: its digest is over the
string as stored. Without the string and its salt the digest tells nothing, so
a value can be erased while the ledger stays whole.

Follows RFC 9901 section 4.2 (disclosures) without the JWT; docs/format.md.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas import canonical
from schemas.errors import CanonicalError, FormatError

SALT_BYTES = 16
_STANDARD = bytes.maketrans(b"-_+/=", b"+/***")
_URL = bytes.maketrans(b"+/", b"-_")
_ROW_TYPES = frozenset((int, str, type(None)))
_PADDING = (b"", b"===", b"==", b"=")
_LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")  # the characters whose loose bits are 0
# The form that nearly all disclosures have, [salt, name, text], with nothing that JSON escapes. What it does not match
# is read as JSON; what it matches gives the same.
_PLAIN = re.compile(r'\["([\w-]{21}[AQgw])","([a-z0-9_.]{1,64})","([^"\\\x00-\x1f]*)"\]', re.ASCII)


def base64url(data: bytes) -> str:
    """Give base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(data, newline=False).translate(_URL, b"=").decode("ascii")


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
        made.append(binascii.b2a_base64(data, newline=False).translate(_URL, b"="))
    digests = b" ".join([binascii.b2a_base64(hashlib.sha256(one).digest(), newline=False) for one in made])
    # neither alphabet needs an escape in JSON
    private = b'["' + b'","'.join(made) + b'"]'
    return Made(text, private.decode("ascii"), sorted(digests.translate(_URL, b"=").decode("ascii").split(" ")))


def digest(disclosure: str) -> str:
    """Give what an entry holds of a disclosure: base64url of SHA-256 of its ASCII."""
    hashed = hashlib.sha256(disclosure.encode()).digest()
    return binascii.b2a_base64(hashed, newline=False).translate(_URL, b"=").decode("ascii")


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


def row_salt(log_salt: str, row: int) -> str:
    """Give the salt of one row of a flight log: half of HMAC-SHA256 of the row's number under the log's salt."""
    return base64url(hmac.digest(log_salt.encode(), str(row).encode(), "sha256")[:SALT_BYTES])


def row_leaf(log_salt: str, names: Sequence[str], row: Sequence[Any]) -> bytes:
    """Give the leaf bytes of one row of a flight log, as `rows_root` commits to it (docs/format.md, 2.7).

    `names` are the columns, `row` in the first of them its number; cells that are None are left out.
    """
    value = {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
    return make("row", value, row_salt(log_salt, int(row[0]))).encode()


def row_leaves(log_salt: str, names: Sequence[str]) -> Callable[[Sequence[Any]], bytes]:
    """Give what gives `row_leaf` of one row after another, quicker: rows of texts, whole numbers and None.

    The encoder itself refuses half characters and numbers that are too large. Whatever it refuses, and whatever may
    hold a NUL or another type, goes the long way, which decides.
    """
    canonical.encode(dict.fromkeys(names, 0), booleans=True)
    places = sorted((name, place) for place, name in enumerate(names))
    key, strict = log_salt.encode(), orjson.OPT_STRICT_INTEGER

    def leaf(row: Sequence[Any]) -> bytes:
        if type(row[0]) is int and _ROW_TYPES.issuperset(map(type, row)):
            salt = hmac.digest(key, b"%d" % row[0], "sha256")[:SALT_BYTES]
            value = {name: row[place] for name, place in places if row[place] is not None}
            text = binascii.b2a_base64(salt, newline=False)[:22].translate(_URL).decode()
            try:
                data = orjson.dumps([text, "row", value], option=strict)
            except TypeError:
                return row_leaf(log_salt, names, row)
            if b"\\u0000" not in data:
                return binascii.b2a_base64(data, newline=False).translate(_URL, b"=")
        return row_leaf(log_salt, names, row)

    return leaf


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("a disclosure names a key twice")
    return found
