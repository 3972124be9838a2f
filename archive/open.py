"""Finding an archive, opening it, and making a new one.

An archive is a folder with a `sijill.toml`. Keys never lie in it. What the
configuration says is a convenience: the origin and the log key that count are
those of entry 0, and an audit compares them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property

from archive.home_folder import home_path
from archive.stream import is_file
from schemas.errors import FormatError, InputError, NotFound, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path
    from typing import Any

    from archive.keys import Home
    from archive.objects import ObjectStore
    from archive.stored import StoredObjects
    from archive.transaction import Waits

CONFIGURATION = "sijill.toml"
FORMAT = "sijill-archive/1"
PAGES = ("format.md", "intake.md", "dossier.md")
DOCUMENTS = ("README.txt", *PAGES, "verify.py", "schemas")  # what a stranger finds in the folder
PREDECESSOR = "predecessor"  # the archive that this one goes on from, whole, in a folder of this name
_KNOWN = ("format", "origin", "database", "objects", "standard", "copy_of")


class Archive:
    """An open archive: where its parts lie, and the home that holds the keys and the pin."""

    def __init__(
        self, folder: str, origin: str, database: str, objects_folder: str, standard: str,
        given_home: Home | None, copy_of: str | None = None,
    ) -> None:  # fmt: skip
        self._places = folder, database, objects_folder
        self.origin = origin
        self.standard = standard
        self.given_home = given_home
        self.copy_of = copy_of
        self.waits: Waits | None = None  # told while another process holds the write lock
        self.in_place = True  # not while it is built: it may be given up, and is pinned when it has its place

    @cached_property
    def folder(self) -> Path:
        """Give the folder of the archive."""
        return _path(self._places[0])

    @cached_property
    def database(self) -> Path:
        """Give the database."""
        return _path(self._places[1])

    @cached_property
    def objects_folder(self) -> Path:
        """Give the folder of the objects."""
        return _path(self._places[2])

    @cached_property
    def home(self) -> Home:
        """Give the home of keys: the one given at opening, else this user's."""
        from archive.keys import Home

        return self.given_home or Home()

    @property
    def home_folder(self) -> Path:
        """Give the folder of the home, without loading what reads keys."""
        return _path(self.home_path)

    @property
    def home_path(self) -> str:
        """Give the path of the folder of the home."""
        return home_path() if self.given_home is None else os.fspath(self.given_home.folder)

    @cached_property
    def objects(self) -> ObjectStore:
        """Give the store of evidence bytes: one while the archive is open, so that `sync` covers its writes."""
        from archive.objects import ObjectStore

        return ObjectStore(self.objects_folder)

    @property
    def stored(self) -> StoredObjects:
        """Give the objects as they lie there, to be read again, without loading what takes bytes in."""
        from archive.stored import StoredObjects

        return StoredObjects(self._places[2])

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Give a connection that changes nothing. Raises IntegrityError, NotFound, UnreachableError."""
        from archive.database import reading

        return reading(self._places[1])

    def log_keys(self) -> list[Any]:
        """Give the keys that sign checkpoints. Raises RefusedError where this computer holds none."""
        return self.home.log_keys(self.origin)


def find(option: str | os.PathLike[str] | None = None, home: Home | None = None) -> Archive:
    """Open the archive named, else `$SIJILL_ARCHIVE`, else the nearest folder upward with a `sijill.toml`.

    Raises NotFound, FormatError (the configuration) or UnreachableError.
    """
    named = option or os.environ.get("SIJILL_ARCHIVE")
    if named:
        folder = os.fspath(named)
        if not is_file(os.path.join(folder, CONFIGURATION)):
            raise NotFound(
                f"no archive at {folder}: it has no {CONFIGURATION}",
                where=folder,
                hint="make one with `sijill init DIR`, or name another with --archive DIR",
            )
        return _open(folder, home)
    folder = here = os.getcwd()
    while not is_file(os.path.join(folder, CONFIGURATION)):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            raise NotFound(
                "no archive here or in any folder above",
                where=here,
                hint="name it with --archive DIR or $SIJILL_ARCHIVE, or make one with `sijill init DIR`",
            )
    return _open(folder, home)


_MOST_SETTINGS = 64 * 1024  # characters of sijill.toml


def _open(folder: str, home: Home | None) -> Archive:
    folder = os.path.join(os.getcwd(), folder)
    path = os.path.join(folder, CONFIGURATION)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_MOST_SETTINGS)
        if len(text) >= _MOST_SETTINGS:
            raise ValueError
        settings = _settings(text)
    except OSError as error:
        raise UnreachableError(f"{path} cannot be read ({error.strerror})", where=path) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is not TOML", where=path, hint="restore it from a copy") from error
    if settings.get("format") != FORMAT:
        raise FormatError(f"{path}: its format is not {FORMAT}", where=path, hint="use the Sijill that made it")
    unknown = set(settings) - set(_KNOWN)
    texts = {key: settings.get(key, "") for key in _KNOWN}
    if unknown or not all(isinstance(value, str) for value in texts.values()) or not texts["origin"]:
        raise FormatError(f"{path}: unknown, missing or wrong settings", where=path, hint="restore it from a copy")
    return Archive(
        folder, texts["origin"], _beside(folder, texts["database"], "sqlite:///"), _beside(folder, texts["objects"]),
        texts["standard"] or "sijill-minimum", home, texts["copy_of"] or None,
    )  # fmt: skip


def _path(place: str) -> Path:
    """Give a path of those that are not needed to read an archive again: `pathlib` takes long to load."""
    from pathlib import Path

    return Path(place)


def _settings(text: str) -> dict[str, Any]:
    """Read TOML; the plain lines that `lay_out` writes without the parser, whose start costs more than a quick verify.

    Raises ValueError or RecursionError, as the parser does.
    """
    settings = {}
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for line in lines:
        key, equals, value = line.partition(' = "')
        inside = value[:-1]
        if key not in _KNOWN or not equals or value[-1:] != '"' or '"' in inside or "\\" in inside:
            break
        if not inside.isascii() or not inside.isprintable():
            break
        settings[key] = inside
    if len(settings) == len(lines):
        return settings
    import tomllib

    from schemas.toml_depth import too_deep

    if too_deep(text.encode()):
        raise ValueError
    return tomllib.loads(text)


def _beside(folder: str, location: str, scheme: str = "") -> str:
    """Give the path that a location in the configuration means: relative to the archive folder."""
    if "://" in location and not (scheme and location.startswith(scheme)):
        raise FormatError(
            f"{location.split('://', maxsplit=1)[0]} is not supported by this version",
            where=CONFIGURATION,
            hint="use a local path",
        )
    return os.path.join(folder, location.removeprefix(scheme))


class Initialised:
    """What `init` made."""

    def __init__(
        self, archive: Archive, operator: str, fingerprint: str, log_vkey: str, warnings: tuple[str, ...]
    ) -> None:
        self.archive = archive
        self.operator = operator
        self.fingerprint = fingerprint
        self.log_vkey = log_vkey
        self.warnings = warnings

    def document(self) -> dict[str, Any]:
        """Give the `sijill-init/1` document."""
        return {
            "format": "sijill-init/1",
            "archive": str(self.archive.folder),
            "origin": self.archive.origin,
            "operator": self.operator,
            "fingerprint": self.fingerprint,
            "log_vkey": self.log_vkey,
            "warnings": list(self.warnings),
        }


def init(
    folder: Path,
    *,
    origin: str | None = None,
    operator: str = "operator",
    key: Path | None = None,
    no_passphrase: bool = False,
    recovery: Path | None = None,
    guardians: Sequence[str] = (),
    home: Home | None = None,
) -> Initialised:
    """Make a new archive in `folder`, which must not exist or be empty, with its first operator.

    Built beside it and renamed, so a crash leaves nothing that holds its origin. Raises IntegrityError, InputError,
    RefusedError (no passphrase and none waived) or UnreachableError.
    """
    import secrets

    from archive import ledger
    from archive.founding import check_origin, found
    from archive.keys import Home

    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty", where=str(folder), hint="name a folder that does not exist yet")
    origin = origin or f"sijill.local/{secrets.token_hex(4)}"
    check_origin(origin)
    home = home or Home()
    with _built(folder) as building:
        archive = lay_out(building, origin, "sijill-minimum", home)
        made = found(archive, operator, key, no_passphrase, recovery, guardians)
    archive = _open(os.fspath(folder), home)
    ledger.pin(archive)
    return Initialised(archive, *made)


def lay_out(folder: Path, origin: str, standard: str, home: Home) -> Archive:
    """Put into an empty folder what an archive has before its first act; gives it, opened, for its making.

    Raises FormatError, UnreachableError.
    """
    lines = [
        f'format = "{FORMAT}"', f'origin = "{origin}"', 'database = "sqlite:///sijill.db"', 'objects = "objects"',
        f'standard = "{standard}"',
    ]  # fmt: skip
    (folder / CONFIGURATION).write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "objects").mkdir()
    _lay_documents(folder)
    archive = _open(os.fspath(folder), home)
    archive.in_place = False
    return archive


@contextmanager
def _built(folder: Path) -> Iterator[Path]:
    """Give a folder beside `folder` to build in; renamed into place at the end, removed on failure."""
    import shutil

    from archive import durable, paper

    building = paper.beside(folder, f".sijill-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building.mkdir(mode=0o700)
        yield building
        if folder.exists():
            folder.rmdir()
        os.rename(building, folder)
        durable.sync_folder(str(folder.parent))
    except OSError as error:
        raise UnreachableError(f"{folder} could not be made ({error.strerror})", where=str(folder)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _lay_documents(folder: Path) -> None:
    """Put into the folder what a stranger needs to read and check it in twenty years."""
    from importlib import resources

    schemas = resources.files("schemas")
    (folder / "README.txt").write_bytes((resources.files("archive") / "archive_readme.txt").read_bytes())
    for name in PAGES:
        packaged = schemas / name
        text = packaged if packaged.is_file() else _path(str(schemas)).parent / "docs" / name
        (folder / name).write_bytes(text.read_bytes())
    verifier = resources.files("archive") / "dossier" / "verify.py"
    if verifier.is_file():
        (folder / "verify.py").write_bytes(verifier.read_bytes())
    (folder / "schemas").mkdir()
    for schema in (schemas / "json").iterdir():
        if schema.name.endswith(".json"):
            (folder / "schemas" / schema.name).write_bytes(schema.read_bytes())
