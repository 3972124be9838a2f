"""The process that makes copies of pictures and sound: limited, without network, told one file at a time.

Started by `archive.pictures` and by nobody else. A job names what to do (see
`evidence.redaction.done`; `mark`, `compare`, `spoken`), a path, and what that
needs. The answer is the copy or the reason why there is none; of a comparison,
reasons to refuse a copy.
"""

from __future__ import annotations

import json
from typing import Any

from archive.reader_child import answer_all, open_regular
from evidence.likeness_marks import mark
from evidence.pdf_text import CannotTell
from evidence.redaction import CannotCopy, done
from evidence.remnants import refusals, spoken


def answer(job: dict[str, Any], _data: bytes) -> bytes:
    """Do one job. Raises CannotCopy and CannotTell, and whatever a decoder raises."""
    with open_regular(job["path"]) as file:
        if job["do"] == "compare":
            with open_regular(job["copy"]) as copy:
                found = refusals(file.read(), job["types"][0], copy.read(), job["types"][1], job["gone"])
            return json.dumps(found).encode()
        if job["do"] == "spoken":
            return json.dumps(spoken(file.read(), job["media_type"], job["names"])).encode()
        if job["do"] == "mark":
            return mark(file, job["media_type"])
        return done(file, job)


def main() -> None:
    """Answer every job, until there is none."""
    answer_all(answer, (CannotCopy, CannotTell))
