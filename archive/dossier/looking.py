"""The parts that checking a dossier is made of: the folder as it lies there, and what was found.

Part of `archive.dossier.verification`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.dossier.bag import SIGNATURE, SIGNED, STAMP
from archive.dossier.proof import FOLDER
from archive.workers import Progress, telling
from evidence.digest import Digests, digest_stream
from schemas.errors import UnreachableError
from schemas.text import visible

WHERE = {
    "layout": "the folder", "bagit": "bag-info.txt", "manifest-sha256": "manifest-sha256.txt", "tagmanifest": SIGNED,
    "manifest-blake3": "manifest-blake3.txt", "signature": SIGNATURE, "timestamp": STAMP,
    "checkpoint": f"{FOLDER}/checkpoint",
    "entries": f"{FOLDER}/entries", "commits": f"{FOLDER}/commits", "signers": f"{FOLDER}/allowed_signers",
    "disclosures": f"{FOLDER}/disclosures.txt", "anchors": f"{FOLDER}/anchors",
    "records": "data/records", "exhibits": "data/exhibits.csv", "told": "data",
}  # fmt: skip
MOST_TEXT_BYTES = 512 * 1024 * 1024


class Broken(Exception):
    """Something is not as it must be."""


def strict_json(data: bytes, what: str) -> Any:
    """Read JSON strictly: UTF-8, no key twice, no NaN. Raises Broken."""

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(members)) != len(members):
            raise Broken(f"{what}: an object names a key twice")
        return dict(members)

    def constant(text: str) -> Any:
        raise Broken(f"{what} holds {text}")

    try:
        return json.loads(data.decode(), object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        raise Broken(f"{what} is not JSON") from None


@dataclass
class Checked:
    """What was checked and what was found: the `sijill-dossier-verify/1` document."""

    folder: str
    checks: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, str]] = field(default_factory=list)

    def found(self, check: str, what: str) -> None:
        """Note one thing that does not hold."""
        self.findings.append({"code": check, "where": WHERE.get(check, check), "what": what})

    def close(self, check: str, what: str) -> None:
        """End one check: it holds if nothing was found under its name."""
        found = [one["what"] for one in self.findings if one["code"] == check]
        self.checks.append({"id": check, "ok": not found, "what": found[0] if found else what})

    @property
    def ok(self) -> bool:
        """Tell whether everything holds."""
        return not self.findings

    @property
    def exit_status(self) -> int:
        """0 everything holds, 1 it does not."""
        return 0 if self.ok else 1

    def document(self) -> dict[str, Any]:
        """Give the `sijill-dossier-verify/1` document."""
        return {
            "format": "sijill-dossier-verify/1", "dossier": self.folder, "ok": self.ok, "checks": self.checks,
            "findings": self.findings,
        }  # fmt: skip


@dataclass
class Folder:
    """The files of a dossier folder as they lie there, with digests once they were read."""

    path: Path
    sizes: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Digests] = field(default_factory=dict)
    step: Progress | None = None  # told of the bytes that are read
    most: int = sys.maxsize  # bytes of a payload file: what the dossier says of all of them together

    def read(self, name: str) -> bytes:
        """Give a small file's bytes. Raises Broken where it is not there, UnreachableError where it cannot be read."""
        if name not in self.sizes:
            raise Broken(f"{name} is not there")
        if self.sizes[name] > MOST_TEXT_BYTES:
            raise Broken(f"{name} is larger than such a file may be")
        try:
            return self.path.joinpath(*name.split("/")).read_bytes()
        except OSError as error:
            raise away(name, error) from error

    def text(self, name: str) -> str:
        """Give a UTF-8 file. Raises Broken or UnreachableError."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise Broken(f"{name} is not UTF-8") from None

    def digest(self, name: str) -> Digests:
        """Read a file once and give its digests; none of one that is larger than it may be. Raises UnreachableError."""
        if self.sizes[name] > (self.most if name.startswith("data/") else MOST_TEXT_BYTES):
            return Digests("", "", self.sizes[name])
        if name not in self.digests:
            try:
                with self.path.joinpath(*name.split("/")).open("rb") as file:
                    self.digests[name] = digest_stream(telling(file.read, self.step))
            except OSError as error:
                raise away(name, error) from error
        return self.digests[name]


def away(name: str, error: OSError) -> UnreachableError:
    """Give the error for a file or folder that cannot be looked at."""
    shown = visible(name)
    return UnreachableError(f"{shown} cannot be read ({error.strerror})", where=shown, hint="check its permissions")
