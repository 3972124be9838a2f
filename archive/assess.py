"""Weighing what the archive holds: `sijill check`, and the assessment that goes into a dossier.

Reads the view, puts each case before `evidence.corroboration`, and shows what
it says. Decides nothing of its own; `--record` makes the assessment an entry.
Cases are read a stretch of codes at a time and told one after another, by two
processes where they are many, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from archive.checked import Check, last_word, recorded_checks
from archive.flights import Logs
from archive.likeness import Looking
from archive.merged import as_seen, family, is_marked, weighed_as
from archive.show import find_standing
from archive.stretches import Stretch, count, stretches, told
from archive.waiver import in_force
from evidence.consistency import Disagreement, disagreements
from evidence.corroboration import Assessment, Case, Item, Link, Relation, weigh
from evidence.docket import Sighting
from evidence.likeness import Likenesses
from evidence.reason import reason, sentence
from evidence.reason import told as told_in
from evidence.verdict import JUNIT_TAIL, as_junit, as_text, junit_head, junit_suite, unfitting_text
from schemas.case import named
from schemas.fields import in_language
from schemas.standard import Standard, load, packaged_bytes

if TYPE_CHECKING:
    from archive.ledger import Receipt, Signer
    from archive.open import Archive
    from archive.workers import Saying

_RECORDS = (  # of a case, in the order of kinds
    "SELECT code, kind, id, sub, first, last, withdrawn, fields FROM record"
    " WHERE kind IN ('case','source','item','link','relation') AND code BETWEEN ? AND ? ORDER BY code"
)
_BORE = ("custody.prior", "consent.set", "erase", "waiver.set", "reading.add")  # acts that bear on a result
_ACTS = "SELECT sub, t, fields FROM act WHERE {} AND +t IN ('" + "','".join(_BORE) + "') ORDER BY idx"
_ACTS_BETWEEN, _ACTS_OF = _ACTS.format("idx BETWEEN ? AND ?"), _ACTS.format("sub = ?")
_NEAR = 64  # entries between two of a case that are read over
_FACTS = "facts."
_NOTHING: frozenset[str] = frozenset()
_CODE, _FIRST = itemgetter(0), itemgetter(4)  # of a row: its case, the entry that registered it
FORMS = ("text", "json", "junit")
FEW = 50  # cases; of more, unless they are named, one that meets is told by its verdicts alone
Act = tuple[str, Mapping[str, Any]]  # its type and fields
Say = Callable[[Assessment, str, Sequence[Disagreement], Likenesses], str]


@dataclass
class Checked:
    """The outcome of a check: the standard, an assessment a case, and the receipt if it was recorded."""

    standard: Standard
    assessments: list[Assessment] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    unfitting: list[list[Disagreement]] = field(default_factory=list)  # of each assessment, in its order
    alike: list[Likenesses] = field(default_factory=list)
    receipt: Receipt | None = None
    whole: bool = True  # whether a case that meets is told with its rules in words, too

    @property
    def exit_status(self) -> int:
        """0 every case meets the standard (or the standard only grades), 1 one does not."""
        return 1 if any(one.meets is False for one in self.assessments) else 0

    def document(self) -> dict[str, Any]:
        """Give the `sijill-check/1` document."""
        document: dict[str, Any] = {
            "format": "sijill-check/1",
            "standard": _named(self.standard),
            "cases": [
                _case_document(*one) for one in zip(self.assessments, self.unfitting, self.alike, strict=True)
            ],
        }
        return document | (self.receipt.document() if self.receipt is not None else {})

    def text(self, lang: str = "en") -> str:
        """Give every assessment in words."""
        cases = zip(self.assessments, self.titles, self.unfitting, self.alike, strict=True)
        say = _case_text(lang, self.whole)
        return "\n".join(say(*one) for one in cases) or _no_case(lang)

    def junit(self) -> str:
        """Give JUnit XML for machines that run tests."""
        return as_junit(self.standard, self.assessments).decode()


def check(
    archive: Archive,
    codes: Sequence[str] = (),
    standard: bytes | None = None,
    *,
    record_as: Sequence[Signer] | None = None,
    progress: Saying | None = None,
    lang: str = "en",
) -> Checked:
    """Weigh the cases named, else all, against a standard (its bytes; else the archive's own).

    With `record_as` each assessment becomes an entry; titles are in `lang` where they are told in it. Raises
    NotFound (case or packaged standard), FormatError (a standard that is not one), RefusedError.
    """
    checked = Checked(_standard(archive, standard))
    subjects = {}
    with archive.reading() as db, Looking(archive, opens=bool(codes)) as looking:
        for code in codes:
            find_standing(db, code)
        checked.whole = _told_whole(db, codes)
        for number, (sub, case) in enumerate(cases(db, codes, standard=checked.standard.id), 1):
            if progress is not None:
                progress("weighing cases", number)
            checked.assessments.append(weigh(checked.standard, case))
            checked.titles.append(_title(case, lang))
            subjects[str(case.record["code"])] = sub
            checked.unfitting.append(disagreements(case))
            checked.alike.append(looking.among([case], progress))
    if record_as is not None:
        from archive import ledger

        with ledger.writing(archive, record_as) as act:
            for one in checked.assessments:
                act.add("assessment.add", sub=subjects[one.code], fields=_recorded(one))
        checked.receipt = act.receipt
    return checked


def written(
    archive: Archive, form: str, codes: Sequence[str] = (), standard: bytes | None = None,
    progress: Saying | None = None, lang: str = "en",
) -> Iterator[tuple[str, bool]]:  # fmt: skip
    """Weigh as `check` does, and give it in words piece by piece: each with whether a case in it does not meet.

    `form` is one of `FORMS`; the pieces together are what `check` gives; `lang` is the language of the
    text. Raises as `check`, before the first piece.
    """
    wanted = _standard(archive, standard)
    first = True
    with archive.reading() as db:
        for code in codes:
            find_standing(db, code)
        head, between, tail, empty, say = _form(form, lang, _told_whole(db, codes))
        yield head(wanted), False
        looking = Looking(archive, opens=bool(codes))  # of another process, where it forks, nothing is open yet
        try:
            asker = partial(_asker, standard=wanted, between=between, say=say, looking=looking, lang=lang)
            for piece, fails in told(archive, db, codes, asker, progress):
                if piece:
                    yield ("" if first else between) + piece, fails
                    first = False
        finally:
            looking.end()
    yield (empty if first else tail), False


def _asker(
    db: Any, standard: Standard, between: str, say: Say, looking: Looking, lang: str
) -> Callable[[Stretch], tuple[str, bool]]:
    """Give what tells a stretch of cases in words, and whether one of them does not meet the standard."""
    checks, logs = recorded_checks(db), Logs(db)

    def ask(stretch: Stretch) -> tuple[str, bool]:
        pieces, fails = [], False
        for _, case in _read(db, stretch, checks, logs, standard.id):
            assessment = weigh(standard, case)
            pieces.append(say(assessment, _title(case, lang), disagreements(case), looking.among([case])))
            fails = fails or assessment.meets is False
        return between.join(pieces), fails

    return ask


def _standard(archive: Archive, standard: bytes | None) -> Standard:
    return load(standard if standard is not None else packaged_bytes(archive.standard))


def _title(case: Case, lang: str) -> str:
    marked = told_in(reason("exercise"), lang) + " " if case.record.get("exercise") else ""
    return marked + in_language(case.record, "title", lang)


def _named(standard: Standard) -> dict[str, str]:
    return {"id": standard.id, "version": standard.version, "sha256": standard.sha256}


def _case_document(
    assessment: Assessment, unfitting: Sequence[Disagreement], alike: Likenesses
) -> dict[str, Any]:
    told = [finding.document() for finding in unfitting]
    return {**assessment.document(), "consistency": told, "likeness": alike.document()}


def _case_json(assessment: Assessment, title: str, unfitting: Sequence[Disagreement], alike: Likenesses) -> str:
    del title
    return "\n    " + _indented(_case_document(assessment, unfitting, alike), "    ")


def _told_whole(db: Any, codes: Sequence[str]) -> bool:
    """Tell whether every case is told with its rules in words: those that are named, or of few."""
    return bool(codes) or bool(count(db) <= FEW)


def _case_text(lang: str, whole: bool) -> Say:
    return lambda one, title, found, alike: (
        as_text(one, title=title, lang=lang, whole=whole) + unfitting_text(found, lang) + alike.text(lang)
    )


def _no_case(lang: str) -> str:
    return told_in(reason("no-case"), lang) + "\n"


def _indented(document: Any, by: str) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode().replace("\n", f"\n{by}")


def _json_head(standard: Standard) -> str:
    return f'{{\n  "format": "sijill-check/1",\n  "standard": {_indented(_named(standard), "  ")},\n  "cases": ['


def _form(form: str, lang: str, whole: bool) -> tuple[Callable[[Standard], str], str, str, str, Say]:
    """Give what makes a form: its head, what stands between two cases, its end, that without a case, and one case."""
    if form == "json":
        return _json_head, ",", "\n  ]\n}\n", "]\n}\n", _case_json
    if form == "junit":
        return junit_head, "", JUNIT_TAIL, JUNIT_TAIL, lambda one, _title, _found, _alike: junit_suite(one)
    return lambda _: "", "\n", "", _no_case(lang), _case_text(lang, whole)


def _recorded(one: Assessment) -> dict[str, Any]:
    """Give an assessment as the fields of its entry: the answer, and why for every rule."""
    rules = [
        {key: value for key, value in result.document().items() if value is not None and key != "lacks"}
        for result in one.rules
    ]
    fields: dict[str, Any] = {
        "standard": f"{one.standard.id} {one.standard.version}",
        "standard_sha256": one.standard.sha256,
        "result": {"verdicts": dict(one.verdicts), "rules": rules},
    }
    if one.meets is not None:
        fields["meets"] = one.meets
    if one.grade is not None:
        fields["grade"] = one.grade
    return fields


def weigh_for_dossier(archive: Archive, db: Any, code: str) -> tuple[bytes, dict[str, Any]]:
    """Give the archive's standard as bytes and the assessment of one case under it. Raises NotFound.

    Its reasons are sentences in English that can still be said in another language (`evidence.reason.in_language`).
    """
    data = packaged_bytes(archive.standard)
    standard = load(data)
    _, case = next(cases(db, [code], standard=standard.id))
    told = [one.document(sentence) for one in disagreements(case)]
    return data, {**weigh(standard, case).document(sentence), "consistency": told}


def cases(
    db: Any, codes: Sequence[str] = (), *, standard: str | None = None, logs: Logs | None = None
) -> Iterator[tuple[str, Case]]:
    """Give each case's subject and the case as it is weighed: those named, in that order, else all by code.

    Waivers are those of the `standard` (its id; None is any) that count today.
    """
    checks, logs = recorded_checks(db), logs if logs is not None else Logs(db)
    for stretch in stretches(db, codes):
        yield from _read(db, stretch, checks, logs, standard)


def _read(
    db: Any, ends: Stretch, checks: Sequence[Check], logs: Logs, standard: str | None
) -> Iterator[tuple[str, Case]]:
    for code, own in groupby(db.execute(_RECORDS, ends), key=_CODE):
        rows: dict[str, list[Any]] = {"case": [], "source": [], "item": [], "link": [], "relation": []}
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
    facts: dict[str, Mapping[str, Any]] = {}
    items = [_item(code, row, acts.get(row[3], ()), checks, facts) for row in rows["item"]]
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
        waivers=in_force(acts.get(sub, ()), standard, datetime.now(UTC).date()),
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
                acts[sub].append((t, orjson.loads(fields)))
    for sub in later:
        acts[sub] = [(t, orjson.loads(fields)) for _, t, fields in db.execute(_ACTS_OF, (sub,))]
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
    for t, said in acts:
        if t == "custody.prior":
            if said:  # erased ones say nothing
                custody.append(said)
        elif t == "reading.add":  # a later one goes over an earlier one; dotted names
            found = {key[len(_FACTS) :]: value for key, value in said.items() if key.startswith(_FACTS)}
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
