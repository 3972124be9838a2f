"""One invented case for the tests of the dossier: statements that may and may not leave, a photograph, a log, hostile texts.

`handed_over` exports it once for a court; `reseal` is the dishonest signer's
tool: it rewrites every manifest after a change and signs anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from blake3 import blake3

from archive.dossier.instructions import namespace
from tests import casebook

SECRET = "CANARY-Zaynab-b7"  # in every field of the witness who is to be asked first
BIDI = "photo\u202egpj.exe"
DATE = "2026-11-22T04:00:00Z"


def tables() -> dict[str, Any]:
    """Give the tables of the case: the casebook's, with a witness who may not be shown and texts that mean harm."""
    found = casebook.case()
    found["source"] += [{"id": "S8", "kind": "witness", "pseudonym": SECRET, "notes": SECRET}]
    found["item"] += [
        {
            "id": "W9", "kind": "statement", "source": "S8", "file": f"statements/{SECRET}.txt", "taken": "2019-02-21",
            "title": SECRET, "interviewer": SECRET, "notes": SECRET, "language": "ar",
            "consent": {"internal": "yes", "court": "ask_first", "given": "2019-02-21"},
            "custody": [{"action": "capture", "at": "2019-02-21T10:00", "by": SECRET}],
        },
        {
            "id": "D1", "kind": "document", "source": "S2", "file": "documents/=cmd.txt", "title": '=HYPERLINK("x") <b>&',
            "doc_type": "medical_record", "rank": "primary",
        },
        {
            "id": "D2", "kind": "document", "source": "S2", "file": "documents/translated.txt", "title": SECRET,
            "doc_type": "ngo_report", "rank": "secondary", "translator": SECRET,
        },
        {"id": "V2", "kind": "imagery", "medium": "photo", "source": "S2", "file": "media/v2.jpg", "title": {"ar": BIDI}},
        {"id": "V3", "kind": "imagery", "medium": "photo", "source": "S2", "file": "media/broken.jpg"},
    ]  # fmt: skip
    found["link"] += [
        {
            "item": "W9", "facets": ["what"], "stance": "supports", "strength": "direct", "rationale": SECRET,
            "assessor": "A-2", "reviewed_by": "A-5",
        },
        {
            "item": "V2", "facets": ["when"], "stance": "contradicts", "strength": "circumstantial",
            "rationale": "The shadow is longer than it should be.", "assessor": "A-2",
        },
        {
            "item": "D1", "facets": ["casualties"], "stance": "supports", "strength": "direct",
            "rationale": f"It agrees with what {SECRET} said.", "assessor": "A-2",
        },
    ]  # fmt: skip
    found["relation"] += [{"item": "D2", "as": "translation_of", "of": "W9", "reason": SECRET}]
    return found


def contents() -> dict[str, bytes]:
    """Give the bytes of its files."""
    return casebook.files() | {
        f"statements/{SECRET}.txt": f"{SECRET} saw it.".encode(),
        "documents/=cmd.txt": "قائمة الدخول".encode(),
        "documents/translated.txt": f"In English: {SECRET}".encode(),
        "media/v2.jpg": casebook.photograph((10, 20, 30)),
        "media/broken.jpg": casebook.photograph((1, 2, 3))[:300],
    }


def archive_of(folder: Path) -> Any:
    """Give an archive that holds the case."""
    archive = casebook.new_archive(folder)
    casebook.take(archive, casebook.write(folder / "in", tables(), contents()))
    return archive


def hand_over(archive: Any, out: Path, audience: str = "court", **options: Any) -> dict[str, Any]:
    """Export the case; gives the document."""
    from archive.dossier.export import Place, export
    from archive.handed_over import Request

    asked = {"purpose": "filing 12 of the invented registry"}
    asked |= {name: options.pop(name) for name in ("purpose", "recipient", "items", "withhold") if name in options}
    place = Place(out, options.pop("zipped", False), options.pop("encrypt_to", ()))
    request = Request(audience, **asked)
    return export(archive, casebook.CODE, request, place, casebook.signers(archive), **{"date": DATE, **options})


def seal(folder: Path) -> None:
    """Rewrite Oxum, manifests and tag manifest after a change, as anyone can."""
    payload = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.glob("data/**/*")) if p.is_file()}
    info = (folder / "bag-info.txt").read_text("utf-8").split("\n")
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    (folder / "bag-info.txt").write_text("\n".join(oxum if x.startswith("Payload-Oxum") else x for x in info), "utf-8")
    for name, digest in (("sha256", hashlib.sha256), ("blake3", blake3)):
        lines = "".join(f"{digest(data).hexdigest()}  {path}\n" for path, data in payload.items())
        (folder / f"manifest-{name}.txt").write_text(lines, "utf-8")
    seal_tags(folder)


def seal_tags(folder: Path) -> None:
    """Rewrite the tag manifest alone."""
    tags = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("tagmanifest"))
    lines = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in tags)
    (folder / "tagmanifest-sha256.txt").write_text(lines, "utf-8")


def sign(folder: Path, signer: Any) -> None:
    """Sign the tag manifest anew, as only an operator can."""
    signed = signer.sign((folder / "tagmanifest-sha256.txt").read_bytes(), namespace(casebook.ORIGIN))
    (folder / "tagmanifest-sha256.txt.sig").write_text(signed, "utf-8")
