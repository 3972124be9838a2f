"""What lies in the folders of an object store: objects by their names, and what has no business there.

Only looks at names and kinds; opens nothing, follows no link, changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from operator import attrgetter

from archive.object_trouble import away
from schemas.errors import UnreachableError

HEX = "0123456789abcdef"
PREFIX = ".tmp-"  # of the temporary folders of writers


class Found:
    """One thing that lies in the store; `where` is its place in it, with `/`.

    `what`: object; link, folder, file, special (in the place of an object or of a
    folder of objects); stranger (a name that the store does not give);
    unreadable (a folder that cannot be listed). `blake3` is None where the name is no object's.
    """

    __slots__ = ("blake3", "what", "where")

    def __init__(self, blake3: str | None, where: str, what: str) -> None:
        self.blake3 = blake3
        self.where = where
        self.what = what


def is_object_name(name: object) -> bool:
    """Say whether `name` is 64 lower-case hexadecimal digits."""
    return isinstance(name, str) and len(name) == 64 and not name.strip(HEX)


def walk(root: str) -> Iterator[Found]:
    """Go through a store, objects in the order of their names; the folders that a crash left are no news.

    Raises UnreachableError where the store itself cannot be listed.
    """
    for entry in _listed(root, root):
        if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
            continue
        if not _is_shelf_name(entry.name):
            yield Found(None, entry.name, "stranger")
        elif not entry.is_dir(follow_symlinks=False):
            yield Found(None, entry.name, _kind(entry))
        else:
            try:
                inside = _listed(root, entry.path)
            except UnreachableError:
                yield Found(None, entry.name, "unreadable")
                continue
            for inner in inside:
                name = inner.name
                where = f"{entry.name}/{name}"
                if name[:2] != entry.name or not is_object_name(name):
                    yield Found(None, where, "stranger")
                else:
                    yield Found(name, where, "object" if inner.is_file(follow_symlinks=False) else _kind(inner))


def diverted(root: str) -> frozenset[str]:
    """Name the folders of objects that are links or no folders at all. Raises UnreachableError."""
    return frozenset(
        entry.name
        for entry in _listed(root, root)
        if _is_shelf_name(entry.name) and not entry.is_dir(follow_symlinks=False)
    )


def sizes_there(root: str, wanted: AbstractSet[int]) -> set[int]:
    """Give which of the sizes (in bytes) objects have; what cannot be looked at has none."""
    found: set[int] = set()
    with suppress(OSError, UnreachableError):
        for shelf in _listed(root, root):
            if _is_shelf_name(shelf.name) and shelf.is_dir(follow_symlinks=False):
                with os.scandir(shelf.path) as entries:
                    found |= {entry.stat(follow_symlinks=False).st_size for entry in entries} & wanted
    return found


def _is_shelf_name(name: str) -> bool:
    return len(name) == 2 and not name.strip(HEX)


def _listed(root: str, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except OSError as error:
        raise away(root, error, "" if folder == root else os.path.basename(folder)) from error


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "special"
