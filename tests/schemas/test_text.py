"""What text from outside looks like where it is shown."""

import unicodedata

from schemas.text import visible

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
KINDS = ("Cc", "Zl", "Zp", "Cs")  # control, line, paragraph, half a character


def test_whatever_could_turn_or_break_a_line_is_escaped_and_no_letter_is():
    for number in range(0x110000):
        character = chr(number)
        shown = visible(f"a{character}b")
        if character in BIDI or unicodedata.category(character) in KINDS:
            assert shown == f"a\\u{{{number:04X}}}b"
        elif unicodedata.category(character)[0] in "LMNPS":
            assert shown == f"a{character}b"


def test_lines_keep_their_tabs_and_ends_where_lines_are_shown():
    assert visible("one\ttwo\nthree\x07", lines=True) == "one\ttwo\nthree\\u{0007}"
