"""What a dossier shows is what was disclosed of proved entries: records, events, exhibits, and what is withheld.

Part of `archive.dossier.verification`. Takes entries that are proved already.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from archive import disclosure
from archive.dossier.looking import Broken, Checked, Folder, strict_json
from archive.dossier.proof import FOLDER
from archive.dossier.tables import EXHIBITS, cell
from archive.dossier.verification_proof import Proof, first_entries
from archive.dossier.verification_told import Told
from archive.handed_over import bates
from schemas.entry import Entry
from schemas.errors import SijillError

Record = dict[str, Any]
FORMS = ("original", "stripped", "redacted")
FORMAT = "sijill-dossier-case/1"


def check_shown(lying: Folder, report: Checked, proof: Proof, blake3: Mapping[str, str]) -> None:
    """Check disclosures, records, exhibits, their BLAKE3, and what is told again. Raises UnreachableError."""
    entries = proof.entries
    shown = _disclosures(lying, report, entries)
    seen: set[int] = set()
    try:
        case = _object(strict_json(lying.read("data/records/case.json"), "case.json"))
        if case.get("format") != FORMAT:
            raise Broken(f"case.json is not {FORMAT}")
        lines = lying.text("data/records/custody.jsonl").split("\n")
        if lines.pop():
            report.found("records", "custody.jsonl does not end its last line")
        events = [_object(strict_json(line.encode(), "custody.jsonl")) for line in lines]
        for record in _records([case, *events]):
            _bound(report, record, entries, shown, seen)
        for index in sorted(shown.keys() - seen):
            report.found("records", f"entry {index} is disclosed and shown nowhere")
        report.close("records", f"{len(seen)} records and events show what was disclosed of their entries")
        _Exhibits(lying, report, entries, shown, blake3, case).check()
        Told(lying, report, proof, case, events).check()
    except Broken as error:
        report.found("records", str(error))
        report.close("records", "")


def _object(value: Any) -> Record:
    if not isinstance(value, dict):
        raise Broken("a record lacks a part that it must have")
    return value


def _objects(value: Any) -> list[Record]:
    if not isinstance(value, list):
        raise Broken("case.json lacks a list that it must have")
    return [_object(member) for member in value]


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        raise Broken("a list of codes is none")
    return value


def _disclosures(lying: Folder, report: Checked, entries: Mapping[int, Entry]) -> dict[int, Record]:
    """Give the disclosed fields of each entry; a disclosure that no proved entry holds is a finding."""
    owner = {digest: entry.index for entry in entries.values() for digest in entry.sd}
    shown: dict[int, Record] = {}
    count = 0
    try:
        lines = lying.text(f"{FOLDER}/disclosures.txt").split("\n")
        if lines.pop():
            report.found("disclosures", "disclosures.txt does not end its last line")
        for number, line in enumerate(lines, 1):
            _, name, value = disclosure.read(line)
            index = owner.get(disclosure.digest(line))
            if index is None:
                report.found("disclosures", f"line {number} discloses what no shown entry committed to")
                continue
            fields = shown.setdefault(index, {})
            if name in fields:
                report.found("disclosures", f"line {number} discloses a field a second time")
            fields[name] = value
            count += 1
    except (SijillError, Broken) as error:
        report.found("disclosures", str(error))
    report.close("disclosures", f"{count} disclosed values, each committed to by a proved entry")
    return shown


def _records(value: Any) -> list[Record]:
    """Give every object, however deep, that names an entry and shows fields."""
    found: list[Record] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "entry" in one and "fields" in one:
                found.append(one)
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _bound(
    report: Checked, record: Record, entries: Mapping[int, Entry], shown: Mapping[int, Record], seen: set[int]
) -> None:
    index = record["entry"]
    entry = entries.get(index) if type(index) is int else None
    if entry is None or entry.t == "commit" or index in seen:
        report.found("records", f"a record names entry {index!r}, which is not proved or shown twice")
        return
    seen.add(index)
    if not same(record["fields"], shown.get(index, {})):
        report.found("records", f"the record of entry {index} is not what was disclosed of it")
    said = {"kind": entry.body.get("kind"), "event": entry.t, "recorded_at": entry.at, "recorded_by": entry.by}
    for name, actual in said.items():
        if name in record and record[name] != actual:
            report.found("records", f"the record of entry {index} says another `{name}` than its entry")


def same(one: Any, two: Any) -> bool:
    """Compare JSON values with their types: 1 is not true."""
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


class _Exhibits:
    """Numbers, files, the list, and what is withheld."""

    def __init__(
        self, lying: Folder, report: Checked, entries: Mapping[int, Entry], shown: Mapping[int, Record],
        blake3: Mapping[str, str], case: Record,
    ) -> None:  # fmt: skip
        self.lying, self.report, self.entries, self.blake3 = lying, report, entries, blake3
        self.firsts = first_entries(entries)
        self.told = {entries[index].sub for index in shown}  # of which something is disclosed
        self.codes = self._cases(case)
        self.items, self.withheld = _objects(case.get("items")), _objects(case.get("withheld"))
        sources = [_object(source.get("fields")) for source in _objects(case.get("sources"))]
        self.pseudonyms = {(str(one.get("case")), str(one.get("id"))): str(one.get("pseudonym", "")) for one in sources}

    def found(self, what: str) -> None:
        """Note a finding."""
        self.report.found("exhibits", what)

    def _cases(self, case: Record) -> list[str]:
        """Give the code of the case and of each that it takes in: every one that it says it does, and no other."""
        main, merged = _object(case.get("case")), _objects(case.get("merged", []))
        told = {str(_object(one.get("fields")).get("code")): _object(one.get("fields")) for one in merged}
        if any(one.get("kind") != "case" for one in (main, *merged)) or len(told) != len(merged):
            self.found("what is shown as a case is none, or stands here twice")
        fields = _object(main.get("fields"))
        codes = [str(fields.get("code"))]
        known = {codes[0]: fields}
        for code in codes:  # grows as it is gone through
            for other in _texts(known[code].get("merged_from", [])):
                one = told.pop(other, {})
                if one.get("merged_into") != code:
                    self.found(f"the case {other}, merged into {code}, is not shown")
                else:
                    codes.append(other)
                    known[other] = one
        if told:
            self.found("a case is shown that this one does not take in")
        return codes

    def entry_of(self, one: Record) -> Entry | None:
        """Give the entry that an exhibit or event names."""
        index = one.get("entry")
        return self.entries.get(index) if type(index) is int else None

    def check(self) -> None:
        """Check everything that is said of exhibits."""
        subs = {
            entry.sub: index
            for index, entry in sorted(self.entries.items())
            if entry.t == "record.add" and entry.body["kind"] == "item"
        }
        by_first: dict[int, Record] = {}
        for one in [*self.items, *self.withheld]:
            entry = self.entry_of(one)
            if entry is None or entry.sub not in subs:
                self.found("an exhibit is no item of this archive")
                continue
            by_first[subs[entry.sub]] = one
        if len(by_first) != len(subs) or not self._numbered([by_first[index] for index in sorted(by_first)]):
            self.found("exhibit numbers are not the order of registration, or one is left out")
        for one in self.withheld:
            self._hidden(one)
        files = {self._file(one) for one in self.items} | {f"data/{one.get('thumbnail')}" for one in self.items}
        mine = {n for n in self.lying.sizes if n.startswith(("data/items/", "data/derived/"))}
        for name in sorted(mine - files):
            self.found(f"{name} is the file of no exhibit")
        self._table()
        said = f"{len(self.items)} exhibits are as registered, {len(self.withheld)} are withheld"
        self.report.close("exhibits", said)
        self.report.close("manifest-blake3", "BLAKE3 of every file recomputed, and as registered")

    def _numbered(self, exhibits: list[Record]) -> bool:
        """Tell whether the exhibits of each case, in the order of registration, have its code and the ranks from 1."""
        ranks = dict.fromkeys(self.codes, 0)
        for one in exhibits:
            code = str(one.get("bates")).rpartition("-")[0]
            if code not in ranks or ("fields" in one and _object(one["fields"]).get("case") != code):
                return False
            ranks[code] += 1
            if one.get("bates") != bates(code, ranks[code]):
                return False
        return True

    def _hidden(self, one: Record) -> None:
        entry = self.entry_of(one)
        if entry is None:
            return
        if one.get("digest") not in entry.sd:
            self.found(f"the withheld exhibit {one.get('bates')} names a digest that its entry does not hold")
        if entry.sub in self.told:
            self.found(f"something of the withheld exhibit {one.get('bates')} is disclosed")

    def _file(self, one: Record) -> str:
        """Hold an exhibit's file against its record, or a copy against the entry that says how it was made.

        Gives its name, empty where it has none.
        """
        fields, path, form = _object(one.get("fields")), one.get("path"), one.get("form")
        made, entry = one.get("rendition"), self.entry_of(one)
        if form in ("stripped", "redacted"):
            first = self.firsts.get(str(entry.sub)) if entry else None
            if first is None or one.get("original") not in first.sd:
                self.found(f"the copy of exhibit {one.get('bates')} names an original that its entry does not hold")
        if path is None:
            if form != "none":
                self.found(f"exhibit {one.get('bates')} says that its file is here, and names none")
            return ""
        folder = "items/" if form == "original" else "derived/"
        name = f"data/{path}"
        here = isinstance(path, str) and path.startswith(folder) and name in self.lying.sizes
        if form not in FORMS or not here:
            self.found(f"the file of exhibit {one.get('bates')} is not there")
            return ""
        if form == "redacted":
            fields = _object(_object(made).get("fields"))
            told = self.entry_of(_object(made))
            if told is None or entry is None or told.sub != entry.sub or told.t != "blob.add":
                self.found(f"the redacted copy of exhibit {one.get('bates')} is not the one that was entered")
        elif form == "stripped" or made is not None:
            return name if made is None else ""
        digests = self.lying.digest(name)
        if digests.sha256 != fields.get("sha256") or digests.size != fields.get("size"):
            self.found(f"{name} is not the file that was registered")
        if digests.blake3 != fields.get("blake3") or self.blake3.get(name) != fields.get("blake3"):
            self.report.found("manifest-blake3", f"{name}: not the BLAKE3 digest that was registered")
        return name

    def _table(self) -> None:
        data = self.lying.read("data/exhibits.csv")
        if not data.startswith(b"\xef\xbb\xbf"):
            self.found("exhibits.csv has no byte order mark")
        try:
            rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error):
            raise Broken("exhibits.csv is not CSV in UTF-8") from None
        everything = sorted([*self.items, *self.withheld], key=lambda one: str(one.get("bates")))
        if not rows or rows[0] != list(EXHIBITS) or len(rows) != len(everything) + 1:
            self.found("exhibits.csv has other heads or another number of rows")
            return
        for row, one in zip(rows[1:], everything, strict=True):
            if row not in self._rows(one):
                self.found(f"exhibits.csv says something else of {one.get('bates')} than the records")

    def _rows(self, one: Record) -> list[list[str]]:
        number = cell(one.get("bates"))
        if "fields" not in one:
            return [[number, number, *[""] * 8, cell(f"{one.get('reason')} (salted digest {one.get('digest')})")]]
        fields, entry = _object(one["fields"]), self.entry_of(one)
        titles = [str(fields[f"title.{lang}"]) for lang in ("en", "und", "ar") if f"title.{lang}" in fields]
        first = self.firsts.get(str(entry.sub)) if entry else None
        form, name = one.get("form"), f"data/{one.get('path')}"
        source = (str(fields.get("case")), str(fields.get("source")))
        found = self.lying.digest(name) if "path" in one and name in self.lying.sizes else None
        return [
            [
                cell(f"{fields.get('case')}/{fields.get('id')}"), number, cell(title), cell(fields.get("file", "")),
                cell(one.get("path", "")), found.sha256 if found else "", str(found.size) if found else "",
                first.at if first else "", cell(self.pseudonyms.get(source, "")),
                "yes" if form in ("stripped", "redacted") else "no", "",
            ]
            for title in titles or [""]
        ]  # fmt: skip
