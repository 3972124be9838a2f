"""The rows of flight logs: how they lie in the database, and how a reading commits to them.

A row lies there as the text of its disclosed value, beside the four numbers
that a search asks for. Its id is the index of the entry that read the log,
times `ROWS`, plus the number of the row. Nothing here reads a log or decides
what fits a case.

Follows docs/format.md, 2.7; RFC 9901 for a row's disclosure, RFC 2104 for its salt, RFC 6962 for its leaf.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from archive.disclosure import SALT_BYTES, URL, base64url

ROWS = 1 << 25  # more than a log may have
FORGET = "DELETE FROM observation WHERE id BETWEEN ? AND ?"
READINGS = (  # every log with its newest reading, the one whose rows are kept
    "SELECT max(idx) AS entry, sub FROM act WHERE t = 'reading.add' AND fields LIKE '%\"rows_root\":%'"
    " GROUP BY sub ORDER BY 1"
)
SEARCHED = ("earliest", "latest", "lat", "lon")  # what stands beside the value
WIDE = 6  # cells of a row: its number, the four that are searched, its value
TOGETHER = 10
_BLOCK = hashlib.sha256().block_size


def span(entry: int) -> tuple[int, int]:
    """Give the lowest and the highest id that a row of a reading may have."""
    return entry * ROWS, entry * ROWS + ROWS - 1


def insert(entry: int, rows: int = 1) -> str:
    """Give the statement that lays down rows of a reading: each its number, the four that are searched, its value."""
    return "INSERT INTO observation(id, earliest, latest, lat, lon, value) VALUES " + ",".join(
        [f"({entry * ROWS} + ?,?,?,?,?,?)"] * rows
    )


def lay_down(db: Any, entry: int, cells: Sequence[Any]) -> None:
    """Write rows of a reading, `WIDE` cells of each, one behind the other; `TOGETHER` at each step of the database."""
    step = WIDE * TOGETHER
    whole = len(cells) - len(cells) % step
    db.executemany(insert(entry, TOGETHER), (cells[at : at + step] for at in range(0, whole, step)))
    db.executemany(insert(entry), (cells[at : at + WIDE] for at in range(whole, len(cells), WIDE)))


def rows_of(db: Any, entry: int, window: tuple[int, int] | None = None) -> Iterator[dict[str, Any]]:
    """Give what was read of each row, by its number; of those in a `window` of seconds since 1970, if there is one."""
    near = "" if window is None else " AND latest >= ? AND earliest <= ?"
    sql = f"SELECT value FROM observation WHERE id BETWEEN ? AND ?{near} ORDER BY id"
    for (value,) in db.execute(sql, (*span(entry), *(window or ()))):
        yield orjson.loads(value)


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
