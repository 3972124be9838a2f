"""The one door: what of a case may leave, for one audience, decided here and nowhere else.

`gather` reads a case and hands over a `Dossier` that holds only what that
audience may see; every writer takes it and nothing wider. What is not allowed
by consent, by an item's `release` and by the table of fields is not in it: not
as text, not as a digest, not as a name of a file. Where two answers disagree,
or one cannot be read, the item is withheld.

A withheld item keeps its number. Of its entries the proof has leaf and place;
of its bytes there is one salted digest, which says nothing to those who do not
hold the salt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archive import disclosure
from archive.custody import gaps_in, operator_names
from archive.handed_over import (
    WITHHELD,
    Dossier,
    Event,
    Exhibit,
    FlightLog,
    Reading,
    Shown,
    Withheld,
    bates,
    suffix,
)
from archive.proof import gather_proof
from archive.show import Kept, find_case, records_of
from archive.unsaid import redact, speaks_of
from schemas.audience import allowed, may_see
from schemas.custody import PREMIS
from schemas.entry import Entry
from schemas.errors import InputError, RefusedError
from schemas.text import nearest, visible
from schemas.vocabulary import AUDIENCES

if TYPE_CHECKING:
    from archive.open import Archive

READY = ("internal", "un_body", "court")
HIDES_COPIES = ("translation_of", "derived_from", "copy_of")


def gather(
    archive: Archive,
    code: str,
    audience: str,
    *,
    purpose: str = "",
    date: str,
    signers: Sequence[str] = (),
    weigh: Callable[[Any, str], tuple[bytes, Mapping[str, Any]]] | None = None,
) -> Dossier:
    """Collect what `audience` may see of a case. `signers` are the fingerprints of those who will sign it.

    Raises NotFound (no such case), InputError (no such audience, no purpose),
    RefusedError (an audience that is not ready).
    """
    _check_request(audience, purpose)
    with archive.reading() as db:
        case = find_case(db, code)
        return _Gathering(archive, db, case, audience).dossier(purpose, date, signers, weigh or _weigh(archive))


def _check_request(audience: str, purpose: str) -> None:
    if audience not in AUDIENCES:
        near = nearest(audience, AUDIENCES)
        raise InputError(
            f"there is no audience {visible(audience)}" + (f"; did you mean {near}?" if near else ""),
            code="audience",
            hint="one of: " + ", ".join(AUDIENCES),
        )
    if audience not in READY:
        raise RefusedError(
            f"not yet: a dossier for {audience} needs coarser places and redacted copies, which cannot be made yet",
            code="audience-not-ready",
            hint="audiences that are ready: " + ", ".join(READY),
        )
    if audience != "internal" and not purpose.strip():
        raise InputError(
            "a dossier that leaves the team needs a purpose", code="purpose", hint="say it with --purpose TEXT"
        )


def _weigh(archive: Archive) -> Callable[[Any, str], tuple[bytes, Mapping[str, Any]]]:
    from archive.assess import weigh_for_dossier

    return lambda db, code: weigh_for_dossier(archive, db, code)


@dataclass
class _Gathering:
    archive: Archive
    db: Any
    case: Kept
    audience: str
    show: dict[int, frozenset[str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)

    def dossier(
        self, purpose: str, date: str, signers: Sequence[str], weigh: Callable[[Any, str], tuple[bytes, Any]]
    ) -> Dossier:
        """Decide, item by item and field by field, and hand over what is left."""
        records = list(records_of(self.db, self.case.code))
        items = [r for r in records if r.kind == "item"]
        reasons = self._reasons(items, [r for r in records if r.kind == "relation" and not r.withdrawn])
        hidden = [r for r in items if r.sub in reasons]
        out, shown_items = {r.id for r in hidden}, [r for r in items if r.sub not in reasons]
        wanted = self._source_names(records, shown_items)
        guarded = {r.id for r in items if reasons.get(r.sub) not in (None, "withdrawn")}
        self.hidden = self._hidden_words(records, guarded, wanted)
        sources = {r.id: self._record(r, ("source",)) for r in records if r.kind == "source" and r.id in wanted}
        case = self._record(self.case, ("case",))
        ranks = {r.sub: rank for rank, r in enumerate(items, 1)}
        exhibits = tuple(self._exhibit(r, ranks[r.sub], sources) for r in shown_items)
        withheld = tuple(self._withheld(r, ranks[r.sub], reasons[r.sub]) for r in hidden)
        links = [r for r in records if r.kind == "link" and not r.withdrawn]
        relations = [r for r in records if r.kind == "relation" and not r.withdrawn]
        kept_links = [r for r in links if r.fields.get("item") not in out]
        kept_relations = [r for r in relations if not {r.fields.get("item"), r.fields.get("of")} & out]
        shown_links = tuple(self._record(r, ("link",)) for r in kept_links)
        shown_relations = tuple(self._record(r, ("relation",)) for r in kept_relations)
        standard, assessment = weigh(self.db, self.case.code)
        number = 1 + self._exports()
        numbers = {r.id: bates(r.code, ranks[r.sub]) for r in hidden}
        pairs = zip(exhibits, shown_items, strict=True)
        proof = gather_proof(self.db, [r.last for r in (self.case, *records)], self.show, signers)
        names = operator_names(self.db) if self.audience == "internal" else {}
        return Dossier(
            id=f"{self.case.code}-d{number:03d}", number=number, audience=self.audience, purpose=purpose.strip(),
            date=date, exercise=bool(self.case.fields.get("exercise")), case=case,
            sources=tuple(sources.values()), exhibits=exhibits, withheld=withheld,
            links=shown_links, relations=shown_relations,
            not_shown={"links": len(links) - len(kept_links), "relations": len(relations) - len(kept_relations)},
            logs=tuple(self._log(e, r) for e, r in pairs if r.fields["kind"] == "flight_log"),
            standard=standard, assessment=redact(assessment, numbers, self.hidden), proof=proof, operators=names,
            case_sub=self.case.sub,
        )  # fmt: skip

    # what is withheld

    def _reasons(self, items: Sequence[Kept], relations: Sequence[Kept]) -> dict[str, str]:
        """Give subject -> why it is withheld; what copies, translates or derives from a withheld item follows it."""
        answers = {r.sub: self._answer(r) for r in items}
        reasons = {sub: reason for sub, reason in answers.items() if reason}
        guarded = {sub for sub, reason in reasons.items() if reason not in ("withdrawn", "erased")}
        by_id = {r.id: r for r in items}
        changed = True
        while changed:
            changed = False
            digests = {r.fields.get("sha256") for r in items if r.sub in guarded} - {None}
            ids = {r.id for r in items if r.sub in guarded}
            rests = {
                str(r.fields["item"])
                for r in relations
                if r.fields.get("as") in HIDES_COPIES and r.fields.get("of") in ids
            }
            for item in items:
                if item.sub not in guarded and (item.fields.get("sha256") in digests or item.id in rests):
                    reasons.setdefault(item.sub, "rests_on")
                    guarded.add(by_id[item.id].sub)
                    changed = True
        return reasons

    def _answer(self, item: Kept) -> str | None:
        """Give why an item may not leave for this audience, or None if it may."""
        if item.withdrawn is not None:
            return "withdrawn"
        kind = item.fields.get("kind")
        if kind is None or "id" not in item.fields:
            return "erased"
        answers = []
        if kind == "statement":
            given = item.fields.get(f"consent.{self.audience}")
            answers.append(given if given is not None else "yes" if self.audience == "internal" else "missing")
        given = item.fields.get(f"release.{self.audience}")
        if given is not None:
            answers.append(given)
        later = self._later_answer(item)
        if later is not None:
            answers[:1] = [later]
        for answer in answers:
            if answer != "yes":
                return str(answer) if answer in WITHHELD else "unclear"
        if "sha256" in item.fields and not may_see(self.audience, ("file",), str(kind)):
            return "kind"
        return None

    def _later_answer(self, item: Kept) -> str | None:
        """Give the newest answer recorded after intake for this audience, if there is one."""
        answer = None
        for (text,) in self.db.execute(
            "SELECT fields FROM act WHERE sub = ? AND t = 'consent.set' ORDER BY idx", (item.sub,)
        ):
            said = json.loads(text)
            about = said.get("audience")
            if about is None:
                answer = "unclear"
            elif about in (self.audience, "all", "*"):
                answer = str(said.get("answer", "unclear"))
        return answer

    # what is shown

    def _record(self, kept: Kept, nouns: tuple[str, ...]) -> Shown:
        fields = self._guarded(allowed(self.audience, nouns, kept.fields))
        index, revisions = self._newest(kept)
        self.show[index] = frozenset(fields)
        return Shown(kept.kind, index, fields, self._entry(kept.first).at, revisions)

    def _guarded(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Leave out whatever speaks of a withheld item or of its source, but for what ties records together."""
        return {name: value for name, value in fields.items() if name in _TIES or not speaks_of(value, self.hidden)}

    def _newest(self, kept: Kept) -> tuple[int, int]:
        """Give the entry that holds the newest revision, and how many revisions came after the first."""
        index: int | None = kept.last
        newest, count = None, -1
        while index is not None:
            entry = self._entry(index)
            if entry.t in ("record.add", "record.edit", "record.link"):
                newest, count = newest if newest is not None else index, count + 1
            index = entry.prev
        return newest if newest is not None else kept.first, max(count, 0)

    def _entry(self, index: int) -> Entry:
        row = self.db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
        return Entry.parse(index, bytes(row[0]))

    def _source_names(self, records: Sequence[Kept], items: Sequence[Kept]) -> set[str]:
        """Name the sources of what leaves, and those they are part of."""
        kept = {r.id: r for r in records if r.kind == "source" and not r.withdrawn}
        wanted: set[str] = set()
        waiting = [str(r.fields["source"]) for r in items if "source" in r.fields]
        while waiting:
            name = waiting.pop()
            if name in kept and name not in wanted:
                wanted.add(name)
                waiting += [str(kept[name].fields["part_of"])] if "part_of" in kept[name].fields else []
        return wanted

    def _exhibit(self, kept: Kept, rank: int, sources: Mapping[str, Shown]) -> Exhibit:
        from schemas.item import evidence_class

        kind = str(kept.fields["kind"])
        record = self._record(kept, (kind, "item"))
        source = sources.get(str(kept.fields.get("source")))
        number = bates(self.case.code, rank)
        file = path = None
        if "blake3" in kept.fields:
            file = self.archive.objects.path(str(kept.fields["blake3"]))
            path = f"items/{number}{suffix(str(kept.fields.get('media_type', '')), str(kept.fields.get('file', '')))}"
        events = tuple(self._events(kept))
        told = [
            {**(e.fields or {}), "action": (e.fields or {}).get("action", _CUSTODY_ACTION.get(e.event, e.event)),
             "by": e.by, "told": e.told}
            for e in events
        ]  # fmt: skip
        return Exhibit(
            rank, number, kept.name, record, evidence_class(kept.fields), source.fields if source else {}, file, path,
            tuple(self._readings(kept)), events, tuple(gaps_in(told)),
        )  # fmt: skip

    def _readings(self, kept: Kept) -> Iterator[Reading]:
        for index, text in self.db.execute(
            "SELECT idx, fields FROM act WHERE sub = ? AND t = 'reading.add' ORDER BY idx", (kept.sub,)
        ).fetchall():
            fields = self._guarded(allowed(self.audience, ("reading",), json.loads(text)))
            self.show[index] = frozenset(fields)
            yield Reading(index, fields)

    def _events(self, kept: Kept) -> Iterator[Event]:
        """Give what was told of the time before the archive, the accession, and every later act, in that order."""
        rows = self.db.execute(
            "SELECT idx, t, at, by, fields FROM act WHERE sub = ? AND t IN"
            " ('custody.prior','custody.transfer','custody.accept','custody.check') ORDER BY idx",
            (kept.sub,),
        ).fetchall()
        first = self._entry(kept.first)
        told = [row for row in rows if row[1] == "custody.prior"]
        later = [row for row in rows if row[1] != "custody.prior"]
        for index, t, at, by, text in told:
            fields = self._custody_fields(index, text)
            premis = PREMIS.get(str(fields.get("action")))
            yield Event(t, premis, index, fields.get("at", ""), str(fields.get("by", "")), at, by, fields, told=True)
        at, by = first.at, first.by
        yield Event("record.add", PREMIS["record.add"], first.index, at, by, at, by, None, told=False)
        for index, t, at, by, text in later:
            fields = self._custody_fields(index, text)
            yield Event(t, PREMIS.get(t), index, at, by, at, by, fields, told=False)

    def _custody_fields(self, index: int, text: str) -> dict[str, Any]:
        fields = self._guarded(allowed(self.audience, ("custody",), json.loads(text)))
        self.show[index] = frozenset(fields)
        return fields

    def _withheld(self, kept: Kept, rank: int, reason: str) -> Withheld:
        entry = self._entry(kept.first)
        return Withheld(rank, bates(self.case.code, rank), reason, entry.index, self._salted(entry))

    def _salted(self, entry: Entry) -> str:
        """Give the salted digest of the item's SHA-256, or of its id where it has no file or was erased."""
        row = self.db.execute("SELECT disclosures FROM private WHERE idx = ?", (entry.index,)).fetchone()
        digests = {disclosure.read(s)[1]: disclosure.digest(s) for s in (json.loads(row[0]) if row else [])}
        return str(digests.get("sha256") or digests.get("id") or entry.sd[0])

    def _log(self, exhibit: Exhibit, kept: Kept) -> FlightLog:
        def rows(span: tuple[int, int] | None = None) -> Iterator[Mapping[str, Any]]:
            near = "" if span is None else " AND latest >= ? AND earliest <= ?"
            with self.archive.reading() as db:
                names = [column[1] for column in db.execute("PRAGMA table_info(observation)")]
                sql = f"SELECT * FROM observation WHERE log = ?{near} ORDER BY row"
                for row in db.execute(sql, (kept.sub, *(span or ()))):
                    known = zip(names, row, strict=True)
                    yield {name: value for name, value in known if value is not None and name != "log"}

        return FlightLog(exhibit.bates, exhibit.name, rows)

    def _exports(self) -> int:
        row = self.db.execute("SELECT count(*) FROM act WHERE sub = ? AND t = 'export'", (self.case.sub,)).fetchone()
        return int(row[0])

    def _hidden_words(self, records: Sequence[Kept], out: set[str], wanted: set[str]) -> list[str]:
        """Give the words that speak of what is withheld: its id, its source, its links; and items of other cases."""
        words = {name for name in out if name}
        named = {r.fields.get("pseudonym") for r in records if r.kind == "source" and r.id in wanted}
        sources = {r.fields.get("source") for r in records if r.kind == "item" and r.id in out} - wanted
        if self.audience != "internal":
            words |= {f"{code}/" for (code,) in self.db.execute("SELECT code FROM record WHERE kind = 'case'")}
        words.discard(f"{self.case.code}/")
        for record in records:
            if record.kind == "source" and record.id in sources:
                words |= {record.id, str(record.fields.get("pseudonym", record.id))} - named
            if record.kind in ("link", "relation") and {record.fields.get("item"), record.fields.get("of")} & out:
                words.add(record.id)
        return sorted(words)


_CUSTODY_ACTION = {"record.add": "accession"}
_TIES = frozenset(
    ("case", "code", "id", "item", "of", "source", "part_of", "kind", "sha256", "blake3", "size", "media_type")
)
