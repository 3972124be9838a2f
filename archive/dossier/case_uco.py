"""`records/case-uco.jsonld`: exhibits, their digests and their custody as a CASE/UCO graph, for forensic laboratories.

Holds nothing that the other records do not. Identifiers are made from the
dossier's id, so that the same dossier gives the same graph. BLAKE3 is not a
method that the ontology names, and stays out.

Follows CASE 1.4 and UCO 1.4.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from archive.dossier.records import pretty
from archive.handed_over import Dossier, Event, Exhibit
from schemas.extent import bounds
from schemas.fields import in_language

NAME = "data/records/case-uco.jsonld"
_UCO = "https://ontology.unifiedcyberontology.org/uco"
CONTEXT = {
    "kb": "urn:uuid:", "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": f"{_UCO}/action/", "uco-core": f"{_UCO}/core/", "uco-observable": f"{_UCO}/observable/",
    "uco-types": f"{_UCO}/types/", "xsd": "http://www.w3.org/2001/XMLSchema#",
}  # fmt: skip


def case_uco(dossier: Dossier) -> str:
    """Give the graph."""
    return pretty({"@context": CONTEXT, "@graph": list(_graph(dossier))})


def _id(dossier: Dossier, *names: object) -> str:
    return "kb:" + str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(["urn:sijill", dossier.id, *map(str, names)])))


def _graph(dossier: Dossier) -> Iterator[dict[str, Any]]:
    records = [_id(dossier, e.bates, "record") for e in dossier.exhibits]
    yield {
        "@id": _id(dossier), "@type": "case-investigation:Investigation", "uco-core:name": dossier.code,
        "uco-core:description": in_language(dossier.case.fields, "title") or dossier.code,
        **({"uco-core:object": [{"@id": one} for one in records]} if records else {}),
    }  # fmt: skip
    for exhibit in dossier.exhibits:
        yield from _exhibit(dossier, exhibit)


def _exhibit(dossier: Dossier, e: Exhibit) -> Iterator[dict[str, Any]]:
    held = _id(dossier, e.bates, "file")
    thing: dict[str, Any] = {
        "@id": held, "@type": "uco-observable:File" if e.file else "uco-observable:ObservableObject",
        "uco-core:name": e.bates,
    }  # fmt: skip
    if e.file:
        named = e.record.fields.get("file")
        facet: dict[str, Any] = {
            "@id": _id(dossier, e.bates, "facet"), "@type": "uco-observable:FileFacet",
            "uco-observable:fileName": str(named) if named else e.file.path,
            "uco-observable:sizeInBytes": e.file.digests.size,
        }  # fmt: skip
        content = {
            "@id": _id(dossier, e.bates, "content"), "@type": "uco-observable:ContentDataFacet",
            "uco-observable:mimeType": e.file.media_type or "application/octet-stream",
            "uco-observable:hash": {
                "@id": _id(dossier, e.bates, "hash"), "@type": "uco-types:Hash", "uco-types:hashMethod": "SHA256",
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": e.file.digests.sha256.upper()},
            },
        }  # fmt: skip
        thing["uco-core:hasFacet"] = [facet, content]
    yield thing
    yield {
        "@id": _id(dossier, e.bates, "record"), "@type": "case-investigation:ProvenanceRecord",
        "uco-core:description": in_language(e.record.fields, "title") or e.name,
        "case-investigation:exhibitNumber": e.bates, "uco-core:object": {"@id": held},
    }  # fmt: skip
    for event in e.custody:
        yield _action(dossier, e, event, held)


def _action(dossier: Dossier, e: Exhibit, event: Event, held: str) -> dict[str, Any]:
    action = str((event.fields or {}).get("action", event.event))
    found: dict[str, Any] = {
        "@id": _id(dossier, e.bates, "action", event.entry), "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": event.premis or action, "uco-core:description": f"{action}, entry {event.entry} of the ledger",
        "uco-action:object": {"@id": held},
    }  # fmt: skip
    start = event.at if isinstance(event.at, str) else None
    if event.told and isinstance(event.at, dict):
        earliest, latest = bounds(event.at)
        start = f"{earliest:%Y-%m-%dT%H:%M:%SZ}" if earliest is not None and earliest == latest else None
    if start:
        found["uco-action:startTime"] = {"@type": "xsd:dateTime", "@value": start}
    return found
