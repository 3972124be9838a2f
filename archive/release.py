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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any

import orjson

from archive import disclosure, log_rows
from archive.custody import TAKEN_IN, gaps_in, operator_names
from archive.database import blob
from archive.handed_over import (
    Dossier,
    Event,
    Exhibit,
    File,
    FlightLog,
    Reading,
    Rendition,
    Request,
    Shown,
    Withheld,
    suffix,
)
from archive.merged import family
from archive.numbering import numbered
from archive.parted import Parted, standing
from archive.pictures import Copies
from archive.proof import gather_proof
from archive.show import Kept, find_case, find_standing, gathered
from archive.unsaid import Hidden, answers_alone, redact, said_in, unspoken
from archive.withholding import STRICT, Decision, Decisions
from evidence.digest import Digests
from evidence.reason import reason, sentence
from schemas.audience import allowed
from schemas.custody import PREMIS
from schemas.entry import Entry
from schemas.errors import InputError, NotFound
from schemas.text import nearest, visible
from schemas.vocabulary import AUDIENCES

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

COARSE = 100_000  # micro-degrees: a tenth of a degree
COARSE_RADIUS_M = 10_000  # holds every point that is rounded to the same tenth
OF_BYTES = ("sha256", "blake3", "size")  # leave with the bytes that they are of, never without


def gather(
    archive: Archive,
    code: str,
    request: Request,
    copies: Copies,
    *,
    date: str,
    signers: Sequence[str] = (),
    weigh: Callable[[Any, str], tuple[bytes, Mapping[str, Any]]] | None = None,
    progress: Saying | None = None,
) -> Dossier:
    """Collect what the audience of `request` may see of a case. `signers` are the fingerprints of those who will sign.

    `copies` makes and keeps copies without metadata; what it makes lies there
    until it is closed. Raises NotFound (no such case or item), InputError (no such audience).
    """
    check_audience(request.audience)
    with archive.reading() as db:
        case = find_standing(db, code)
        return _Gathering(archive, db, case, request, copies, progress).dossier(date, signers, weigh or _weigh(archive))


def check_audience(audience: str) -> None:
    """Raise InputError for an audience that does not exist, naming the nearest."""
    if audience not in AUDIENCES:
        near = nearest(audience, AUDIENCES)
        raise InputError(
            f"there is no audience {visible(audience)}" + (f"; did you mean {near}?" if near else ""),
            code="audience",
            hint="one of: " + ", ".join(AUDIENCES),
        )


def _weigh(archive: Archive) -> Callable[[Any, str], tuple[bytes, Mapping[str, Any]]]:
    from archive.assess import weigh_for_dossier

    return lambda db, code: weigh_for_dossier(archive, db, code)


@dataclass
class _Gathering:
    archive: Archive
    db: Any
    case: Kept
    request: Request
    copies: Copies
    progress: Saying | None = None
    show: dict[int, frozenset[str]] = field(default_factory=dict)
    names: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)  # each that is shown kept once
    hidden: dict[str, Hidden] = field(default_factory=dict)  # by case: what a record of it must not speak of
    numbers: dict[str, str] = field(default_factory=dict)  # exhibit numbers by subject
    ranks: dict[str, int] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)

    @property
    def audience(self) -> str:
        return self.request.audience

    def dossier(
        self, date: str, signers: Sequence[str], weigh: Callable[[Any, str], tuple[bytes, Any]]
    ) -> Dossier:
        """Decide, item by item and field by field, and hand over what is left."""
        standard, assessment = weigh(self.db, self.case.code)  # before the records are held: it needs much for a while
        records = list(gathered(self.db, self.case.code))
        codes = family(self.db, self.case.code)
        items = [r for r in records if r.kind == "item"]
        self._check_names(items)
        deciding = Decisions(self.archive, self.db, self.request, self.copies, self.progress)
        self.decisions = deciding.decide(items, standing(records, "relation"))
        parted = Parted(records, self.decisions)
        words = parted.unsaid() | self._other_cases(codes)
        self.hidden = {code: Hidden(said_in(words, code, self.case.code)) for code in codes}
        self._number(items)
        sources = {r.label: self._record(r, ("source",)) for r in parted.sources()}
        case = self._record(self.case, ("case",))
        exhibits = tuple(self._exhibits(parted.shown, sources))
        links = tuple(self._record(r, ("link",)) for r in parted.links)
        relations = tuple(self._record(r, ("relation",)) for r in parted.relations)
        merged = [find_case(self.db, code) for code in codes[1:]]
        told = tuple(self._record(one, ("case",)) for one in merged)
        lasts = [r.last for r in (self.case, *merged, *records)]
        proof = gather_proof(self.archive.reading, self.db, lasts, self.show, signers)
        number = 1 + self._exports()
        return Dossier(
            id=f"{self.case.code}-d{number:03d}", number=number, audience=self.audience,
            purpose=self.request.purpose.strip(), recipient=self.request.recipient.strip(), date=date,
            exercise=bool(self.case.fields.get("exercise")), case=case, sources=tuple(sources.values()),
            exhibits=exhibits, withheld=tuple(map(self._withheld, parted.hidden)), links=links, relations=relations,
            not_shown=parted.not_shown(), logs=tuple(self._logs(exhibits, parted.shown)), standard=standard,
            assessment=self._weighed(assessment, parted, words), proof=proof,
            operators=operator_names(self.db) if self.audience == "internal" else {},
            case_sub=self.case.sub, merged=told, coarse=self._coarse(case.fields),
        )  # fmt: skip

    def _weighed(self, assessment: Mapping[str, Any], parted: Parted, words: set[str]) -> Mapping[str, Any]:
        """Give the assessment without what speaks of withheld items, which it names by their numbers."""
        silent = Hidden(words | parted.covered())
        assessment = {**assessment, "consistency": unspoken(assessment.get("consistency", ()), silent)}
        if self.audience in STRICT:
            assessment = answers_alone(assessment)
        weighed: Mapping[str, Any] = redact(
            assessment, {r.label: self.numbers[r.sub] for r in parted.hidden}, Hidden(words)
        )
        return weighed

    def _logs(self, exhibits: Iterable[Exhibit], items: Sequence[Kept]) -> Iterator[FlightLog]:
        """Give the flight logs that leave, but those in whose place a copy leaves: rows say what that covers."""
        by_number = {self.numbers[r.sub]: r for r in items if r.fields["kind"] == "flight_log"}
        for one in exhibits:
            if one.bates in by_number and one.rendition is None:
                yield self._log(one, by_number[one.bates])

    def _other_cases(self, codes: Sequence[str]) -> set[str]:
        """Give how items of other cases begin to be called, where these must stay unsaid."""
        if self.audience == "internal":
            return set()
        every = {code for (code,) in self.db.execute("SELECT code FROM record WHERE kind = 'case'")}
        return {f"{code}/" for code in every - {*codes}}

    def _number(self, items: Sequence[Kept]) -> None:
        """Give each item its exhibit number, which never changes, and its place among those of this dossier."""
        self.numbers = {r.sub: number for r, number in numbered(items)}
        self.ranks = {sub: rank for rank, sub in enumerate(sorted(self.numbers, key=self.numbers.__getitem__), 1)}

    def _check_names(self, items: Sequence[Kept]) -> None:
        """Refuse what names an item that the case has not."""
        known = {r.label for r in items}
        for name in sorted({*(self.request.items or ()), *self.request.withhold} - known):
            near = nearest(name, known)
            raise NotFound(
                f"the case has no item {visible(name)}" + (f"; did you mean {visible(near)}?" if near else ""),
                where=name, hint="`sijill case show CODE` names the items",
            )  # fmt: skip

    def _coarse(self, shown: Mapping[str, Any]) -> tuple[int, int, int] | None:
        """Give a rounded place for those who may not see the exact one, where no place for the public was told."""
        exact = [self.case.fields.get(f"place.{name}") for name in ("lat", "lon")]
        if self.audience not in STRICT or "place_public.lat" in shown or not all(type(v) is int for v in exact):
            return None
        lat, lon = (round(int(value) / COARSE) * COARSE for value in exact if value is not None)
        return lat, lon, COARSE_RADIUS_M

    # what is shown

    def _record(self, kept: Kept, nouns: tuple[str, ...], *, released: bool = False, but: Sequence[str] = ()) -> Shown:
        seen = allowed(self.audience, nouns, kept.fields, released=released)
        fields = self._guarded(kept, {name: value for name, value in seen.items() if name not in but})
        index, revisions = self._newest(kept)
        self._disclose(index, fields)
        names: dict[str, str] = {name: str(kept.names(name)) for name in ("item", "of") if name in kept.fields}
        return Shown(kept.kind, index, fields, intern(self._entry(kept.first).at), revisions, kept.label, names)

    def _disclose(self, index: int, fields: Iterable[str]) -> None:
        """Say which names an entry discloses; thousands disclose the same ones."""
        names = frozenset(fields)
        self.show[index] = self.names.setdefault(names, names)

    def _guarded(self, kept: Kept, fields: dict[str, Any]) -> dict[str, Any]:
        """Leave out whatever speaks of a withheld item or of its source, but for what ties records together."""
        hidden = self.hidden[kept.code]
        return {name: value for name, value in fields.items() if name in _TIES or not hidden.spoken_in(value)}

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
        return Entry.parse(index, blob(row[0]))

    def _exhibits(self, items: Sequence[Kept], sources: Mapping[str, Shown]) -> Iterator[Exhibit]:
        for done, item in enumerate(sorted(items, key=lambda item: self.ranks[item.sub])):
            if self.progress is not None:
                self.progress("gathering exhibits", done, len(items))
            yield self._exhibit(item, sources)

    def _exhibit(self, kept: Kept, sources: Mapping[str, Shown]) -> Exhibit:
        from schemas.item import evidence_class

        decision, kind = self.decisions[kept.sub], str(kept.fields["kind"])
        number = self.numbers[kept.sub]
        whole = decision.form == "original"
        but = () if whole else OF_BYTES
        record = self._record(kept, (kind, "item"), released=decision.released, but=but)
        source = sources.get(str(kept.names("source")))
        rendition, file = None, self._file(kept, decision, number)
        if decision.rendition is not None:
            rendition = self._shown_rendition(kept, decision.rendition)
        acts = self._custody_acts(kept)
        events = tuple(self._events(kept, acts, but))
        gaps = self._gaps(acts, events)
        copied = decision.form in ("stripped", "redacted") and "sha256" in kept.fields
        readings = () if rendition is not None else tuple(self._readings(kept))
        return Exhibit(
            self.ranks[kept.sub], number, kept.name, record, evidence_class(kept.fields),
            source.fields if source else {}, file, readings, events,
            gaps, rendition, self._salted(self._entry(kept.first)) if copied else "",
            tuple(self._numbers(kept)),
        )  # fmt: skip

    def _file(self, kept: Kept, decision: Decision, number: str) -> File | None:
        """Say which bytes leave for an exhibit, and under which name."""
        fields, path = kept.fields, self.archive.objects.path
        if decision.form == "original":
            ending = suffix(str(fields.get("media_type", "")), str(fields.get("file", "")))
            return File(path(str(fields["blake3"])), f"items/{number}{ending}", "original", _digests(fields),
                        str(fields.get("media_type", "")))  # fmt: skip
        if decision.copy is not None:
            made = decision.copy
            name = f"derived/{number}-s1{suffix(made.media_type, '')}"
            return File(made.path, name, "stripped", made.digests, made.media_type)
        if decision.rendition is not None:
            own = decision.rendition.fields
            kind = str(own.get("media_type", ""))
            name = f"derived/{number}-r{decision.rendition.number}{suffix(kind, '')}"
            return File(path(str(own["blake3"])), name, "redacted", _digests(own), kind)
        return None

    def _shown_rendition(self, kept: Kept, rendition: Rendition) -> Rendition:
        fields = self._guarded(kept, allowed(self.audience, ("rendition",), rendition.fields))
        self._disclose(rendition.entry, fields)
        return Rendition(rendition.entry, rendition.number, fields)

    def _numbers(self, kept: Kept) -> Iterator[Reading]:
        """Give the newest number of each scheme."""
        found: dict[str, tuple[int, dict[str, Any]]] = {}
        for index, text in self.db.execute(
            "SELECT idx, fields FROM act WHERE sub = ? AND t = 'exhibit.number' ORDER BY idx", (kept.sub,)
        ).fetchall():
            fields = allowed(self.audience, ("number",), json.loads(text))
            if {"scheme", "number"} <= fields.keys():
                found[str(fields["scheme"])] = index, fields
        for index, fields in found.values():
            self._disclose(index, fields)
            yield Reading(index, _text(fields))

    def _readings(self, kept: Kept) -> Iterator[Reading]:
        for index, text in self.db.execute(
            "SELECT idx, fields FROM act WHERE sub = ? AND t = 'reading.add' ORDER BY idx", (kept.sub,)
        ).fetchall():
            fields = self._guarded(kept, allowed(self.audience, ("reading",), json.loads(text)))
            self._disclose(index, fields)
            yield Reading(index, _text(fields))

    def _custody_acts(self, kept: Kept) -> Sequence[tuple[int, str, str, str, str]]:
        return list(self.db.execute(
            "SELECT idx, t, at, by, fields FROM act WHERE sub = ? AND t IN"
            " ('custody.prior','custody.transfer','custody.accept','custody.check') ORDER BY idx",
            (kept.sub,),
        ))  # fmt: skip

    def _gaps(
        self, acts: Sequence[tuple[int, str, str, str, str]], events: Sequence[Event]
    ) -> tuple[Mapping[str, Any], ...]:
        """Give the gaps in who held an item, `before` counted among `events`.

        Looked for in all that is recorded, since a holder who is not told to an audience is no gap; whose name makes
        one is told only where the audience is told that name.
        """
        full: dict[int, dict[str, Any]] = {}
        names = operator_names(self.db) if any(t == "custody.accept" for _, t, *_ in acts) else {}
        for index, t, _, by, text in acts:
            fields = json.loads(text)
            told = t == "custody.prior"
            full[index] = {"action": t, "by": names.get(by, by), **fields, "told": told}
        held = [full.get(event.entry, {"action": TAKEN_IN}) for event in events]
        seen = {str(value) for event in events for value in (event.fields or {}).values()}
        found = []
        for gap in gaps_in(held):
            named = {str(name) for name in gap["what"].reason.names.values()}
            hidden = self.audience in STRICT or not named <= seen
            what = sentence(reason("gap-hidden")) if hidden else gap["what"]
            found.append({"before": gap["before"], "what": what})
        return tuple(found)

    def _events(
        self, kept: Kept, rows: Sequence[tuple[int, str, str, str, str]], but: Sequence[str]
    ) -> Iterator[Event]:
        """Give what was told of the time before the archive, the accession, and every later act, in that order."""
        told = [row for row in rows if row[1] == "custody.prior"]
        later = [row for row in rows if row[1] != "custody.prior"]
        for index, t, at, by, text in told:
            fields = self._custody_fields(kept, index, text, but)
            premis = PREMIS.get(str(fields.get("action")))
            yield Event(intern(t), premis, index, intern(at), intern(by), _text(fields), told=True)
        first = self._entry(kept.first)
        at, by = intern(first.at), intern(first.by)
        yield Event("record.add", PREMIS["record.add"], first.index, at, by, None, told=False)
        for index, t, at, by, text in later:
            fields = self._custody_fields(kept, index, text, but)
            yield Event(intern(t), PREMIS.get(t), index, intern(at), intern(by), _text(fields), told=False)

    def _custody_fields(self, kept: Kept, index: int, text: str, but: Sequence[str]) -> dict[str, Any]:
        seen = allowed(self.audience, ("custody",), json.loads(text))
        fields = self._guarded(kept, {name: value for name, value in seen.items() if name not in but})
        self._disclose(index, fields)
        return fields

    def _withheld(self, kept: Kept) -> Withheld:
        entry, decision = self._entry(kept.first), self.decisions[kept.sub]
        number = self.numbers[kept.sub]
        return Withheld(self.ranks[kept.sub], number, decision.why, entry.index, self._salted(entry), decision.said)

    def _salted(self, entry: Entry) -> str:
        """Give the salted digest of the item's SHA-256, or of its id where it has no file or was erased."""
        row = self.db.execute("SELECT disclosures FROM private WHERE idx = ?", (entry.index,)).fetchone()
        digests = {disclosure.read(s)[1]: disclosure.digest(s) for s in (json.loads(row[0]) if row else [])}
        return str(digests.get("sha256") or digests.get("id") or entry.sd[0])

    def _log(self, exhibit: Exhibit, kept: Kept) -> FlightLog:
        hidden, unsaid = set[str](), self.hidden[kept.code]
        if self.audience in STRICT:  # a row as it was written holds columns that nobody mapped
            hidden |= {"text", "why"} if self.decisions[kept.sub].released else {"text", "why", "remarks", "said"}

        def rows(span: tuple[int, int] | None = None) -> Iterator[Mapping[str, Any]]:
            with self.archive.reading() as db:
                read = {sub: index for index, sub in db.execute(log_rows.READINGS)}
                for row in log_rows.rows_of(db, read[kept.sub], span) if kept.sub in read else ():
                    told = {name: value for name, value in row.items() if name not in hidden}
                    yield {name: value for name, value in told.items() if not unsaid.spoken_in(value)}

        return FlightLog(exhibit.bates, exhibit.name, rows)

    def _exports(self) -> int:
        row = self.db.execute("SELECT count(*) FROM act WHERE sub = ? AND t = 'export'", (self.case.sub,)).fetchone()
        return int(row[0])


def _text(fields: Mapping[str, Any]) -> str:
    """Give fields as JSON, the same text once: thousands of acts say the same."""
    return intern(orjson.dumps(fields).decode())


def _digests(fields: Mapping[str, Any]) -> Digests:
    return Digests(str(fields.get("blake3")), str(fields.get("sha256")), int(fields.get("size", -1)))


_TIES = frozenset(("case", "code", "id", "item", "of", "source", "part_of", "kind", "size", "media_type",
                   "merged_into", "merged_from"))  # fmt: skip
