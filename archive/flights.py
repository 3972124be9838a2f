"""The flight logs of the archive, asked what was near a case: `sijill match`, and the flight rule of a standard.

Looks only where and when `evidence.match` says that one need look, by the
index over times and positions; `evidence.match` decides what fits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evidence.docket import FlightAnswer, Sighting
from evidence.match import (
    AFTER_MIN,
    BEFORE_MIN,
    WITHIN_KM,
    Match,
    classify,
    coverage_holds,
    has_place,
    reach_km,
    search_box,
)
from schemas.extent import bounds

if TYPE_CHECKING:
    from archive.open import Archive

COLUMNS = ("log", "row", "earliest", "latest", "lat", "lon", "heading", "aircraft_class")
_NEAR = (
    f"SELECT {', '.join(COLUMNS)} FROM observation WHERE earliest BETWEEN ? AND ? AND latest >= ?"
    " AND lat BETWEEN ? AND ? AND lon BETWEEN ? AND ? ORDER BY log, row"
)
_SIGHTING = (
    "SELECT earliest, latest, lat, lon, aircraft_class FROM observation"
    " WHERE log = ? AND row = ? AND earliest IS NOT NULL"
)
_ROW = re.compile(r"row\s*(\d{1,9})\b", re.ASCII | re.IGNORECASE)
Place = tuple[int, int]


class Logs:
    """Every flight log that is not withdrawn: its name, what it covers, and its observations on demand."""

    def __init__(self, db: Any, observations: Any = None) -> None:
        self._db = db if observations is None else observations
        self._longest: int | None = None
        self.names: dict[str, str] = {}
        self._coverage: list[tuple[str, dict[str, Any]]] = []
        rows = db.execute(
            "SELECT sub, code, id, fields FROM record WHERE kind = 'item' AND withdrawn IS NULL"
            ' AND fields LIKE \'%"kind":"flight_log"%\' ORDER BY first'
        )
        for sub, code, name, fields in rows.fetchall():
            record = json.loads(fields)
            if record.get("kind") == "flight_log":
                self.names[sub] = f"{code}/{name}"
                coverage = {key: value for key, value in record.items() if key.startswith("coverage.")}
                self._coverage.append((f"{code}/{name}", coverage))

    def asked_of(self, record: Mapping[str, Any]) -> Callable[[float, float, float], FlightAnswer]:
        """Give the question of a flight rule for one case: what was near, and whether one log watched all of it."""

        def answer(within_km: float, before_min: float, after_min: float) -> FlightAnswer:
            near = self.matches(record, within_km, before_min, after_min, en_route=False)
            covered = self.covered(record, before_min, after_min)
            named = [f"{one.log} row {one.row}" for one in near]
            return FlightAnswer(named, covered, self.warnings(record, before_min, after_min) if covered else ())

        return answer

    def sightings(self, subs: Mapping[str, str], links: Iterable[Sequence[Any]]) -> list[Sighting]:
        """Give the rows of logs that links of a case name (`row 2`); `subs` are the subjects of its items by id."""
        found = {}
        for _, _, _, withdrawn, link in links:
            sub, row = subs.get(str(link.get("item"))), _ROW.search(str(link.get("locator", "")))
            if withdrawn or sub not in self.names or row is None:
                continue
            told = self._db.execute(_SIGHTING, (sub, int(row[1]))).fetchone()
            if told is not None:
                first, last = (datetime.fromtimestamp(moment, UTC) for moment in told[:2])
                point = (told[2], told[3]) if told[2] is not None and told[3] is not None else None
                name = f"{link['item']} row {row[1]}"
                found[name] = Sighting(name, first, last, point, told[4] or "unknown")
        return list(found.values())

    def covered(self, record: Mapping[str, Any], before_min: float, after_min: float) -> bool | None:
        """Tell whether one log covers the whole window; None without a time or a place."""
        watching = self._watching(record, before_min, after_min)
        return None if watching is None else bool(watching)

    def _watching(
        self, record: Mapping[str, Any], before_min: float, after_min: float
    ) -> list[tuple[str, dict[str, Any]]] | None:
        """Give the logs that cover the whole window; None without a time or a place."""
        earliest, latest, place = _when_and_where(record)
        if earliest is None or latest is None or place is None:
            return None
        window = (earliest - 60 * before_min, latest + 60 * after_min)
        return [(name, coverage) for name, coverage in self._coverage if coverage_holds(coverage, *window, place)]

    def warnings(
        self, record: Mapping[str, Any] | None = None, before_min: float = BEFORE_MIN, after_min: float = AFTER_MIN
    ) -> list[str]:
        """Name the logs whose coverage does not say where it listened: all, or those that cover a case's window."""
        logs = self._coverage if record is None else self._watching(record, before_min, after_min) or []
        return [f"{name}: its coverage names no place" for name, cover in logs if cover and not has_place(cover)]

    def matches(
        self,
        record: Mapping[str, Any],
        within_km: float = WITHIN_KM,
        before_min: float = BEFORE_MIN,
        after_min: float = AFTER_MIN,
        *,
        en_route: bool = True,
    ) -> Iterator[Match]:
        """Give the observations that fit a case, by log and row."""
        earliest, latest, place = _when_and_where(record)
        if earliest is None or latest is None or place is None or not self.names:
            return
        if self._longest is None:
            row = self._db.execute(
                "SELECT max(latest - earliest) FROM observation WHERE earliest IS NOT NULL"
            ).fetchone()
            self._longest = row[0] or 0
        begin, end = earliest - 60 * before_min, latest + 60 * after_min
        radius = max(within_km, reach_km(before_min)) if en_route else within_km
        for south, north, west, east in search_box(place, radius):
            values = (int(begin) - self._longest - 1, end, begin, south, north, west, east)
            for row in self._db.execute(_NEAR, values):
                observation = dict(zip(COLUMNS, row, strict=True))
                observation["log"] = self.names.get(row[0])
                if observation["log"] is None:
                    continue
                found = classify(earliest, latest, place, observation, within_km, before_min, after_min)
                if found is not None and (en_route or found.kind == "near"):
                    yield found


def _when_and_where(record: Mapping[str, Any]) -> tuple[float | None, float | None, Place | None]:
    """Give a case's time in seconds since 1970 UTC and its place in micro-degrees, None for what is not told."""
    occurred = record.get("occurred")
    earliest, latest = bounds(occurred if isinstance(occurred, Mapping) else None)
    lat, lon = record.get("place.lat"), record.get("place.lon")
    place = (lat, lon) if type(lat) is int and type(lon) is int else None
    return (earliest.timestamp() if earliest else None), (latest.timestamp() if latest else None), place


def match(
    archive: Archive,
    codes: Sequence[str] = (),
    *,
    within_km: float = WITHIN_KM,
    before_min: float = BEFORE_MIN,
    after_min: float = AFTER_MIN,
) -> dict[str, Any]:
    """Give the `sijill-match/1` document of the cases named, else all. Raises NotFound."""
    from archive.show import find_case

    found = []
    with archive.reading() as db:
        logs = Logs(db)
        rows = db.execute("SELECT fields FROM record WHERE kind = 'case' AND withdrawn IS NULL ORDER BY first")
        records = [find_case(db, code).fields for code in codes] or [
            json.loads(fields) for (fields,) in rows.fetchall()
        ]
        for record in records:
            matches = logs.matches(record, within_km, before_min, after_min)
            found.append(
                {
                    "code": record["code"],
                    "covered": logs.covered(record, before_min, after_min),
                    "matches": [one.document() for one in matches],
                }
            )
        warnings = logs.warnings()
    return {
        "format": "sijill-match/1", "within_km": within_km, "before_min": before_min, "after_min": after_min,
        "cases": found, "warnings": warnings,
    }  # fmt: skip
