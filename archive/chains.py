"""Chains: what the entries about one subject must say of each other.

Each names the one before it; a record is made once, before it is changed, and
as what it is changed as; a registrar makes the first seal of a subject and no
other; what is handed over is accepted by the person it was handed to, in a
later act; and an act is about a record of a kind that may have it. Read
from the scratch database of a replay, one subject after another.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from schemas.entry import ABOUT, Entry

if TYPE_CHECKING:
    from archive.replay import Replay

_SEALS = "seals"
_ON = "on "
_HANDS, _TAKES = "hands over by ", "takes by "


def does(entry: Entry) -> str:
    """Give what an entry does to a record: `makes KIND`, the kind that it changes, `seals`, `on KIND…`, or nothing."""
    return doing(entry.t, str(entry.body.get("kind", "")), entry.by)


@lru_cache(maxsize=4096)
def doing(t: str, kind: str, by: str) -> str:
    """Give what `does` gives, of an entry's type, the kind in its body (or nothing) and its key."""
    if t.startswith("seal."):
        return _SEALS
    if t in ("custody.transfer", "custody.accept"):
        return (_HANDS if t == "custody.transfer" else _TAKES) + by
    if t == "key.add":
        return "makes key"
    if not t.startswith("record."):
        return _ON + " ".join(ABOUT[t]) if t in ABOUT else ""
    return f"makes {kind}" if t in ("record.add", "record.link") else kind


def check_chains(replay: Replay) -> None:
    """Hold each subject's entries against each other: every one names the one before, and changes what was made."""
    sub, was, made, sealed, giver = None, None, "", False, (-1, "")
    operators = Operators(replay)
    lent = "SELECT 1 FROM lent WHERE idx = ?"
    for now, index, prev, did in replay.scratch.execute("SELECT sub, idx, prev, does FROM chain ORDER BY sub, idx"):
        if now != sub:
            sub, was, made, sealed, giver = now, None, "", False, (-1, "")
        if prev != was:
            replay.report("chain", f"entry {index}", f"it names entry {prev} as the one before it; it is {was}")
        if sealed and replay.scratch.execute(lent, (index,)).fetchone() is not None:
            replay.report("role", f"entry {index}", "a registrar may make the first seal, not another")
        sealed = sealed or did == _SEALS
        if did.startswith("makes "):
            made = did[6:]
        elif (needed := _needed(did)) is not None:
            if made not in needed:
                replay.report("chain", f"entry {index}", f"it is about no {' or '.join(needed)} that was ever recorded")
            if did.startswith(_HANDS):
                giver = index, did.removeprefix(_HANDS)
                operators.check_handing(index)
            elif did.startswith(_TAKES):
                _check_taking(replay, index, giver, did.removeprefix(_TAKES))
                operators.check_taking(index, *giver[:1], did.removeprefix(_TAKES))
                giver = -1, ""
        elif did and made != did:
            replay.report("chain", f"entry {index}", f"it changes a record ({did}) that was never made")
        was = index


@lru_cache(maxsize=4096)
def _needed(did: str) -> tuple[str, ...] | None:
    """Give the kinds of record that an act may be about; None for what makes or changes a record, or is about none."""
    if did == _SEALS:
        return ("source",)
    if did.startswith((_HANDS, _TAKES)):
        return ("item",)
    return tuple(did.removeprefix(_ON).split()) if did.startswith(_ON) else None


class Operators:
    """Who is meant by the name to which something is handed over, where names were disclosed and not erased."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._persons: dict[str, list[tuple[int, str]]] = {}  # name -> from which entry, which person
        self._all_named = replay.project
        persons = {key.sub: key.person for key in replay.registry.keys.values()}
        for sub, name, first in replay.scratch.execute("SELECT sub, id, first FROM record WHERE kind = 'key'"):
            self._all_named &= name is not None
            if name is not None and sub in persons:
                self._persons.setdefault(name, []).append((first, persons[sub]))

    def _receiver(self, handed: int) -> tuple[str | None, bool]:
        """Give to whom an item was handed over, None where that is not disclosed, and whether they are outside."""
        row = self._replay.scratch.execute("SELECT fields FROM act WHERE idx = ?", (handed,)).fetchone()
        fields = json.loads(row[0]) if row else {}
        return fields.get("to"), fields.get("outside") is True

    def check_handing(self, index: int) -> None:
        """What stays in the archive is handed over to somebody who was an operator then."""
        to, outside = self._receiver(index)
        if to is None or outside or not self._all_named:
            return
        if not any(first < index for first, _ in self._persons.get(to, ())):
            self._replay.report("role", f"entry {index}", "it hands over to somebody who is no operator")

    def check_taking(self, index: int, handed: int, by: str) -> None:
        """What was handed over is accepted by the person it was handed to."""
        to, outside = self._receiver(handed)
        key = self._replay.registry.keys.get(by)
        if outside:
            self._replay.report("role", f"entry {index}", "it accepts what was handed to somebody outside")
        elif to is None or not self._all_named or key is None:
            return
        elif key.person not in [person for _, person in self._persons.get(to, ())]:
            self._replay.report("role", f"entry {index}", "it accepts what was handed over to another")


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
