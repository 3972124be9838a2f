"""An outside time-stamp over a dossier: a request over its tag manifest, and the answer laid beside it.

The answer is the one file that may be added to a dossier after it was signed:
it is over the signed list of everything else. It proves that the dossier
existed by then, and nothing about what is in it. Nothing here speaks to a
network.

Follows RFC 3161.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from archive import paper, time_stamp
from archive.anchor import roots_of
from archive.dossier.bag import SIGNED, STAMP
from schemas.errors import InputError, SijillError, UnreachableError
from schemas.text import visible


def request(folder: Path, out: Path) -> dict[str, Any]:
    """Write a request for the dossier in `folder` to `out`. Raises InputError, UnreachableError."""
    data = paper.read(folder / SIGNED)
    paper.write(out, time_stamp.request(data))
    return {
        "format": "sijill-dossier-stamp/1", "dossier": str(folder), "request": str(out), "answer": None, "time": None,
        "tagmanifest_sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip


def attach(folder: Path, answer: Path, roots: Path) -> dict[str, Any]:
    """Check an answer and lay it into the dossier.

    Raises UnreachableError, InputError: nothing is written where it does not hold.
    """
    data, stamp = paper.read(folder / SIGNED), paper.read(answer, time_stamp.LARGEST)
    shown = visible(str(answer))
    try:
        held = time_stamp.check(stamp, data, roots_of(roots))
    except UnreachableError:
        raise
    except SijillError as error:
        raise InputError(error.message, where=shown, hint=error.hint, code="stamp") from None
    paper.write(folder / STAMP, stamp)
    return {
        "format": "sijill-dossier-stamp/1", "dossier": str(folder), "request": None, "answer": str(folder / STAMP),
        "time": f"{held.time:%Y-%m-%dT%H:%M:%SZ}", "checked_by": list(held.checked_by),
        "tagmanifest_sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
