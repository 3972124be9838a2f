"""The records of a dossier as JSON: the case with all that leaves, custody, corroboration, and the state of the ledger.

    records/case.json           the case, its sources, items, links and relations; what is withheld
    records/custody.jsonl       one event of custody a line
    records/corroboration.json  the assessment, and the standard it was made under
    records/audit.json          what the proof is against, and what was hashed for this dossier

Fields stand exactly as the ledger commits to them (dotted names, whole
micro-degrees), so that a verifier compares them with no reading in between.
Every object that shows fields names the entry that they are disclosed from.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from typing import IO, Any

from archive.handed_over import Dossier, Event, Exhibit

CASE, CUSTODY, CORROBORATION, AUDIT = (
    f"sijill-dossier-{noun}/1" for noun in ("case", "custody", "corroboration", "audit")
)


def pretty(document: Any) -> str:
    """Give JSON for people and programs: UTF-8, keys in the order given, one line end."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def writer(document: Mapping[str, Any]) -> Callable[[IO[str]], None]:
    """Give what writes the same piece by piece: of thousands of exhibits the pieces take ten times what they say.

    A value may be an iterator: its members become a list, each made when it is written.
    """

    def write(file: IO[str]) -> None:
        file.writelines(_pieces(document, 0))
        file.write("\n")

    return write


def text(document: Mapping[str, Any]) -> str:
    """Give what `writer` writes."""
    file = StringIO()
    writer(document)(file)
    return file.getvalue()


def _pieces(value: Any, depth: int) -> Iterator[str]:
    """Give the pieces of a value as it stands at a depth; a line end is never in a text of JSON."""
    end = "\n" + " " * depth
    if isinstance(value, Iterator):
        mark = "["
        for member in value:
            yield f"{mark}{end} "
            yield from _pieces(member, depth + 1)
            mark = ","
        yield "[]" if mark == "[" else f"{end}]"
    elif isinstance(value, dict) and any(isinstance(member, Iterator) for member in value.values()):
        mark = "{"
        for name, member in value.items():
            yield f"{mark}{end} {json.dumps(name, ensure_ascii=False)}: "
            yield from _pieces(member, depth + 1)
            mark = ","
        yield f"{end}}}"
    else:
        pieces = json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(value)
        yield from (piece.replace("\n", end) for piece in pieces)


def case_document(dossier: Dossier, thumbnails: Mapping[str, str]) -> dict[str, Any]:
    """Give what records/case.json holds; `thumbnails` are paths below data/ by exhibit number."""
    proof = dossier.proof
    return {
        "format": CASE,
        "dossier": {
            "id": dossier.id, "number": dossier.number, "audience": dossier.audience, "purpose": dossier.purpose,
            **({"recipient": dossier.recipient} if dossier.recipient else {}),
            **({"supersedes": dossier.supersedes} if dossier.supersedes else {}),
            "date": dossier.date, "exercise": dossier.exercise,
        },
        "ledger": {
            "origin": proof.origin, "size": proof.size, "root": base64.b64encode(proof.root).decode(),
            "genesis": proof.genesis.hex(),
        },
        "case": dossier.case.document(),
        **({"merged": [one.document() for one in dossier.merged]} if dossier.merged else {}),
        "sources": [source.document() for source in dossier.sources],
        "items": (_item(exhibit, thumbnails.get(exhibit.bates)) for exhibit in dossier.exhibits),
        "withheld": [
            {"bates": one.bates, "entry": one.entry, "reason": one.reason, "digest": one.digest}
            for one in dossier.withheld
        ],
        "links": (link.document() for link in dossier.links),
        "relations": (relation.document() for relation in dossier.relations),
        "not_shown": dict(dossier.not_shown),
    }  # fmt: skip


def _item(exhibit: Exhibit, thumbnail: str | None) -> dict[str, Any]:
    files = {"path": exhibit.path, "thumbnail": thumbnail}
    return {
        "exhibit": exhibit.name,
        "bates": exhibit.bates,
        "class": exhibit.item_class,
        "received": exhibit.record.received,
        "form": exhibit.form,
        **{key: value for key, value in files.items() if value},
        **exhibit.record.document(),
        **_copy(exhibit),
        "readings": [{"entry": reading.entry, "fields": dict(reading.fields)} for reading in exhibit.readings],
        "numbers": [{"entry": one.entry, "fields": dict(one.fields)} for one in exhibit.numbers],
        "custody_gaps": [gap["what"] for gap in exhibit.gaps],
    }


def _copy(exhibit: Exhibit) -> dict[str, Any]:
    """Tie a copy to its original: by its salted digest, and to the entry that says how it was made."""
    if not exhibit.original:
        return {}
    made = exhibit.rendition
    return {
        "original": exhibit.original,
        **({"rendition": {"entry": made.entry, "fields": dict(made.fields)}} if made is not None else {}),
    }


def custody_lines(dossier: Dossier) -> Iterator[str]:
    """Give the lines of records/custody.jsonl: events of each exhibit, oldest first, exhibits by their numbers."""
    lines = (_event(exhibit, event) for exhibit in dossier.exhibits for event in exhibit.custody)
    return (json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _event(exhibit: Exhibit, event: Event) -> dict[str, Any]:
    line: dict[str, Any] = {
        "format": CUSTODY, "exhibit": exhibit.name, "bates": exhibit.bates, "event": event.event, "entry": event.entry,
        "recorded_at": event.recorded_at, "recorded_by": event.recorded_by,
    }  # fmt: skip
    if event.premis:
        line["premis"] = event.premis
    if event.fields is not None:
        line["fields"] = dict(event.fields)
    return line


def corroboration_json(dossier: Dossier) -> str:
    """Give records/corroboration.json."""
    standard = dossier.standard_named
    return pretty({"format": CORROBORATION, "standard": standard, "case": dossier.assessment})


def audit_json(dossier: Dossier) -> str:
    """Give records/audit.json: what everything here is proved against, and what is not proved."""
    proof = dossier.proof
    files = [exhibit for exhibit in dossier.exhibits if exhibit.path]
    return pretty(
        {
            "format": AUDIT,
            "origin": proof.origin,
            "log_vkey": proof.log_vkey,
            "genesis": proof.genesis.hex(),
            "checkpoint": {
                "size": proof.size, "root": base64.b64encode(proof.root).decode(),
                "sha256": hashlib.sha256(proof.checkpoint).hexdigest(),
            },
            "entries_proved": len(proof.entries),
            "commits": len(proof.commits),
            "signers": [name for name, _ in proof.signers],
            "objects": {
                "hashed_for_this_dossier": len(files),
                "bytes": sum(exhibit.file.digests.size for exhibit in files if exhibit.file),
                "all_as_registered": True,
            },
            "anchors": [
                {"size": one.size, "time": one.time, "tsr_sha256": hashlib.sha256(one.answer).hexdigest()}
                for one in proof.anchors
            ],
            "time_stamp": None,
        }
    )  # fmt: skip
