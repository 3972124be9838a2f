"""A draft of the custodian's declaration: what a person may sign about this dossier, with blanks for that person.

Names no law and no court: each has its own form. Holds what the archive knows
(how bytes were hashed, with what, which exhibits) and leaves blank what only a
person can say. It is a draft and says so; nobody has declared anything by it.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from archive.handed_over import Dossier
from schemas.text import visible

NAMES = {"en": "declaration.txt", "ar": "declaration.ar.txt"}
AUDIENCES = ("internal", "un_body", "court")


def declaration(dossier: Dossier, lang: str, software: str) -> str:
    """Give the draft in `lang`; `software` is name and version of this program."""
    from jinja2 import Environment

    text = (resources.files("archive.dossier") / f"declaration.{lang}.j2").read_text("utf-8")
    template = Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False).from_string(text)  # noqa: S701
    return template.render(d=dossier, software=software, versions=versions(), visible=visible)


def versions() -> list[str]:
    """Give the versions of what hashed the evidence."""
    import platform
    import ssl
    from importlib.metadata import version

    return [f"Python {platform.python_version()}", ssl.OPENSSL_VERSION, f"blake3 {version('blake3')}"]


def wanted(dossier: Dossier) -> Any:
    """Tell whether this audience gets a draft."""
    return dossier.audience in AUDIENCES
