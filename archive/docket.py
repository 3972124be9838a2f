"""The dockets of the archive: each case as the view has it, put together as the evaluator is given it.

Reads rows of the view, a stretch of codes at a time, so that memory does not
grow with the number of cases. Weighs nothing and writes nothing; what comes out
is the `Case` of `evidence.docket`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from archive.checked import Check, last_word, recorded_checks
from archive.flights import Logs
from archive.merged import as_seen, family, is_marked, weighed_as
from archive.stretches import Stretch, stretches
from archive.waiver import in_force
from evidence.docket import FACTS, Case, Item, Link, Relation, Sighting
from schemas.case import named

_RECORDS = (
    "SELECT code, kind, id, sub, first, last, withdrawn, fields FROM record WHERE code BETWEEN ? AND ? ORDER BY code"
)
_BORE = ("custody.prior", "consent.set", "erase", "waiver.set", "reading.add")  # acts that bear on a result
_ACTS = "SELECT sub, t, fields FROM act WHERE {} AND +t IN ('" + "','".join(_BORE) + "') ORDER BY idx"
_ACTS_BETWEEN, _ACTS_OF = _ACTS.format("idx BETWEEN ? AND ?"), _ACTS.format("sub = ?")
_NEAR = 64  # entries between two of a case that are read over
_FACTS = {f"facts.{name}": name for name in FACTS}
_NOTHING: frozenset[str] = frozenset()
_CODE, _FIRST = itemgetter(0), itemgetter(4)  # of a row: its case, the entry that registered it
Act = tuple[str, str]  # its type, and its fields as JSON: read when its record is


def cases(
    db: Any, codes: Sequence[str] = (), *, standard: str | None = None, logs: Logs | None = None
) -> Iterator[tuple[str, Case]]:
    """Give each case's subject and the case as it is weighed: those named, in that order, else all by code.

    Waivers are those of the `standard` (its id; None is any) that count today.
    """
    checks, logs = recorded_checks(db), logs if logs is not None else Logs(db)
    for stretch in stretches(db, codes):
        yield from read_stretch(db, stretch, checks, logs, standard)


def read_stretch(
    db: Any, ends: Stretch, checks: Sequence[Check], logs: Logs, standard: str | None
) -> Iterator[tuple[str, Case]]:
    """Give the cases of a stretch as `cases` does."""
    for code, own in groupby(db.execute(_RECORDS, ends), key=_CODE):
        rows: dict[str, list[Any]] = defaultdict(list)  # by kind
        for row in own:
            rows[row[1]].append(row)
        merged: list[Mapping[str, Any]] = []
        if any(is_marked(row[-1]) for row in rows["case"]):
            if weighed_as(db, code) != code:
                continue  # weighed with the case that takes it in
            merged = _take_in(db, code, rows)
        for some in rows.values():
            some.sort(key=_FIRST)
        case = _case(db, code, rows, checks, logs, standard)
        if case is not None:
            case[1].merged = merged
            yield case


def _take_in(db: Any, code: str, rows: Mapping[str, list[Any]]) -> list[Mapping[str, Any]]:
    """Add the rows of all that a case takes in, as the case itself has them, and give the records of those cases."""
    merged = []
    for other in family(db, code)[1:]:
        for own, kind, name, *rest, fields in db.execute(_RECORDS, (other, other)):
            record = orjson.loads(fields)
            if kind == "case":
                merged.append(record)
            else:
                seen = orjson.dumps(as_seen(record, own, code))
                rows[kind].append((code, kind, named(name, own, code), *rest, seen))
    return merged


def _case(
    db: Any, code: str, rows: Mapping[str, Sequence[Any]], checks: Sequence[Check], logs: Logs, standard: str | None
) -> tuple[str, Case] | None:
    """Put a case together of its rows, by kind, in the order of registration."""
    heads = [(row[3], head) for row in rows["case"] if "erased" not in (head := orjson.loads(row[-1]))]
    if not heads:
        return None
    sub, record = heads[0]
    acts = _acts(db, sorted([*rows["case"], *rows["item"]], key=_FIRST))
    waived = [(t, orjson.loads(fields)) for t, fields in acts.get(sub, ())]
    facts: dict[str, Mapping[str, Any]] = {}
    items = [_item(code, row, acts.pop(row[3], ()), checks, facts) for row in rows["item"]]
    relations = [(row, told) for row in rows["relation"] if "erased" not in (told := orjson.loads(row[-1]))]
    heard = any(item.record.get("message_type") == "release" for item in items)
    return sub, Case(
        record=record,
        items=items,
        sources={row[2]: orjson.loads(row[-1]) for row in rows["source"]},
        links=[_link(row, told) for row in rows["link"] if "erased" not in (told := orjson.loads(row[-1]))],
        relations=[_relation(row, told) for row, told in relations if row[6] is None],
        undone=[_relation(row, told) for row, told in relations if row[6] is not None],
        flights=logs.asked_of(record),
        waivers=in_force(waived, standard, datetime.now(UTC).date()),
        facts=facts,
        sightings=_sightings(logs, rows) if heard else (),
    )


def _acts(db: Any, rows: Sequence[Any]) -> dict[str, list[Act]]:
    """Give the acts about each subject of these rows, oldest first; they lie between its first entry and its last.

    Most were registered together, and are read together; what was done long after is looked up by its subject.
    """
    acts: dict[str, list[Act]] = {}
    later: list[str] = []
    spans: list[list[int]] = []
    for row in rows:
        first, last = row[4], row[5]
        if last - first > _NEAR:
            later.append(row[3])
        elif last > first:
            acts[row[3]] = []
            if spans and first - spans[-1][1] <= _NEAR:
                spans[-1][1] = max(last, spans[-1][1])
            else:
                spans.append([first, last])
    for span in spans:
        for sub, t, fields in db.execute(_ACTS_BETWEEN, span):
            if sub in acts:
                acts[sub].append((t, fields))
    for sub in later:
        acts[sub] = [(t, fields) for _, t, fields in db.execute(_ACTS_OF, (sub,))]
    return acts


def _item(
    code: str, row: Any, acts: Sequence[Act], checks: Sequence[Check], facts: dict[str, Mapping[str, Any]]
) -> Item:
    """Give an item as it stands after the acts about it; what readers found in it goes into `facts`."""
    _, _, name, _, first, _, withdrawn, text = row
    record = orjson.loads(text)
    has_file = "blake3" in record
    wrong = last_word(checks, name if "/" in name else f"{code}/{name}", first) if has_file and checks else None
    excluded = _NOTHING if wrong is None else _NOTHING | {"integrity_failed"}
    custody = []
    for t, fields in acts:
        said = orjson.loads(fields)
        if t == "custody.prior":
            if said:  # erased ones say nothing
                custody.append(said)
        elif t == "reading.add":  # a later one goes over an earlier one; dotted names
            found = {name: said[key] for key, name in _FACTS.items() if key in said}
            if found:
                facts[name] = {**facts.get(name, {}), **found}
        elif t == "erase":
            excluded |= {"disposed"}
        elif t == "consent.set":
            record[f"consent.{said.get('audience')}"] = said.get("answer")
    if record.get("consent.internal") == "no":
        excluded |= {"consent_withdrawn"}
    present = wrong is None if has_file else None
    return Item(name, record, first, excluded, withdrawn is not None, custody, present)


def _sightings(logs: Logs, rows: Mapping[str, Sequence[Any]]) -> Sequence[Sighting]:
    links = [orjson.loads(row[-1]) for row in rows["link"] if row[6] is None]
    return logs.sightings({row[2]: row[3] for row in rows["item"]}, links)


def _relation(row: Any, told: Mapping[str, Any]) -> Relation:
    return Relation(row[2], told["item"], told["as"], told.get("of"), told.get("external"))


def _link(row: Any, told: Mapping[str, Any]) -> Link:
    return Link(
        row[2], told["item"], told["facets"], told["stance"], told["strength"], told["assessor"],
        told.get("reviewed_by"), told.get("resolution"), row[6] is not None, told["rationale"],
    )  # fmt: skip
