"""The tables of a dossier: exhibits.csv for people, flights.csv with its Table Schema.

Made for spreadsheet programs: UTF-8 with a byte order mark, CRLF, and no text
cell that a program could take for a formula. Numbers are left alone, since
longitudes are negative. Control and direction characters are spelled out here
and exact in the JSON records.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

from archive.handed_over import Dossier, Exhibit, Withheld
from schemas.extent import MICRO
from schemas.fields import in_language
from schemas.text import visible

EXHIBITS = (
    "exhibit", "bates", "title", "original_name", "path", "sha256", "size", "received", "source", "redacted",
    "withheld",
)  # fmt: skip
FLIGHTS: tuple[tuple[str, str, str], ...] = (
    ("exhibit", "string", "the exhibit number of the log"),
    ("row", "integer", "the row under the heads of the log, from 1"),
    ("time_said", "string", "the time as the log has it"),
    ("earliest", "datetime", "earliest time of the observation, UTC"),
    ("latest", "datetime", "latest time of the observation, UTC"),
    ("lat", "number", "latitude, WGS 84 degrees, north positive"),
    ("lon", "number", "longitude, WGS 84 degrees, east positive"),
    ("heading_deg", "number", "heading in degrees from north"),
    ("aircraft_type", "string", "as read"),
    ("aircraft_class", "string", "fixed_wing, rotary, drone or unknown"),
    ("count", "integer", "number of aircraft"),
    ("activity", "string", "as read"),
    ("remarks", "string", "as written"),
    ("unreadable", "string", "why the row, or a part of it, could not be read"),
    ("text", "string", "the row as it was written, where it could not be read"),
)


def cell(text: object) -> str:
    """Give a text that no spreadsheet program takes for a formula, with hidden characters spelled out."""
    shown = visible(str(text))
    return "'" + shown if shown[:1] in ("=", "+", "-", "@") else shown


def title_of(exhibit: Exhibit) -> str:
    """Give the title of an exhibit in English, else as it was given, else in Arabic; empty where it has none."""
    return in_language(exhibit.record.fields, "title")


def exhibits_csv(dossier: Dossier) -> str:
    """Give the list of all exhibits, those withheld among them, in the order of their numbers."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(EXHIBITS)
    everything: list[Exhibit | Withheld] = [*dossier.exhibits, *dossier.withheld]
    for one in sorted(everything, key=lambda found: found.rank):
        writer.writerow(_hidden(one) if isinstance(one, Withheld) else _shown(one))
    return "\ufeff" + text.getvalue()


def _shown(exhibit: Exhibit) -> list[str]:
    fields, file = exhibit.record.fields, exhibit.file
    return [
        cell(exhibit.name), cell(exhibit.bates), cell(title_of(exhibit)), cell(fields.get("file", "")),
        cell(exhibit.path or ""), file.digests.sha256 if file else "", str(file.digests.size) if file else "",
        exhibit.record.received, cell(exhibit.source.get("pseudonym", "")),
        "yes" if exhibit.form in ("stripped", "redacted") else "no", "",
    ]  # fmt: skip


def _hidden(one: Withheld) -> list[str]:
    said = f"{one.reason} (salted digest {one.digest})"
    return [cell(one.bates), cell(one.bates), "", "", "", "", "", "", "", "", cell(said)]


def write_flights(dossier: Dossier, file: IO[str]) -> int:
    """Write the rows of every log that leaves; gives their number."""
    return write_rows(file, ((log.bates, row) for log in dossier.logs for row in log.rows(None)))


def write_rows(file: IO[str], rows: Iterable[tuple[str, Any]]) -> int:
    """Write observations, each with the exhibit number of its log; gives their number."""
    writer, count = csv.writer(file, lineterminator="\r\n"), 0
    file.write("\ufeff")
    writer.writerow([name for name, _, _ in FLIGHTS])
    for number, row in rows:
        writer.writerow(_flight(number, row))
        count += 1
    return count


def _flight(bates: str, row: Any) -> list[str]:
    return [
        cell(bates), str(row.get("row", "")), cell(row.get("said", "")),
        _utc(row.get("earliest")), _utc(row.get("latest")),
        _scaled(row.get("lat"), MICRO, 6), _scaled(row.get("lon"), MICRO, 6), _scaled(row.get("heading"), 100, 2),
        *(cell(row.get(name, "")) for name in ("aircraft_type", "aircraft_class")), str(row.get("count", "")),
        *(cell(row.get(name, "")) for name in ("activity", "remarks", "why", "text")),
    ]  # fmt: skip


def _utc(seconds: int | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _scaled(value: int | None, by: int, digits: int) -> str:
    return "" if value is None else f"{value / by:.{digits}f}"


def table_schema() -> str:
    """Give the Table Schema of flights.csv."""
    fields = [{"name": name, "type": kind, "description": says} for name, kind, says in FLIGHTS]
    return json.dumps({"fields": fields, "primaryKey": ["exhibit", "row"], "missingValues": [""]}, indent=1) + "\n"


def rows_between(dossier: Dossier, earliest: int, latest: int, most: int) -> Iterator[tuple[str, Any]]:
    """Give up to `most` rows, with the exhibit number of their log, whose time touches the span (Unix seconds)."""
    count = 0
    for log in dossier.logs:
        for row in log.rows((earliest, latest)):
            yield log.bates, row
            count += 1
            if count == most:
                return
