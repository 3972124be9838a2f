"""Text from outside, made safe to show; and the nearest known word to a mistyped one.

Nothing stored passes through here: records keep what was given, exactly.
Follows Unicode UAX 9 for the bidirectional controls that are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CONTROLS, _BUT_TAB_AND_NEWLINE = "\x00-\x1f", "\x00-\x08\x0b-\x1f"
_UNSAFE = "\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match[0]):04X}}}"


def visible(text: str, *, lines: bool = False) -> str:
    """Give `text` with control, bidi and half characters as `\\u{202E}`; tabs and newlines stay if `lines`."""
    if text.isprintable():  # true of no character that is escaped
        return text
    return re.sub(f"[{_BUT_TAB_AND_NEWLINE if lines else _CONTROLS}{_UNSAFE}", _escape, text)


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Give the known word most like `word`, or None where none is near; `likeness` is 1 for the same word."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=likeness)
    return close[0] if close else None


def counted(number: int, one: str, many: str | None = None) -> str:
    """Give a number with its noun, as `1 gap` and `2 gaps`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
