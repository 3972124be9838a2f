"""What a TOML text may not be before it is read: keys of very many parts, over which the reader takes hours.

`tomllib` walks all parts of a dotted key again for each of them. Nothing that
people write has keys of so many parts. Follows TOML 1.0.
"""

from __future__ import annotations

import io
import re

DEEPEST = 64  # parts of a key
_LONG_KEY = re.compile(
    rb"(?:(?:[A-Za-z0-9_-]{1,99}|\"[^\"\n]{0,99}\"|'[^'\n]{0,99}')[ \t]*\.[ \t]*){%d}" % DEEPEST
)


def too_deep(data: bytes) -> bool:
    """Tell whether a line of a TOML text may hold a key of more than `DEEPEST` parts."""
    return any(line.count(b".") >= DEEPEST and _LONG_KEY.search(line) for line in io.BytesIO(data))
