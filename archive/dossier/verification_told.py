"""What a dossier tells a second time is what its records and its proof say: labels, custody, map, logs, seal.

Part of `archive.dossier.verification`. Whoever signs a dossier can sign another
map or another custody with it; what entries or records determine is therefore
derived from them again. What no entry determines (the reasons of a weighing,
the words of a page, the rows of a log one by one) is not judged here.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import Any, TextIO

from archive import merkle
from archive.dossier.crate import NAME as CRATE
from archive.dossier.looking import Broken, Checked, Folder, away, strict_json
from archive.dossier.proof import FOLDER
from archive.dossier.records import CUSTODY
from archive.dossier.tables import FLIGHTS, cell
from archive.dossier.verification_proof import Proof, first_entries, to_base64
from archive.note import Checkpoint
from evidence.csv_rows import LONGEST_CELL
from schemas.custody import PREMIS
from schemas.entry import Entry
from schemas.extent import MICRO
from schemas.item import evidence_class

Record = dict[str, Any]
_LATER = ("custody.transfer", "custody.accept", "custody.check")
_RECORD = ({"kind", "entry", "fields"}, {"revisions"})
_EXHIBIT = {"exhibit", "bates", "class", "received", "form", "readings", "numbers", "custody_gaps"}
_ITEM = (_RECORD[0] | _EXHIBIT, {"revisions", "path", "thumbnail", "original", "rendition"})
_LISTS = {  # a list of case.json -> the kind of its records, the members that each must have, and may have
    "sources": ("source", *_RECORD), "links": ("link", *_RECORD), "relations": ("relation", *_RECORD),
    "merged": ("case", *_RECORD), "items": ("item", *_ITEM),
    "withheld": (None, {"bates", "entry", "reason", "digest"}, set[str]()),
}  # fmt: skip
_CASE = {"format", "dossier", "ledger", "case", "not_shown", *(_LISTS.keys() - {"merged"})}
_EVENT = ({"format", "exhibit", "bates", "event", "entry", "recorded_at", "recorded_by"}, {"premis", "fields"})
_POINT = {"exhibit", "row", "text", "uncertainty_m"}
_PLACES = (("claimed", "source"), ("coordinates_heard", "radio"))
_RECORDS = "data/records"


class Told:
    """The second tellings of a dossier; `case` and `events` are case.json and custody.jsonl, read strictly."""

    def __init__(self, lying: Folder, report: Checked, proof: Proof, case: Record, events: list[Record]) -> None:
        self.lying, self.report, self.proof, self.case, self.events = lying, report, proof, case, events
        self.items: list[Record] = case["items"]
        self.firsts = first_entries(proof.entries)

    def check(self) -> None:
        """Check all of it. Raises UnreachableError."""
        try:
            self._shapes()
            self._labels()
            self._seal()
            self._custody()
            self._standard()
            features = self._features()
            self._places(features, self._rows(features))
            self._crate()
        except Broken as error:
            self.found(str(error))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            self.found(f"it is built as no dossier is ({type(error).__name__})")
        said = "labels, custody, the map, the seal and what is told of logs follow from the records and the proof"
        self.report.close("told", said)

    def found(self, what: str) -> None:
        """Note a finding."""
        self.report.found("told", what)

    def _entry(self, one: Record) -> Entry:
        entry = self.proof.entries.get(one.get("entry", -1))
        if entry is None or entry.sub is None:
            raise Broken("a record names an entry that is not proved")
        return entry

    def _shapes(self) -> None:
        """No record has a member that such a record has not, lacks one, or stands among those of another kind."""
        held = _has(self.case, _CASE, {"merged"}) and _has(self.case["case"], *_RECORD)
        for name, (kind, must, may) in _LISTS.items():
            held = held and all(_has(one, must, may) and one.get("kind") == kind for one in self.case.get(name, []))
        for one in self.items if held else ():
            told = [*one["readings"], *one["numbers"], *([one["rendition"]] if "rendition" in one else [])]
            held = held and all(_has(reading, {"entry", "fields"}) for reading in told)
            held = held and all(isinstance(gap, str) for gap in one["custody_gaps"])
        counts = self.case["not_shown"]
        held = held and _has(counts, {"links", "relations", "contradicting"})
        held = held and all(type(count) is int for count in counts.values())
        if not held or not all(_has(event, *_EVENT) for event in self.events):
            raise Broken("a record has members that no such record has, or lacks one")
        if any(event["format"] != CUSTODY for event in self.events):
            raise Broken(f"custody.jsonl is not {CUSTODY}")

    def _labels(self) -> None:
        """An exhibit is called what its record is called, and was received when its first entry says."""
        for one in self.items:
            fields, first = one["fields"], self.firsts[str(self._entry(one).sub)]
            said = {
                "exhibit": f"{fields.get('case')}/{fields.get('id')}", "class": evidence_class(fields),
                "received": first.at,
            }  # fmt: skip
            if any(one.get(name) != value for name, value in said.items()):
                self.found(f"case.json calls exhibit {one.get('bates')} otherwise than its record does")

    def _seal(self) -> None:
        """case.json, audit.json and bag-info.txt name this dossier, and the state of the ledger that is proved."""
        held = self.proof.checkpoint
        if held is None:
            return
        root, genesis = to_base64(held.root), merkle.leaf_hash(self.proof.leaves[0]).hex()
        if self.case.get("ledger") != {"origin": held.origin, "size": held.size, "root": root, "genesis": genesis}:
            self.found("case.json names another state of the ledger")
        dossier, code = self.case["dossier"], self.case["case"]["fields"].get("code")
        if dossier.get("id") != f"{code}-d{dossier.get('number'):03}":
            self.found("case.json calls the dossier otherwise than its case and number")
        exercise = bool(self.case["case"]["fields"].get("exercise"))
        if dossier.get("exercise") is not exercise:
            self.found("case.json says otherwise than its case whether this is an exercise")
        lines = self.lying.text("bag-info.txt").split("\n")
        for name, value in {
            "Source-Organization": held.origin, "External-Identifier": dossier["id"],
            "Bagging-Date": dossier["date"][:10], "Sijill-Audience": dossier["audience"],
            "Sijill-Seal": f"{held.size} {root}",
            "Sijill-Exercise": "yes, an invented case" if exercise else None,
        }.items():  # fmt: skip
            told = [line for line in lines if line.startswith(f"{name}:")]
            if told != ([] if value is None else [f"{name}: {value}"]):
                self.found(f"bag-info.txt tells another {name} than the records")
        self._audit(held, root, genesis)

    def _audit(self, held: Checkpoint, root: str, genesis: str) -> None:
        """audit.json tells the proof that there is."""
        sizes = [self.lying.sizes[f"data/{one['path']}"] for one in self.items if "path" in one]
        said = {
            "format": "sijill-dossier-audit/1", "origin": held.origin, "genesis": genesis,
            "log_vkey": self.lying.text(f"{FOLDER}/log.vkey")[:-1],
            "checkpoint": {
                "size": held.size, "root": root, "sha256": self.lying.digest(f"{FOLDER}/checkpoint").sha256,
            },
            "entries_proved": len(self.proof.entries),
            "commits": sum(entry.t == "commit" for entry in self.proof.entries.values()),
            "signers": list(self.proof.registry.keys),
            "objects": {"hashed_for_this_dossier": len(sizes), "bytes": sum(sizes), "all_as_registered": True},
            "time_stamp": None,
        }  # fmt: skip
        audit = strict_json(self.lying.read(f"{_RECORDS}/audit.json"), "audit.json")
        stamped = {one["size"]: one["tsr_sha256"] for one in audit.pop("anchors")}
        anchors = [name for name in self.lying.sizes if name.startswith(f"{FOLDER}/anchors/") and name.endswith(".tsr")]
        held_stamps = {int(name.split("/")[-1][:-4]): self.lying.digest(name).sha256 for name in anchors}
        if audit != said or stamped != held_stamps:
            self.found("audit.json tells another proof than there is")

    def _custody(self) -> None:
        """Each exhibit's custody is told whole and in order: the time before, its registration, each later act."""
        acts: dict[str, list[Entry]] = {}
        for _, entry in sorted(self.proof.entries.items()):
            if entry.sub is not None and entry.t in ("custody.prior", *_LATER):
                acts.setdefault(entry.sub, []).append(entry)
        expected = []
        for one in self.items:
            sub = str(self._entry(one).sub)
            own = acts.get(sub, [])
            before = [entry for entry in own if entry.t == "custody.prior"]
            expected += [
                (one["exhibit"], one["bates"], entry.t, entry.index, entry.at, entry.by)
                for entry in (*before, self.firsts[sub], *(entry for entry in own if entry.t in _LATER))
            ]
        told = [
            tuple(event.get(name) for name in ("exhibit", "bates", "event", "entry", "recorded_at", "recorded_by"))
            for event in self.events
        ]
        if told != expected:
            self.found("custody.jsonl leaves out an event, adds one, or tells them in another order than their entries")
        for event in self.events:
            action = event.get("fields", {}).get("action") if event["event"] == "custody.prior" else event["event"]
            if event.get("premis") != PREMIS.get(str(action)):
                self.found(f"custody.jsonl calls what entry {event['entry']} tells by another word of PREMIS")

    def _standard(self) -> None:
        """The weighing is of this case, and by the standard that lies beside it."""
        weighed = strict_json(self.lying.read(f"{_RECORDS}/corroboration.json"), "corroboration.json")
        if weighed["standard"]["sha256"] != self.lying.digest(f"{_RECORDS}/standard.toml").sha256:
            self.found("standard.toml is not the standard that corroboration.json names")
        if weighed["case"]["code"] != self.case["case"]["fields"].get("code"):
            self.found("corroboration.json weighs another case")

    def _rows(self, features: list[Record]) -> dict[tuple[str, str], list[str]]:
        """Count the rows of each log against what was registered of it; gives the rows that the map may name."""
        wanted = {
            (feature["properties"].get("exhibit"), str(feature["properties"]["row"]))
            for feature in features if feature["properties"]["kind"] == "flight"
        }  # fmt: skip
        counts, rows = Counter[str](), dict[tuple[str, str], list[str]]()
        for row in self._flights():
            counts[row[0]] += 1
            if (row[0], row[1]) in wanted:
                rows[row[0], row[1]] = row
        registered = {
            one["bates"]: reading["fields"]["rows"]
            for one in self.items if one["fields"].get("kind") == "flight_log"
            for reading in one["readings"] if "rows" in reading["fields"]
        }  # fmt: skip
        if any(counts[number] != count for number, count in registered.items()) or counts.keys() - registered.keys():
            self.found("flights.csv has another number of rows than was registered of a log")
        return rows

    def _flights(self) -> Iterator[list[str]]:
        name = f"{_RECORDS}/flights.csv"
        if name not in self.lying.sizes:
            return
        limit = csv.field_size_limit(LONGEST_CELL)
        try:
            with self.lying.path.joinpath(*name.split("/")).open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(_lines(file), strict=True)
                if next(rows, None) != [head for head, _, _ in FLIGHTS]:
                    raise Broken("flights.csv has other heads")
                for row in rows:
                    if len(row) != len(FLIGHTS):
                        raise Broken("flights.csv has a row of another length")
                    yield row
        except (UnicodeDecodeError, csv.Error):
            raise Broken("flights.csv is not CSV in UTF-8") from None
        except OSError as error:
            raise away(name, error) from error
        finally:
            csv.field_size_limit(limit)

    def _features(self) -> list[Record]:
        document = strict_json(self.lying.read("data/map.geojson"), "map.geojson")
        if set(document) != {"type", "features"} or document["type"] != "FeatureCollection":
            raise Broken("map.geojson is no collection of points")
        found: list[Record] = document["features"]
        for one in found:
            place, said = one["geometry"], one["properties"]
            if (
                not _has(one, {"type", "geometry", "properties"}) or one["type"] != "Feature"
                or not _has(place, {"type", "coordinates"}) or place["type"] != "Point"
                or len(place["coordinates"]) != 2 or not _has(said, {"kind"}, _POINT)
            ):  # fmt: skip
                raise Broken("map.geojson holds something that is no point of such a map")
        return found

    def _places(self, features: list[Record], rows: dict[tuple[str, str], list[str]]) -> None:
        """Each point of the map is a place that a record or a row tells, and each place of a record is there."""
        told, coarse = list[Record](), 0
        for feature in features:
            properties = feature["properties"]
            (lon, lat), kind = feature["geometry"]["coordinates"], properties["kind"]
            if kind == "coarse":
                coarse += 1
            elif kind == "flight":
                row, read = rows.get((properties.get("exhibit"), str(properties["row"]))), properties.get("text", "")
                if row is None or row[5:7] != [f"{lat:.6f}", f"{lon:.6f}"] or row[8] != cell(read):
                    self.found("map.geojson shows a flight where no row of a log tells it")
            else:
                told.append(feature)
        case = self.case["case"]["fields"]
        if coarse > (self.case["dossier"]["audience"] in ("partner", "public") and "place_public.lat" not in case):
            self.found("map.geojson shows a rounded place where there is none")
        expected = list(self._recorded(case))
        if len(told) != len(expected) or any(one not in may for one, may in zip(told, expected, strict=True)):
            self.found("map.geojson shows other places than the records tell")

    def _crate(self) -> None:
        """The crate's metadata names every file of data/ with its size and SHA-256, and no other."""
        told = {
            one["@id"]: (one["sha256"], one["contentSize"])
            for one in strict_json(self.lying.read(CRATE), "ro-crate-metadata.json")["@graph"] if "sha256" in one
        }  # fmt: skip
        held = {
            name.removeprefix("data/"): (self.lying.digest(name).sha256, str(size))
            for name, size in self.lying.sizes.items() if name.startswith("data/") and name != CRATE
        }  # fmt: skip
        if told != held:
            self.found("ro-crate-metadata.json describes other files than there are")

    def _recorded(self, case: Record) -> Iterator[list[Record]]:
        merged = [one["fields"] for one in self.case.get("merged", [])]
        for fields, code in ((case, ""), *((one, one["code"]) for one in merged)):
            for kind, name in (("claim", "place"), ("public", "place_public")):
                named = [str(fields[key]) for key in sorted(fields) if key.startswith(f"{name}.name.")]
                yield from _points(kind, fields, name, [f"{code} {text}".strip() for text in named or [""]])
            for strike in fields.get("strikes", ()):
                yield from _points("strike", strike, "place", [f"{code} {strike.get('label', '')}".strip()])
        for one in self.items:
            for name, kind in _PLACES:
                yield from _points(kind, one["fields"], name, [""], one["bates"])
            for reading in one["readings"]:
                yield from _points("camera", reading["fields"], "facts.gps", [""], one["bates"])


def _has(one: Record, must: set[str], may: frozenset[str] | set[str] = frozenset()) -> bool:
    """Tell whether an object has the members that it must have, and no other than it may have."""
    return must <= one.keys() <= must | may


def _lines(file: TextIO) -> Iterator[str]:
    """Give the lines of flights.csv. Raises csv.Error for one that no rows of it can have, before it is read whole."""
    longest = 2 * len(FLIGHTS) * LONGEST_CELL  # each quotation mark stands twice
    while line := file.readline(longest):
        if len(line) == longest:
            raise csv.Error
        yield line


def _points(kind: str, fields: Record, name: str, texts: list[str], exhibit: str = "") -> Iterator[list[Record]]:
    """Give the features that may stand for a place, one for each of its texts; nothing where it is not told."""
    lat, lon, radius = (fields.get(f"{name}.{part}") for part in ("lat", "lon", "accuracy_m"))
    if type(lat) is not int or type(lon) is not int or abs(lat) > 90 * MICRO or abs(lon) > 180 * MICRO:
        return
    geometry = {"type": "Point", "coordinates": [lon / MICRO, lat / MICRO]}
    properties: Record = {"kind": kind, **({"exhibit": exhibit} if exhibit else {})}
    accuracy = {} if radius is None else {"uncertainty_m": round(float(str(radius)))}
    yield [
        {
            "type": "Feature", "geometry": geometry,
            "properties": {**properties, **({"text": text} if text else {}), **accuracy},
        }
        for text in texts
    ]  # fmt: skip
