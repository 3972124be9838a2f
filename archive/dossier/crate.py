"""`ro-crate-metadata.json`: what every file of `data/` is, for archives that read RO-Crate.

Own JSON, since the known library stamps the present time. The crate root is
`data/`; every file but the metadata itself is a part of it, with its SHA-256.

Follows RO-Crate 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from archive.handed_over import Dossier
from evidence.digest import Digests
from schemas.fields import in_language
from schemas.text import visible

_VOLUME = re.compile(r"(?<=\Adossier)\.[0-9]+(?=(?:\.ar)?\.pdf\Z)")
NAME = "data/ro-crate-metadata.json"
_TYPES = {
    "json": "application/json", "jsonl": "application/jsonl", "csv": "text/csv", "html": "text/html",
    "jpg": "image/jpeg", "pdf": "application/pdf", "geojson": "application/geo+json", "txt": "text/plain",
    "toml": "application/toml", "jsonld": "application/ld+json", "dat": "text/plain", "sig": "application/x-pem-file",
}  # fmt: skip
_SAYS = {
    "index.html": "the dossier for reading, English",
    "index.ar.html": "the dossier for reading, Arabic",
    "dossier.pdf": "the dossier for printing, English",
    "dossier.ar.pdf": "the dossier for printing, Arabic",
    "map.geojson": "every position that may leave",
    "exhibits.csv": "the list of exhibits",
    "records/case.json": "the case with its sources, items, links and relations, as disclosed",
    "records/custody.jsonl": "events of custody",
    "records/corroboration.json": "the assessment of the case against a standard",
    "records/case-uco.jsonld": "the exhibits and their custody as a CASE/UCO graph",
    "records/correction.json": "what changed since the dossier that this one supersedes",
    "declaration.txt": "a draft of a custodian's declaration, signed by nobody",
    "declaration.ar.txt": "a draft of a custodian's declaration in Arabic, signed by nobody",
    "records/audit.json": "the state of the ledger that the proof is against",
    "records/flights.csv": "observations of flights, as read from the logs",
    "records/standard.toml": "the standard that the case was weighed against",
}


def crate(dossier: Dossier, files: Mapping[str, Digests], thumbnails: Mapping[str, str]) -> dict[str, Any]:
    """Give the metadata of all files of `data/` that are in `files`."""
    payload = {name: found for name, found in files.items() if name.startswith("data/") and name != NAME}
    parts = {name.removeprefix("data/"): found for name, found in payload.items()}
    originals = {exhibit.path: exhibit for exhibit in dossier.exhibits if exhibit.path}
    forms = {
        "original": "exhibit {}, bit for bit as taken in", "stripped": "a copy of exhibit {} without metadata",
        "redacted": "a redacted copy of exhibit {}",
    }  # fmt: skip
    shown = {small: exhibit for exhibit in dossier.exhibits if (small := thumbnails.get(exhibit.bates))}
    graph: list[dict[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Dossier {dossier.id}",
            "description": _about(dossier),
            "identifier": dossier.id,
            "datePublished": dossier.date,
            "license": {"@id": "#terms"},
            "hasPart": [{"@id": name} for name in sorted(parts)],
        },
        {
            "@id": "#terms",
            "@type": "CreativeWork",
            "name": "Terms of use",
            "description": f"Handed over to the audience `{dossier.audience}` for the stated purpose alone.",
        },
    ]
    for name, found in sorted(parts.items()):
        entity: dict[str, Any] = {
            "@id": name, "@type": "File", "name": name, "contentSize": str(found.size), "sha256": found.sha256,
        }  # fmt: skip
        if name in originals:
            exhibit = originals[name]
            kind = exhibit.file.media_type if exhibit.file else ""
            entity["encodingFormat"] = kind or "application/octet-stream"
            entity["description"] = forms[exhibit.form].format(exhibit.bates)
            entity["identifier"] = exhibit.bates
        else:
            entity["encodingFormat"] = _TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")
            folder = name.split("/")[0]
            other = {"proof": "part of the proof", "loadfile": "a Concordance load file"}.get(folder, "a schema")
            entity["description"] = _SAYS.get(_VOLUME.sub("", name), other)
        if name in shown:
            entity["description"] = f"a small picture of exhibit {shown[name].bates}, without its metadata"
            entity["isBasedOn"] = {"@id": shown[name].path}
        graph.append(entity)
    return {"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": graph}


def _about(dossier: Dossier) -> str:
    title = visible(in_language(dossier.case.fields, "title"))
    exercise = "An exercise: an invented case. " if dossier.exercise else ""
    return f"{exercise}{title}".strip() or dossier.code
