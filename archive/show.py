"""Showing what the archive holds: the list of cases, one case, one item, one item's custody.

Reads the view and nothing else; what the view says is believed here, and an
audit is what compares it with the ledger. Documents: `sijill-case-list/1`,
`sijill-case/1`, `sijill-item/1`, `sijill-custody/1`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

from archive.custody import events_of, gaps_in
from archive.database import blob
from archive.merged import family, is_marked, weighed_as
from schemas.case import named
from schemas.errors import InputError, NotFound
from schemas.fields import nest
from schemas.text import nearest, visible

ITEM_READINGS = "SELECT idx, fields FROM act WHERE sub = ? AND t = 'reading.add' ORDER BY idx DESC LIMIT 1"
OBJECTS_OF = (  # of a record: they lie between its first entry and its last
    "SELECT idx, blake3, sha256, size, role FROM object WHERE idx BETWEEN ? AND ? AND sub = ? ORDER BY idx"
)
_ITEMS = "SELECT count(*) FROM record WHERE code = ? AND kind = 'item' AND withdrawn IS NULL"
_ASSESSED = "SELECT fields FROM act WHERE sub = ? AND t = 'assessment.add' ORDER BY idx DESC LIMIT 1"
KINDS_OF_CASE = (("sources", "source"), ("items", "item"), ("links", "link"), ("relations", "relation"))


@dataclass(frozen=True, slots=True)
class Kept:
    """One registered record as the view has it: its subject, its fields, and where it stands in the ledger."""

    sub: str
    kind: str
    code: str
    id: str
    first: int
    last: int
    withdrawn: int | None
    fields: dict[str, Any]
    seen_from: str = ""  # the case that takes it in, where that is not its own

    @property
    def label(self) -> str:
        """Give its id as the case calls it in which it is looked at: `ID`, or `CODE/ID` where it is of another."""
        return named(str(self.id), self.code, self.seen_from or self.code)

    def names(self, field: str) -> str | None:
        """Give the label of the record that a field of this one names, None where it names none."""
        value = self.fields.get(field)
        return None if value is None else named(str(value), self.code, self.seen_from or self.code)

    @property
    def name(self) -> str:
        """Give what people call it: `CODE/ID`, or `CODE` for a case."""
        return self.code if self.kind == "case" else f"{self.code}/{self.id}"

    def document(self) -> dict[str, Any]:
        """Give the record for JSON: groups nested, degrees as numbers, `id` as people say it."""
        own = nest({key: value for key, value in self.fields.items() if key not in ("id", "case")})
        own |= {key: self.names(key) for key in ("item", "of", "source", "part_of") if key in own}
        head: dict[str, Any] = {} if self.kind == "case" else {"id": self.name}
        tail = {"withdrawn": self.withdrawn is not None, "entries": {"first": self.first, "last": self.last}}
        return {**head, **own, **tail}


_COLUMNS = "sub, kind, code, id, first, last, withdrawn, fields"


def _kept(row: Any, seen_from: str = "") -> Kept:
    sub, kind, code, name, first, last, withdrawn, fields = row
    own = {intern(key): value for key, value in json.loads(fields).items()}  # few names, on thousands of records
    return Kept(sub, intern(kind), intern(code), name, first, last, withdrawn, own, seen_from)


def case_list(db: Any) -> dict[str, Any]:
    """Give the `sijill-case-list/1` document: every case with its items counted and its last recorded grade."""
    return {"format": "sijill-case-list/1", "cases": list(each_case(db))}


def each_case(db: Any) -> Iterator[dict[str, Any]]:
    """Give the members of `cases` one after another, in the order of registration; none is kept."""
    firsts = db.execute("SELECT first FROM record INDEXED BY record_when WHERE kind = 'case' ORDER BY first")
    for key in firsts:  # the index answers alone: other records are not gone through
        row = db.execute(f"SELECT {_COLUMNS} FROM record WHERE first = ?", key).fetchone()
        case = _kept(row)
        record = nest(case.fields)
        marked = is_marked(row[-1])
        into = weighed_as(db, case.code) if marked else case.code
        taken = family(db, case.code) if marked else [case.code]
        yield {
            "code": case.code, "title": record.get("title"), "exercise": bool(record.get("exercise")),
            "items": sum(db.execute(_ITEMS, (code,)).fetchone()[0] for code in taken),
            "grade": _grade(db, case.sub) if into == case.code else None,
            "withdrawn": case.withdrawn is not None,
            **({"merged_into": into} if into != case.code else {}),
            **({"merged_from": taken[1:]} if taken[1:] else {}),
        }  # fmt: skip


def _grade(db: Any, sub: str) -> str | None:
    """Give what the last recorded assessment of a case says: meets, below or a grade's name."""
    row = db.execute(_ASSESSED, (sub,)).fetchone()
    if row is None:
        return None
    said = json.loads(row[0])
    meets = said.get("meets")
    return said.get("grade") or (None if meets is None else "meets" if meets is True else "below")


def case_document(db: Any, code: str) -> dict[str, Any]:
    """Give the `sijill-case/1` document of a case with everything it holds or takes in. Raises NotFound."""
    case = find_case(db, code)
    document: dict[str, Any] = {"format": "sijill-case/1", **case.document()}
    into = weighed_as(db, code)
    document["grade"] = _grade(db, case.sub) if into == code else None
    document |= {"weighed_with": into} if into != code else {}
    records = list(gathered(db, code))
    for plural, kind in KINDS_OF_CASE:
        document[plural] = [
            record.document() for record in records
            if record.kind == kind and (kind == "item" or "erased" not in record.fields)
        ]  # fmt: skip
    document["erased"] = [
        {"id": record.name, "order": record.fields["erased"]} for record in records if "erased" in record.fields
    ]
    return document


def item_document(db: Any, name: str) -> dict[str, Any]:
    """Give the `sijill-item/1` document: the record, its reading, links, custody and objects.

    Raises InputError, NotFound.
    """
    item = find_item(db, name)
    root = weighed_as(db, item.code)
    others = [replace(one, seen_from=item.code) for one in gathered(db, root, "source", "link", "relation")]
    source = next((o for o in others if o.kind == "source" and o.label == item.fields.get("source")), None)
    events = events_of(db, item.sub)
    return {
        "format": "sijill-item/1",
        "case": item.code,
        **({"weighed_with": root} if root != item.code else {}),
        **item.document(),
        "source_record": source.document() if source else None,
        "reading": reading_of(db, item.sub),
        "links": [o.document() for o in others if o.kind == "link" and o.names("item") == item.id],
        "relations": [
            o.document() for o in others if o.kind == "relation" and item.id in (o.names("item"), o.names("of"))
        ],
        "custody": events,
        "custody_gaps": gaps_in(events),
        "objects": [
            {"role": role, "blake3": blake3, "sha256": sha256, "size": size, "entry": index}
            for index, blake3, sha256, size, role in db.execute(OBJECTS_OF, (item.first, item.last, item.sub))
        ],
    }


def reading_of(db: Any, sub: str) -> dict[str, Any] | None:
    """Give the newest reading of an item: tool, version, facts, warnings; None where nothing was read."""
    row = db.execute(ITEM_READINGS, (sub,)).fetchone()
    if row is None:
        return None
    fields = json.loads(row[1])
    own = {key: fields.pop(key, None) for key in ("tool", "version", "network")}
    warnings = fields.pop("warnings", [])
    facts = {key.removeprefix("facts."): value for key, value in fields.items()}
    if any(key.startswith("facts.") for key in fields) or not facts:
        from evidence.imagery import facts_for_people

        return {**own, "facts": facts_for_people(facts), "warnings": warnings, "entry": row[0]}
    facts.pop("rows_salt", None)
    return {**own, "facts": facts, "warnings": warnings, "entry": row[0]}


def custody_document(db: Any, name: str) -> dict[str, Any]:
    """Give the `sijill-custody/1` document: every event from capture to today, gaps named.

    Raises InputError, NotFound.
    """
    item = find_item(db, name)
    events = events_of(db, item.sub)
    gaps = gaps_in(events)
    return {"format": "sijill-custody/1", "id": item.name, "unbroken": not gaps, "events": events, "gaps": gaps}


def gathered(db: Any, code: str, *kinds: str) -> Iterator[Kept]:
    """Give the records of a case and of all that it takes in, case by case, as the case calls them.

    All but the cases, or those of some `kinds`.
    """
    for one in family(db, code):
        yield from records_of(db, one, *kinds, seen_from=code)


def records_of(db: Any, code: str, *kinds: str, seen_from: str = "") -> Iterator[Kept]:
    """Give every record registered under a case but the case, or those of some kinds, in the order of registration."""
    wanted = kinds or ("source", "item", "link", "relation")
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM record WHERE code = ? AND kind IN ({','.join('?' * len(wanted))}) ORDER BY first",
        (code, *wanted),
    )
    for row in rows:
        yield _kept(row, seen_from)


def find_standing(db: Any, code: str) -> Kept:
    """Give a case that is weighed on its own. Raises NotFound, or InputError saying into which case it was merged."""
    case = find_case(db, code)
    into = weighed_as(db, code)
    if into != code:
        raise InputError(
            f"the case {visible(code)} was merged into {visible(into)} and is weighed there",
            code="merged", where=code, hint=f"say {visible(into)} instead; `sijill case show {visible(code)}` says why",
        )  # fmt: skip
    return case


def find_case(db: Any, code: str) -> Kept:
    """Give the case of that code. Raises NotFound, naming the nearest."""
    row = db.execute(f"SELECT {_COLUMNS} FROM record WHERE code = ? AND kind = 'case'", (code,)).fetchone()
    if row is None:
        known = [found for (found,) in db.execute("SELECT code FROM record WHERE kind = 'case'")]
        raise _missing("case", code, nearest(code, known), "`sijill case list` names the cases")
    return _kept(row)


def find_item(db: Any, name: str) -> Kept:
    """Give the item `CODE/ID`; a bare ID does where one case alone has it. Raises NotFound or InputError."""
    code, slash, short = name.rpartition("/")
    if slash:
        where, values = "code = ? AND id = ?", [code, short]
    else:
        where, values = "id = ?", [name]
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM record WHERE kind = 'item' AND {where} ORDER BY first", values
    ).fetchall()
    if len(rows) > 1:
        raise InputError(
            f"{visible(name)} is an item of {len(rows)} cases", where=name, hint="say which: CODE/ID", code="ambiguous"
        )
    if not rows:
        known = [f"{c}/{i}" for c, i in db.execute("SELECT code, id FROM record WHERE kind = 'item' LIMIT 5000")]
        raise _missing("item", name, nearest(name, known), "`sijill case show CODE` names the items")
    return _kept(rows[0])


def find_source(db: Any, name: str) -> Kept:
    """Give the source `CODE/ID`. Raises InputError, NotFound."""
    return find_record(db, name, ("source",))


def find_record(db: Any, name: str, kinds: Sequence[str] = ("item", "source", "link", "relation")) -> Kept:
    """Give the record `CODE/ID` of one of these kinds. Raises NotFound, naming the nearest, or InputError."""
    code, _, short = name.rpartition("/")
    marks = ",".join("?" * len(kinds))
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM record WHERE code = ? AND id = ? AND kind IN ({marks}) ORDER BY first",
        (code, short, *kinds),
    ).fetchall()
    if not rows:
        known = db.execute(f"SELECT code || '/' || id FROM record WHERE kind IN ({marks}) LIMIT 5000", kinds).fetchall()
        near = nearest(name, [str(found) for (found,) in known])
        raise _missing(" or ".join(kinds), name, near, "`sijill case show CODE` names what a case has")
    if len(rows) > 1:
        said = " and ".join(sorted({str(row[1]) for row in rows}))
        raise InputError(f"{visible(name)} is both {said}", where=name, hint="give the records names of their own")
    return _kept(rows[0])


def newest_record_entry(db: Any, name: str) -> int:
    """Give the index of the newest record entry of a case, an item, else of what else has that name in the case.

    Raises InputError, IntegrityError, NotFound.
    """
    known = db.execute("SELECT 1 FROM record WHERE kind = 'case' AND code = ?", (name,)).fetchone()
    try:
        kept = find_case(db, name) if known else find_item(db, name)
    except NotFound:
        if "/" not in name:
            raise
        kept = find_record(db, name)
    for index in _chain(db, kept):
        return index
    raise NotFound("the ledger has no record entry of it", where=name, hint="run `sijill audit`")


def _chain(db: Any, kept: Kept) -> Iterator[int]:
    """Follow the entries of a record from its newest back, giving those that are of its records."""
    from schemas.entry import Entry

    index: int | None = kept.last
    while index is not None:
        row = db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
        if row is None:
            return
        entry = Entry.parse(index, blob(row[0]))
        if entry.t.startswith("record."):
            yield index
        index = entry.prev


def _missing(what: str, name: str, near: str | None, hint: str) -> NotFound:
    told = f"; did you mean {visible(near)}?" if near else ""
    return NotFound(f"there is no {what} {visible(name)} in this archive{told}", where=name, hint=hint)
