"""A dossier in one file: a zip that is the same for the same dossier, and its encryption for named recipients.

The zip stores its files sorted, without dates, below a folder of the dossier's
name. An encrypted zip is not the same twice: age takes a new key each time.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archive.dossier.bag import Bag
from schemas.errors import InputError, UnreachableError

PLAIN = ".plain"  # ends the name of what is being encrypted
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_PIECE = 1024 * 1024


def pack(bag: Bag, name: str, place: Path) -> None:
    """Write the zip of a finished bag to `place`, which must not exist. Raises UnreachableError."""
    try:
        with zipfile.ZipFile(place, "x", zipfile.ZIP_STORED) as archive:
            for path in sorted(bag.files):
                info = zipfile.ZipInfo(f"{name}/{path}", _ZIP_DATE)
                info.external_attr = 0o100644 << 16
                info.create_system = 3
                with archive.open(info, "w", force_zip64=bag.files[path].size > 2**31) as inside, (
                    bag.folder / path
                ).open("rb") as file:
                    shutil.copyfileobj(file, inside, _PIECE)
    except OSError as error:
        place.unlink(missing_ok=True)
        said = f"the zip could not be written ({error.strerror})"
        raise UnreachableError(said, hint="make room, then run it again") from error


def recipients(names: Sequence[str]) -> list[Any]:
    """Read age recipients (`age1…`). Raises InputError for one that is none."""
    if not names:
        return []
    import pyrage

    try:
        return [pyrage.x25519.Recipient.from_str(name) for name in names]
    except pyrage.RecipientError as error:
        raise InputError(
            "a recipient of --encrypt-to is not an age X25519 recipient", code="recipient", hint="it begins with age1"
        ) from error


def encrypt(place: Path, names: Sequence[str]) -> None:
    """Replace the file at `place` by the same encrypted to the recipients. Raises InputError or UnreachableError."""
    import pyrage

    plain = place.with_name(place.name + PLAIN)
    try:
        place.rename(plain)
        pyrage.encrypt_file(str(plain), str(place), recipients(names))
    except (OSError, pyrage.EncryptError) as error:
        place.unlink(missing_ok=True)
        raise UnreachableError("the zip could not be encrypted", hint="make room, then run it again") from error
    finally:
        plain.unlink(missing_ok=True)
