"""Custody: who held an item, from its capture to today.

Events before the archive are told by those who hand the item in; every later
one is an entry of the ledger. Names of actions follow PREMIS 3 event types.
"""

from __future__ import annotations

from schemas.fields import Field

CUSTODY = (
    Field("action", "word", required=True, words="custody_action"),
    Field("at", "time", required=True),
    Field("by", required=True),
    Field("to"),
    Field("purpose"),
    Field("place"),
    Field("sha256"),
)

PREMIS = {  # our entry or action -> the PREMIS 3 event type it is
    "capture": "capture",
    "receive": "transfer",
    "transfer": "transfer",
    "copy": "replication",
    "access": "dissemination",
    "derive": "modification",
    "redact": "redaction",
    "translate": "modification",
    "record.add": "accession",
    "reading.add": "metadata extraction",
    "custody.transfer": "transfer",
    "custody.accept": "transfer",
    "custody.check": "fixity check",
    "seal.put": "encryption",
    "seal.reseal": "encryption",
    "export": "dissemination",
    "record.withdraw": "deaccession",
    "erase": "deletion",
}
