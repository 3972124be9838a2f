"""Readings at intake: what readers find in the stored bytes of new items, and how it is recorded.

Images are read by limited children; flight logs row by row, those that are
workbooks or JSON in a limited child too. A reading is
recorded once, as disclosures of its own entry, and never made again by an
audit. A flight log is one entry: it commits to its rows by an RFC 6962 root.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from archive import ledger, log_rows, merkle
from archive.draft import Draft
from archive.log_leaves import leaf_hashes
from archive.object_trouble import taken_away
from archive.sheets import Sheets
from archive.workers import WorkerLost, can_fork, forked
from schemas.errors import Problem, SijillError, UnreachableError
from schemas.sentences import retold, say

if TYPE_CHECKING:
    from pathlib import Path

    from archive.folder import Folder
    from archive.open import Archive
    from archive.registered import Registered
    from archive.workers import Saying
    from evidence.flight_log import FlightLog
    from evidence.reading import Reading
    from evidence.sheet import Submission

BATCH = 2_000
AHEAD = 3  # batches that are read before they can be written
LARGE = 4 << 20  # bytes of a log from which on a second process is worth its start
SHOWN = 1_000  # unreadable rows told one by one; all are kept
# Cells of rows, `log_rows.WIDE` of each, one behind the other; hashes of their first leaves; warnings at the end.
Batch = tuple[list[Any], list[bytes], list[str] | None]


@dataclass
class Found:
    """What was found in one item: a reading of facts, or a flight log."""

    reading: Reading | None = None
    log: FlightLog | None = None
    file: BinaryIO | None = None  # what the log is read from
    size: int = 0  # its bytes
    told: list[str] = field(default_factory=list)  # what the log's rows gave warning of, once they were read

    def count_rows(self, unreadable: list[dict[str, Any]], name: str) -> int:
        """Read a flight log's rows without recording them; gives how many could be read."""
        if self.log is None:
            return 0
        readable = 0
        for row in self.log.told:
            readable += row[1] is not None
            _note([(row[0], row[-1])] if row[1] is None else (), unreadable, name)
        self.told = list(self.log.warnings)
        return readable


@dataclass
class Findings:
    """By item id, and what was wrong or worth a word."""

    by_item: dict[str, Found] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    files: ExitStack = field(default_factory=ExitStack)  # logs stay open until their rows were recorded


def read_files(
    archive: Archive, looked: Folder, submission: Submission, known: Registered, *, dry_run: bool,
    progress: Saying | None = None, lang: str = "en",
) -> Findings:  # fmt: skip
    """Read every new item that has a file. Problems of a flight log refuse the intake; those of an image warn.

    Raises UnreachableError.
    """
    from archive.reader import Reader, says_nothing
    from evidence.media import name_warning

    found = Findings()
    sheets = found.files.enter_context(Sheets())
    images = []
    named: dict[str, str | None] = {}
    for item in submission.items:
        if "file" not in item or known.find("item", item) is not None:
            continue
        name, kind = str(item["id"]), str(item["media_type"])
        odd = name_warning(kind, str(item["file"]).rpartition("/")[2])
        if item["kind"] != "flight_log" and odd is None and says_nothing(kind):
            continue
        path = looked.path(str(item["file"])) if dry_run else archive.objects.path(str(item["blake3"]))
        if item["kind"] == "flight_log":
            _open_log(found, sheets, submission.places[name].where(), item, submission, path, lang)
        else:
            images.append((name, path, kind))
            named[name] = odd
    if images:
        with Reader() as reader:
            for number, (name, reading) in enumerate(reader.read(images), 1):
                if progress is not None:
                    progress("reading what the files say", number, len(images))
                if odd := named[name]:  # bytes that are not what their name promises may be a damaged picture
                    reading = replace(reading, warnings=(odd, *reading.warnings))
                if not reading.tool and not reading.warnings:
                    continue
                found.by_item[name] = Found(reading=reading)
                where = f"{submission.case['code']}/{name}"
                found.warnings += [f"{where}: {retold(warning, lang)}" for warning in reading.warnings]
    return found


def _open_log(
    found: Findings, sheets: Sheets, where: str, item: Mapping[str, Any], submission: Submission, path: Path, lang: str
) -> None:
    from evidence.flight_log import read_log
    from evidence.match import has_place

    zone: Any = item.get("zone") or submission.case.get("zone")
    try:
        file = found.files.enter_context(path.open("rb"))
    except FileNotFoundError as error:
        raise taken_away(str(path)) from error
    try:
        log = read_log(
            file, columns=item.get("columns"), zone=zone,
            date_order=item.get("date_order"), name=str(item["file"]), opened=partial(sheets.log, path),
        )  # fmt: skip
    except UnreachableError:
        raise
    except SijillError as error:
        told = {"what": retold(error.message, lang), "hint": retold(error.hint or "", lang)}
        found.problems.append(Problem(where, say("log-file-hint" if error.hint else "log-file", lang, **told)))
        return
    coverage = {key: value for key, value in item.items() if key.startswith("coverage.")}
    if coverage and not has_place(coverage):
        found.warnings.append(f"{where}: {say('log-no-place', lang)}")
    found.by_item[str(item["id"])] = Found(log=log, file=file, size=int(str(item["size"])))


def _note(lost: Iterable[tuple[int, str]], unreadable: list[dict[str, Any]], name: str) -> None:
    """Note number, why and text of the first of the rows that cannot be read."""
    for number, value in islice(lost, SHOWN - len(unreadable)):
        told = orjson.loads(value)
        unreadable.append({"item": name, "row": number, "why": told["why"], "text": told["text"]})


def record_reading(
    act: ledger.Act, sub: str, found: Found, unreadable: list[dict[str, Any]], name: str,
    progress: Saying | None = None,
) -> tuple[Draft, int]:  # fmt: skip
    """Give the entry for the reading of one item, and the number of observations that count; rows are written here."""
    from evidence.imagery import canonical_facts

    if found.reading is not None:
        reading = found.reading
        fields = {"tool": reading.tool, "version": reading.version, "warnings": list(reading.warnings)}
        if reading.network is not None:
            fields["network"] = reading.network
        fields.update({f"facts.{key}": value for key, value in canonical_facts(reading.facts).items()})
        return Draft("reading.add", sub, fields=fields), 0
    return _record_log(act, sub, found, unreadable, name, progress)


def _record_log(
    act: ledger.Act, sub: str, found: Found, unreadable: list[dict[str, Any]], name: str, progress: Saying | None
) -> tuple[Draft, int]:
    """Write the rows of a flight log; give the one entry that commits to them, and how many count."""
    assert found.log is not None
    log, salt = found.log, secrets.token_hex(16)
    entry, known = act.following, len(unreadable)
    try:
        batches = _apart(found, salt) if found.size >= LARGE and can_fork() else _batches(log, salt)
        rows, readable, root = _insert(act, entry, salt, batches, found, unreadable, name, progress)
    except WorkerLost:  # it does not say why; read here, whatever is wrong comes to light
        del unreadable[known:]
        act.db.execute(log_rows.FORGET, log_rows.span(entry))
        rows, readable, root = _insert(act, entry, salt, _batches(log, salt), found, unreadable, name, progress)
    return Draft("reading.add", sub, fields={
        "tool": "sijill-flight-log", "version": "1", "columns": dict(log.columns), "rows": rows,
        "rows_readable": readable, "rows_root": root, "rows_salt": salt, "warnings": found.told,
    }), readable  # fmt: skip


def _insert(
    act: ledger.Act, entry: int, salt: str, batches: Iterator[Batch], found: Found, unreadable: list[dict[str, Any]],
    name: str, progress: Saying | None,
) -> tuple[int, int, str]:  # fmt: skip
    """Write batches of rows under the entry that will commit to them; gives how many, how many readable, the root."""
    compact, readable = merkle.CompactRange(), 0
    for cells, hashes, told in batches:
        log_rows.lay_down(act.db, entry, cells)
        earliest = cells[1 :: log_rows.WIDE]
        lost = earliest.count(None)
        if lost:
            _note((row for row, at in zip(_hashed(cells), earliest, strict=True) if at is None), unreadable, name)
        readable += len(earliest) - lost
        compact.extend_hashes(hashes)
        compact.extend_hashes(leaf_hashes(salt, islice(_hashed(cells), len(hashes), None)))
        if told is not None:
            found.told = told
        if progress is not None:
            progress(f"recording the rows of {name}", compact.size)
    return compact.size, readable, compact.root().hex()


def _hashed(cells: list[Any]) -> Iterator[tuple[int, str]]:
    """Give number and value of each row: what its leaf is made of."""
    return zip(cells[:: log_rows.WIDE], cells[log_rows.WIDE - 1 :: log_rows.WIDE], strict=True)


def _batches(log: FlightLog, salt: str, share: Callable[[], int] = lambda: 0) -> Iterator[Batch]:
    """Give the rows in batches, each with the hashes of its first `share()` leaves; the others are left to the caller.

    The last has no rows, and tells the warnings.
    """
    rows = log.told
    while cells := list(chain.from_iterable(islice(rows, BATCH))):
        yield cells, list(leaf_hashes(salt, islice(_hashed(cells), share()))), None
    yield [], [], list(log.warnings)


def _apart(found: Found, salt: str) -> Iterator[Batch]:
    """Give the same batches, read by another process while this one writes. Raises WorkerLost.

    Of the leaves that process hashes as many as let neither wait for the other: its share falls where this one has
    to wait, and rises where it has not.
    """
    batches: list[Iterator[Batch]] = []
    shares = [BATCH // 2]  # as the process that reads was told last; as this one says next

    def work(share: int) -> Batch | None:
        shares[0] = share
        if not batches:
            assert found.log is not None
            assert found.file is not None
            _own_place(found.file.fileno())
            batches.append(_batches(found.log, salt, lambda: shares[0]))
        return next(batches[0], None)

    answers = forked(work, iter(lambda: shares[0], None), workers=1, ahead=AHEAD)
    done = began = time.monotonic()
    for batch in answers:
        waited, written = time.monotonic() - done, done - began
        step = -BATCH // 16 if waited > written / 8 else BATCH // 16
        shares[0] = min(max(shares[0] + step, 0), BATCH)
        began = time.monotonic()
        yield batch
        done = time.monotonic()
        if batch[2] is not None:
            return


def _own_place(handle: int) -> None:
    """Let this process read on in an open file without moving the place at which the one that forked it reads."""
    again = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY)
    os.lseek(again, os.lseek(handle, 0, os.SEEK_CUR), os.SEEK_SET)
    os.dup2(again, handle, inheritable=False)
    os.close(again)
