"""`ro-crate-metadata.json`: what every file of `data/` is, for archives that read RO-Crate.

Own JSON, since the known library stamps the present time. The crate root is
`data/`; every file but the metadata itself is a part of it, with its SHA-256.

Follows RO-Crate 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from archive.dossier.bag import Files
from archive.handed_over import Dossier, Exhibit
from evidence.digest import Digests
from schemas.fields import in_language
from schemas.text import visible

_VOLUME = re.compile(r"(?<=\Adossier)\.[0-9]+(?=(?:\.ar)?\.pdf\Z)")
_DATA = "data/"
NAME = _DATA + "ro-crate-metadata.json"
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

_FORMS = {
    "original": "exhibit {}, bit for bit as taken in", "stripped": "a copy of exhibit {} without metadata",
    "redacted": "a redacted copy of exhibit {}",
}  # fmt: skip


def crate(dossier: Dossier, files: Files, thumbnails: Mapping[str, str]) -> dict[str, Any]:
    """Give the metadata of all files of `data/` that are in `files`; the entities are made as they are asked for."""
    return {"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": _graph(dossier, files, thumbnails)}


def _graph(
    dossier: Dossier, files: Files, thumbnails: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    parts = [name for name in files.below(_DATA) if name != NAME]
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Dossier {dossier.id}",
        "description": _about(dossier),
        "identifier": dossier.id,
        "datePublished": dossier.date,
        "license": {"@id": "#terms"},
        "hasPart": ({"@id": name.removeprefix(_DATA)} for name in parts),
    }
    yield {
        "@id": "#terms",
        "@type": "CreativeWork",
        "name": "Terms of use",
        "description": f"Handed over to the audience `{dossier.audience}` for the stated purpose alone.",
    }
    originals = {exhibit.path: exhibit for exhibit in dossier.exhibits if exhibit.path}
    shown = {small: exhibit for exhibit in dossier.exhibits if (small := thumbnails.get(exhibit.bates))}
    for part in parts:
        name = part.removeprefix(_DATA)
        yield _file(name, files[part], originals.get(name), shown.get(name))


def _file(name: str, found: Digests, exhibit: Exhibit | None, pictured: Exhibit | None) -> dict[str, Any]:
    """Give the entity of a file: of an exhibit, of an exhibit's small picture, or of something else."""
    entity: dict[str, Any] = {
        "@id": name, "@type": "File", "name": name, "contentSize": str(found.size), "sha256": found.sha256,
    }  # fmt: skip
    if exhibit is not None:
        kind = exhibit.file.media_type if exhibit.file else ""
        entity["encodingFormat"] = kind or "application/octet-stream"
        entity["description"] = _FORMS[exhibit.form].format(exhibit.bates)
        entity["identifier"] = exhibit.bates
    else:
        entity["encodingFormat"] = _TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")
        folder = name.split("/", maxsplit=1)[0]
        other = {"proof": "part of the proof", "loadfile": "a Concordance load file"}.get(folder, "a schema")
        entity["description"] = _SAYS.get(_VOLUME.sub("", name), other)
    if pictured is not None:
        entity["description"] = f"a small picture of exhibit {pictured.bates}, without its metadata"
        entity["isBasedOn"] = {"@id": pictured.path}
    return entity


def _about(dossier: Dossier) -> str:
    title = visible(in_language(dossier.case.fields, "title"))
    exercise = "An exercise: an invented case. " if dossier.exercise else ""
    return f"{exercise}{title}".strip() or dossier.code
