"""The whole archive as one bag of plain files, for another archive or for the end of a project.

    data/ledger/     every entry, disclosure and checkpoint, a line each: enough to prove all the rest
    data/cases/      a folder a case: every record with every act, every file under its exhibit number
    data/other/      objects of no case

Everything leaves, withdrawn records and sealed identities (still sealed) among
it: this is for those who take the archive over, never for an audience. Files
lie under our numbers and not under their own names, so that two files that
share a name are two files here. Copies are hashed as they are made; a damaged
object stops it, and nothing half written is left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from archive import durable, ledger, log_rows
from archive.dossier.bag import SIGNATURE, SIGNED, Bag
from archive.dossier.build import Progress, software
from archive.dossier.export import Place, beside, check_place, check_role, into_place, look_for_room, read_date
from archive.dossier.instructions import namespace
from archive.dossier.tables import cell, write_rows
from archive.handed_over import bates, suffix
from archive.head import checkpoint_note
from archive.merged import weighed_as
from archive.registry import registry_of
from archive.show import OBJECTS_OF, Kept, find_case, records_of
from evidence.digest import Digests
from schemas.errors import InputError

if TYPE_CHECKING:
    from archive.open import Archive

HEADS = "exhibit,bates,kind,title,original_name,path,sha256,blake3,size,role,withdrawn"


def export_all(
    archive: Archive, out: Path, signers: Sequence[ledger.Signer], *, purpose: str, date: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write everything into `out`, which must not exist or be empty; gives `sijill-archive-export/1`.

    Raises InputError, RefusedError (the custodian's role), IntegrityError (an object is damaged) or UnreachableError.
    """
    place = Place(out.absolute())
    if not purpose.strip():
        raise InputError("an export of everything needs a purpose", code="purpose", hint="say it with --purpose TEXT")
    check_place(place)
    moment = read_date(date)
    check_role(archive, signers)
    archive.objects.reach()
    look_for_room(place, _room(archive), "the export")
    with beside(place.out) as (building, settle):
        bag = Bag(building)
        with archive.reading() as db:
            whole = _Whole(archive, db, bag, progress)
            cases = whole.write()
            origin, size = archive.origin, checkpoint_note(db)[0]
        _close(bag, origin, size, moment, signers[0])
        sealed = bag.files[SIGNED].sha256
        settle()
        with ledger.writing(archive, signers) as act:
            if act.head.size != size:
                raise InputError("something was written meanwhile", code="meanwhile", hint="run the command again")
            fields = {"audience": "archive", "purpose": purpose.strip(), "tagmanifest_sha256": sealed, "cases": cases}
            act.add("export", sub=ledger.subject(), fields=fields)
        into_place(building, place, None)
    assert act.receipt is not None
    return {
        "format": "sijill-archive-export/1", "out": str(place.out), "cases": cases, "files": whole.files,
        "bytes": whole.bytes, "entries_exported": size, "tagmanifest_sha256": sealed, **act.receipt.document(),
    }  # fmt: skip


def _room(archive: Archive) -> int:
    """Give about how many bytes everything takes: each file, and all that the database says, twice as text."""
    with archive.reading() as db:
        (files,) = db.execute(
            "SELECT coalesce(sum((size + ?) / ? * ?), 0) FROM object",
            (durable.BLOCK_BYTES - 1, durable.BLOCK_BYTES, durable.BLOCK_BYTES),
        ).fetchone()
    return int(files) + 2 * archive.database.stat().st_size


def _close(bag: Bag, origin: str, size: int, moment: str, signer: ledger.Signer) -> None:
    text = (resources.files("archive.dossier") / "whole_readme.txt").read_text("utf-8")
    bag.add("README.txt", text.format(origin=origin, size=size, date=moment, signer=signer.fingerprint,
                                      namespace=namespace(origin)))  # fmt: skip
    bag.close({
        "Source-Organization": origin, "External-Identifier": origin, "Bagging-Date": moment[:10],
        "Bag-Software-Agent": software(), "Sijill-Seal": f"{size} entries",
    })  # fmt: skip
    bag.add(SIGNATURE, signer.sign((bag.folder / SIGNED).read_bytes(), namespace(origin)))


@dataclass
class _Whole:
    archive: Archive
    db: Any
    bag: Bag
    progress: Progress | None
    files: int = 0
    bytes: int = 0
    total: int = 0  # records
    done: int = 0  # of them

    def write(self) -> list[str]:
        """Write ledger, cases and what belongs to none; gives the codes of the cases."""
        self._ledger()
        codes = [code for (code,) in self.db.execute("SELECT code FROM record WHERE kind = 'case' ORDER BY first")]
        names = folder_names(codes)
        (self.total,) = self.db.execute("SELECT count(*) FROM record WHERE kind != 'key'").fetchone()
        for code, name in zip(codes, names, strict=True):
            self._case(code, f"data/cases/{name}")
        into = [weighed_as(self.db, code) for code in codes]
        lines = [
            f"{cell(code)},{name},{cell(where) if where != code else ''}\r\n"
            for code, name, where in zip(codes, names, into, strict=True)
        ]
        self.bag.add("data/cases.csv", "\ufeffcode,folder,weighed_with\r\n" + "".join(lines))
        rows = self.db.execute(
            "SELECT idx, sub, blake3, sha256, size, role FROM object WHERE sub NOT IN"
            " (SELECT sub FROM record WHERE kind IN ('item','source','case','link','relation')) ORDER BY idx"
        ).fetchall()
        for index, _, blake3, sha256, size, role in rows:
            self._copy(f"data/other/{index}-{role}.bin", (blake3, sha256, size), f"entry {index}")
        return codes

    def _ledger(self) -> None:
        def entries(file: IO[str]) -> None:
            for (leaf,) in self.db.execute("SELECT leaf FROM ledger ORDER BY idx"):
                file.write(bytes(leaf).decode() + "\n")

        def disclosures(file: IO[str]) -> None:
            for index, text in self.db.execute("SELECT idx, disclosures FROM private ORDER BY idx"):
                file.write(f'{{"idx":{index},"disclosures":{text}}}\n')

        def checkpoints(file: IO[str]) -> None:
            for size, note in self.db.execute("SELECT size, note FROM checkpoint ORDER BY size"):
                file.write(json.dumps({"size": size, "note": bytes(note).decode()}, ensure_ascii=False) + "\n")

        self.bag.stream("data/ledger/entries.jsonl", entries)
        self.bag.stream("data/ledger/disclosures.jsonl", disclosures)
        self.bag.stream("data/ledger/checkpoints.jsonl", checkpoints)
        registry = registry_of(self.db)
        self.bag.add("data/ledger/log.vkey", registry.log_vkey + "\n")
        signers = "".join(f"{name} {key.line}\n" for name, key in registry.keys.items())
        self.bag.add("data/ledger/allowed_signers", signers)
        page = resources.files("schemas") / "format.md"
        source = page if page.is_file() else Path(__file__).parents[2] / "docs" / "format.md"
        self.bag.add("data/ledger/format.md", source.read_bytes())

    def _case(self, code: str, folder: str) -> None:
        logs: list[tuple[str, str]] = []

        def exhibits(file: IO[str]) -> None:
            file.write("\ufeff" + HEADS + "\r\n")
            ranks = count(1)
            for record in self._records(code):
                number = bates(code, next(ranks)) if record.kind == "item" else None
                if number is not None and record.fields.get("kind") == "flight_log":
                    logs.append((record.sub, number))
                file.writelines(self._objects(record, number, folder))
                self.done += 1
                if self.progress is not None:
                    self.progress("copying", self.done, self.total)

        self.bag.stream(f"{folder}/records.jsonl", lambda file: file.writelines(self._lines(self._records(code))))
        self.bag.stream(f"{folder}/exhibits.csv", exhibits)
        if logs:
            self.bag.stream(f"{folder}/flights.csv", lambda file: write_rows(file, self._flights(logs)))

    def _records(self, code: str) -> Iterator[Kept]:
        """Give the case and its records, in the order of registration; none is kept."""
        yield find_case(self.db, code)
        yield from records_of(self.db, code)

    def _lines(self, records: Iterable[Kept]) -> Iterator[str]:
        """Give a line a record: its newest fields, and every act about it with what it disclosed."""
        for record in records:
            acts = [
                {"entry": index, "t": t, "at": at, "by": by, "body": json.loads(body), "fields": json.loads(fields)}
                for index, t, at, by, body, fields in self.db.execute(
                    "SELECT idx, t, at, by, body, fields FROM act WHERE sub = ? ORDER BY idx", (record.sub,)
                )
            ]
            line = {
                "format": "sijill-archive-record/1", "kind": record.kind, "id": record.name, "sub": record.sub,
                "first": record.first, "last": record.last, "withdrawn": record.withdrawn,
                "fields": record.fields, "acts": acts,
            }  # fmt: skip
            yield json.dumps(line, ensure_ascii=False) + "\n"

    def _objects(self, record: Kept, number: str | None, folder: str) -> Iterator[str]:
        """Copy what a record names; gives the rows of exhibits.csv."""
        fields, written = record.fields, 0
        span = record.first, record.last, record.sub
        for index, blake3, sha256, size, role in self.db.execute(OBJECTS_OF, span).fetchall():
            named = number or f"{record.kind}-{record.first}"
            part = "" if role == "file" else f"-{role}-{index}"
            ending = ".age" if role == "sealed" else suffix(*self._type(record, role, index))
            path = f"{folder}/{'items' if role == 'file' else role}/{named}{part}{ending}"
            path = path if self._copy(path, (blake3, sha256, size), record.name) else ""
            yield _row(record, number, path.removeprefix(folder + "/"), (blake3, sha256, size), role)
            written += 1
        if record.kind == "item" and not written:
            yield _row(record, number, "", ("", "", ""), str(fields.get("kind", "")))

    def _type(self, record: Kept, role: str, index: int) -> tuple[str, str]:
        if role == "file":
            return str(record.fields.get("media_type", "")), str(record.fields.get("file", ""))
        row = self.db.execute("SELECT fields FROM act WHERE idx = ?", (index,)).fetchone()
        fields = json.loads(row[0]) if row else {}
        return str(fields.get("media_type", "")), str(fields.get("name", ""))

    def _copy(self, path: str, digests: tuple[str, str, int], what: str) -> bool:
        """Copy one object; gives False where an order erased it."""
        source = self.archive.objects.path(digests[0])
        if not os.path.lexists(source) and self._erased(digests[0]):
            return False
        found = self.bag.copy(path, source, Digests(*digests), what)
        self.files, self.bytes = self.files + 1, self.bytes + found.size
        return True

    def _erased(self, blake3: str) -> bool:
        row = self.db.execute(
            "SELECT 1 FROM object o JOIN act a ON a.sub = o.sub AND a.t = 'erase' WHERE o.blake3 = ?", (blake3,)
        ).fetchone()
        return row is not None

    def _flights(self, logs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        read = {sub: index for index, sub in self.db.execute(log_rows.READINGS)}
        for sub, number in logs:
            if sub in read:
                yield from ((number, row) for row in log_rows.rows_of(self.db, read[sub]))


def _row(record: Kept, number: str | None, path: str, digests: tuple[Any, Any, Any], role: str) -> str:
    import csv
    import io

    fields, text = record.fields, io.StringIO(newline="")
    title = next((str(fields[f"title.{lang}"]) for lang in ("en", "und", "ar") if f"title.{lang}" in fields), "")
    blake3, sha256, size = digests
    csv.writer(text, lineterminator="\r\n").writerow([
        cell(record.name), cell(number or ""), cell(fields.get("kind", record.kind)), cell(title),
        cell(fields.get("file", "")) if role == "file" else "", path, sha256, blake3, size, role,
        "yes" if record.withdrawn is not None else "no",
    ])  # fmt: skip
    return text.getvalue()


def folder_names(codes: Sequence[str]) -> list[str]:
    """Give a safe folder name for each case code: the code itself where it is safe and no other is like it."""
    folded = [code.casefold() for code in codes]
    names = []
    for rank, code in enumerate(codes, 1):
        plain = code.isascii() and code[:1].isalnum() and code.replace("-", "").replace("_", "").isalnum()
        names.append(code if plain and len(code) <= 80 and folded.count(code.casefold()) == 1 else f"case-{rank:06d}_")
    return names
