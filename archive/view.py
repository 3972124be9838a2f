"""The view: tables made from entries and disclosures, so that a question needs no replay.

One function makes it, when an act is written and when an audit replays the
ledger; a second way of writing would be a second truth. The view is never
hashed and never trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from schemas.canonical import encode
from schemas.entry import Entry

Run = Callable[[str, Sequence[tuple[Any, ...]]], Any]  # one statement over many rows, question-mark parameters

_MAKES = ("record.add", "record.link", "key.add")
_RECORD = "INSERT INTO record(sub, kind, code, id, first, last, withdrawn, fields) VALUES (?,?,?,?,?,?,?,?)"
_ACT = "INSERT INTO act(idx, t, sub, at, by, body, fields) VALUES (?,?,?,?,?,?,?)"
_OBJECT = "INSERT INTO object(idx, blake3, sha256, size, sub, role) VALUES (?,?,?,?,?,?)"
_ROLES = {"record.add": "file", "seal.put": "sealed", "seal.reseal": "sealed"}


class Projection:
    """Rows gathered from entries in order; `flush` writes them and forgets them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._clear()

    def _clear(self) -> None:
        self._records: dict[str, list[Any]] = {}
        self._acts: list[tuple[Any, ...]] = []
        self._objects: list[tuple[Any, ...]] = []
        self._last: dict[str, int] = {}
        self._edits: dict[str, tuple[Any, ...]] = {}
        self._withdrawn: dict[str, int] = {}

    def add(self, entry: Entry, fields: Mapping[str, Any]) -> None:
        """Take one entry with the values of its disclosures that still exist."""
        text = encode(dict(fields), booleans=True).decode()
        if entry.t == "commit":
            return
        if entry.t in _MAKES:
            self._make(entry, fields, text)
        elif entry.sub is not None:
            self._touch(entry, fields, text)
        if not entry.t.startswith("record.") or entry.t == "record.withdraw":
            body = encode(dict(entry.body)).decode()
            self._acts.append((entry.index, entry.t, entry.sub, entry.at, entry.by, body, text))
        if "blake3" in fields and entry.t != "record.edit":
            role = entry.body.get("role") or _ROLES.get(entry.t, "file")
            self._objects.append(
                (entry.index, fields["blake3"], fields["sha256"], fields["size"], entry.sub, role)
            )

    def _make(self, entry: Entry, fields: Mapping[str, Any], text: str) -> None:
        kind = str(entry.body.get("kind", "key"))
        code = fields.get("code" if kind == "case" else "case")
        name = fields.get("code") if kind == "case" else fields.get("name" if kind == "key" else "id")
        self._records[entry.sub or ""] = [entry.sub, kind, code, name, entry.index, entry.index, None, text]

    def _touch(self, entry: Entry, fields: Mapping[str, Any], text: str) -> None:
        sub = entry.sub or ""
        new = self._records.get(sub)
        if entry.t == "record.edit":
            text = encode({k: v for k, v in fields.items() if k != "reason"}, booleans=True).decode()
        if new is not None:
            new[5] = entry.index
            if entry.t == "record.edit":
                new[7] = text
            elif entry.t == "record.withdraw":
                new[6] = entry.index
            return
        self._last[sub] = entry.index
        if entry.t == "record.edit":
            self._edits[sub] = (text, sub)
        elif entry.t == "record.withdraw":
            self._withdrawn[sub] = entry.index

    def flush(self) -> None:
        """Write what was gathered, in an order in which every row finds what it needs."""
        for statement, rows in (
            (_RECORD, [tuple(row) for row in self._records.values()]),
            ("UPDATE record SET last = ? WHERE sub = ?", [(last, sub) for sub, last in self._last.items()]),
            ("UPDATE record SET fields = ? WHERE sub = ?", list(self._edits.values())),
            ("UPDATE record SET withdrawn = ? WHERE sub = ?", [(i, sub) for sub, i in self._withdrawn.items()]),
            (_ACT, self._acts),
            (_OBJECT, self._objects),
        ):
            if rows:
                self._run(statement, rows)
        self._clear()


def project(run: Run, entries: Iterable[tuple[Entry, Mapping[str, Any]]], *, batch: int = 10_000) -> None:
    """Write the view of `entries`, in order, in batches, with flat memory."""
    projection = Projection(run)
    for number, (entry, fields) in enumerate(entries, 1):
        projection.add(entry, fields)
        if number % batch == 0:
            projection.flush()
    projection.flush()
