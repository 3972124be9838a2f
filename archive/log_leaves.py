"""How a reading of a flight log commits to its rows: the salt of each, its disclosure, and the hash of its leaf.

Follows docs/format.md, 2.7; RFC 9901 for a row's disclosure, RFC 2104 for its salt, RFC 6962 for its leaf.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator

from archive.disclosure import SALT_BYTES, URL, base64url

_BLOCK = hashlib.sha256().block_size


def salt_of(log_salt: str, number: int) -> str:
    """Give the salt of one row: half of HMAC-SHA256 of its number under the log's salt."""
    return base64url(hmac.digest(log_salt.encode(), str(number).encode(), "sha256")[:SALT_BYTES])


def leaf(log_salt: str, number: int, value: str) -> bytes:
    """Give the leaf bytes of one row, whose value is that text: its disclosure, of name `row`."""
    return base64url(f'["{salt_of(log_salt, number)}","row",{value}]'.encode()).encode()


def leaf_hashes(log_salt: str, rows: Iterable[tuple[int, str]]) -> Iterator[bytes]:
    """Give the hash of each row's leaf, from its number and its value.

    The two keyed states of HMAC are made once; otherwise this is `merkle.leaf_hash` of `leaf`. Raises
    UnicodeEncodeError for half characters.
    """
    key = log_salt.encode()
    key = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))
    before, b2a = hashlib.sha256(b"\0"), binascii.b2a_base64
    for number, value in rows:
        one, two = inner.copy(), outer.copy()
        one.update(b"%d" % number)
        two.update(one.digest())
        salt = b2a(two.digest()[:SALT_BYTES], newline=False)[:22].translate(URL)
        told = b2a(b'["%b","row",%b]' % (salt, value.encode()), newline=False)
        hashed = before.copy()
        hashed.update(told.translate(URL).rstrip(b"="))
        yield hashed.digest()
