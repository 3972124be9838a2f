"""A copy of the home of keys as one encrypted file, and back.

The file is a tar archive inside an age file under a passphrase, so that
`age -d FILE | tar x` opens it without Sijill. Keys that lie outside the home,
or on a token, are not in it; their places are. Nothing is overwritten.

Follows age-encryption.org/v1 (scrypt recipient) and POSIX tar.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import paper
from schemas.errors import FormatError, InputError, RefusedError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.keys import Home

LARGEST = 16 * 1024 * 1024
_FOLDERS = ("operators", "logs", "pins")


def backup(home: Home, file: Path) -> dict[str, Any]:
    """Write the home, encrypted with a passphrase, to a new file. Raises InputError, RefusedError, UnreachableError."""
    import pyrage

    shown = visible(str(file))
    if file.exists():
        raise InputError(f"{shown} is there already", where=shown, hint="name a new file")
    passphrase = home.new_passphrase(waived=False)
    gathered = io.BytesIO()
    names = []
    with tarfile.open(fileobj=gathered, mode="w") as tar:
        for path in sorted(home.folder.rglob("*")):
            name = path.relative_to(home.folder)
            if path.is_file() and not path.is_symlink() and name.parts[0] in _FOLDERS and path.name[0] != ".":
                info = tarfile.TarInfo(name.as_posix())
                data = path.read_bytes()
                info.size, info.mode = len(data), 0o600
                tar.addfile(info, io.BytesIO(data))
                names.append(name.as_posix())
    if not names:
        raise RefusedError("there are no keys in this home", code="key", where=str(home.folder))
    paper.write(file, bytes(pyrage.passphrase.encrypt(gathered.getvalue(), passphrase)), private=True)
    elsewhere = [name for name in names if name.endswith("/held")]
    return {"format": "sijill-key-backup/1", "file": str(file), "files": len(names), "elsewhere": len(elsewhere)}


def restore(home: Home, file: Path) -> dict[str, Any]:
    """Bring a backup into a home without keys. Raises InputError, FormatError, RefusedError, UnreachableError."""
    import pyrage

    shown = visible(str(file))
    if any((home.folder / name).exists() for name in _FOLDERS):
        raise InputError(
            "this home has keys already", where=str(home.folder), hint="name an empty one with $SIJILL_HOME"
        )
    sealed = paper.read(file, LARGEST)
    try:
        plain = bytes(pyrage.passphrase.decrypt(sealed, home.passphrase(file)))
    except pyrage.DecryptError:
        raise RefusedError("the passphrase does not open this file", code="key", where=shown) from None
    count = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            for member in tar:
                parts = Path(member.name).parts
                data = tar.extractfile(member) if member.isreg() else None
                if data is None or not parts or parts[0] not in _FOLDERS or ".." in parts:
                    raise FormatError(f"{shown} holds what no backup of keys holds", where=shown)
                home.write(home.folder.joinpath(*parts), data.read())
                count += 1
    except tarfile.TarError:
        raise FormatError(f"{shown} is no backup of keys", where=shown) from None
    return {"format": "sijill-key-restore/1", "home": str(home.folder), "files": count}
