"""A BagIt 1.0 folder being written: its files, their digests, its manifests.

Own writer, since the known library writes BagIt 0.97 and knows no BLAKE3.
Manifests are plain lists that `sha256sum -c` and `b3sum --check` read, sorted
by name; the tag manifest covers every other file of the root. Names are safe
ASCII; a name outside that is a fault of ours and raises ValueError.

Follows RFC 8493.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from blake3 import blake3

from archive.object_source import open_regular
from evidence.digest import PIECE, Digests, digest_bytes, digest_stream
from schemas.errors import IntegrityError, UnreachableError

SIGNED = "tagmanifest-sha256.txt"
SIGNATURE = SIGNED + ".sig"
STAMP = SIGNED + ".tsr"
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFESTS = (("manifest-sha256.txt", "sha256"), ("manifest-blake3.txt", "blake3"))
_SAFE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/){0,5}[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?<!\.)\Z")


class Files(Mapping[str, Digests]):
    """The digests of each file that was written, by name. Held as bytes: there are many thousands."""

    def __init__(self) -> None:
        self._rows: dict[str, bytes] = {}

    def __setitem__(self, name: str, found: Digests) -> None:
        self._rows[name] = bytes.fromhex(found.blake3 + found.sha256) + found.size.to_bytes(8)

    def __getitem__(self, name: str) -> Digests:
        row = self._rows[name]
        return Digests(row[:32].hex(), row[32:64].hex(), int.from_bytes(row[64:]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def below(self, top: str) -> list[str]:
        """Give the names that begin with `top`, sorted."""
        return sorted(name for name in self._rows if name.startswith(top))


class Bag:
    """A folder being filled. Safe for several threads as long as no two write one name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = Files()

    def path(self, name: str) -> Path:
        """Give the place of a file to be written, its folder made. Raises ValueError (no name for a bag)."""
        if not _SAFE.match(name):
            raise ValueError(f"not a name for a file of a bag: {name!r}")
        place = self.folder.joinpath(*name.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def add(self, name: str, data: bytes | str) -> Digests:
        """Write a small file. Raises UnreachableError where the disk does not take it."""
        data = data.encode() if isinstance(data, str) else data
        place = self.path(name)
        try:
            with place.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise full(name, error) from error
        self.files[name] = digest_bytes(data)
        return self.files[name]

    def stream(self, name: str, write: Callable[[IO[str]], object]) -> Digests:
        """Write a large table row by row. Raises UnreachableError where the disk does not take it."""
        place = self.path(name)
        try:
            with place.open("x", encoding="utf-8", newline="") as file:
                write(file)
            with place.open("rb") as written:
                self.files[name] = digest_stream(written.read)
        except OSError as error:
            raise full(name, error) from error
        return self.files[name]

    def copy(self, name: str, source: Path, expected: Digests, what: str) -> Digests:
        """Copy evidence bit for bit, hashing as it goes.

        Raises IntegrityError, naming `what`, unless size, SHA-256 and BLAKE3 are those `expected`;
        UnreachableError where it cannot be read or written.
        """
        place, fast, sure, size = self.path(name), blake3(), hashlib.sha256(), 0
        try:
            with stored(source, what) as original, place.open("xb") as copied:
                while size <= expected.size and (piece := original.read(PIECE)):
                    fast.update(piece)
                    sure.update(piece)
                    copied.write(piece)
                    size += len(piece)
        except OSError as error:
            raise full(name, error) from error
        found = Digests(fast.hexdigest(), sure.hexdigest(), size)
        if found != expected:
            raise IntegrityError(
                f"{what}: the stored bytes are not those that were taken in; no dossier was made",
                where=what,
                hint="run `sijill audit`; restore the object from a copy",
            )
        self.files[name] = found
        return found

    def close(self, info: Mapping[str, str]) -> Digests:
        """Write declaration, bag-info, manifests and tag manifest; gives the digests of the tag manifest.

        Raises UnreachableError.
        """
        payload = self.files.below("data/")
        oxum = f"{sum(self.files[name].size for name in payload)}.{len(payload)}"
        self.add("bagit.txt", DECLARATION)
        self.add("bag-info.txt", "".join(f"{key}: {value}\n" for key, value in {**info, "Payload-Oxum": oxum}.items()))
        for name, algorithm in MANIFESTS:
            self.stream(name, partial(self._list, payload, algorithm))
        tags = sorted(name for name in self.files if "/" not in name)
        return self.add(SIGNED, "".join(f"{self.files[name].sha256}  {name}\n" for name in tags))

    def _list(self, names: Iterable[str], algorithm: str, file: IO[str]) -> None:
        file.writelines(f"{getattr(self.files[name], algorithm)}  {name}\n" for name in names)


def stored(source: Path, what: str) -> BinaryIO:
    """Open the stored bytes of `what`, never waiting nor by a link. Raises IntegrityError, UnreachableError."""
    try:
        return os.fdopen(open_regular(os.fspath(source)), "rb")
    except OSError as error:
        hint = "run `sijill audit`; restore them from a copy"
        if error.errno == errno.ENOENT:
            raise IntegrityError(f"{what}: its stored bytes are gone", where=what, hint=hint) from error
        if error.errno in (errno.EINVAL, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENOTDIR):
            said = f"{what}: something that is no file lies in the place of its stored bytes; no dossier was made"
            raise IntegrityError(said, where=what, hint=hint) from error
        said = f"{what}: its stored bytes cannot be read ({error.strerror}); no dossier was made"
        raise UnreachableError(said, where=what, hint="run `sijill verify`") from error


def full(name: str, error: OSError) -> UnreachableError:
    """Give the error for a file that could not be written or read; nothing of the dossier is left behind."""
    return UnreachableError(
        f"{name} could not be written ({error.strerror}); no dossier was made",
        where=name,
        hint="make room, then run it again",
    )
