"""A folder as an investigator hands it in: which files lie in it, and the bytes of its tables.

Looks and never touches: no file is written, renamed, or opened but the tables
and the manifest. A link is followed as a file where it stays inside the folder,
judged by its real path; a link to a folder is not walked. What is no regular
file is told with its reason. Names are kept exactly; a name that is not UTF-8
cannot be named by a table and is told as a warning.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence.manifest import NAME as MANIFEST
from evidence.manifest import read_manifest
from evidence.sheet import CASE_FILES, SHEET_FILES
from schemas.errors import NotFound, Problem, UnreachableError
from schemas.text import visible

_MIB = 1024 * 1024
LARGEST = {"case.toml": 8 * _MIB, "case.xlsx": 64 * _MIB}
LARGEST_TABLE = 1024 * _MIB
_CHUNK = 256 * 1024
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass
class Folder:
    """What lies in a folder. `files`: relative name -> None, or why it is no regular file of the folder."""

    folder: Path
    texts: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, str | None] = field(default_factory=dict)
    manifest: dict[str, str] | None = None  # relative name -> SHA-256, where a manifest came along
    problems: list[Problem] = field(default_factory=list)  # lines of the manifest that cannot be read
    warnings: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Give where a file of the folder lies, by its relative name."""
        return self.folder / name

    @property
    def manifest_name(self) -> str | None:
        """The name of the manifest, where one came along."""
        return None if self.manifest is None else MANIFEST


def look(folder: Path) -> Folder:
    """Walk a folder and read its tables.

    Raises NotFound where there is no such folder, UnreachableError where it or
    a table in it cannot be opened.
    """
    if not folder.is_dir():
        shown = visible(str(folder))
        raise NotFound(f"{shown} is no folder", where=shown, hint="give the folder of a case")
    seen = Folder(folder)
    root = Path(os.path.realpath(folder))
    try:
        names = dict(_walk(root, seen))
    except OSError as error:
        raise UnreachableError(f"{visible(str(folder))} cannot be opened: {error.strerror}") from None
    seen.files = {name: names[name] for name in sorted(names)}
    for name in (*SHEET_FILES, MANIFEST):
        if name in seen.files and seen.files[name] is None:
            data = _read(root / name, LARGEST.get(name, LARGEST_TABLE))
            if name == MANIFEST:
                seen.manifest, seen.problems = read_manifest(data)
            else:
                seen.texts[name] = data
    return seen


def case_folders(folder: Path) -> list[Path]:
    """Give the folders of cases that `folder` means: itself where it has a case file, else its children that have one.

    A folder that has neither is given as it is, so that its refusal says what is lacking. Raises UnreachableError.
    """
    if any((folder / name).exists() for name in CASE_FILES) or not folder.is_dir():
        return [folder]
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir())
    except OSError as error:
        raise UnreachableError(f"{visible(str(folder))} cannot be opened: {error.strerror}") from None
    cases = [child for child in children if any((child / name).exists() for name in CASE_FILES)]
    return cases or [folder]


def check_manifest(folder: Folder, digests: Mapping[str, str]) -> list[Problem]:
    """Compare the manifest with the folder; `digests` are SHA-256 (hex) already known by name, others are read here.

    Gives a problem for each file that is not there or is not the one that left.
    """
    problems: list[Problem] = []
    for name, digest in (folder.manifest or {}).items():
        where = f"{MANIFEST}: {visible(name)}"
        if folder.files.get(name, "") is not None:
            problems.append(Problem(where, "is listed, and is not there as a regular file"))
            continue
        try:
            found = digests.get(name) or _sha256(folder.path(name))
        except OSError as error:
            problems.append(Problem(where, f"cannot be read: {error.strerror}"))
            continue
        if found != digest:
            problems.append(Problem(where, "is not the file that left: its SHA-256 differs from the manifest"))
    return problems


def _walk(root: Path, seen: Folder) -> Iterator[tuple[str, str | None]]:
    waiting: list[tuple[str, str]] = [(str(root), "")]
    while waiting:
        path, prefix = waiting.pop()
        try:
            entries = os.scandir(path)
        except OSError as error:
            if not prefix:
                raise
            seen.warnings.append(f"{visible(prefix)}: cannot be opened: {error.strerror}")
            yield prefix, f"cannot be opened: {error.strerror}"
            continue
        with entries:
            for entry in entries:
                name = prefix + entry.name
                if not _is_utf8(entry.name):
                    seen.warnings.append(f"{_escaped(name)}: the name is not UTF-8, so no table can name it")
                elif entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                    waiting.append((entry.path, name + "/"))
                elif entry.is_file(follow_symlinks=False):
                    yield name, None
                else:
                    reason = _reason(entry, root)
                    if reason == _TO_FOLDER:
                        seen.warnings.append(f"{visible(name)}: {reason}")
                        name += "/"
                    yield name, reason


_TO_FOLDER = "is a link to a folder and is not walked; name its files where they really lie"


def _reason(entry: os.DirEntry[str], root: Path) -> str | None:
    """Say why an entry that is neither a folder nor a regular file cannot be read as one; None for a link that can."""
    try:
        if entry.is_symlink() or _is_junction(entry):
            real = Path(os.path.realpath(entry.path))
            if not real.is_relative_to(root):
                return "is a link that leads outside the folder"
            if not real.exists():
                return "is a link to nothing"
            if real.is_dir():
                return _TO_FOLDER
            mode = real.stat().st_mode
        else:
            mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    return _kind(mode)


def _kind(mode: int) -> str | None:
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISFIFO(mode):
        return "is a FIFO"
    if stat.S_ISSOCK(mode):
        return "is a socket"
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return "is a device"
    return "is no regular file"


def _is_junction(entry: os.DirEntry[str]) -> bool:
    is_junction = getattr(entry, "is_junction", None)  # Python 3.12
    return bool(is_junction and is_junction())


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(name: str) -> str:
    """Give a name that is not UTF-8 with its odd bytes as `\\xE9`."""
    shown = "".join(f"\\x{ord(char) - 0xDC00:02X}" if 0xDC80 <= ord(char) <= 0xDCFF else char for char in name)
    return visible(shown)


def _read(path: Path, limit: int) -> bytes:
    """Give the bytes of a table, one more than `limit` at most, so that a larger one is told as too large."""
    try:
        descriptor = os.open(path, _OPEN)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreachableError(f"{path.name} is no longer a regular file")
            return file.read(limit + 1)
    except OSError as error:
        raise UnreachableError(f"{path.name} cannot be opened: {error.strerror}", where=path.name) from None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
