"""Weighing what the archive holds: `sijill check`, and the assessment that goes into a dossier.

Puts each docket of the archive before `evidence.corroboration`, and shows what
it says. Decides nothing of its own; `--record` makes the assessment an entry.
Cases are told one after another, by two processes where they are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from archive.checked import recorded_checks
from archive.database import NEWEST_SIZE
from archive.docket import cases, read_stretch
from archive.flights import Logs
from archive.likeness import Looking
from archive.merged import family
from archive.show import find_standing
from archive.stretches import Stretch, count, told
from evidence.consistency import Disagreement, disagreements
from evidence.corroboration import Assessment, Case, weigh
from evidence.likeness import Likenesses
from evidence.reason import reason, sentence
from evidence.reason import told as told_in
from evidence.verdict import JUNIT_TAIL, as_junit, as_text, junit_head, junit_suite, unfitting_text
from schemas.fields import in_language
from schemas.standard import Standard, load, packaged_bytes

if TYPE_CHECKING:
    from archive.ledger import Receipt, Signer
    from archive.open import Archive
    from archive.workers import Saying

FORMS = ("text", "json", "junit")
FEW = 50  # cases; of more, unless they are named, one that meets is told by its verdicts alone
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
    Raises InputError, IntegrityError, UnreachableError.
    """
    checked = Checked(_standard(archive, standard))
    subjects = {}
    with archive.reading() as db, Looking(archive, opens=bool(codes)) as looking:
        (size,) = db.execute(NEWEST_SIZE).fetchone()
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
                for code in family(act.db, one.code):
                    act.nothing_since(size, code, code=code)
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
        for _, case in read_stretch(db, stretch, checks, logs, standard.id):
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
    """Give the archive's standard as bytes and the assessment of one case under it. Raises FormatError, NotFound.

    Its reasons are sentences in English that can still be said in another language (`evidence.reason.in_language`).
    """
    data = packaged_bytes(archive.standard)
    standard = load(data)
    _, case = next(cases(db, [code], standard=standard.id))
    told = [one.document(sentence) for one in disagreements(case)]
    return data, {**weigh(standard, case).document(sentence), "consistency": told}
