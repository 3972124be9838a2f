"""Entries of the ledger are read strictly, in whichever of two ways: quickly where plain, else as the JSON they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical import encode
from schemas.entry import BODIES, KINDS, Entry, plain_run
from schemas.errors import FormatError

DIGESTS = ["A" * 43, "B" * 42 + "-", "z_" + "0" * 41]
PLAIN = Entry(
    7, "record.link", "2025-03-09T14:20:00Z", "SHA256:bTUcK+/x", "q1Xr" + "_" * 18, {"kind": "link"}, "6f1c" * 8, 3, DIGESTS
)
READABLE = {t: {} for t, keys in BODIES.items() if keys == ((), ())} | {
    t: {"kind": kind} for t, keys in BODIES.items() if keys == (("kind",), ()) for kind in KINDS
}


def read(way, leaf):
    try:
        return way(7, leaf)
    except FormatError:
        return None


def same(leaf):
    """Both ways give the same entry, or both refuse."""
    quick, any_form = read(Entry.parse, leaf), read(Entry.parse_any, leaf)
    assert quick == any_form
    run = plain_run([PLAIN.leaf(), leaf])  # the third way reads many, and only what is plain
    if run is not None:
        assert quick is not None
        told = (run.t[1], run.at[1], run.by[1], run.kind[1], run.sub[1], run.prev[1])
        assert told == (quick.t, quick.at, quick.by, quick.body.get("kind", ""), quick.sub, quick.prev)
    return quick


@pytest.mark.parametrize("t", sorted(READABLE))
def test_both_ways_read_every_plain_type(t):
    entry = PLAIN._replace(t=t, body=READABLE[t])
    assert same(entry.leaf()) == entry
    assert plain_run([entry.leaf()]).t == (t,)


def test_an_entry_is_not_read_as_two_because_another_is_none():
    leaf = PLAIN.leaf()
    assert plain_run([leaf, leaf]).prev == [3, 3]
    assert plain_run([leaf + b"\n" + leaf, b"{}"]) is None
    assert plain_run([leaf[:200], leaf[200:]]) is None


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (b'"kind":"link"', b'"kind":"table"'), (b'"prev":3', b'"prev":03'), (b'"prev":3', b'"prev":9999999999999999'),
        (b'"prev":3', b'"prev":3.0'), (b'"v":1', b'"v":2'), (b'"v":1}', b'"v":1} '), (b'"v":1}', b'"v":1}\n'),
        (b"record.link", b"commit"), (b"record.link", b"reading.add"), (b'"n":"q', '"n":"é'.encode()),
        (b"AAAA", b"CAAA"), (b'_sd":["' + b"A" * 43 + b'",', b'_sd":["' + b"B" * 42 + b'-",'),
        (b"2025-03-09", "٢٠٢٥-03-09".encode()), (b"2025-03-09", b"2025-02-30"), (b'"sub":"6f', b'"sub":"6F'), (b"SHA256:", b"SHA512:"),
        (b"SHA256:b", b"SHA256:\\u0062"), (b'"_sd"', b'"_sd":[],"_sd"'), (b'{"_sd"', b'{ "_sd"'),
    ],
)  # fmt: skip
def test_what_is_no_entry_is_none_in_either_way(now, then):
    leaf = PLAIN.leaf()
    assert now in leaf
    assert same(leaf.replace(now, then, 1)) is None


def test_an_unusual_fingerprint_is_read_as_json():
    entry = PLAIN._replace(by="SHA256:a b")
    assert same(entry.leaf()) == entry


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(PLAIN.leaf()) - 1), st.binary(max_size=2), st.integers(0, 2))
def test_no_change_of_a_byte_lets_the_two_ways_differ(place, put, gone):
    leaf = PLAIN.leaf()
    same(leaf[:place] + put + leaf[place + gone :])


@given(
    st.sampled_from(["2025-03-09T14:20:00Z", "2025-03-09", "é"]), st.sampled_from([{}, {"kind": "item"}, {"kind": "KIND"},
    {"role": "manifest"}, {"kind": "item", "role": "x"}, {"kind": 5}]), st.sampled_from(["SHA256:" + "a/" * 21, 'SHA256:"', "é"]),
    st.sampled_from(["6f1c" * 8, "6F", None]), st.sampled_from([None, 0, 9, 10**14, 10**15]), st.permutations(DIGESTS),
    st.sampled_from(["record.add", "custody.prior", "no type"]), st.integers(0, 3),
)  # fmt: skip
def test_an_entry_is_written_as_the_canonical_form_of_what_it_says(at, body, by, sub, prev, digests, t, count):
    entry = Entry(7, t, at, by, "q1Xr" + "_" * 18, body, sub, prev, digests[:count])
    says = {"at": at, "body": body, "by": by, "n": entry.n, "t": t, "v": 1, "_sd": sorted(entry.sd), "sub": sub, "prev": prev}

    assert entry.leaf() == encode({key: value for key, value in says.items() if value not in (None, [])})
