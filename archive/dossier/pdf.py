"""The PDF of a dossier: PDF/A-2a and PDF/UA-1, in English and Arabic, made by typst from plain data.

Text goes in as data only, so that no word of the evidence can become markup.
Fonts come along and none of the system is used, so that the same dossier gives
the same bytes on every machine with the same typst. Without typst there is no
PDF, and that is said.
"""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from archive.dossier.glyphs import fonts
from archive.dossier.pdf_parts import Parts
from schemas.errors import UnreachableError

LANGUAGES = {"en": "dossier.pdf", "ar": "dossier.ar.pdf"}
STANDARDS: list[Any] = ["a-2a", "ua-1"]


def available() -> bool:
    """Tell whether typst is installed."""
    return find_spec("typst") is not None


def render(parts: Parts, data: Path) -> bytes:
    """Give the PDF of `parts`; `data` is the folder in which the thumbnails lie. Raises UnreachableError."""
    import typst

    document = json.dumps(parts.document(), ensure_ascii=False)
    with tempfile.TemporaryDirectory(prefix="sijill-", dir=data.parent) as scratch:
        source = data / f".{Path(scratch).name}.typ"
        try:
            source.write_bytes((resources.files("archive.dossier") / "dossier.typ").read_bytes())
            with resources.as_file(fonts()) as faces:
                made = typst.compile(
                    str(source), root=str(data), font_paths=[str(faces)], ignore_system_fonts=True,
                    pdf_standards=STANDARDS, sys_inputs={"data": document},
                    timestamp=int(datetime.fromisoformat(parts.dossier.date).timestamp()),
                )  # fmt: skip
        except (typst.TypstError, OSError) as error:
            raise UnreachableError(
                f"the PDF could not be made ({str(error)[:300]})", where=LANGUAGES[parts.lang],
                hint="make the dossier without it: --no-pdf",
            ) from error  # fmt: skip
        finally:
            source.unlink(missing_ok=True)
    return bytes(made)
