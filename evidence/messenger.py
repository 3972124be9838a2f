"""The file names that messengers and phones give, as a hint that a file is a platform's copy or a screenshot.

A hint for the person who fills in a sheet, never a fact: anybody can name a
file anything. Patterns are those that the programs are known to write.
"""

from __future__ import annotations

import re

_PATTERNS: tuple[tuple[str, str], ...] = (
    ("WhatsApp", r"(?:IMG|VID|AUD|PTT|DOC|STK)-\d{8}-WA\d{4}"),
    ("WhatsApp", r"WhatsApp (?:Image|Video|Audio|Ptt) \d{4}-\d\d-\d\d at "),
    ("WhatsApp", r"(?:صورة|فيديو|مقطع صوتي) واتساب"),
    ("Telegram", r"(?:photo|video|audio|file|document|animation)_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d"),
    ("Telegram", r"(?:photo|video)_\d+@\d\d-\d\d-\d{4}"),
    ("Telegram", r"(?:photo_)?\d{16,20}_[a-z]\b"),
    ("Signal", r"signal-\d{4}-\d\d-\d\d"),
    ("Messenger", r"received_\d{12,}"),
    ("Facebook", r"FB_(?:IMG|VID)_\d{10,}"),
    ("Viber", r"(?:viber[_ ]image|viber[_ ]video|IMG-[0-9a-f]{32}-V)"),
    ("Snapchat", r"Snapchat-\d+"),
    ("imo", r"imo(?:_|-)?(?:image|video|\d{6,})"),
)
_NAMES = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS]
_SCREENSHOT = re.compile(r"screen[ _-]?shot|لقطة[ _]شاشة", re.IGNORECASE)


def messenger(name: str) -> str | None:
    """Give the program whose pattern a file's name follows, or None. `name` may have folders before it."""
    last = name.rpartition("/")[2]
    return next((program for program, pattern in _NAMES if pattern.match(last)), None)


def is_screenshot(name: str) -> bool:
    """Whether a file's name is one that screenshots are given."""
    return _SCREENSHOT.search(name.rpartition("/")[2]) is not None
