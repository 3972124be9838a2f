"""`loadfile/CODE.dat`: the exhibits as a Concordance load file, for the review programs of law firms.

One line an exhibit under a line of heads. Fields stand between U+00FE, apart
by U+0014; a line end inside a field is U+00AE. These signs inside a text are
spelled out and counted. UTF-8 with a byte order mark: a loader that wants
Windows-1252 cannot hold Arabic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.dossier.tables import title_of
from archive.handed_over import Dossier, Exhibit, Withheld
from schemas.extent import bounds
from schemas.text import visible

HEADS = (
    "BEGBATES", "ENDBATES", "BEGATTACH", "ENDATTACH", "CUSTODIAN", "DOCTYPE", "TITLE", "FILENAME", "FILEEXT",
    "FILESIZE", "DATECREATED", "DATERCVD", "SHA256HASH", "NATIVELINK", "TEXTLINK", "LANGUAGE", "REDACTED",
    "CONFIDENTIALITY",
)  # fmt: skip
QUOTE, BETWEEN, NEWLINE = "\u00fe", "\u0014", "\u00ae"
_DATES = ("taken", "recorded", "dated", "claimed.time", "received")
_TEXT = ("text/plain", "text/csv")


def load_file(dossier: Dossier) -> tuple[str, int]:
    """Give the file, and how many signs inside texts had to be spelled out."""
    everything: list[Exhibit | Withheld] = [*dossier.exhibits, *dossier.withheld]
    rows = [
        _withheld(one) if isinstance(one, Withheld) else _row(dossier, one)
        for one in sorted(everything, key=lambda found: found.rank)
    ]
    count = sum(value.count(sign) for row in rows for value in row.values() for sign in (QUOTE, NEWLINE))
    lines = [_line(HEADS), *(_line([_cell(row.get(head, "")) for head in HEADS]) for row in rows)]
    return "\ufeff" + "".join(lines), count


def _line(cells: Any) -> str:
    return BETWEEN.join(f"{QUOTE}{cell}{QUOTE}" for cell in cells) + "\r\n"


def _cell(text: str) -> str:
    for sign in (QUOTE, NEWLINE):
        text = text.replace(sign, f"(U+{ord(sign):04X})")
    shown = visible(text.replace("\r\n", "\n"), lines=True)
    return shown.replace("\n", NEWLINE).replace("\t", " ")


def _withheld(one: Withheld) -> Mapping[str, str]:
    return {"BEGBATES": one.bates, "ENDBATES": one.bates, "REDACTED": "Y", "CONFIDENTIALITY": f"withheld: {one.reason}"}


def _row(dossier: Dossier, e: Exhibit) -> Mapping[str, str]:
    fields, file = e.record.fields, e.file
    own = [r for r in dossier.relations if r.names.get("item") == e.record.label]
    parents = [r.names["of"] for r in own if r.fields.get("as") == "translation_of" and "of" in r.names]
    attached = next((other.bates for other in dossier.exhibits if other.record.label in parents), "")
    row = {
        "BEGBATES": e.bates, "ENDBATES": e.bates, "BEGATTACH": attached, "ENDATTACH": e.bates if attached else "",
        "CUSTODIAN": dossier.proof.origin, "DOCTYPE": str(fields.get("doc_type") or fields.get("kind", "")),
        "TITLE": title_of(e), "FILENAME": str(fields.get("file", "")), "DATECREATED": _created(fields),
        "DATERCVD": e.record.received[:10], "LANGUAGE": str(fields.get("language", "")),
        "REDACTED": "Y" if e.form in ("stripped", "redacted") else "N", "CONFIDENTIALITY": dossier.audience,
    }  # fmt: skip
    if file is not None:
        link = file.path.replace("/", "\\")
        row |= {
            "FILEEXT": file.path.rpartition(".")[2], "FILESIZE": str(file.digests.size),
            "SHA256HASH": file.digests.sha256, "NATIVELINK": link,
            "TEXTLINK": link if file.media_type in _TEXT else "",
        }  # fmt: skip
    return row


def _created(fields: Mapping[str, Any]) -> str:
    """Give the day that is told for the item, where it is one day."""
    for name in _DATES:
        value = fields.get(name)
        if isinstance(value, Mapping):
            earliest, latest = bounds(value)
            if earliest is not None and latest is not None and (latest - earliest).total_seconds() < 86_400:
                return f"{latest:%Y-%m-%d}"
    return ""
