"""What `sijill match` tells, with the parser or without: each case as it is found, in words or as one document.

Decides nothing about what fits; `archive.flights` looks, `evidence.match` decides.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archive.cli.showing import columns, progress, spoken
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.flights import Limits
    from archive.open import Archive

COVERED = {
    True: "a log covers the whole window",
    False: "no log covers the whole window: that nothing was seen says nothing",
    None: "the case has no time or no place to look for",
}


def tell(archive: Archive, codes: Sequence[str], limits: Limits, *, as_json: bool) -> None:
    """Write what is found of the cases named, else of all. Raises NotFound, UnreachableError."""
    from archive.flights import written

    words = None if as_json else in_words
    with progress("looking", as_json=as_json or sys.stdout.isatty()) as draw:  # there the answer itself runs
        for piece in written(archive, codes, limits, words, draw):
            sys.stdout.write(piece if as_json else spoken(piece))


def in_words(case: Mapping[str, Any]) -> str:
    """Give the matches of one case as a table."""
    rows = [
        (spoken(f"{one['log']} row {one['row']}", cell=True), spoken(one["kind"].replace("_", " "), cell=True),
         _number(one["offset_min"], "min"),
         _number(one["distance_km"], "km"), _number(one["bearing_deg"], "deg"), _number(one["speed_kmh"], "km/h"),
         _number(one["heading_diff_deg"], "deg"))
        for one in case["matches"]
    ]  # fmt: skip
    heads = ("observation", "is", "offset", "distance", "bearing", "speed", "heading off by")
    head = f"{visible(case['code'])}: {counted(len(rows), 'flight')}; {COVERED[case['covered']]}"
    return "\n".join([head, *[f"  {line}" for line in (columns(rows, heads) if rows else "").splitlines()]])


def _number(value: Any, unit: str) -> str | None:
    return None if value is None else spoken(f"{value:g} {unit}", cell=True)
