"""Filling and signing the folder of a dossier: evidence, records, tables, pages, proof, in that order.

Takes a `Dossier` and nothing wider. Writes into one folder and nowhere else;
what it cannot finish it leaves for its caller to remove.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path

from archive import durable, ledger
from archive.dossier import case_uco, declaration, loadfile, page, pdf, pdf_parts, pdf_volumes, places, records, tables
from archive.dossier.bag import SIGNATURE, SIGNED, Bag
from archive.dossier.compare import Earlier, correction
from archive.dossier.crate import NAME as CRATE
from archive.dossier.crate import crate
from archive.dossier.instructions import namespace, verify_txt
from archive.dossier.proof import write_proof
from archive.dossier.wording import LANGUAGES
from archive.handed_over import Dossier, Exhibit, root_text
from archive.pictures import Pictures
from archive.workers import WORKERS, Pulse, in_order
from evidence.reason import Sentence, reason, sentence
from evidence.redaction import PICTURES

Progress = Callable[[str, int, int], None]
_SMALL_PICTURE, _TEXTS = 40_960, 40_960  # bytes: of a picture; of all that is written about an exhibit
SHIPPED_SCHEMAS = ("case", "custody", "corroboration", "audit")


@dataclass(frozen=True)
class Extras:
    """What may be written beside the parts that every dossier has."""

    pdf: bool = True
    case_uco: bool = False
    load_file: bool = False
    earlier: Earlier | None = None  # the dossier that this one supersedes


def missing_parts(extras: Extras) -> list[Sentence]:
    """Say which part cannot be written on this computer."""
    if extras.pdf and not pdf.available():
        return [sentence(reason("dossier-no-pdf", command="pip install 'sijill[pdf]'"))]
    return []


def room_needed(dossier: Dossier, extras: Extras) -> int:
    """Give about how many bytes of a disk a dossier takes: its files as they are, the rest as experience says."""
    files = sum(durable.takes(one.file.digests.size) for one in dossier.exhibits if one.file is not None)
    pictures = sum(_SMALL_PICTURE for one in dossier.exhibits if _is_drawn(one))
    proofs = 2 * (len(dossier.proof.entries) + len(dossier.proof.commits)) * durable.BLOCK_BYTES
    texts = _TEXTS * len(dossier.exhibits)
    printed = len(pdf.LANGUAGES) * (pictures + texts) if extras.pdf and pdf.available() else 0
    return files + pictures + proofs + texts + printed


@dataclass(frozen=True)
class Built:
    """A folder that is filled and signed: its files, pictures without a small one, and what there is to be said."""

    bag: Bag
    without: list[str]
    notes: list[Sentence]


def build(
    dossier: Dossier, building: Path, signer: ledger.Signer, extras: Extras, progress: Progress | None
) -> Built:
    """Fill and sign the folder. Whoever says that it left makes it durable before.

    Raises IntegrityError (an original is damaged) or UnreachableError.
    """
    bag = Bag(building)
    thumbnails, without = _files(dossier, bag, progress)
    bag.stream("data/records/case.json", records.writer(records.case_document(dossier, thumbnails)))
    bag.stream("data/records/custody.jsonl", lambda file: file.writelines(records.custody_lines(dossier)))
    bag.add("data/records/corroboration.json", records.corroboration_json(dossier))
    bag.add("data/records/audit.json", records.audit_json(dossier))
    bag.add("data/records/standard.toml", dossier.standard)
    changed = correction(dossier, extras.earlier, thumbnails) if extras.earlier else None
    if changed is not None:
        bag.add("data/records/correction.json", records.pretty(changed))
    notes = _optional(dossier, bag, extras)
    bag.add("data/exhibits.csv", tables.exhibits_csv(dossier))
    bag.stream("data/map.geojson", records.writer(places.geojson(places.points(dossier))))
    if dossier.logs:
        bag.stream("data/records/flights.csv", lambda file: tables.write_flights(dossier, file))
        bag.add("data/schemas/flights.tableschema.json", tables.table_schema())
    for name in SHIPPED_SCHEMAS:
        schema = resources.files("schemas") / "json" / f"{name}.schema.json"
        bag.add(f"data/schemas/{name}.schema.json", schema.read_bytes())
    write_proof(bag, dossier.proof, progress)
    for done, (lang, name) in enumerate(LANGUAGES.items()):
        if progress is not None:
            progress("writing pages", done, len(LANGUAGES))
        bag.stream(f"data/{name}", page.writer(dossier, lang, thumbnails, signer.fingerprint, changed))
    if extras.pdf and pdf.available():
        for lang in pdf.LANGUAGES:
            parts = pdf_parts.Parts(dossier, lang, thumbnails, signer.fingerprint, changed)
            for done, volume in enumerate(pdf_volumes.volumes(parts)):
                tick = partial(progress or _unseen, f"typesetting PDF ({lang})", done, volume.of)
                tick()
                bag.add(f"data/{volume.name}", pdf.render(volume, dossier.date, building / "data", tick))
    bag.stream(CRATE, records.writer(crate(dossier, bag.files, thumbnails)))
    bag.add("VERIFY.txt", verify_txt(dossier, signer.fingerprint))
    bag.add("verify.py", (resources.files("archive.dossier") / "verify.py").read_bytes())
    bag.close(_info(dossier))
    bag.add(SIGNATURE, signer.sign((building / SIGNED).read_bytes(), namespace(dossier.proof.origin)))
    return Built(bag, without, notes)


def _unseen(what: str, done: int, total: int) -> None:
    """Draw nothing: nobody looks."""


def _optional(dossier: Dossier, bag: Bag, extras: Extras) -> list[Sentence]:
    """Write what was asked for beside the rest; gives what there is to be said about it."""
    notes = []
    if extras.case_uco:
        bag.add(case_uco.NAME, case_uco.case_uco(dossier))
    if extras.load_file:
        text, spelled = loadfile.load_file(dossier)
        bag.add(f"data/loadfile/{dossier.code}.dat", text)
        if spelled:
            notes.append(sentence(reason("dossier-load-file", count=spelled)))
    if declaration.wanted(dossier):
        for lang, name in declaration.NAMES.items():
            bag.add(f"data/{name}", declaration.declaration(dossier, lang, software()))
    return notes


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


def _files(dossier: Dossier, bag: Bag, progress: Progress | None) -> tuple[dict[str, str], list[str]]:
    """Copy the files that leave and make their small pictures, two exhibits at a time."""
    files = [e for e in dossier.exhibits if e.file is not None]
    idle = deque(Pictures() for _ in range(WORKERS))
    makers = tuple(idle)
    thumbnails: dict[str, str] = {}
    without = []

    def leave(exhibit: Exhibit) -> str | None:
        _copy(bag, exhibit)
        if not _is_drawn(exhibit):
            return ""
        maker = idle.pop()
        try:
            return _picture(maker, bag, exhibit)
        finally:
            idle.append(maker)

    try:
        with closing(in_order(leave, files, Pulse(), tick=lambda: None)) as names:
            for number, (exhibit, name) in enumerate(zip(files, names, strict=True), 1):
                if name:
                    thumbnails[exhibit.bates] = name
                elif name is None:
                    without.append(exhibit.bates)
                if progress is not None:
                    progress("copying", number, len(files))
    finally:
        for maker in makers:
            maker.end()
    return thumbnails, without


def _is_drawn(exhibit: Exhibit) -> bool:
    kind = exhibit.file.media_type if exhibit.file else ""
    return kind in PICTURES and not exhibit.record.fields.get("graphic")


def _copy(bag: Bag, exhibit: Exhibit) -> None:
    assert exhibit.file is not None
    bag.copy(f"data/{exhibit.path}", exhibit.file.source, exhibit.file.digests, exhibit.name)


def _picture(maker: Pictures, bag: Bag, exhibit: Exhibit) -> str | None:
    """Write the small picture of an exhibit; gives its name below data/, None where none could be made."""
    assert exhibit.file is not None
    small = maker.small(exhibit.file.source)
    if small is None:
        return None
    name = f"derived/{exhibit.bates}-t1.jpg"
    bag.add(f"data/{name}", small)
    return name
