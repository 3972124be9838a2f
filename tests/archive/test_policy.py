"""Witness policies: read strictly, by the rules of tlog-policy, and counted in one way only."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import note
from archive.policy import Policy
from schemas.errors import FormatError
from tests.archive.outsider import Outsider

LOG = note.vkey_of("log.example/1", Ed25519PrivateKey.from_private_bytes(bytes(32)))
ONE, TWO, THREE, FOUR, FIVE, SIX = (Outsider(f"witness.example/{n}", n) for n in range(1, 7))
THREE_LINES = f"witness one {ONE.vkey}\nwitness two {TWO.vkey}\nwitness three {THREE.vkey}\n"


def published():
    """The shape of the example of C2SP tlog-policy: two groups of three, of which two and one must agree."""
    keys = zip(("X1", "X2", "X3", "Y1", "Y2", "Y3"), (ONE, TWO, THREE, FOUR, FIVE, SIX), strict=True)
    return f"log {LOG}\n\n" + "".join(f"witness {name} {key.vkey}\n" for name, key in keys) + (
        "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
        "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    )


@pytest.mark.parametrize(
    ("signed", "met"),
    [
        ("", False), ("X1 X2", False), ("Y1 Y2 Y3", False), ("X1 Y1", False), ("X1 X2 Y3", True), ("X1 X2 X3 Y1", True),
        ("X-witnesses Y-witnesses", False), ("X-and-Y", False), ("none", False),
    ],
)  # fmt: skip
def test_the_published_example_counts_two_of_one_house_and_one_of_the_other(signed, met):
    policy = Policy.parse(published(), LOG)
    assert met == policy.met([name for name in signed.split() if name in policy.witnesses])


def test_a_policy_may_ask_for_nobody():
    assert Policy.parse("quorum none\n").met([])
    assert Policy.parse(f"  # by hand\n\n\t{THREE_LINES}quorum\ttwo \n").met(["two"])


def _vkey(name, typed):
    key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(typed).decode()}"


def same_key(name):
    """The key of witness one under another name, with an id that fits."""
    return _vkey(name, b"\x04" + ONE.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


WITNESS_OF_LOG = _vkey("elsewhere.example/w", b"\x04" + note.Verifier.parse(LOG).point)
SMALL = _vkey("weak.example/w", b"\x04\x01" + bytes(31))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no quorum"),
        (THREE_LINES, "no quorum"),
        (f"{THREE_LINES}quorum four\n", "not named before"),
        (f"quorum one\n{THREE_LINES}", "not named before"),
        (f"{THREE_LINES}quorum one\nquorum two\n", "one quorum"),
        (f"{THREE_LINES}quorum one two\n", "one quorum"),
        (f"{THREE_LINES}quorum\n", "one quorum"),
        (f"{THREE_LINES}witness one {FOUR.vkey}\nquorum one\n", "taken"),
        (f"{THREE_LINES}group one any two\nquorum one\n", "taken"),
        (f"witness none {ONE.vkey}\nquorum none\n", "taken"),
        (f"{THREE_LINES}group g any none\nquorum g\n", "not named before"),
        (f"{THREE_LINES}witness four {ONE.vkey}\nquorum one\n", "two names"),
        (f"{THREE_LINES}witness four {same_key('other.example')}\nquorum one\n", "two names"),
        (f"{THREE_LINES}group g 2 one one\nquorum g\n", "in one group"),
        (f"{THREE_LINES}group g any one two\ngroup h any one three\ngroup all 2 g h\nquorum all\n", "in one group"),
        (f"{THREE_LINES}group g 0 one\nquorum g\n", "more members than it has"),
        (f"{THREE_LINES}group g 4 one two three\nquorum g\n", "more members than it has"),
        (f"{THREE_LINES}group g +1 one\nquorum g\n", "plain digits"),
        (f"{THREE_LINES}group g 01 one\nquorum g\n", "plain digits"),
        (f"{THREE_LINES}group g ١ one\nquorum g\n", "plain digits"),
        (f"{THREE_LINES}group g most one\nquorum g\n", "plain digits"),
        (f"{THREE_LINES}group g any\nquorum one\n", "fewer words"),
        (f"{THREE_LINES}group g any g\nquorum g\n", "not named before"),
        (f"witness one {ONE.vkey} https://w.example extra\nquorum one\n", "fewer words, or more"),
        (f"witness one\u00a0{ONE.vkey}\nquorum one\n", "fewer words"),
        (f"witness one {ONE.vkey[:-4]}\nquorum one\n", "base64|verifier key"),
        (f"witness one {LOG}\nquorum one\n", "witness"),
        (f"witness one {SMALL}\nquorum one\n", "weak"),
        (f"log {ONE.vkey}\nquorum none\n", "Ed25519 verifier key"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "twice"),
        (f"{THREE_LINES}quorum one\r\n", "control characters"),
        (f"{THREE_LINES}quorum one\x0b\n", "control characters"),
        (f"{THREE_LINES}Quorum one\n", "none of log"),
        (f"{THREE_LINES}quorum one # two of them\n", "one quorum"),
    ],
)  # fmt: skip
def test_what_two_readers_could_count_differently_is_refused(text, why):
    with pytest.raises(FormatError, match=why):
        Policy.parse(text)


def test_a_policy_is_for_this_log_and_the_log_is_no_witness_of_itself():
    assert Policy.parse(f"log {LOG}\nquorum none\n", LOG).logs == {LOG}
    other = note.vkey_of("log.example/2", Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32))
    with pytest.raises(FormatError, match="not this archive's"):
        Policy.parse(f"log {other}\nquorum none\n", LOG)
    assert Policy.parse(f"log {other}\nlog {LOG}\nquorum none\n", LOG)
    with pytest.raises(FormatError, match="own key"):
        Policy.parse(f"witness w {WITNESS_OF_LOG}\nquorum w\n", LOG)


def test_groups_in_groups_as_deep_as_a_file_can_hold_are_counted_at_once():
    deep = "".join(f"group g{n} any {'one' if n == 0 else f'g{n - 1}'}\n" for n in range(4000))
    policy = Policy.parse(f"{THREE_LINES}{deep}quorum g3999\n")
    assert policy.met(["one"])
    assert not policy.met(["two", "three"])


LINES = st.sampled_from([
    *THREE_LINES.splitlines(), f"log {LOG}", "group g any one two", "group h all g three", "quorum g", "quorum h",
    "quorum none", "# note", "", "group k 2 one two three", "witness", "group", "quorum",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(LINES, max_size=10).map("\n".join), st.binary(max_size=200)))
def test_any_text_is_a_policy_or_a_refusal(text):
    try:
        policy = Policy.parse(text if isinstance(text, str) else text.decode("latin-1"))
    except FormatError:
        return
    everyone = policy.met(policy.witnesses)
    assert everyone  # a quorum is never more than all
    assert policy.met([]) == (policy.quorum == "none")
