"""A manifest of SHA-256 digests that travelled with a folder, as `sha256sum` and its kin write it.

Reads the plain form (text and binary marker), the form with escaped names that
begins with a backslash, the BSD form of `--tag`, and any line ending. A line
that is none of these is a problem, told by its number and never repeated.

Follows GNU coreutils 9 (sha256sum), BagIt 1.0 (RFC 8493) for the file's name.
"""

from __future__ import annotations

import codecs
import re

from schemas.errors import Problem
from schemas.text import visible

NAME = "manifest-sha256.txt"
_PLAIN = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *]?(.+)\Z", re.DOTALL)
_TAGGED = re.compile(r"(\\?)SHA256 \((.+)\) = ([0-9a-fA-F]{64})\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"\\": "\\", "n": "\n", "r": "\r"}


def read_manifest(data: bytes) -> tuple[dict[str, str], list[Problem]]:
    """Give relative name -> digest (lower-case hex), and what could not be read."""
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(_text(data).split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        where = f"{NAME}: line {number}"
        pair = _read_line(line)
        if pair is None:
            problems.append(Problem(where, "is no line of sha256sum (digest, two blanks, name)"))
            continue
        name, digest = pair
        if digests.setdefault(name, digest) != digest:
            problems.append(Problem(where, f"{visible(name)} has two digests"))
    return digests, problems


def _text(data: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="surrogateescape")


def _read_line(line: str) -> tuple[str, str] | None:
    plain, tagged = _PLAIN.match(line), _TAGGED.match(line)
    if plain:
        escaped, digest, name = plain.groups()
    elif tagged:
        escaped, name, digest = tagged.groups()
    else:
        return None
    if escaped:
        if any(match[1] not in _ESCAPED for match in _ESCAPE.finditer(name)):
            return None
        name = _ESCAPE.sub(lambda match: _ESCAPED[match[1]], name)
    return name.removeprefix("./"), digest.lower()
