"""Who held an item, from its capture to today, with every gap named.

Events before the archive are what those who handed it in told (`custody.prior`);
from registration on each event is an entry of the ledger. A gap is said, never
filled: what is not known of an item's way is part of what is known of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from archive.checked import recorded_checks
from archive.database import blob
from evidence import custody
from evidence.reason import reason, sentence
from schemas.custody import PREMIS

TAKEN_IN = "accession"
_LATER = (
    "custody.transfer", "custody.accept", "seal.put", "seal.reseal", "consent.set", "erase",
    "reading.add", "record.withdraw", "export",
)  # fmt: skip
_SHOWN = ("to", "outside", "purpose", "place", "sha256", "answer", "what", "reason", "audience", "tool", "version")


def events_of(db: Any, sub: str) -> list[dict[str, Any]]:
    """Give the events of one item in order: those told of the time before, the accession, and each later act.

    `at` is always a time with its bounds; of a later act it is the claim of the one who wrote the entry.
    Raises FormatError, IntegrityError.
    """
    names = operator_names(db)
    row = db.execute("SELECT first, fields, code, id FROM record WHERE sub = ?", (sub,)).fetchone()
    if row is None:
        return []
    first, record, name = row[0], json.loads(row[1]), f"{row[2]}/{row[3]}"
    prior = [(index, json.loads(fields)) for index, fields in _acts(db, sub, ("custody.prior",))]
    events = [_told(index, said) for index, said in prior if said]  # of what was erased, nothing is told any more
    for number, to in custody.otherwise_received(events).items():
        events[number]["what"] = f"it was handed over to {to}"
    at, by = _author(db, first)
    events.append({**_entry(TAKEN_IN, first, at, names.get(by, by)), "premis": PREMIS["record.add"]})
    if "sha256" in record:
        events[-1]["sha256"] = record["sha256"]
    later: list[dict[str, Any]] = []
    for index, t, at, by, fields in db.execute(
        f"SELECT idx, t, at, by, fields FROM act WHERE sub = ? AND t IN ({','.join('?' * len(_LATER))}) ORDER BY idx",
        (sub, *_LATER),
    ):
        said = json.loads(fields)
        later.append({**_entry(t, index, at, names.get(by, by)), **{key: said[key] for key in _SHOWN if key in said}})
    for check in recorded_checks(db):
        if check.index > first and check.covers(name):
            found = check.failed.get(name, "as it was taken in")
            later.append(
                {**_entry("custody.check", check.index, check.at, names.get(check.by, check.by)), "what": found}
            )
    return events + sorted(later, key=lambda event: event["entry"])


def _entry(action: str, index: int, at: str, by: str) -> dict[str, Any]:
    time = {"said": at, "earliest": at, "latest": at, "precision": "second", "basis": "clock"}
    return {"action": action, "premis": PREMIS.get(action), "at": time, "by": by, "entry": index, "told": False}


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
    entry = Entry.parse(index, blob(row[0]))
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
    """Name every gap: `before` is the number of the event (from 0) that it stands before.

    `evidence.custody` says where what was told of the time before the archive breaks off: a standard goes by it too.
    """
    told = [(number, event) for number, event in enumerate(events) if event.get("told")]
    numbers = [number for number, _ in told]
    taken = next((number for number, event in enumerate(events) if event.get("action") == TAKEN_IN), len(events))
    gaps = [
        {"before": [*numbers, taken][gap.before], "what": sentence(gap.what)}
        for gap in custody.gaps([event for _, event in told])
    ]
    if taken < len(events) and not told:
        gaps.append({"before": taken, "what": sentence(reason("gap-before"))})
    waiting: str | None = None
    for number, event in enumerate(events):
        action, by = event.get("action"), str(event.get("by"))
        if action == "custody.transfer":
            waiting = None if event.get("outside") else str(event.get("to", ""))
        elif action == "custody.accept":
            if waiting is None or waiting != by:
                gaps.append({"before": number, "what": sentence(reason("gap-accepted", by=by))})
            waiting = None
    if waiting is not None:
        gaps.append({"before": len(events), "what": sentence(reason("gap-not-accepted", to=waiting))})
    return gaps
