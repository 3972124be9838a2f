"""Cases that were merged: which case takes in which, and what their records are called there.

Two cases that were one attack stay two sets of records: no code, id or number
changes and nothing is moved. The one says `merged_into`, the other
`merged_from`; only where both say so does the second take in the first.
Reads the view and nothing else; decides nothing.

Follows docs/format.md, "Merged cases".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemas.case import named

_NAMES = ("item", "of", "source", "part_of")  # fields that name another record of a case


def family(db: Any, code: str) -> list[str]:
    """Give a case and all that it takes in, also by way of another: itself first, then in the order of merging.

    Cases that were merged in a circle, which no command does, take in nothing.
    """
    found = [code]
    for one in found:  # grows as it is gone through
        for other in _case(db, one).get("merged_from", ()):
            if other not in found and _case(db, other).get("merged_into") == one:
                found.append(other)
    above = _case(db, code).get("merged_into")
    return found[:1] if above in found and code in _case(db, above).get("merged_from", ()) else found


def weighed_as(db: Any, code: str) -> str:
    """Give the code under which a case is weighed today: its own, or that of the case it was merged into in the end.

    Merged in a circle, which no command does, each is weighed on its own: nothing is hidden so.
    """
    seen = [code]
    while (above := _case(db, seen[-1]).get("merged_into")) is not None:
        if seen[-1] not in _case(db, above).get("merged_from", ()):
            break
        if above in seen:
            return code
        seen.append(above)
    return seen[-1]


def is_marked(fields: str) -> bool:
    """Tell whether the record of a case, as JSON, says anything of a merge; most say nothing."""
    return '"merged_' in fields


def as_seen(record: Mapping[str, Any], own: str, seen_from: str) -> Mapping[str, Any]:
    """Give a record of the case `own` with every record that it names called as in the case `seen_from`."""
    known = {name: named(str(record[name]), own, seen_from) for name in _NAMES if name in record}
    joined = {"joined": [named(name, own, seen_from) for name in record["joined"]]} if "joined" in record else {}
    return {**record, **known, **joined}


def _case(db: Any, code: str) -> dict[str, Any]:
    row = db.execute("SELECT fields FROM record WHERE code = ? AND kind = 'case'", (code,)).fetchone()
    found: dict[str, Any] = json.loads(row[0]) if row is not None else {}
    return found
