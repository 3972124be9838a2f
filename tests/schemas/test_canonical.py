"""The one byte form: what three encoders agree on, and what no reader takes."""

import json

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import canonical
from schemas.errors import CanonicalError

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
SCALARS = TEXTS | st.integers(-canonical.LARGEST, canonical.LARGEST)
ENTRY_KEYS = st.text("abcz_019", min_size=1, max_size=32)
VALUE_KEYS = st.text("abcz_.019", min_size=1, max_size=64)


def nested(scalars, keys):
    return st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
                        max_leaves=12)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(ENTRY_KEYS, nested(SCALARS, ENTRY_KEYS), max_size=6))
def test_three_encoders_give_the_same_bytes(value):
    """The standard library's, RFC 8785's, and ours: so anybody can write and check an entry."""
    try:
        ours = canonical.encode(value)
    except CanonicalError as error:
        assert "deep" in error.message
        return
    plain = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    assert ours == plain == rfc8785.dumps(value)
    assert canonical.decode(ours) == value


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(VALUE_KEYS, nested(SCALARS | st.booleans(), VALUE_KEYS), max_size=6))
def test_values_may_hold_booleans_and_keys_with_dots(value):
    try:
        ours = canonical.encode(value, booleans=True)
    except CanonicalError as error:
        assert "deep" in error.message
        return
    assert ours == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    again = canonical.decode(ours, booleans=True)
    assert json.dumps(again) == json.dumps(canonical.decode(ours, booleans=True)) and again == value


def test_every_character_comes_back():
    """Each code point that a text may hold, in one text."""
    text = "".join(chr(n) for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000)
    assert canonical.encode([text]) == json.dumps([text], ensure_ascii=False, separators=(",", ":")).encode()
    assert canonical.decode(canonical.encode([text])) == [text]


REFUSED = {
    "a blank": b'{"a": 1}',
    "keys out of order": b'{"b":1,"a":1}',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice with two values": b'{"a":1,"a":2}',
    "a float": b'{"a":1.0}',
    "a float with an exponent": b'{"a":1e3}',
    "minus nought": b'{"a":-0}',
    "null": b'{"a":null}',
    "true": b'{"a":true}',
    "an integer past 2^53": b'{"a":9007199254740992}',
    "an integer of a thousand digits": b'{"a":' + b"9" * 1000 + b"}",
    "a key in capitals": b'{"A":1}',
    "a key with a dot": b'{"a.b":1}',
    "no key": b'{"":1}',
    "NUL": b'{"a":"\\u0000"}',
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "an escape that is not needed": b'{"a":"\\u0041"}',
    "a slash escaped": b'{"a":"\\/"}',
    "an escape in capitals": b'{"a":"\\u001F"}',
    "no UTF-8": b'{"a":"\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "nine levels": b"[" * 9 + b"]" * 9,
    "a thousand levels": b"[" * 1000 + b"]" * 1000,
    "a million levels": b"[" * 1_000_000,
    "something behind it": b'{"a":1}x',
    "a line end": b'{"a":1}\n',
    "nothing": b"",
    "NaN": b'{"a":NaN}',
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_another_spelling_or_type_is_refused(name):
    with pytest.raises(CanonicalError):
        canonical.decode(REFUSED[name])


@pytest.mark.parametrize("value", [1.5, None, {"a": None}, {1: "a"}, {"a": b"b"}, (1,), {"a": {1}}, 2**53, "\ud800"])
def test_what_is_outside_the_profile_is_not_written(value):
    with pytest.raises(CanonicalError):
        canonical.encode(value)


def test_a_key_of_values_is_none_of_entries():
    """What was taken once in one place is not taken in the other for it."""
    assert canonical.encode({"a.b": True}, booleans=True)
    with pytest.raises(CanonicalError):
        canonical.encode({"a.b": "x"})
