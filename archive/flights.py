"""The flight logs of the archive, asked what was near a case: `sijill match`, and the flight rule of a standard.

Looks only where and when `evidence.match` says that one need look, by the
index over times and positions; `evidence.match` decides what fits. Many cases
are looked at by two processes, each told as it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from archive.merged import is_marked, weighed_as
from archive.stretches import Stretch, stretches, told
from evidence.docket import FlightAnswer, Sighting
from evidence.match import (
    AFTER_MIN,
    BEFORE_MIN,
    SEEN,
    WITHIN_KM,
    Fit,
    Match,
    coverage_holds,
    fit,
    has_place,
    reach_km,
    search_box,
)
from schemas.extent import bounds

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

_NEAR = (  # the index answers alone for all that lies elsewhere
    f"SELECT log, row, {', '.join(SEEN)} FROM observation WHERE earliest BETWEEN ? AND ? AND latest >= ?"
    " AND lat BETWEEN ? AND ? AND lon BETWEEN ? AND ? ORDER BY log, row"
)
_SIGHTING = (
    "SELECT earliest, latest, lat, lon, aircraft_class FROM observation"
    " WHERE log = ? AND row = ? AND earliest IS NOT NULL"
)
_CASES = "SELECT fields FROM record WHERE code BETWEEN ? AND ? AND kind = 'case' AND withdrawn IS NULL ORDER BY code"
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
            "SELECT sub, code, id, fields FROM record WHERE kind = 'item' AND withdrawn IS NULL AND sub IN"
            " (SELECT sub FROM act WHERE t = 'reading.add' AND fields LIKE '%\"rows_root\":%') ORDER BY first"
        )
        for sub, code, name, fields in rows.fetchall():
            record = orjson.loads(fields)
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
        asks = [("near", within_km, end)]
        if en_route:  # only what was logged before the earliest time can have been on its way
            asks.append(("en_route", reach_km(before_min), earliest))
        found: list[tuple[str, int, Fit]] = []
        for kind, radius, until in asks:
            for south, north, west, east in search_box(place, radius):
                values = (int(begin) - self._longest - 1, until, begin, south, north, west, east)
                for log, row, *seen in self._db.execute(_NEAR, values):
                    fits = fit(earliest, latest, place, seen, within_km, before_min, after_min)
                    if fits is not None and fits[0] == kind and log in self.names:
                        found.append((log, row, fits))
        for log, row, fits in sorted(found):
            yield Match(self.names[log], row, *fits)


def _when_and_where(record: Mapping[str, Any]) -> tuple[float | None, float | None, Place | None]:
    """Give a case's time in seconds since 1970 UTC and its place in micro-degrees, None for what is not told."""
    occurred = record.get("occurred")
    earliest, latest = bounds(occurred if isinstance(occurred, Mapping) else None)
    lat, lon = record.get("place.lat"), record.get("place.lon")
    place = (lat, lon) if type(lat) is int and type(lon) is int else None
    return (earliest.timestamp() if earliest else None), (latest.timestamp() if latest else None), place


@dataclass(frozen=True)
class Limits:
    """How near, how long before the earliest and after the latest time, and whether those en route are looked for."""

    within_km: float = WITHIN_KM
    before_min: float = BEFORE_MIN
    after_min: float = AFTER_MIN
    en_route: bool = True


def match(archive: Archive, codes: Sequence[str] = (), limits: Limits | None = None) -> dict[str, Any]:
    """Give the `sijill-match/1` document of the cases named, else all by code. Raises NotFound."""
    limits = limits or Limits()
    found: list[dict[str, Any]] = []
    with archive.reading() as db:
        _known(db, codes)
        ask = _asker(db, limits, found.extend)
        for stretch in stretches(db, codes):
            ask(stretch)
        return {**_head(limits), "cases": found, "warnings": Logs(db).warnings()}


def written(
    archive: Archive, codes: Sequence[str], limits: Limits, words: Callable[[Mapping[str, Any]], str] | None,
    progress: Saying | None = None,
) -> Iterator[str]:  # fmt: skip
    """Give the same piece by piece: each case in `words`, an empty line between two; without, as the JSON document."""

    def say(cases: Sequence[Mapping[str, Any]]) -> str:
        return between.join(map(words or _in_list, cases))

    between = ",\n    " if words is None else "\n\n"
    head, lead, tail = _json_ends(limits) if words is None else ("", "", "\n")
    with archive.reading() as db:
        _known(db, codes)
        yield head
        first = True
        for piece in told(archive, db, codes, lambda db: _asker(db, limits, say), progress):
            if piece:
                yield (lead if first else between) + piece
                first = False
        warnings = _indented(Logs(db).warnings(), "  ")
        yield (
            ""
            if first and words
            else ("" if first else tail) + ("" if words else f'],\n  "warnings": {warnings}\n}}\n')
        )


def _asker(db: Any, limits: Limits, say: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Stretch], Any]:
    """Give what tells the matches of a stretch of cases."""
    logs = Logs(db)

    def ask(stretch: Stretch) -> Any:
        rows = db.execute(_CASES, stretch).fetchall()
        found = [orjson.loads(fields) for (fields,) in rows if not (is_marked(fields) and _elsewhere(db, fields))]
        return say([_matched(logs, record, limits) for record in found])

    return ask


def _elsewhere(db: Any, fields: str) -> bool:
    """Tell whether a case was merged into another, which alone is asked about."""
    code = orjson.loads(fields)["code"]
    return bool(weighed_as(db, code) != code)


def _matched(logs: Logs, record: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    window = (limits.within_km, limits.before_min, limits.after_min)
    return {
        "code": record["code"],
        "covered": logs.covered(record, *window[1:]),
        "matches": [one.document() for one in logs.matches(record, *window, en_route=limits.en_route)],
    }


def _known(db: Any, codes: Sequence[str]) -> None:
    from archive.show import find_standing

    for code in codes:
        find_standing(db, code)


def _head(limits: Limits) -> dict[str, Any]:
    return {
        "format": "sijill-match/1", "within_km": limits.within_km, "before_min": limits.before_min,
        "after_min": limits.after_min,
    }  # fmt: skip


def _indented(value: Any, by: str) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().replace("\n", f"\n{by}")


def _in_list(case: Mapping[str, Any]) -> str:
    return _indented(case, "    ")


def _json_ends(limits: Limits) -> tuple[str, str, str]:
    """Give what stands before the list of cases, before its first, and after its last."""
    return _indented(_head(limits), "").removesuffix("\n}") + ',\n  "cases": [', "\n    ", "\n  "
