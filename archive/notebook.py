"""What an auditor keeps: checkpoints seen, on a disk of their own, and reports signed with their own key.

A notebook is a folder of checkpoints by origin and size. Each audit is held
against all of them, and the newest is added only where all holds. A report is
written outside the archive and signed beside it; nothing here writes to the
archive but the note that an auditor asks for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper
from archive.head import checkpoint_note
from schemas.errors import InputError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

NAMESPACE = "sijill-audit@v1"


def kept(notebook: Path, archive: Archive) -> list[Path]:
    """Give the checkpoints of this archive in a notebook, oldest first. Raises UnreachableError."""
    try:
        return sorted(_folder(notebook, archive).glob("*.checkpoint"))
    except OSError as error:
        shown = visible(str(notebook))
        raise UnreachableError(f"the notebook cannot be read ({error.strerror})", where=shown) from error


def keep(notebook: Path, archive: Archive) -> Path:
    """Add the newest checkpoint to a notebook; gives its file. Raises IntegrityError, InputError, UnreachableError."""
    if archive.folder.resolve() in (notebook.resolve(), *notebook.resolve().parents):
        raise InputError(
            "the notebook lies inside the archive", where=visible(str(notebook)),
            hint="keep it on a disk that those who write the archive do not have",
        )  # fmt: skip
    with archive.reading() as db:
        size, stored = checkpoint_note(db)
    path = _folder(notebook, archive) / f"{size:012d}.checkpoint"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(stored)
    except OSError as error:
        shown = visible(str(path))
        raise UnreachableError(f"the notebook cannot be written ({error.strerror})", where=shown) from error
    return path


def _folder(notebook: Path, archive: Archive) -> Path:
    return notebook / hashlib.sha256(archive.origin.encode()).hexdigest()[:16]


def write_report(document: dict[str, Any], out: Path, signers: Sequence[ledger.Signer]) -> list[Path]:
    """Write an audit's document to a new file and, for each signer, an SSHSIG over its bytes beside it.

    `ssh-keygen -Y verify -n sijill-audit@v1` checks it. Raises InputError, UnreachableError.
    """
    data = (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
    written = []
    files = [(out, data)] + [
        (out.with_name(out.name + (".sig" if number == 1 else f".{number}.sig")),
         signer.sign(data, NAMESPACE).encode())
        for number, signer in enumerate(signers, 1)
    ]  # fmt: skip
    for path, content in files:
        paper.write(path, content)
        written.append(path)
    return written


def note(archive: Archive, signers: Sequence[ledger.Signer], document: dict[str, Any], text: str) -> dict[str, Any]:
    """Record the outcome of an audit in the ledger.

    Raises IntegrityError, UnreachableError, RefusedError (the auditor's role).
    """
    codes: dict[str, int] = {}
    for finding in document["findings"]:
        codes[finding["code"]] = codes.get(finding["code"], 0) + 1
    grave = any(finding["severity"] == "finding" for finding in document["findings"])
    fields = {
        "outcome": "findings" if grave else "all holds", "entries": document["entries"], "note": text,
        "findings": [[code, str(count)] for code, count in sorted(codes.items())],
    }  # fmt: skip
    with ledger.writing(archive, signers) as act:
        act.add("audit.note", sub=ledger.subject(), fields=fields)
    assert act.receipt is not None
    return act.receipt.document()
