"""Items: a piece of evidence, as it was handed in, with what its hander says of it.

What a person says of an item (`claimed`) and what a reader finds in its bytes
(a reading) are kept apart and neither corrects the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.custody import CUSTODY
from schemas.fields import Field
from schemas.vocabulary import AUDIENCES

_ANSWERS = tuple(Field(audience, "word", words="answer") for audience in AUDIENCES)

ITEM = (
    Field("id", "id", required=True),
    Field("kind", "word", required=True, words="item_kind"),
    Field("source", "id"),
    Field("file", "file"),
    Field("sha256"),
    Field("title", "words"),
    Field("language"),
    Field("zone", "zone"),
    Field("custody", "rows", members=CUSTODY),
    Field("generation", "word", words="generation"),
    Field("source_url"),
    Field("access_point"),
    Field(
        "claimed",
        "group",
        members=(
            Field("time", "time"),
            Field("name", "words"),
            Field("lat", "degrees"),
            Field("lon", "degrees"),
            Field("accuracy_m", "decimal"),
        ),
    ),
    Field("uploaded_at", "time"),
    Field("release", "answers", members=_ANSWERS),
    Field("rights"),
    Field("notes"),
    Field("reliability", "word", words="reliability"),
    Field("credibility", "word", words="credibility"),
    Field("translator"),
    Field("dated", "time"),
    Field("certified", "yesno"),
)

STATEMENT = (
    Field("taken", "time"),
    Field("mode", "word", words="mode"),
    Field("witness_role", "word", words="witness_role"),
    Field("knowledge_basis", "wordlist", words="knowledge_basis"),
    Field("interviewer"),
    Field("interpreter"),
    Field("form", "word", words="form"),
    Field("vantage", "place"),
    Field("prior_interviews", "rows", members=(Field("body"), Field("date", "time"))),
    Field("consent", "answers", members=(*_ANSWERS, Field("given", "time"), Field("form_ref"))),
    Field("willing_to_testify", "word", words="willing"),
    Field("risk_level", "word", words="risk_level"),
)

IMAGERY = (
    Field("medium", "word", required=True, words="medium"),
    Field(
        "geolocation",
        "group",
        members=(
            Field("method", "word", words="geolocation_method"),
            Field("landmarks", "textlist"),
            Field("assessor"),
            Field("signed_off_by"),
            Field("date", "time"),
        ),
    ),
    Field("captured_by"),
    Field("provider"),
    Field("sensor"),
    Field("gsd_m", "decimal"),
    Field("cloud_pct", "decimal"),
    Field("off_nadir", "decimal"),
    Field("product_id"),
    Field("pair_role", "word", words="pair_role"),
    Field("pair_id"),
    Field("damage_grade", "word", words="damage_grade"),
    Field("duration_s", "decimal"),
    Field("is_excerpt", "yesno"),
    Field("graphic", "yesno"),
    Field("persons_visible", "word", words="persons_visible"),
)

FLIGHT_LOG = (
    Field("columns", "map"),
    Field(
        "coverage",
        "group",
        members=(
            Field("from", "time"),
            Field("to", "time"),
            Field("lat", "degrees"),
            Field("lon", "degrees"),
            Field("radius_km", "decimal"),
            Field("gaps", "rows", members=(Field("from", "time"), Field("to", "time"))),
        ),
    ),
    Field("date_order", "word", words="date_order"),
    Field("network"),
    Field("post"),
)

INTERCEPT = (
    Field("recorded", "time", required=True),
    Field("transcript"),
    Field("translation"),
    Field("checked_by"),
    Field("spoken_lang"),
    Field("message_type", "word", words="message_type"),
    Field("callsigns", "textlist"),
    Field("unit"),
    Field("frequency_khz", "decimal"),
    Field("modulation"),
    Field("receiver"),
    Field("clock_source", "word", words="clock_source"),
    Field("coordinates_heard", "place"),
    Field("same_message_as", "textlist"),
)

DOCUMENT = (
    Field("doc_type", "word", words="doc_type"),
    Field("rank", "word", words="rank"),
    Field("author"),
    Field("issuer"),
    Field("received", "time"),
    Field("pages", "whole"),
    Field("number"),
)

BY_KIND: dict[str, tuple[Field, ...]] = {
    "statement": STATEMENT,
    "imagery": IMAGERY,
    "flight_log": FLIGHT_LOG,
    "intercept": INTERCEPT,
    "document": DOCUMENT,
}
ITEM_FIELDS: dict[str, tuple[Field, ...]] = {kind: (*ITEM, *own) for kind, own in BY_KIND.items()}
STORED = ("sha256", "blake3", "size", "media_type")  # added by intake to an item that has a file

_CLASSES = {"statement": "testimony", "flight_log": "flight", "intercept": "intercept", "document": "document"}


def evidence_class(record: Mapping[str, Any]) -> str:
    """Give the class that standards count an item in, one of the vocabulary `class`."""
    kind = record.get("kind")
    if kind == "imagery":
        return "imagery_satellite" if record.get("medium") == "satellite" else "imagery_ground"
    return _CLASSES[str(kind)]
