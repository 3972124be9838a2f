"""Chains: what the entries about one subject must say of each other.

Each names the one before it; a record is made once, before it is changed, and
as what it is changed as; a registrar makes the first seal of a subject and no
other; what is handed over is accepted by another person, in a later act. Read
from the scratch database of a replay, one subject after another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schemas.entry import Entry

if TYPE_CHECKING:
    from archive.replay import Replay

_SEALS = "seals"
_HANDS, _TAKES = "hands over by ", "takes by "


def does(entry: Entry) -> str:
    """Give what an entry does to a record: `makes KIND`, the kind that it changes, `seals`, or nothing."""
    return _does(entry.t, str(entry.body.get("kind", "")), entry.by)


@lru_cache(maxsize=4096)
def _does(t: str, kind: str, by: str) -> str:
    if t.startswith("seal."):
        return _SEALS
    if t in ("custody.transfer", "custody.accept"):
        return (_HANDS if t == "custody.transfer" else _TAKES) + by
    if not t.startswith("record."):
        return ""
    return f"makes {kind}" if t in ("record.add", "record.link") else kind


def check_chains(replay: Replay) -> None:
    """Hold each subject's entries against each other: every one names the one before, and changes what was made."""
    sub, was, made, sealed, giver = None, None, "", False, (-1, "")
    rows = replay.scratch.execute(
        "SELECT c.sub, c.idx, c.prev, c.does, l.idx FROM chain c LEFT JOIN lent l ON l.idx = c.idx"
        " ORDER BY c.sub, c.idx"
    )
    for now, index, prev, did, lent in rows:
        if now != sub:
            sub, was, made, sealed, giver = now, None, "", False, (-1, "")
        if prev != was:
            replay.report("chain", f"entry {index}", f"it names entry {prev} as the one before it; it is {was}")
        if sealed and lent is not None:
            replay.report("role", f"entry {index}", "a registrar may make the first seal, not another")
        sealed = sealed or did == _SEALS
        if did.startswith("makes "):
            made = did[6:]
        elif did.startswith(_HANDS):
            giver = index, did.removeprefix(_HANDS)
        elif did.startswith(_TAKES):
            _check_taking(replay, index, giver, did.removeprefix(_TAKES))
            giver = -1, ""
        elif did not in ("", _SEALS) and made != did:
            replay.report("chain", f"entry {index}", f"it changes a record ({did}) that was never made")
        was = index


def _check_taking(replay: Replay, index: int, giver: tuple[int, str], taker: str) -> None:
    """Hold an acceptance against the transfer before it: an act of its own, by another person's key."""
    handed, by = giver
    persons = [key.person if (key := replay.registry.keys.get(name)) else name for name in (by, taker)]
    between = "SELECT 1 FROM made WHERE idx BETWEEN ? AND ?"
    if handed < 0:
        replay.report("chain", f"entry {index}", "it accepts what was not handed over")
    elif persons[0] == persons[1] or not replay.scratch.execute(between, (handed, index)).fetchone():
        what = "what was handed over is accepted by the same person, or in the same act"
        replay.report("role", f"entry {index}", what)
