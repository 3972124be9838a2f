"""The one byte form of a ledger entry and of a disclosed value.

A profile of RFC 8785 (JSON Canonicalization Scheme) under which a plain
encoder and a full one give the same bytes: keys are lower-case ASCII, numbers
are integers within +-(2^53-1), no floats, no null, no duplicate keys, no lone
surrogates, no NUL, at most eight levels deep.

`decode` is for checking: what does not come back as the same bytes is refused,
so no entry has two readings. Nothing here repairs. orjson does the work; what
it takes too widely (keys twice, huge numbers, floats) the walk over the types
and the comparison of the bytes refuse.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from schemas.errors import CanonicalError

LARGEST = 2**53 - 1
DEEPEST = 8
_ENTRY_KEY = re.compile(r"[a-z0-9_]{1,32}\Z")
_VALUE_KEY = re.compile(r"[a-z0-9_.]{1,64}\Z")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # as JSON escapes it; not a backslash of its own before u0000
_SORTED = orjson.OPT_SORT_KEYS
_MOST_KEYS = 10_000
_known: tuple[set[str], set[str]] = (set(), set())  # keys that fit, of entries and of values


def encode(value: Any, *, booleans: bool = False) -> bytes:
    """Give the canonical bytes of `value`, UTF-8.

    With `booleans` (values of disclosures) true and false are allowed and keys
    may hold dots. Raises CanonicalError for anything outside the profile.
    """
    _check(value, booleans, 1)
    try:
        data = orjson.dumps(value, option=_SORTED)
    except TypeError:
        raise CanonicalError("a string holds half a surrogate pair") from None
    if b"\\u0000" in data and _NUL.search(data):
        raise CanonicalError("a string holds NUL")
    return data


def decode(data: bytes, *, booleans: bool = False, what: str = "JSON") -> Any:
    """Read canonical bytes strictly. Raises CanonicalError, naming `what`, if they are not canonical."""
    try:
        value = orjson.loads(data)
    except ValueError:
        raise CanonicalError(f"{what}: not JSON") from None
    try:
        same = encode(value, booleans=booleans) == data
    except CanonicalError as error:
        raise CanonicalError(f"{what}: {error.message}") from None
    if not same:
        raise CanonicalError(f"{what}: not in canonical form")
    return value


def _check(value: Any, booleans: bool, depth: int) -> None:
    kind = type(value)
    if kind is int:
        if not -LARGEST <= value <= LARGEST:
            raise CanonicalError("an integer is larger than 2^53-1")
    elif kind is dict or kind is list:
        if depth > DEEPEST:
            raise CanonicalError(f"nested more than {DEEPEST} deep")
        if kind is dict:
            if not _known[booleans].issuperset(value):
                for key in value:
                    _check_key(key, booleans)
            value = value.values()
        for member in value:
            if type(member) is not str:
                _check(member, booleans, depth + 1)
    elif kind is not str and not (kind is bool and booleans):
        raise CanonicalError(f"a value of type {kind.__name__} is not allowed")


def _check_key(key: Any, booleans: bool) -> None:
    if type(key) is not str or not (_VALUE_KEY if booleans else _ENTRY_KEY).match(key):
        raise CanonicalError("a key is not of lower-case letters, digits and underscores")
    if len(_known[booleans]) < _MOST_KEYS:
        _known[booleans].add(key)
