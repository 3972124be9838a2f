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
from typing import TYPE_CHECKING, Any

import orjson

from archive.checked import Check, last_word, recorded_checks
from archive.flights import Logs
from archive.likeness import Looking
from archive.merged import as_seen, family, is_marked, weighed_as
from archive.show import find_standing
from archive.stretches import Stretch, stretches, told
from archive.waiver import in_force
from evidence.consistency import Disagreement, disagreements
from evidence.corroboration import Assessment, Case, Item, Link, Relation, weigh
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

_RECORDS = (
    "SELECT code, kind, id, sub, first, withdrawn, fields FROM record"
    " WHERE kind IN ('case','source','item','link','relation') AND code BETWEEN ? AND ? ORDER BY code, first"
)
_ACTS = (
    "SELECT r.code, a.sub, a.t, a.fields FROM record r CROSS JOIN act a ON a.sub = r.sub"
    " WHERE r.kind IN ('case','item')"
    " AND a.t IN ('custody.prior','consent.set','erase','waiver.set','reading.add')"
    " AND r.code BETWEEN ? AND ? ORDER BY r.code, a.idx"
)
_FACTS = "facts."
FORMS = ("text", "json", "junit")
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
        say = _case_text(lang)
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
    head, between, tail, empty, say = _form(form, lang)
    first = True
    with archive.reading() as db:
        for code in codes:
            find_standing(db, code)
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


def _case_text(lang: str) -> Say:
    return lambda one, title, found, alike: (
        as_text(one, title=title, lang=lang) + unfitting_text(found, lang) + alike.text(lang)
    )


def _no_case(lang: str) -> str:
    return told_in(reason("no-case"), lang) + "\n"


def _indented(document: Any, by: str) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode().replace("\n", f"\n{by}")


def _json_head(standard: Standard) -> str:
    return f'{{\n  "format": "sijill-check/1",\n  "standard": {_indented(_named(standard), "  ")},\n  "cases": ['


def _form(form: str, lang: str) -> tuple[Callable[[Standard], str], str, str, str, Say]:
    """Give what makes a form: its head, what stands between two cases, its end, that without a case, and one case."""
    if form == "json":
        return _json_head, ",", "\n  ]\n}\n", "]\n}\n", _case_json
    if form == "junit":
        return junit_head, "", JUNIT_TAIL, JUNIT_TAIL, lambda one, _title, _found, _alike: junit_suite(one)
    return lambda _: "", "\n", "", _no_case(lang), _case_text(lang)


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
    records = db.execute(_RECORDS, ends)
    acts = groupby(db.execute(_ACTS, ends), key=lambda row: row[0])
    ahead: tuple[str, list[Any]] | None = None
    for code, rows in groupby(records, key=lambda row: row[0]):
        while ahead is None or ahead[0] < code:
            found = next(acts, None)
            if found is None:
                break
            ahead = (found[0], list(found[1]))
        mine = ahead[1] if ahead is not None and ahead[0] == code else []
        own = list(rows)
        if any(row[1] == "case" and is_marked(row[-1]) for row in own):
            if weighed_as(db, code) != code:
                continue  # weighed with the case that takes it in
            own, mine = _taken_in(db, code, own, mine)
        case = _case(code, own, mine, checks, logs, standard)
        if case is not None:
            yield case


def _taken_in(db: Any, code: str, rows: list[Any], acts: list[Any]) -> tuple[list[Any], list[Any]]:
    """Give the rows of a case and of all that it takes in, in the order of registration, and the acts about them."""
    for other in family(db, code)[1:]:
        rows = rows + list(db.execute(_RECORDS, (other, other)))
        acts = acts + [act for act in db.execute(_ACTS, (other, other)) if act[2] != "waiver.set"]
    return sorted(rows, key=lambda row: row[4]), acts


def _case(
    code: str, rows: Sequence[Any], acts: Sequence[Any], checks: Sequence[Check], logs: Logs, standard: str | None
) -> tuple[str, Case] | None:
    by_kind: dict[str, list[Any]] = {kind: [] for kind in ("case", "source", "item", "link", "relation")}
    merged = []
    for own, kind, name, sub, first, withdrawn, fields in rows:
        record = orjson.loads(fields)
        if own != code and kind == "case":
            merged.append(record)
            continue
        if own != code:  # of a case that was merged into this one
            record, name = as_seen(record, own, code), named(name, own, code)
        if kind in ("item", "source") or "erased" not in record:
            by_kind[kind].append((name, sub, first, withdrawn is not None, record))
    if not by_kind["case"]:
        return None
    of_sub: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for _, sub, t, fields in acts:
        of_sub.setdefault(sub, []).append((t, orjson.loads(fields)))
    _, case_sub, _, _, record = by_kind["case"][0]
    links = [_link(row) for row in by_kind["link"]]
    facts = {row[0]: _facts(of_sub.get(row[1], ())) for row in by_kind["item"]}
    heard = any(row[4].get("message_type") == "release" for row in by_kind["item"])
    return case_sub, Case(
        record=record,
        items=[_item(code, row, of_sub.get(row[1], ()), checks) for row in by_kind["item"]],
        sources={name: fields for name, _, _, _, fields in by_kind["source"]},
        links=links,
        relations=[_relation(row) for row in by_kind["relation"] if not row[3]],
        undone=[_relation(row) for row in by_kind["relation"] if row[3]],
        flights=logs.asked_of(record),
        waivers=in_force(of_sub.get(case_sub, ()), standard, datetime.now(UTC).date()),
        facts={name: read for name, read in facts.items() if read},
        sightings=logs.sightings({row[0]: row[1] for row in by_kind["item"]}, by_kind["link"]) if heard else (),
        merged=merged,
    )


def _facts(acts: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Give what a reader found in an item, dotted names; a later reading goes over an earlier one."""
    return {
        key[len(_FACTS) :]: value
        for t, said in acts
        if t == "reading.add"
        for key, value in said.items()
        if key.startswith(_FACTS)
    }


def _item(code: str, row: Any, acts: Sequence[tuple[str, Mapping[str, Any]]], checks: Sequence[Check]) -> Item:
    name, _, first, withdrawn, record = row
    excluded = set()
    full = name if "/" in name else f"{code}/{name}"
    wrong = last_word(checks, full, first) if "blake3" in record else None
    if wrong is not None:
        excluded.add("integrity_failed")
    for t, said in acts:
        if t == "erase":
            excluded.add("disposed")
        elif t == "consent.set":
            record = {**record, f"consent.{said.get('audience')}": said.get("answer")}
    if record.get("consent.internal") == "no":
        excluded.add("consent_withdrawn")
    return Item(
        id=name,
        record=record,
        index=first,
        excluded=frozenset(excluded),
        withdrawn=withdrawn,
        custody=[said for t, said in acts if t == "custody.prior" and said],  # erased ones say nothing
        present=wrong is None if "blake3" in record else None,
    )


def _relation(row: Any) -> Relation:
    name, _, _, _, fields = row
    return Relation(name, fields["item"], fields["as"], fields.get("of"), fields.get("external"))


def _link(row: Any) -> Link:
    name, _, _, withdrawn, fields = row
    return Link(
        id=name,
        item=fields["item"],
        facets=fields["facets"],
        stance=fields["stance"],
        strength=fields["strength"],
        assessor=fields["assessor"],
        reviewed_by=fields.get("reviewed_by"),
        resolution=fields.get("resolution"),
        withdrawn=withdrawn,
        rationale=fields["rationale"],
    )
