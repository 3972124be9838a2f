"""Small files that a command names: read whole, or written and never over another one."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import InputError, UnreachableError
from schemas.text import visible


def read_small(path: Path) -> bytes:
    """Give the bytes of a small file that a command names. Raises InputError or UnreachableError."""
    shown = visible(str(path))
    try:
        with path.open("rb") as file:
            return file.read(4 * 1024 * 1024)
    except FileNotFoundError as error:
        raise InputError(f"{shown} is not there", where=shown) from error
    except OSError as error:
        raise UnreachableError(f"{shown} cannot be read ({error.strerror})", where=shown) from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet. Raises InputError or UnreachableError."""
    shown = visible(str(path))
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise InputError(f"{shown} exists already", where=shown, hint="name another file") from error
    except OSError as error:
        raise UnreachableError(f"{shown} could not be written ({error.strerror})", where=shown) from error
