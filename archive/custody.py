"""Who held an item, from its capture to today, with every gap named.

Events before the archive are what those who handed it in told (`custody.prior`);
from registration on each event is an entry of the ledger. A gap is said, never
filled: what is not known of an item's way is part of what is known of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.custody import PREMIS

TAKEN_IN = "accession"
_LATER = (
    "custody.transfer", "custody.accept", "custody.check", "seal.put", "seal.reseal", "consent.set", "erase",
    "reading.add", "record.withdraw", "export",
)  # fmt: skip
_SHOWN = ("to", "purpose", "place", "sha256", "answer", "what", "reason", "audience", "tool", "version")


def events_of(db: Any, sub: str) -> list[dict[str, Any]]:
    """Give the events of one item in order: those told of the time before, the accession, and each later act."""
    names = operator_names(db)
    events = [_told(index, json.loads(fields)) for index, fields in _acts(db, sub, ("custody.prior",))]
    row = db.execute("SELECT first, fields FROM record WHERE sub = ?", (sub,)).fetchone()
    if row is not None:
        at, by = _author(db, row[0])
        events.append(
            {
                "action": TAKEN_IN, "premis": PREMIS["record.add"], "at": at, "by": names.get(by, by), "entry": row[0],
                "sha256": json.loads(row[1]).get("sha256"), "told": False,
            }
        )  # fmt: skip
    for index, t, at, by, fields in db.execute(
        f"SELECT idx, t, at, by, fields FROM act WHERE sub = ? AND t IN ({','.join('?' * len(_LATER))}) ORDER BY idx",
        (sub, *_LATER),
    ):
        said = json.loads(fields)
        event = {"action": t, "premis": PREMIS.get(t), "at": at, "by": names.get(by, by), "entry": index, "told": False}
        events.append({**event, **{key: said[key] for key in _SHOWN if key in said}})
    return events


def _told(index: int, event: Mapping[str, Any]) -> dict[str, Any]:
    action = str(event.get("action"))
    return {**event, "premis": PREMIS.get(action), "entry": index, "told": True}


def _acts(db: Any, sub: str, types: Sequence[str]) -> Sequence[tuple[int, str]]:
    marks = ",".join("?" * len(types))
    rows = db.execute(f"SELECT idx, fields FROM act WHERE sub = ? AND t IN ({marks}) ORDER BY idx", (sub, *types))
    return list(rows.fetchall())


def _author(db: Any, index: int) -> tuple[str, str]:
    """Give when and by which key an entry was written; records keep neither, the entry does."""
    from schemas.entry import Entry

    row = db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
    entry = Entry.parse(index, bytes(row[0]))
    return entry.at, entry.by


def operator_names(db: Any) -> dict[str, str]:
    """Give the names of operators by the fingerprint of their keys."""
    from archive.registry import registry_of

    names = {}
    known = dict(db.execute("SELECT sub, id FROM record WHERE kind = 'key'").fetchall())
    for fingerprint, key in registry_of(db).keys.items():
        if known.get(key.sub):
            names[fingerprint] = str(known[key.sub])
    return names


def gaps_in(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Name every gap: `before` is the number of the event (from 0) that it stands before."""
    gaps: list[dict[str, Any]] = []

    def gap(number: int, what: str) -> None:
        gaps.append({"before": number, "what": what})

    holder: str | None = None
    started = False
    waiting: str | None = None
    for number, event in enumerate(events):
        action, by = event.get("action"), str(event.get("by"))
        if action == TAKEN_IN:
            if not started:
                gap(number, "nothing was told of its way before the archive")
            started = True
        elif event.get("told"):
            if not started and action not in ("capture", "receive"):
                gap(number, "what was told does not begin with a capture or a receipt")
            holder = _next_holder(number, event, holder, started, gap)
            started = True
        elif action == "custody.transfer":
            waiting = str(event.get("to", ""))
        elif action == "custody.accept":
            if waiting is None or waiting != by:
                gap(number, f"accepted by {by}, to whom it was not handed over")
            waiting = None
    if waiting is not None:
        gap(len(events), f"handed over to {waiting} and not accepted yet")
    return gaps


def _next_holder(number: int, event: Mapping[str, Any], holder: str | None, started: bool, gap: Any) -> str | None:
    """Give who holds the item after a told event, naming a gap where it came from somebody else."""
    action, by, to = event.get("action"), str(event.get("by")), event.get("to")
    if action == "capture":
        return by
    if action == "receive":
        if started and holder is not None and holder != by:
            gap(number, f"received by {by}; the last known to hold it was {holder}")
        return by
    if action == "transfer":
        if holder is not None and holder != by:
            gap(number, f"handed over by {by}; the last known to hold it was {holder}")
        return None if to is None else str(to)
    return holder
