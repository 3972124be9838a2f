"""Values read by the entry, all at once, are what reading each of them alone gives, or are left to be read so."""

import string

from hypothesis import given
from hypothesis import strategies as st

from archive import disclosure
from schemas import canonical
from schemas.errors import SijillError

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_SIMPLE = _TEXT | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
_VALUES = st.recursive(_SIMPLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(("said", "zone", "latest")), inner, max_size=3), max_leaves=6)  # fmt: skip
_FIELDS = st.dictionaries(st.text(string.ascii_lowercase + "._0", min_size=1, max_size=12), _VALUES, min_size=1, max_size=6)
_ANY = st.sampled_from(string.ascii_letters + string.digits + '-_+/=*"[], \n٤')


def one_by_one(text, digests):
    """Read values as an audit reads those in which it looks for what is wrong; None where anything is."""
    fields, found = {}, set()
    try:
        strings = canonical.decode(text.encode())
        for one in strings:
            _, name, value = disclosure.read(one)
            found.add(disclosure.digest(one))
            fields[name] = value
    except (SijillError, TypeError, AttributeError):
        return None
    if not strings or not len(fields) == len(found) == len(strings) or not found <= set(digests):
        return None
    return fields, sorted(set(digests) - found)


@given(_FIELDS)
def test_sound_values_are_read_at_once(fields):
    made = disclosure.make_all(fields)
    assert disclosure.read_all(made.private, made.digests) == (fields, [])


@given(_FIELDS, st.integers(0, 5))
def test_values_of_which_one_was_erased_are_read_and_its_digest_told(fields, place):
    made = disclosure.make_all(fields)
    strings = canonical.decode(made.private.encode())
    gone = strings.pop(place % len(strings))
    text = canonical.encode(strings).decode() if strings else None
    told = disclosure.read_all(text, made.digests)
    assert told is not None
    assert told[1] == [disclosure.digest(gone)]
    assert len(told[0]) == len(fields) - 1


@given(_FIELDS, st.integers(0, 4000), _ANY, st.booleans())
def test_a_character_changed_in_the_values_is_never_read_as_something_else(fields, place, put, gone):
    """Also where the entry commits to what the values then are: nothing but their form speaks against them."""
    made = disclosure.make_all(fields)
    at = place % len(made.private)
    text = made.private[:at] + put + made.private[at + gone :]
    digests = sorted({*made.digests, *map(disclosure.digest, filter(str.isascii, text[2:-2].split('","')))})
    assert disclosure.read_all(text, digests) in (None, one_by_one(text, digests))


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=4), st.sampled_from(["", "\0", "\0\0\0", "\0\0\0\0", " "]))
def test_strings_that_hold_several_values_or_half_of_one_are_never_read_at_once(pairs, between):
    """A signer may commit to any bytes: to two values in one string, to one cut in two, to one with something beside."""
    salt = "A" * 22
    each = [canonical.encode([salt, f"n{number}", value]).decode() for number, (value, _) in enumerate(pairs)]
    for plain in (between.join(each), between + each[0], each[0] + between, each[0][: len(each[0]) // 2]):
        strings = [disclosure.base64url(plain.encode()), *map(disclosure.base64url, map(str.encode, each[1:]))]
        text, digests = canonical.encode(strings).decode(), sorted({*map(disclosure.digest, strings)})
        assert disclosure.read_all(text, digests) in (None, one_by_one(text, digests))
        assert disclosure.read_all(text, digests) is None or plain == each[0]
