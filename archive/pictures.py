"""Copies of pictures and sound, and marks of what they look like, made in limited child processes.

A file that crashes, bloats or stalls its decoder has no copy; the others go on
and the original is untouched. What a child answers is used as a picture or as
sound, and for nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from archive.limited import Limited, NoAnswer
from evidence.digest import Digests, digest_bytes
from evidence.redaction import Box

if TYPE_CHECKING:
    from archive.workers import Saying

SECONDS = 30.0
_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "audio/x-wav"}


class Pictures(Limited):
    """One child that decodes, see `Limited`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__("archive.picture_child", seconds)

    def small(self, path: Path) -> bytes | None:
        """Give a small JPEG of the picture at `path`, or None where none could be made."""
        with contextlib.suppress(NoAnswer):
            answer = self._ask(path, do="small")
            return answer if answer.startswith(b"\xff\xd8\xff") else None
        return None

    def clean(self, path: Path, media_type: str) -> bytes:
        """Give a copy without metadata. Raises NoAnswer."""
        return self._ask(path, do="clean", media_type=media_type)

    def covered(self, path: Path, boxes: Sequence[Box], how: str) -> bytes:
        """Give a copy without metadata, its boxes covered. Raises NoAnswer."""
        return self._ask(path, do="cover", boxes=[list(box) for box in boxes], how=how)

    def mark(self, path: Path, media_type: str) -> bytes:
        """Give the mark of a picture or a text, by which `evidence.likeness` compares. Raises NoAnswer."""
        return self._ask(path, do="mark", media_type=media_type)

    def refusals(self, original: tuple[Path, str], copy: tuple[Path, str], gone: Sequence[str]) -> list[str]:
        """Give the reasons why a copy cannot stand for an original; both as (path, media type). Raises NoAnswer."""
        types = [original[1], copy[1]]
        answer = self._ask(original[0], do="compare", copy=os.path.abspath(copy[0]), types=types, gone=list(gone))
        return [str(reason) for reason in json.loads(answer)]

    def spoken(self, path: Path, media_type: str, names: Sequence[str]) -> list[str]:
        """Give those of `names` that the text of a file holds. Raises NoAnswer."""
        answer = self._ask(path, do="spoken", media_type=media_type, names=list(names))
        return [name for name in names if name in json.loads(answer)]

    def _ask(self, path: Path, **job: Any) -> bytes:
        return self.ask(path=os.path.abspath(path), **job)


@dataclass(frozen=True)
class Made:
    """A copy that was made: where it lies for now, its digests and its type."""

    path: Path
    digests: Digests
    media_type: str


class Copies:
    """Copies without metadata for one dossier, kept in a temporary folder until that is written.

    A context manager; the folder and all in it are gone at the end.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sijill-")
        self._pictures = Pictures()
        self._made: dict[str, Made | str] = {}
        self._marks: dict[Path, bytes | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._pictures.end()
        self._folder.cleanup()

    def clean(self, path: Path, media_type: str) -> Made | str:
        """Give a copy without metadata of the object at `path`, or in words why there is none."""
        if path.name not in self._made:
            try:
                self._made[path.name] = self._keep(self._pictures.clean(path, media_type))
            except NoAnswer as error:
                self._made[path.name] = str(error)
        return self._made[path.name]

    def alike(
        self, files: Sequence[tuple[str, Path, str]], model: tuple[Path, str], progress: Saying | None = None
    ) -> list[str]:
        """Name those of the pictures `(name, path, media type)` that look like `model`, or like a part of it."""
        from evidence.likeness import bits_apart

        wanted = self._mark(*model)
        if wanted is None:
            return []
        found = []
        for done, (name, path, media_type) in enumerate(files):
            if progress is not None:
                progress("looking for what looks alike", done, len(files))
            one = self._mark(path, media_type)
            if one is not None and bits_apart(one, wanted) is not None:
                found.append(name)
        return found

    def spoken(self, path: Path, media_type: str, names: Sequence[str]) -> list[str] | None:
        """Give those of `names` that the text of a file holds; None where its text cannot be told."""
        with contextlib.suppress(NoAnswer):
            return self._pictures.spoken(path, media_type, names)
        return None

    def _mark(self, path: Path, media_type: str) -> bytes | None:
        if path not in self._marks:
            self._marks[path] = None
            with contextlib.suppress(NoAnswer):
                self._marks[path] = self._pictures.mark(path, media_type)
        return self._marks[path]

    def _keep(self, data: bytes) -> Made:
        media_type = next((kind for head, kind in _TYPES.items() if data.startswith(head)), None)
        if media_type is None:
            raise NoAnswer("the copy is of no known type")
        path = Path(self._folder.name) / f"{len(self._made)}"
        path.write_bytes(data)
        return Made(path, digest_bytes(data), media_type)
