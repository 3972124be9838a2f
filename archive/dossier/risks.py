"""What may still point to a person in a dossier that is about to leave. Warnings for people; decides nothing.

Looks at what leaves, as the `Dossier` holds it, and at nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from archive.handed_over import Dossier, Exhibit, File
from archive.pictures import Copies
from archive.withholding import STRICT
from evidence.redaction import PICTURES


def risks(dossier: Dossier, copies: Copies) -> list[str]:
    """Give one sentence a risk."""
    found = [sentence for exhibit in dossier.exhibits for sentence in _of_exhibit(dossier, exhibit)]
    if dossier.not_shown.get("contradicting"):
        found.append(
            f"{dossier.not_shown['contradicting']} judgements that contradict a claim are not shown, since their "
            "exhibits are withheld; the dossier says so"
        )
    return [*found, *_alike(dossier, copies), *_posts(dossier)]


def _of_exhibit(dossier: Dossier, exhibit: Exhibit) -> Iterator[str]:
    fields, number = exhibit.record.fields, exhibit.bates
    whole = exhibit.form == "original"
    if whole and any("facts.gps.lat" in reading.fields for reading in exhibit.readings):
        yield f"{number}: the file holds the position of the camera and goes out as it is"
    if fields.get("kind") == "statement":
        role = fields.get("witness_role")
        roles = Counter(e.record.fields.get("witness_role") for e in dossier.exhibits)
        if role and roles[role] == 1:
            yield (
                f"{number}: its witness is the only {role} here; with place and time that may single out one person"
            )
        if whole and dossier.audience in STRICT:
            yield f"{number}: the statement goes out word for word; read it for names, places and kin"
    seen = fields.get("persons_visible") in ("yes", "unknown", None)
    if fields.get("kind") == "imagery" and seen and exhibit.form in ("original", "stripped"):
        yield f"{number}: persons may be recognised in it"
    if whole and _names_its_maker(exhibit):
        yield f"{number}: a file of this type may name who made it, and goes out as it is"
    if exhibit.form == "redacted" and (fields.get("transcript") or fields.get("translation")):
        yield f"{number}: the copy is redacted, its transcript and translation leave whole"


def _names_its_maker(exhibit: Exhibit) -> bool:
    kind = exhibit.file.media_type if exhibit.file else ""
    return kind == "application/pdf" or "officedocument" in kind or kind.startswith("video/")


def _alike(dossier: Dossier, copies: Copies) -> Iterator[str]:
    """Find pictures that look like one that leaves covered, and leave uncovered themselves."""
    drawn = [e for e in dossier.exhibits if e.file and e.file.media_type in PICTURES]
    bare = [(e.bates, *_lying(e.file)) for e in drawn if e.file and e.form != "redacted"]
    for exhibit in drawn:
        if exhibit.form == "redacted" and exhibit.file:
            for number in copies.alike(bare, _lying(exhibit.file)):
                yield f"{number}: it looks like {exhibit.bates}, which leaves covered, and is not covered itself"


def _lying(file: File) -> tuple[Path, str]:
    return file.source, file.media_type


def _posts(dossier: Dossier) -> Iterator[str]:
    """Flights of one log that pass a point from several sides tell where it was watched from."""
    if dossier.audience in STRICT:
        for log in dossier.logs:
            yield f"{log.bates}: positions and headings of many rows together may tell where the log was kept"
