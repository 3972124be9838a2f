"""Writing a dossier: built beside its place, signed, entered in the ledger, then moved into place.

    gather -> build in a sibling folder -> sign        a crash leaves a folder `.NAME.sijill-PID`, and no dossier;
                                                       the next export to the same place removes it
           -> the `export` entry is committed          from here on the ledger says that it left
           -> rename                                   a crash before leaves the same folder, whole

The entry names audience, recipient, purpose and the digest of the tag manifest;
it is not in the dossier that it describes. The same state of the archive,
request and date give the same bytes.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import durable, ledger, paper
from archive.dossier.bag import SIGNATURE, SIGNED
from archive.dossier.build import Extras, Progress, build, missing_parts, room_needed
from archive.dossier.compare import to_supersede
from archive.dossier.names import known, told_otherwise
from archive.dossier.packing import PLAIN, encrypt, pack, recipients
from archive.dossier.risks import risks
from archive.handed_over import Dossier, Request
from archive.merged import family
from archive.pictures import Copies
from archive.registry import registry_of
from archive.release import check_audience, gather
from schemas.entry import Entry
from schemas.errors import InputError, RefusedError, SijillError, UnreachableError
from schemas.extent import read_instant, write_instant
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive


@dataclass(frozen=True)
class Place:
    """Where a dossier goes: its folder, its zip, or an encrypted zip alone."""

    out: Path
    zipped: bool = False
    encrypt_to: Sequence[str] = ()

    @property
    def packed(self) -> Path | None:
        """Give the path of the zip, encrypted or not; None where none is asked for."""
        ending = ".zip.age" if self.encrypt_to else ".zip" if self.zipped else None
        return self.out.with_name(self.out.name + ending) if ending else None


def document(
    dossier: Dossier, place: Place, sealed: str | None, *, without: Sequence[str] = (), warned: Sequence[str] = (),
    receipt: ledger.Receipt | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Give the `sijill-dossier/1` document of a dossier that was written or, without a receipt, would be."""
    found: dict[str, Any] = {
        "format": "sijill-dossier/1", "id": dossier.id, "number": dossier.number, "case": dossier.code,
        "audience": dossier.audience, "recipient": dossier.recipient, "purpose": dossier.purpose,
        "supersedes": dossier.supersedes or None,
        "date": dossier.date, "out": None if place.encrypt_to else str(place.out),
        "zip": str(place.packed) if place.packed else None, "tagmanifest_sha256": sealed,
        "meets": dossier.assessment.get("meets"),
        "exhibits": len(dossier.exhibits), "withheld": len(dossier.withheld),
        "items": [{"bates": e.bates, "id": e.name, "path": e.path, "form": e.form} for e in dossier.exhibits],
        "left_out": [{"bates": one.bates, "reason": one.reason} for one in dossier.withheld],
        "not_shown": dict(dossier.not_shown), "warnings": list(warned), "without_thumbnail": list(without),
        "dry_run": receipt is None,
    }  # fmt: skip
    return found | (receipt.document() if receipt else {})


def export(
    archive: Archive,
    code: str,
    request: Request,
    place: Place,
    signers: Sequence[ledger.Signer],
    *,
    extras: Extras | None = None,
    supersedes: Path | None = None,
    date: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Write the dossier of a case into `place`, whose folder must not exist or be empty.

    `tell` is called, before anything is written, with the document of what
    would leave, what not, and the risks. Gives the `sijill-dossier/1` document.
    Raises NotFound, InputError (audience, purpose, date, folder, recipients),
    RefusedError (role), IntegrityError (an original is damaged) or
    UnreachableError; nothing half written is left behind.
    """
    place = Place(place.out.absolute(), place.zipped, place.encrypt_to)
    check_audience(request.audience)
    _check_purpose(request)
    check_place(place)
    recipients(place.encrypt_to)
    moment = read_date(date)
    check_role(archive, signers)
    archive.objects.reach()
    with Copies() as copies:
        by = [signers[0].fingerprint]
        dossier = gather(archive, code, request, copies, date=moment, signers=by, progress=progress)
        extras = extras or Extras()
        if supersedes is not None:
            earlier = to_supersede(supersedes, dossier, progress)
            dossier, extras = replace(dossier, supersedes=earlier.id), replace(extras, earlier=earlier)
        with archive.reading() as db:
            names = known(db, dossier.code)
        named = told_otherwise(dossier, names, copies, progress)
        warned = [*missing_parts(extras), *risks(dossier, copies, progress), *named]
        planned = document(dossier, place, None, warned=warned)
        if tell is not None:
            tell(planned)
        if dry_run:
            return planned
        return _write(archive, dossier, place, signers, extras, warned, progress)


def _write(
    archive: Archive, dossier: Dossier, place: Place, signers: Sequence[ledger.Signer], extras: Extras,
    warned: Sequence[str], progress: Progress | None,
) -> dict[str, Any]:  # fmt: skip
    look_for_room(place, room_needed(dossier, extras), "the dossier")
    with beside(place.out) as (building, settle):
        built = build(dossier, building, signers[0], extras, progress)
        sealed = built.bag.files[SIGNED].sha256
        temporary = None
        try:
            if place.packed is not None:
                temporary = paper.beside(place.packed, f".sijill-{os.getpid()}")
                pack(built.bag, dossier.id, temporary)
            if temporary is not None and place.encrypt_to:
                encrypt(temporary, place.encrypt_to)
            settle()
            receipt = _enter(archive, dossier, signers, sealed)
            into_place(building, place, temporary)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
    return document(
        dossier, place, sealed, without=built.without, warned=[*warned, *built.notes], receipt=receipt
    )


def _check_purpose(request: Request) -> None:
    if request.audience != "internal" and not request.purpose.strip():
        raise InputError(
            "a dossier that leaves the team needs a purpose", code="purpose", hint="say it with --purpose TEXT"
        )
    if any(not reason.strip() for reason in request.withhold.values()):
        raise InputError("what is withheld on request needs a reason", code="reason", hint="say it with --reason TEXT")


def read_date(date: str | None) -> str:
    """Give the date of the dossier, UTC: as said, else from `$SOURCE_DATE_EPOCH`, else now. Raises InputError."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if date is None:
        if epoch.isascii() and epoch.isdigit():
            return write_instant(datetime.fromtimestamp(int(epoch), UTC))
        return ledger.now()
    text = date + "T00:00:00Z" if len(date) == 10 else date
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return write_instant(read_instant(write_instant(moment.astimezone(UTC).replace(microsecond=0))))
    except (ValueError, OverflowError, SijillError):
        raise InputError(
            f"not a date: {visible(date)}", code="date", hint="write 2026-11-22 or 2026-11-22T04:00:00Z"
        ) from None


def check_place(place: Place) -> None:
    """Raise InputError where something lies already where a dossier is to go."""
    out, packed = place.out, place.packed
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise InputError(
            f"{visible(str(out))} is not an empty folder",
            code="not-empty", where=visible(str(out)), hint="name a folder that does not exist yet",
        )  # fmt: skip
    if packed is not None and os.path.lexists(packed):
        shown = visible(str(packed))
        raise InputError(f"{shown} is there already", where=shown, hint="name another folder")


def look_for_room(place: Place, needed: int, what: str) -> None:
    """Raise UnreachableError where there is too little room for a folder of `needed` bytes, and for its zip."""
    times = 3 if place.encrypt_to else 2 if place.zipped else 1
    try:
        durable.enough_room(place.out.parent, needed * times + durable.ROOM_BESIDE, what, "nothing was written")
    except OSError as error:
        raise _not_made(place.out, error) from error


def check_role(archive: Archive, signers: Sequence[ledger.Signer]) -> None:
    """Refuse before anything is written what the ledger would refuse after. Raises RefusedError."""
    if not signers:
        raise RefusedError("nobody signs this dossier", hint="name an operator with --as NAME")
    with archive.reading() as db:
        registry = registry_of(db)
    entry = Entry(0, "export", "", signers[0].fingerprint, "", {})
    problems = registry.refusals([entry], [signer.fingerprint for signer in signers])
    problems = problems or registry.refusals([entry], [signers[0].fingerprint])
    if problems:
        raise RefusedError(
            f"{visible(signers[0].name)} may not hand over a dossier: " + "; ".join(problems),
            code="role", hint="a custodian may (--as NAME, the custodian first)",
        )  # fmt: skip


@contextmanager
def beside(out: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Give a folder beside `out` to build in, and what makes durable all that was written beside `out` until then.

    What is still in the folder at the end is removed. Raises UnreachableError, and so does what is given.
    """
    building = paper.beside(out, f".sijill-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear_away(out)
        building.mkdir(mode=0o700)
        watch = durable.Watch(str(out.parent))
    except OSError as error:
        raise _not_made(out, error) from error

    def settle() -> None:
        try:
            watch.sync()
        except OSError as error:
            said = f"the disk did not take the dossier ({error.strerror})"
            raise UnreachableError(said, where=visible(str(out)), hint="make room or mend the disk") from error

    with closing(watch):
        try:
            yield building, settle
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _not_made(out: Path, error: OSError) -> UnreachableError:
    shown = visible(str(out))
    return UnreachableError(f"{shown} cannot be made ({error.strerror})", where=shown, hint="name another folder")


def _clear_away(out: Path) -> None:
    """Remove what exports to this place left that were killed: half written, with evidence in it, and of no use.

    A folder that is signed stays: the ledger may say that it left.
    """
    name, plain = re.escape(paper.beside(out, "").name), re.escape(PLAIN)
    mine = re.compile(rf"{name}(?:\.zip(?:\.age)?)?\.sijill-([0-9]+)(?:{plain})?")
    for path in sorted(out.parent.iterdir()):
        match = mine.fullmatch(path.name)
        if match is None or path.is_symlink() or _lives(int(match[1])):
            continue
        if path.is_dir() and not (path / SIGNATURE).exists():
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file():
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    """Tell whether a process is there; where that cannot be asked without harm, it is taken to be."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _enter(archive: Archive, dossier: Dossier, signers: Sequence[ledger.Signer], sealed: str) -> ledger.Receipt:
    """Commit the `export` entry.

    Raises RefusedError where anything was recorded about the case since it was gathered: another dossier, a consent
    that was taken back, an order to erase.
    """
    with ledger.writing(archive, signers) as act:
        for code in family(act.db, dossier.code):
            act.nothing_since(dossier.proof.size, code, code=code)
        act.add(
            "export",
            sub=dossier.case_sub,
            fields={
                "audience": dossier.audience,
                **({"recipient": dossier.recipient} if dossier.recipient else {}),
                **({"supersedes": dossier.supersedes} if dossier.supersedes else {}),
                "purpose": dossier.purpose,
                "number": dossier.number,
                "tagmanifest_sha256": sealed,
                "items": [exhibit.name for exhibit in dossier.exhibits],
            },
        )
    assert act.receipt is not None
    return act.receipt


def into_place(building: Path, place: Place, temporary: Path | None) -> None:
    """Move what was built to its place. Raises UnreachableError."""
    out = place.out
    try:
        if not place.encrypt_to:
            if out.exists():
                out.rmdir()
            os.rename(building, out)
        if temporary is not None and place.packed is not None:
            os.rename(temporary, place.packed)
        durable.sync_folder(str(out.parent))
    except OSError as error:
        raise UnreachableError(
            f"the dossier is recorded as handed over and could not be moved to {visible(str(out))} ({error.strerror})",
            where=visible(str(out)), hint="make another; the ledger then shows both",
        ) from error  # fmt: skip
