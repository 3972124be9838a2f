"""An intake folder, already read into memory, made into records or a list of everything wrong with it.

The pure part of intake (`sijill-intake/1`, docs/format.md): bytes of the tables
and names of the files in, records out. It opens no file and records nothing.
The same few lines read TOML, CSV and workbooks; what a record may hold stands
in the tables of `schemas`. Where case.toml and a CSV both hold a table, the
rows of case.toml come first and those of the CSV after them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from evidence import agreement, case_toml
from evidence.agreement import Sofar
from evidence.cells import FILL_LATER, Context
from evidence.faults import Fault, Faults, Spot, near
from evidence.heads import ANY_ITEM, CUSTODY_ROW, FIELDS, LINK_IN_ITEM, note_foreign
from evidence.held import Held
from evidence.records import Cells, Row, check_record, names_of, read_cell, read_row
from schemas.case import CASE, STRIKE
from schemas.errors import Problem
from schemas.fields import Field, Record
from schemas.item import ITEM_FIELDS
from schemas.link import LINK, RELATION
from schemas.source import SOURCE
from schemas.text import nearest

if TYPE_CHECKING:
    from evidence.workbook_cells import Open

CASE_FILES = ("case.toml", "case.xlsx")
CSV_FILES = {"sources.csv": "source", "items.csv": "item", "links.csv": "link", "relations.csv": "relation",
             "custody.csv": "custody"}  # fmt: skip
SHEET_FILES = (*CASE_FILES, *CSV_FILES)
MANIFEST = "manifest-sha256.txt"
TOLD_EVERY = 500  # rows
_ID_AND_KIND = tuple(entry for entry in ANY_ITEM if entry.name in ("id", "kind"))  # what every item must have


@dataclass
class Submission:
    """What a folder hands in: flat records, or the problems that refuse it. Nothing of it is recorded yet.

    Items are held packed: whoever asks for one may change it, and changes nothing here.
    `name` is the case's own file; `places` says where each item stands, by id; `spots` where
    every record stands, by kind and in their order.
    """

    name: str = "case.toml"
    case: Record = field(default_factory=dict)
    sources: list[Record] = field(default_factory=list)
    items: Held = field(default_factory=Held)
    links: list[Record] = field(default_factory=list)
    relations: list[Record] = field(default_factory=list)
    custody: Held = field(default_factory=Held)  # of each item, in their order, the events that its own row tells
    custody_rows: dict[str, list[Record]] = field(default_factory=dict)  # item id -> events of a table of their own
    identity_files: dict[str, str] = field(default_factory=dict)
    seal_to: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    places: Mapping[str, Spot] = field(default_factory=dict)
    spots: dict[str, list[Spot]] = field(default_factory=dict)

    def where(self, kind: str, number: int = 1) -> str:
        """Say where the record of that kind and number (from 1) stands; `case` is there once."""
        spots = self.spots.get(kind, [])
        return spots[number - 1].where() if number <= len(spots) else self.name

    def records(self) -> Iterator[tuple[str, int, Record]]:
        """Give the kind, number (from 1; of the case 0) and fields of every record, in the order of registration."""
        yield "case", 0, self.case
        tables: tuple[tuple[str, Iterable[Record]], ...] = (
            ("source", self.sources), ("item", self.items), ("link", self.links), ("relation", self.relations),
        )  # fmt: skip
        for kind, records in tables:
            for number, record in enumerate(records, 1):
                yield kind, number, record

    def events(self) -> Iterator[list[Record]]:
        """Give the custody of each item before the archive, in the order of the items."""
        for item, own in zip(self.items, self.custody, strict=True):
            yield [*own, *self.custody_rows.get(str(item.get("id")), ())]


Registered = Callable[[str], tuple[Collection[str], Collection[str], Mapping[str, Collection[str]]]]


def read_submission(
    texts: Mapping[str, bytes],
    files: Mapping[str, str | None],
    *,
    now: datetime,
    lang: str = "en",
    registered: Registered | None = None,
    opened: Open | None = None,
    progress: Callable[[int], None] | None = None,
) -> Submission:
    """Read a whole folder.

    `texts` holds the bytes of the tables that are there (`case.toml` or
    `case.xlsx`, and the CSVs), `files` every relative name in the folder with
    None, or a half sentence why it is no regular file of the folder. `now` is
    aware; `registered` gives the ids of the sources and of the items that a case
    has by now, for its code, and what these items rest on by relation; `opened` opens a workbook
    (else `open_cells`); `progress` is told now and then how many rows were read. Sentences
    are in `lang`. Raises nothing for what a folder may hold.
    """
    faults = Faults()
    reading = _Reading(Submission(_case_file(texts)), Sofar(), Context(now), faults, registered, progress)
    reading.read(_tables(texts, files, faults, opened))
    if "case.toml" in texts or "case.xlsx" in texts:
        agreement.check_files(reading.sofar, files, SHEET_FILES, MANIFEST, faults)
    return reading.finish(lang)


def read_part(
    file: str,
    case: Record,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    files: Mapping[str, str | None],
    *,
    now: datetime,
    lang: str = "en",
    registered: Registered | None = None,
    changes: Mapping[str, str] | None = None,
) -> Submission:
    """Read some rows for a case that is registered already, by the rules of a whole folder.

    `tables` holds rows as a `case.toml` would (`item`, `link`, `relation`), `changes` new texts for
    fields of the case by dotted name, as a sheet would; an empty text takes a field away.
    """
    faults = Faults()
    sealed_to = case.get("seal_to")
    submission = Submission(file, case=dict(case), seal_to=list(sealed_to) if isinstance(sealed_to, list) else [])
    reading = _Reading(submission, Sofar(), Context(now), faults, registered)
    reading.context.zone = _zone(dict(case))
    if changes:
        reading.amend(file, changes)
    reading.read_records({name: [case_toml.rows(name, rows, faults, file)] for name, rows in tables.items()})
    agreement.check_files(reading.sofar, files, SHEET_FILES, MANIFEST, faults)
    return reading.finish(lang)


def _case_file(texts: Mapping[str, bytes]) -> str:
    return next((name for name in CASE_FILES if name in texts), CASE_FILES[0])


Tables = dict[str, list[Iterator[Row]]]


def _tables(
    texts: Mapping[str, bytes], files: Mapping[str, str | None], faults: Faults, opened: Open | None
) -> Tables:
    """Give the rows of each table, from every file that holds some of them."""
    tables: Tables = {}
    both = [name for name in CASE_FILES if name in texts]
    if len(both) == 2:
        faults.wrong(Spot("case.xlsx"), "two-case-files")
    elif not both and not any(files.get(name) for name in CASE_FILES):
        faults.wrong(Spot("case.toml"), "no-case-file")
    for name in SHEET_FILES:
        if (because := files.get(name)) is not None:
            faults.wrong(Spot(name), "unusable", file=name, because=because)
    for name in files:
        right = name.casefold()
        if right in SHEET_FILES and name != right and right not in texts:
            faults.wrong(Spot(name), "misnamed", right=right)
    if "case.toml" in texts:
        tables.update({table: [rows] for table, rows in case_toml.tables(texts["case.toml"], faults).items()})
    csv = {name: table for name, table in CSV_FILES.items() if name in texts}
    if "case.xlsx" in texts:
        from evidence import workbook_cells

        for name in csv:
            faults.wrong(Spot(name), "csv-beside-workbook")
        read = workbook_cells.tables(texts["case.xlsx"], "case.xlsx", faults, opened or workbook_cells.open_cells)
        for table, rows in read.items():
            tables.setdefault(table, []).append(rows)
    elif csv:
        from evidence import csv_rows

        for name, table in csv.items():
            tables.setdefault(table, []).append(csv_rows.rows(texts[name], name, table, faults))
    return tables


@dataclass
class _Reading:
    """A folder while it is read: records so far, and what later rows must agree with."""

    submission: Submission
    sofar: Sofar
    context: Context
    faults: Faults
    registered: Registered | None = None
    progress: Callable[[int], None] | None = None
    told: dict[str, tuple[int, Record]] = field(default_factory=dict)  # item -> how many events of custody, the last
    rows_follow: bool = False  # of custody, in a table of its own
    handed: Record = field(default_factory=dict)  # the last of its events
    rows_read: int = 0

    def read(self, tables: Tables) -> None:
        """Read every table; sources and items first, since all others name them."""
        for row in self._rows(tables, "case"):
            self._case(row)
        self.context.zone = _zone(self.submission.case)
        self.read_records(tables)

    def amend(self, file: str, changes: Mapping[str, str]) -> None:
        """Read new texts for fields of the case; what else the case says stays."""
        known, spot, case = names_of(CASE), Spot(file, table="case"), self.submission.case
        self.context.sheet = True
        for name, text in changes.items():
            if not text.strip():  # takes it away, or all of a group
                for gone in [one for one in case if one == name or one.startswith(name + ".")]:
                    del case[gone]
            if name in known and known[name].type == "rows":
                case.update(read_row(Row(spot, {name: (known[name], text)}, sheet=True), (), self.context, self.faults))
            elif name in known and text.strip():
                read = read_cell(spot, name, known[name], text, self.context, self.faults)
                case.update({} if read is FILL_LATER else {name: read})
            elif name not in known and (text.strip() or not any(one.startswith(name + ".") for one in known)):
                self.faults.wrong(spot.at(name), "unknown-key", near=near("near", nearest(name, known)))
        check_record(spot, CASE, case, self.faults)

    def read_records(self, tables: Tables) -> None:
        """Read all tables but the case's own."""
        code = self.submission.case.get("code")
        if self.registered is not None and isinstance(code, str):
            self.sofar.known_sources, self.sofar.known_items, self.sofar.known_leans = self.registered(code)
        for row in self._rows(tables, "strikes"):
            self._strike(row)
        for row in self._rows(tables, "casualties"):
            self._casualties(row)
        for row in self._rows(tables, "source"):
            self._source(row)
        in_items: list[Row] = []
        self.rows_follow = bool(tables.get("custody"))
        for row in self._rows(tables, "item"):
            self._item(row, in_items)
        for row in self._rows(tables, "link"):
            self._link(row)
        for row in in_items:
            self._link(row)
        for row in self._rows(tables, "relation"):
            self._relation(row)
        for row in self._rows(tables, "custody"):
            self._custody(row)
        agreement.check_whole(self.sofar, self.submission.case, self.faults)

    def _rows(self, tables: Tables, table: str) -> Iterator[Row]:
        for row in chain.from_iterable(tables.get(table, ())):
            self.rows_read += 1
            if self.progress is not None and self.rows_read % TOLD_EVERY == 0:
                self.progress(self.rows_read)
            yield row

    def _note_spot(self, kind: str, row: Row) -> None:
        self.submission.spots.setdefault(kind, []).append(row.spot)

    def _case(self, row: Row) -> None:
        zone = row.cells.get("zone")
        if zone:  # before any time of the case is read
            self.context.zone = _zone(read_row(Row(row.spot, {"zone": zone}, row.sheet), (), self.context, Faults()))
        self.submission.case = case = read_row(row, CASE, self.context, self.faults)
        self._note_spot("case", row)
        recipients = case.get("seal_to", [])
        self.submission.seal_to = agreement.check_recipients(recipients, row.spot, self.faults)
        self.sofar.note_position("case", "place", case, row.spot)

    def _strike(self, row: Row) -> None:
        strike = read_row(row, STRIKE, self.context, self.faults)
        strikes = self.submission.case.setdefault("strikes", [])
        if strike and isinstance(strikes, list):
            strikes.append(strike)

    def _casualties(self, row: Row) -> None:
        read = read_row(row, FIELDS["casualties"], self.context, self.faults)
        category, case = str(read.get("category", "")), self.submission.case
        for end in ("min", "max"):
            if end in read and category:
                name = f"casualties.{category}.{end}"
                if name in case:
                    self.faults.wrong(row.spot.at(end), "taken-id", other=name)
                case[name] = read[end]
        smallest, largest = read.get("min"), read.get("max")
        if isinstance(smallest, int) and isinstance(largest, int) and smallest > largest:
            self.faults.wrong(row.spot.at("min"), "range-order", min=smallest, max=largest)

    def _source(self, row: Row) -> None:
        source = read_row(row, SOURCE, self.context, self.faults)
        agreement.note_source(self.sofar, source, row.spot, self.faults)
        identity = source.pop("identity_file", None)
        if isinstance(identity, str):
            self.submission.identity_files[str(source.get("id"))] = identity
            self.sofar.identity_files.append((identity, row.spot))
        self.submission.sources.append(source)
        self._note_spot("source", row)

    def _item(self, row: Row, links: list[Row]) -> None:
        link: Cells = {}
        if row.sheet:
            link = {name: row.cells.pop(name) for name in LINK_IN_ITEM if name in row.cells}
        kind = self._kind(row)
        fields = ITEM_FIELDS.get(kind, _ID_AND_KIND)
        if row.sheet and kind in ITEM_FIELDS:
            self._refuse_foreign_cells(row, kind)
        zone = self.context.zone
        if "zone" in row.cells:
            own = _zone(read_row(Row(row.spot, {"zone": row.cells["zone"]}, row.sheet), (), self.context, Faults()))
            self.context.zone = own or zone
        item = read_row(row, fields, self.context, self.faults)
        self.sofar.zones[str(item.get("id"))] = self.context.zone
        self.context.zone = zone
        if kind == "document":
            item.setdefault("doc_type", "unknown")
            item.setdefault("rank", "unknown")
        custody: Any = item.pop("custody", [])
        agreement.check_custody(custody, row.spot, self.faults)
        if custody and self.rows_follow:
            self.told[str(item.get("id"))] = len(custody), custody[-1]
        self.submission.custody.append(custody)
        agreement.note_item(self.sofar, item, row.spot, self.faults)
        self.submission.items.append(item)
        self._note_spot("item", row)
        if link and any(_filled(link.get(name)) for name in LINK_IN_ITEM[:5]):
            number = {"item": row.cells["id"]} if "id" in row.cells else {}
            links.append(Row(row.spot, {**number, **link}, row.sheet))

    def _kind(self, row: Row) -> str:
        entry, value = row.cells.get("kind", (None, None))
        if entry is None or value is None:
            return ""
        self.context.sheet = row.sheet
        kind = read_cell(row.spot, "kind", entry, value, self.context, Faults())
        return kind if isinstance(kind, str) else ""

    def _refuse_foreign_cells(self, row: Row, kind: str) -> None:
        own = names_of(ITEM_FIELDS[kind])
        for name in list(row.cells):
            if name not in own:
                if _filled(row.cells[name]):
                    note_foreign(name, kind, row.spot, self.faults)
                del row.cells[name]

    def _link(self, row: Row) -> None:
        link = read_row(row, LINK, self.context, self.faults)
        if agreement.note_link(self.sofar, link, row.spot, self.faults):
            self.submission.links.append(link)
            self._note_spot("link", row)

    def _relation(self, row: Row) -> None:
        relation = read_row(row, RELATION, self.context, self.faults)
        if agreement.note_relation(self.sofar, relation, row.spot, self.faults):
            self.submission.relations.append(relation)
            self._note_spot("relation", row)

    def _custody(self, row: Row) -> None:
        named = read_row(Row(row.spot, {k: c for k, c in row.cells.items() if k == "item"}, row.sheet), (),
                         self.context, Faults())  # fmt: skip
        item = str(named.get("item", ""))
        zone = self.context.zone
        self.context.zone = self.sofar.zones.get(item, zone)
        event = read_row(row, CUSTODY_ROW, self.context, self.faults)
        self.context.zone = zone
        if event.pop("item", None) is not None:
            agreement.check_item_known(self.sofar, item, row.spot, self.faults)
            event = self.handed if event == self.handed else event  # a box is handed over once, and that is kept once
            self.handed = event
            number, before = self.told.get(item, (0, None))
            agreement.check_custody([event], row.spot, self.faults, number, before)
            self.told[item] = number + 1, event
            self.submission.custody_rows.setdefault(item, []).append(event)

    def finish(self, lang: str) -> Submission:
        """Give the submission with every problem and warning told in `lang`."""
        submission = self.submission
        submission.places = self.sofar.items
        submission.faults = self.faults.all()
        submission.problems = [fault.problem(lang) for fault in submission.faults if not fault.warning]
        submission.warnings = [fault.line(lang) for fault in submission.faults if fault.warning]
        return submission


def _zone(record: Record) -> str | None:
    zone = record.get("zone")
    return zone if isinstance(zone, str) else None


def _filled(cell: tuple[Field, Any] | None) -> bool:
    if cell is None or cell[1] is None:
        return False
    return not isinstance(cell[1], str) or bool(cell[1].strip())
