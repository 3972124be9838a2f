"""The view: tables made from entries and disclosures, so that a question needs no replay.

One function makes it, when an act is written and when an audit replays the
ledger; a second way of writing would be a second truth. The view is never
hashed and never trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas import disclosed
from schemas.canonical import encode
from schemas.entry import Entry
from schemas.errors import FormatError
from schemas.extent import occurred

Run = Callable[[str, Sequence[tuple[Any, ...]]], Any]  # one statement over many rows, question-mark parameters

MAKES = ("record.add", "record.link", "key.add")  # of a subject that is new
_RECORD = (
    "INSERT INTO record(first, last, withdrawn, sub, kind, code, id, earliest, latest, lat, lon, fields)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)
_LAST, _WITHDRAWN, _WHEN = 1, 2, slice(7, 12)  # places in it
_EDITED = "UPDATE record SET earliest = ?, latest = ?, lat = ?, lon = ?, fields = ? WHERE sub = ?"
_ACT = "INSERT INTO act(idx, t, sub, at, by, body, fields) VALUES (?,?,?,?,?,?,?)"
_OBJECT = "INSERT INTO object(idx, blake3, sha256, size, sub, role) VALUES (?,?,?,?,?,?)"
_ERASED = (
    "UPDATE record SET code = ?, id = ?, withdrawn = ?, earliest = NULL, latest = NULL, lat = NULL, lon = NULL,"
    " fields = ? WHERE sub = ?"
)
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
        self._erased: dict[str, tuple[Any, ...]] = {}
        self._sealed: list[tuple[Any, ...]] = []

    def add(self, entry: Entry, fields: Mapping[str, Any], text: str | None = None) -> None:
        """Take one entry with the values of its disclosures that still exist.

        `text` is their canonical JSON, where they were looked at as `disclosed.misfit` does.
        Raises FormatError or CanonicalError for values that no record holds; then nothing was taken.
        """
        if entry.t == "commit":
            return
        problem = _misplaced(entry) or (None if text is not None else disclosed.misfit(entry, fields))
        if problem:
            raise FormatError(problem)
        if text is None:
            text = encode(dict(fields), booleans=True).decode()
        if entry.t in MAKES:
            self._make(entry, fields, text)
        elif entry.sub is not None:
            self._touch(entry, fields, text)
        if not entry.t.startswith("record.") or entry.t == "record.withdraw":
            body = encode(dict(entry.body)).decode() if entry.body else "{}"
            self._acts.append((entry.index, entry.t, entry.sub, entry.at, entry.by, body, text))
        if "blake3" in fields and entry.t != "record.edit":
            role = entry.body.get("role") or _ROLES.get(entry.t, "file")
            self._objects.append(
                (entry.index, fields["blake3"], fields["sha256"], fields["size"], entry.sub, role)
            )
        if entry.t == "seal.reseal":  # the older ciphertext is removed with it
            self._sealed.append((entry.sub, entry.index))

    def _make(self, entry: Entry, fields: Mapping[str, Any], text: str) -> None:
        kind = str(entry.body.get("kind", "key"))
        code = fields.get("code" if kind == "case" else "case")
        name = fields.get("code") if kind == "case" else fields.get("name" if kind == "key" else "id")
        when = _when_and_where(kind, fields)
        self._records[entry.sub or ""] = [entry.index, entry.index, None, entry.sub, kind, code, name, *when, text]

    def _touch(self, entry: Entry, fields: Mapping[str, Any], text: str) -> None:
        sub = entry.sub or ""
        new = self._records.get(sub)
        if entry.t == "erase":  # what is left of the record is its name, as the order tells it
            self._last[sub] = entry.index
            named = {key: fields[key] for key in ("case", "id", "kind", "joined") if key in fields}
            text = encode({**named, "erased": entry.index}).decode()
            self._erased[sub] = (named.get("case"), named.get("id"), entry.index, text, sub)
            return
        if entry.t == "record.edit":
            text = encode({k: v for k, v in fields.items() if k != "reason"}, booleans=True).decode()
            edited = (*_when_and_where(str(entry.body.get("kind")), fields), text)
        if new is not None:
            new[_LAST] = entry.index
            if entry.t == "record.edit":
                new[_WHEN] = edited
            elif entry.t == "record.withdraw":
                new[_WITHDRAWN] = entry.index
            return
        self._last[sub] = entry.index
        if entry.t == "record.edit":
            self._edits[sub] = (*edited, sub)
        elif entry.t == "record.withdraw":
            self._withdrawn[sub] = entry.index

    def flush(self) -> None:
        """Write what was gathered, in an order in which every row finds what it needs."""
        for statement, rows in (
            (_RECORD, [tuple(row) for row in self._records.values()]),
            ("UPDATE record SET last = ? WHERE sub = ?", [(last, sub) for sub, last in self._last.items()]),
            (_EDITED, list(self._edits.values())),
            ("UPDATE record SET withdrawn = ? WHERE sub = ?", [(i, sub) for sub, i in self._withdrawn.items()]),
            (_ERASED, list(self._erased.values())),
            (_ACT, self._acts),
            (_OBJECT, self._objects),
            ("DELETE FROM object WHERE sub = ? AND role = 'sealed' AND idx < ?", self._sealed),
        ):
            if rows:
                self._run(statement, rows)
        self._clear()


def _when_and_where(kind: str, fields: Mapping[str, Any]) -> tuple[float | int | None, ...]:
    """Give what a search by time and place needs of a case; of other records nothing."""
    if kind != "case":
        return None, None, None, None
    earliest, latest, place = occurred(fields)
    return earliest, latest, *(place or (None, None))


def _misplaced(entry: Entry) -> str | None:
    """Give why no row can be made of an entry about its subject, or None."""
    if entry.t in MAKES and (entry.sub is None or entry.prev is not None):
        return "a record is made of no subject, or of one that has entries already"
    if entry.t.startswith("record.") and entry.sub is None:
        return "a record has no subject"
    return None
