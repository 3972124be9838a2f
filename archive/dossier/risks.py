"""What may still point to a person in a dossier that is about to leave. Warnings for people; decides nothing.

Looks at what leaves, as the `Dossier` holds it, and at nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.handed_over import Dossier, Exhibit, File, together
from archive.pictures import Copies
from archive.withholding import STRICT
from evidence.reason import Sentence, Term, reason, sentence
from evidence.redaction import PICTURES

if TYPE_CHECKING:
    from archive.workers import Saying


def risks(dossier: Dossier, copies: Copies, progress: Saying | None = None) -> list[Sentence]:
    """Give one sentence a risk, with all the exhibits that it is of."""
    roles = Counter(e.record.fields.get("witness_role") for e in dossier.exhibits)
    of: dict[tuple[str, str], list[str]] = {}  # code and role -> numbers
    for exhibit in dossier.exhibits:
        for code, role in _of_exhibit(dossier.audience, exhibit, roles):
            of.setdefault((code, role), []).append(exhibit.bates)
    found = [
        _risk(code, together(numbers), **({"role": Term("witness_role", role)} if role else {}))
        for (code, role), numbers in of.items()
    ]
    if dossier.not_shown.get("contradicting"):
        found.append(sentence(reason("risk-contradicting", count=dossier.not_shown["contradicting"])))
    return [*found, *_alike(dossier, copies, progress), *_posts(dossier)]


def _of_exhibit(audience: str, exhibit: Exhibit, roles: Mapping[Any, int]) -> Iterator[tuple[str, str]]:
    """Give the risks of one exhibit, each with the role of the witness whom it may single out."""
    fields = exhibit.record.fields
    whole = exhibit.form == "original"
    if whole and any("facts.gps.lat" in reading.fields for reading in exhibit.readings):
        yield "position", ""
    if fields.get("kind") == "statement":
        role = fields.get("witness_role")
        if role and roles[role] == 1:
            yield "role", str(role)
        if whole and audience in STRICT:
            yield "verbatim", ""
    seen = fields.get("persons_visible") in ("yes", "unknown", None)
    if fields.get("kind") == "imagery" and seen and exhibit.form in ("original", "stripped"):
        yield "persons", ""
    if whole and _names_its_maker(exhibit):
        yield "maker", ""
    if exhibit.form == "redacted" and (fields.get("transcript") or fields.get("translation")):
        yield "transcript", ""


def _risk(code: str, number: str, **names: Any) -> Sentence:
    return sentence(reason(f"risk-{code}", number=number, **names))


def _names_its_maker(exhibit: Exhibit) -> bool:
    kind = exhibit.file.media_type if exhibit.file else ""
    return kind == "application/pdf" or "officedocument" in kind or kind.startswith("video/")


def _alike(dossier: Dossier, copies: Copies, progress: Saying | None) -> Iterator[Sentence]:
    """Find pictures that look like one that leaves covered, and leave uncovered themselves."""
    drawn = [e for e in dossier.exhibits if e.file and e.file.media_type in PICTURES]
    bare = [(e.bates, *_lying(e.file)) for e in drawn if e.file and e.form != "redacted"]
    for exhibit in drawn:
        if exhibit.form == "redacted" and exhibit.file:
            for number in copies.alike(bare, _lying(exhibit.file), progress):
                yield _risk("uncovered", number, other=exhibit.bates)


def _lying(file: File) -> tuple[Path, str]:
    return file.source, file.media_type


def _posts(dossier: Dossier) -> Iterator[Sentence]:
    """Flights of one log that pass a point from several sides tell where it was watched from."""
    if dossier.audience in STRICT:
        for log in dossier.logs:
            yield _risk("post", log.bates)
