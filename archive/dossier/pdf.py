"""The PDF of a dossier: PDF/A-2a and PDF/UA-1, in English and Arabic, made by typst from plain data.

Text goes in as data only, so that no word of the evidence can become markup.
Fonts come along and none of the system is used, so that the same dossier gives
the same bytes on every machine with the same typst. Each volume is set in a
process of its own, with limits of memory and time. Without typst there is no
PDF, and that is said.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from archive.dossier.glyphs import fonts
from archive.dossier.pdf_volumes import LANGUAGES, Volume
from archive.dossier.typeset_child import MEMORY_BYTES
from schemas.errors import UnreachableError

__all__ = ["LANGUAGES", "available", "render"]
STANDARDS = ["a-2a", "ua-1"]
SECONDS = 1800
TICK_S = 0.5
THREADS = {"RAYON_NUM_THREADS": "2"}  # each further one takes room of the limit and gains little
_START = (
    "import sys; sys.path.insert(next((n for n, p in enumerate(sys.path) if p.endswith('-packages')), len(sys.path)),"
    " sys.argv[1]); from archive.dossier.typeset_child import main; main()"
)


def available() -> bool:
    """Tell whether typst is installed."""
    return find_spec("typst") is not None


def render(volume: Volume, date: str, data: Path, tick: Callable[[], object]) -> bytes:
    """Give the PDF of a volume, dated `date`; `data` is the folder in which the thumbnails lie.

    `tick` is called while it waits. Raises UnreachableError.
    """
    source = data / f".typeset-{os.getpid()}.typ"
    document = json.dumps(volume.document, ensure_ascii=False)
    try:
        source.write_bytes((resources.files("archive.dossier") / "dossier.typ").read_bytes())
        with resources.as_file(fonts()) as faces:
            job = {
                "source": str(source), "root": str(data), "fonts": str(faces), "standards": STANDARDS,
                "data": document, "timestamp": int(datetime.fromisoformat(date).timestamp()),
            }  # fmt: skip
            made = _typeset(json.dumps(job).encode(), tick)
    except subprocess.TimeoutExpired as error:
        raise _no_pdf(volume, f"not done after {SECONDS // 60} minutes") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise _no_pdf(volume, type(error).__name__) from error
    finally:
        source.unlink(missing_ok=True)
    if made[:1] != b"\1" or made[1:6] != b"%PDF-":
        raise _no_pdf(volume, made[1:400].decode("utf-8", "replace"))
    return made[1:]


def _typeset(job: bytes, tick: Callable[[], object]) -> bytes:
    """Give the answer of the process; where it was ended before it gave one, an answer that says so."""
    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _START, str(Path(__file__).resolve().parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ} | THREADS,
    ) as child:
        try:
            answer = _answer(child, job, tick)
        except BaseException:
            child.kill()
            raise
    if answer:
        return answer
    if child.returncode == -getattr(signal, "SIGABRT", 0):  # how the typesetter ends where it is given no more
        return b"\0" + f"it takes more than the {MEMORY_BYTES >> 20} MiB of memory that it may".encode()
    killed = child.returncode < 0
    return b"\0" + (b"its process was ended, as where memory is short" if killed else b"its process ended early")


def _answer(child: subprocess.Popen[bytes], job: bytes, tick: Callable[[], object]) -> bytes:
    given: bytes | None = job
    end = time.monotonic() + SECONDS
    while True:
        try:
            return child.communicate(given, timeout=TICK_S)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise
        given = None  # it is sent on; only said once
        tick()


def _no_pdf(volume: Volume, why: str) -> UnreachableError:
    return UnreachableError(
        f"the PDF could not be made ({why})", where=volume.name, hint="make the dossier without it: --no-pdf"
    )
