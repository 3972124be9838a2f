"""Writing a dossier: built beside its place, signed, entered in the ledger, then moved into place.

    gather -> build in a sibling folder -> sign        a crash leaves a folder `.NAME.sijill-PID`, and no dossier
           -> the `export` entry is committed          from here on the ledger says that it left
           -> rename                                   a crash before leaves the same folder, whole

The entry names audience, purpose and the digest of the tag manifest; it is not
in the dossier that it describes. The same state of the archive, request and
date give the same bytes.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.dossier import page, records, tables
from archive.dossier.bag import SIGNATURE, SIGNED, Bag
from archive.dossier.crate import NAME as CRATE
from archive.dossier.crate import crate_json
from archive.dossier.instructions import namespace, verify_txt
from archive.dossier.proof import write_proof
from archive.dossier.risks import risks
from archive.dossier.thumbnails import TYPES, Thumbnailer
from archive.handed_over import Dossier, Exhibit, root_text
from archive.registry import registry_of
from archive.release import gather
from schemas.entry import Entry
from schemas.errors import InputError, RefusedError, SijillError, UnreachableError
from schemas.extent import read_instant, write_instant
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

Progress = Callable[[str, int, int], None]
SHIPPED_SCHEMAS = ("case", "custody", "corroboration", "audit")
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def document(
    dossier: Dossier, out: Path, packed: Path | None, sealed: str | None, *, without: Sequence[str] = (),
    warned: Sequence[str] = (), receipt: ledger.Receipt | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Give the `sijill-dossier/1` document of a dossier that was written or, without a receipt, would be."""
    found: dict[str, Any] = {
        "format": "sijill-dossier/1", "id": dossier.id, "number": dossier.number, "case": dossier.code,
        "audience": dossier.audience, "purpose": dossier.purpose, "date": dossier.date, "out": str(out),
        "zip": str(packed) if packed else None, "tagmanifest_sha256": sealed, "meets": dossier.assessment.get("meets"),
        "exhibits": len(dossier.exhibits), "withheld": len(dossier.withheld),
        "items": [{"bates": e.bates, "id": e.name, "path": e.path} for e in dossier.exhibits],
        "left_out": [{"bates": one.bates, "reason": one.reason} for one in dossier.withheld],
        "not_shown": dict(dossier.not_shown), "warnings": list(warned), "without_thumbnail": list(without),
        "dry_run": receipt is None,
    }  # fmt: skip
    return found | (receipt.document() if receipt else {})


def export(
    archive: Archive,
    code: str,
    audience: str,
    out: Path,
    signers: Sequence[ledger.Signer],
    *,
    purpose: str = "",
    date: str | None = None,
    zipped: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Write the dossier of a case for an audience into `out`, which must not exist or be empty.

    `tell` is called, before anything is written, with the document of what
    would leave, what not, and the risks. Gives the `sijill-dossier/1` document.
    Raises NotFound, InputError (audience, purpose, date, folder), RefusedError
    (role, audience not ready), IntegrityError (an original is damaged) or
    UnreachableError; nothing half written is left behind.
    """
    out = out.absolute()
    packed = out.with_name(out.name + ".zip") if zipped else None
    _check_place(out, packed)
    moment = read_date(date)
    _check_role(archive, signers)
    dossier = gather(archive, code, audience, purpose=purpose, date=moment, signers=[signers[0].fingerprint])
    warned = risks(dossier)
    planned = document(dossier, out, packed, None, warned=warned)
    if tell is not None:
        tell(planned)
    if dry_run:
        return planned
    with _beside(out) as building:
        bag, without = _build(dossier, building, signers[0], progress)
        sealed = bag.files[SIGNED].sha256
        temporary = _pack(bag, dossier.id, out, packed)
        try:
            receipt = _enter(archive, dossier, signers, sealed)
            _into_place(building, out, temporary, packed)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
    return document(dossier, out, packed, sealed, without=without, warned=warned, receipt=receipt)


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


def _check_place(out: Path, packed: Path | None) -> None:
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise InputError(
            f"{visible(str(out))} is not an empty folder",
            code="not-empty", where=visible(str(out)), hint="name a folder that does not exist yet",
        )  # fmt: skip
    if packed is not None and packed.exists():
        shown = visible(str(packed))
        raise InputError(f"{shown} exists already", where=shown, hint="name another folder")


def _check_role(archive: Archive, signers: Sequence[ledger.Signer]) -> None:
    """Refuse before anything is written what the ledger would refuse after."""
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
def _beside(out: Path) -> Iterator[Path]:
    building = out.with_name(f".{out.name}.sijill-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        building.mkdir(mode=0o700)
    except OSError as error:
        raise UnreachableError(
            f"{visible(str(out))} cannot be made ({error.strerror})",
            where=visible(str(out)),
            hint="name another folder",
        ) from error
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _build(
    dossier: Dossier, building: Path, signer: ledger.Signer, progress: Progress | None
) -> tuple[Bag, list[str]]:
    """Fill and sign the folder; gives the bag, and the numbers of pictures without a thumbnail."""
    from archive.durable import Watch

    watch = Watch(str(building))
    bag = Bag(building)
    thumbnails, without = _copy_items(dossier, bag, progress)
    bag.add("data/records/case.json", records.case_json(dossier, thumbnails))
    bag.add("data/records/custody.jsonl", records.custody_jsonl(dossier))
    bag.add("data/records/corroboration.json", records.corroboration_json(dossier))
    bag.add("data/records/audit.json", records.audit_json(dossier))
    bag.add("data/records/standard.toml", dossier.standard)
    bag.add("data/exhibits.csv", tables.exhibits_csv(dossier))
    if dossier.logs:
        bag.stream("data/records/flights.csv", lambda file: tables.write_flights(dossier, file))
        bag.add("data/schemas/flights.tableschema.json", tables.table_schema())
    for name in SHIPPED_SCHEMAS:
        schema = resources.files("schemas") / "json" / f"{name}.schema.json"
        bag.add(f"data/schemas/{name}.schema.json", schema.read_bytes())
    write_proof(bag, dossier.proof)
    for lang, name in page.LANGUAGES.items():
        bag.add(f"data/{name}", page.render(dossier, lang, thumbnails, signer.fingerprint))
    bag.add(CRATE, crate_json(dossier, bag.files, thumbnails))
    bag.add("VERIFY.txt", verify_txt(dossier, signer.fingerprint))
    bag.add("verify.py", (resources.files("archive.dossier") / "verify.py").read_bytes())
    bag.close(_info(dossier))
    signed = signer.sign((building / SIGNED).read_bytes(), namespace(dossier.proof.origin))
    bag.add(SIGNATURE, signed)
    try:
        watch.sync()
    except OSError as error:
        said = f"the disk did not take the dossier ({error.strerror})"
        raise UnreachableError(said, hint="make room or mend the disk") from error
    return bag, without


def _info(dossier: Dossier) -> dict[str, str]:
    exercise = {"Sijill-Exercise": "yes, an invented case"} if dossier.exercise else {}
    return {
        "Source-Organization": dossier.proof.origin,
        "External-Identifier": dossier.id,
        "Bagging-Date": dossier.date[:10],
        "Bag-Software-Agent": software(),
        "Sijill-Audience": dossier.audience,
        "Sijill-Seal": root_text(dossier.proof),
        **exercise,
    }


@cache
def software() -> str:
    """Give name and version of this program."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"sijill {version('sijill')}"
    except PackageNotFoundError:
        return "sijill"


def _copy_items(dossier: Dossier, bag: Bag, progress: Progress | None) -> tuple[dict[str, str], list[str]]:
    """Copy originals bit for bit and make small pictures, two of each at a time."""
    files = [e for e in dossier.exhibits if e.path is not None]
    makers = [Thumbnailer(), Thumbnailer()]
    thumbnails: dict[str, str] = {}
    without = []
    try:
        with ThreadPoolExecutor(2) as copying, ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
            copies = [copying.submit(_copy, bag, exhibit) for exhibit in files]
            pictures = [
                (e, (one, two)[n % 2].submit(_picture, makers[n % 2], e)) for n, e in enumerate(filter(_drawn, files))
            ]
            try:
                for number, copied in enumerate(copies, 1):
                    copied.result()
                    if progress is not None:
                        progress("copying", number, len(files))
                for exhibit, made in pictures:
                    name, small = f"derived/{exhibit.bates}-t1.jpg", made.result()
                    if small is None:
                        without.append(exhibit.bates)
                        continue
                    bag.add(f"data/{name}", small)
                    thumbnails[exhibit.bates] = name
            except BaseException:
                _cancel([*copies, *(made for _, made in pictures)])
                raise
    finally:
        for maker in makers:
            maker.end()
    return thumbnails, without


def _cancel(futures: Sequence[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


def _copy(bag: Bag, exhibit: Exhibit) -> None:
    assert exhibit.file is not None
    bag.copy(f"data/{exhibit.path}", exhibit.file, exhibit.record.fields, exhibit.name)


def _drawn(exhibit: Exhibit) -> bool:
    fields = exhibit.record.fields
    return fields.get("media_type") in TYPES and not fields.get("graphic")


def _picture(maker: Thumbnailer, exhibit: Exhibit) -> bytes | None:
    assert exhibit.file is not None
    return maker.small(exhibit.file)


def _pack(bag: Bag, name: str, out: Path, packed: Path | None) -> Path | None:
    """Write the zip beside its place: sorted, stored, without dates, so that the same dossier gives the same bytes."""
    if packed is None:
        return None
    temporary = out.with_name(f".{packed.name}.sijill-{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_STORED) as archive:
            for path in sorted(bag.files):
                info = zipfile.ZipInfo(f"{name}/{path}", _ZIP_DATE)
                info.external_attr = 0o100644 << 16
                info.create_system = 3
                with archive.open(info, "w", force_zip64=bag.files[path].size > 2**31) as inside, (
                    bag.folder / path
                ).open("rb") as file:
                    shutil.copyfileobj(file, inside, 1024 * 1024)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        said = f"the zip could not be written ({error.strerror})"
        raise UnreachableError(said, hint="make room, then run it again") from error
    return temporary


def _enter(archive: Archive, dossier: Dossier, signers: Sequence[ledger.Signer], sealed: str) -> ledger.Receipt:
    """Commit the `export` entry. Raises RefusedError if another dossier of the case left meanwhile."""
    with ledger.writing(archive, signers) as act:
        before = act.rows("SELECT count(*) FROM act WHERE sub = ? AND t = 'export'", (dossier.case_sub,))[0][0]
        if before + 1 != dossier.number:
            raise RefusedError(
                "another dossier of this case was handed over meanwhile", code="meanwhile", hint="run the command again"
            )
        act.add(
            "export",
            sub=dossier.case_sub,
            fields={
                "audience": dossier.audience,
                "purpose": dossier.purpose,
                "number": dossier.number,
                "tagmanifest_sha256": sealed,
                "items": [exhibit.name for exhibit in dossier.exhibits],
            },
        )
    assert act.receipt is not None
    return act.receipt


def _into_place(building: Path, out: Path, zipped: Path | None, packed: Path | None) -> None:
    try:
        if out.exists():
            out.rmdir()
        os.rename(building, out)
        if zipped is not None and packed is not None:
            os.rename(zipped, packed)
    except OSError as error:
        raise UnreachableError(
            f"the dossier is recorded as handed over and could not be moved to {visible(str(out))} ({error.strerror})",
            where=visible(str(out)), hint="make another; the ledger then shows both",
        ) from error  # fmt: skip
