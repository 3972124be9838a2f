"""JSON Schemas (draft 2020-12) of the records of a dossier, made from the tables of fields.

`schemas/json/NAME.schema.json` judges `records/NAME.json`, or each line of
`records/NAME.jsonl`. The files are written by `python -m schemas.json_schema`
and a test holds them equal to what this module gives. Fields are flat: dotted
names, whole micro-degrees, decimals as text. No field is required, since any
may be withheld; a field that is in no table is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from schemas.case import CASE, MERGED
from schemas.custody import CUSTODY
from schemas.extent import BASES
from schemas.fields import Field, flat_names
from schemas.item import ITEM_FIELDS
from schemas.link import LINK, RELATION, RESOLUTION
from schemas.source import SOURCE
from schemas.vocabulary import AUDIENCES, VOCABULARY

Schema = dict[str, Any]
FOLDER = Path(__file__).parent / "json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
INSTANT: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$",
    "maxLength": 27,
    "format": "date-time",
}
INDEX: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64}
SALTED: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$", "maxLength": 43}
FINGERPRINT: Schema = {"type": "string", "pattern": "^SHA256:[A-Za-z0-9+/]{43}$", "maxLength": 50}
BATES: Schema = {"type": "string", "pattern": "^.{1,93}-[0-9]{6}$", "maxLength": 100}
ANSWERS = ("met", "not_met", "undetermined", "warn", "waived", "does_not_apply")


def schema_of(field: Field) -> Schema:
    """Give the schema of one leaf field's value."""
    match field.type:
        case "word":
            return {"enum": list(VOCABULARY[field.words or ""])}
        case "wordlist":
            return {"type": "array", "items": {"enum": list(VOCABULARY[field.words or ""])}}
        case "textlist":
            return {"type": "array", "items": TEXT}
        case "time":
            return {"$ref": "#/$defs/time"}
        case "whole":
            return {"type": "integer", "minimum": 0}
        case "decimal":
            return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
        case "degrees":
            return {"type": "integer", "minimum": -180_000_000, "maximum": 180_000_000}
        case "yesno":
            return {"type": "boolean"}
        case "map":
            return many({"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2})  # pairs
        case "rows":
            return {"type": "array", "items": flat(field.members)}
        case _:
            return TEXT


def flat(fields: Iterable[Field], more: Mapping[str, Schema] | None = None) -> Schema:
    """Give the schema of a flat record."""
    properties = {name: schema_of(leaf) for name, leaf in sorted(flat_names(fields).items())}
    return {"type": "object", "properties": {**properties, **(more or {})}, "additionalProperties": False}


def closed(properties: Mapping[str, Schema], optional: Iterable[str] = ()) -> Schema:
    """Give an object with exactly these members, all required but the optional ones."""
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def many(schema: Schema) -> Schema:
    """Give an array of these."""
    return {"type": "array", "items": schema}


TIME = closed(
    {
        "said": TEXT, "earliest": INSTANT, "latest": INSTANT,
        "precision": TEXT, "zone": TEXT, "basis": {"enum": list(BASES)}, "edtf": TEXT, "qualifier": TEXT,
    },
    ("said", "earliest", "latest", "precision", "zone", "basis", "edtf", "qualifier"),
)  # fmt: skip
IN_CASE: dict[str, Schema] = {"case": TEXT}
STORED: dict[str, Schema] = {
    "case": TEXT, "sha256": DIGEST, "blake3": DIGEST, "size": INDEX, "media_type": TEXT,
}  # fmt: skip


def _record(kind: str, fields: Schema) -> Schema:
    return closed({"kind": {"const": kind}, "entry": INDEX, "revisions": INDEX, "fields": fields}, ("revisions",))


def case_schema() -> Schema:
    """Give the schema of records/case.json."""
    item = _record("item", {"anyOf": [flat(fields, STORED) for fields in ITEM_FIELDS.values()]})
    reading = closed({"entry": INDEX, "fields": {"type": "object"}})
    item["properties"] = {
        "exhibit": TEXT, "bates": BATES, "class": {"enum": list(VOCABULARY["class"])}, "received": INSTANT,
        "path": {"type": "string", "pattern": "^(items|derived)/[A-Za-z0-9._-]+$"},
        "form": {"enum": ["original", "stripped", "redacted", "none"]}, "original": SALTED,
        "rendition": closed({"entry": INDEX, "fields": {"type": "object"}}),
        "thumbnail": {"type": "string", "pattern": "^derived/[A-Za-z0-9._-]+$"},
        **item["properties"], "readings": many(reading), "numbers": many(reading), "custody_gaps": many(TEXT),
    }  # fmt: skip
    own = ("exhibit", "bates", "class", "received", "form", "readings", "numbers", "custody_gaps")
    item["required"] = [*item["required"], *own]
    return _document(
        "case",
        {
            "dossier": closed({
                "id": TEXT, "number": {"type": "integer", "minimum": 1}, "audience": {"enum": list(AUDIENCES)},
                "purpose": TEXT, "recipient": TEXT, "supersedes": TEXT, "date": INSTANT,
                "exercise": {"type": "boolean"},
            }, ("recipient", "supersedes")),
            "ledger": closed({"origin": TEXT, "size": INDEX, "root": TEXT, "genesis": DIGEST}),
            "case": _record("case", flat((*CASE, *MERGED))),
            "merged": many(_record("case", flat((*CASE, *MERGED)))),
            "sources": many(_record("source", flat(SOURCE, IN_CASE))),
            "items": many(item),
            "withheld": many(closed({"bates": BATES, "entry": INDEX, "reason": TEXT, "digest": SALTED})),
            "links": many(_record("link", flat((*LINK, *RESOLUTION), IN_CASE))),
            "relations": many(_record("relation", flat(RELATION, IN_CASE))),
            "not_shown": closed({"links": INDEX, "relations": INDEX, "contradicting": INDEX}),
        },
        ("merged",),
    )  # fmt: skip


def custody_schema() -> Schema:
    """Give the schema of each line of records/custody.jsonl."""
    return _document(
        "custody",
        {
            "exhibit": TEXT, "bates": BATES, "event": TEXT, "entry": INDEX, "recorded_at": INSTANT,
            "recorded_by": FINGERPRINT, "premis": TEXT, "fields": {**flat(CUSTODY), "additionalProperties": True},
        },
        ("premis", "fields"),
    )  # fmt: skip


def corroboration_schema() -> Schema:
    """Give the schema of records/corroboration.json."""
    verdict = {"enum": ["met", "not_met", "undetermined"]}
    rule = {
        "type": "object",
        "properties": {
            "id": TEXT, "facet": {"type": ["string", "null"]}, "answer": {"enum": list(ANSWERS)}, "because": TEXT,
            "items": many(TEXT), "lacks": TEXT,
        },
        "required": ["id", "facet", "answer", "because", "items", "lacks"],
    }  # fmt: skip
    left_out = {"type": "object", "properties": {"item": TEXT, "because": TEXT}, "required": ["item", "because"]}
    facet = {
        "type": "object",
        "properties": {
            "independent": INDEX, "items": many(TEXT), "groups": {"type": "array"}, "left_out": many(left_out),
        },
        "required": ["independent", "items", "left_out", "contradictions"],
    }  # fmt: skip
    case = {
        "type": "object",
        "properties": {
            "code": TEXT, "meets": {"type": ["boolean", "null"]},
            "verdicts": {"type": "object", "additionalProperties": verdict},
            "facets": {
                "type": "object", "propertyNames": {"enum": list(VOCABULARY["facet"])}, "additionalProperties": facet,
            },
            "rules": many(rule),
        },
        "required": ["code", "meets", "verdicts", "facets", "rules"],
    }  # fmt: skip
    standard = closed({"id": TEXT, "version": TEXT, "sha256": DIGEST})
    return _document("corroboration", {"standard": standard, "case": case})


def audit_schema() -> Schema:
    """Give the schema of records/audit.json."""
    return _document(
        "audit",
        {
            "origin": TEXT, "log_vkey": TEXT, "genesis": DIGEST,
            "checkpoint": closed({"size": INDEX, "root": TEXT, "sha256": DIGEST}),
            "entries_proved": INDEX, "commits": INDEX, "signers": many(FINGERPRINT),
            "objects": closed(
                {"hashed_for_this_dossier": INDEX, "bytes": INDEX, "all_as_registered": {"type": "boolean"}}
            ),
            "anchors": many({"type": "object"}), "time_stamp": {"type": ["object", "null"]},
        },
    )  # fmt: skip


def _document(noun: str, properties: Mapping[str, Schema], optional: Iterable[str] = ()) -> Schema:
    schema = closed({"format": {"const": f"sijill-dossier-{noun}/1"}, **properties}, optional)
    return {"$schema": DRAFT, "$id": f"urn:sijill:schema:{noun}:1", "title": f"sijill-dossier-{noun}/1", **schema,
            "$defs": {"time": TIME}}  # fmt: skip


def schemas() -> dict[str, Schema]:
    """Give every schema by the name of its file, without `.schema.json`."""
    return {
        "case": case_schema(), "custody": custody_schema(), "corroboration": corroboration_schema(),
        "audit": audit_schema(),
    }  # fmt: skip


def text_of(schema: Schema) -> str:
    """Give a schema as its file has it."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (FOLDER / f"{name}.schema.json").write_text(text_of(schema), encoding="utf-8")
