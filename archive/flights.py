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

from archive.log_rows import READINGS, ROWS, span
from archive.merged import weighed_as
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
from evidence.reason import Reason, reason
from evidence.reason import told as said
from schemas.extent import occurred

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

_SEEN = (  # the index answers alone for all that lies elsewhere
    "SELECT id, value FROM observation WHERE earliest BETWEEN ? AND ? AND latest >= ?"
    " AND lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?"
)
_SIGHTING = "SELECT value FROM observation WHERE id = ? AND earliest IS NOT NULL"
_CASES = (  # the index answers alone
    "SELECT code, earliest, latest, lat, lon FROM record INDEXED BY record_when WHERE kind = 'case'"
    " AND withdrawn IS NULL AND code BETWEEN ? AND ? ORDER BY code"
)
_MERGED = (
    "SELECT code FROM record INDEXED BY record_merged WHERE kind = 'case' AND instr(fields, '\"merged_into\":') > 0"
)
_ROW = re.compile(r"row\s*(\d{1,9})\b", re.ASCII | re.IGNORECASE)
Occurred = tuple[float | None, float | None, tuple[int, int] | None]  # when and where, as `schemas.extent.occurred`


class Logs:
    """Every flight log that is not withdrawn: its name, what it covers, and its observations on demand."""

    def __init__(self, db: Any, observations: Any = None) -> None:
        self._db = db if observations is None else observations
        self._longest: int | None = None
        self.names: dict[int, str] = {}  # by the entry that read the log
        self._read: dict[str, int] = {}  # that entry, by the log's subject
        self._coverage: list[tuple[str, dict[str, Any]]] = []
        rows = db.execute(
            f"SELECT entry, r.sub, code, id, fields FROM ({READINGS}) JOIN record r USING (sub)"
            " WHERE kind = 'item' AND withdrawn IS NULL ORDER BY first"
        )
        for entry, sub, code, name, fields in rows.fetchall():
            record = orjson.loads(fields)
            if record.get("kind") == "flight_log":
                self.names[entry], self._read[sub] = f"{code}/{name}", entry
                coverage = {key: value for key, value in record.items() if key.startswith("coverage.")}
                self._coverage.append((f"{code}/{name}", coverage))

    def asked_of(self, record: Mapping[str, Any]) -> Callable[[float, float, float], FlightAnswer]:
        """Give the question of a flight rule for one case: what was near, and whether one log watched all of it."""

        def answer(within_km: float, before_min: float, after_min: float) -> FlightAnswer:
            when = occurred(record)
            near = self.matches(when, within_km, before_min, after_min, en_route=False)
            covered = self.covered(when, before_min, after_min)
            named = [_row(one.log, one.row) for one in near]
            return FlightAnswer(named, covered, self.warnings(when, before_min, after_min) if covered else ())

        return answer

    def sightings(self, subs: Mapping[str, str], links: Iterable[Mapping[str, Any]]) -> list[Sighting]:
        """Give the rows of logs that links of a case name (`row 2`); `subs` are the subjects of its items by id."""
        found = {}
        for link in links:
            sub, row = subs.get(str(link.get("item"))), _ROW.search(str(link.get("locator", "")))
            if sub not in self._read or row is None:
                continue
            told = self._db.execute(_SIGHTING, (span(self._read[sub])[0] + int(row[1]),)).fetchone()
            if told is not None and int(row[1]) < ROWS:
                seen = orjson.loads(told[0])
                first, last = (datetime.fromtimestamp(seen[end], UTC) for end in ("earliest", "latest"))
                point = (seen["lat"], seen["lon"]) if "lat" in seen else None
                name = f"{link['item']} row {row[1]}"
                shown, kind = _row(str(link["item"]), row[1]), seen.get("aircraft_class", "unknown")
                found[name] = Sighting(shown, first, last, point, kind)
        return list(found.values())

    def covered(self, when: Occurred, before_min: float, after_min: float) -> bool | None:
        """Tell whether one log covers the whole window; None without a time or a place."""
        watching = self._watching(when, before_min, after_min)
        return None if watching is None else bool(watching)

    def _watching(
        self, when: Occurred, before_min: float, after_min: float
    ) -> list[tuple[str, dict[str, Any]]] | None:
        """Give the logs that cover the whole window; None without a time or a place."""
        earliest, latest, place = when
        if earliest is None or latest is None or place is None:
            return None
        window = (earliest - 60 * before_min, latest + 60 * after_min)
        return [(name, coverage) for name, coverage in self._coverage if coverage_holds(coverage, *window, place)]

    def warnings(
        self, when: Occurred | None = None, before_min: float = BEFORE_MIN, after_min: float = AFTER_MIN
    ) -> list[Reason]:
        """Name the logs whose coverage does not say where it listened: all, or those that cover a case's window."""
        logs = self._coverage if when is None else self._watching(when, before_min, after_min) or []
        bare = [name for name, cover in logs if cover and not has_place(cover)]
        return [reason("such", what=name, these=reason("covers-no-place")) for name in bare]

    def matches(
        self,
        when: Occurred,
        within_km: float = WITHIN_KM,
        before_min: float = BEFORE_MIN,
        after_min: float = AFTER_MIN,
        *,
        en_route: bool = True,
    ) -> Iterator[Match]:
        """Give the observations that fit a case, by log and row; `within_km` and minutes are the window around it."""
        earliest, latest, place = when
        if earliest is None or latest is None or place is None or not self.names:
            return
        if self._longest is None:
            row = self._db.execute(
                "SELECT max(latest - earliest) FROM observation WHERE latest > earliest"
            ).fetchone()
            self._longest = row[0] or 0
        begin, end = earliest - 60 * before_min, latest + 60 * after_min
        asks = [("near", within_km, end)]
        if en_route:  # only what was logged before the earliest time can have been on its way
            asks.append(("en_route", reach_km(before_min), earliest))
        found: list[tuple[int, Fit]] = []
        for kind, radius, until in asks:
            for box in search_box(place, radius):
                for number, value in self._db.execute(_SEEN, (int(begin) - self._longest - 1, until, begin, *box)):
                    seen = list(map(orjson.loads(value).get, SEEN))
                    fits = fit(earliest, latest, place, seen, within_km, before_min, after_min)
                    if fits is not None and fits[0] == kind and number // ROWS in self.names:
                        found.append((number, fits))
        for number, fits in sorted(found):
            yield Match(self.names[number // ROWS], number % ROWS, *fits)


def _row(log: str, row: object) -> Reason:
    return reason("log-row", log=log, row=row)


@dataclass(frozen=True)
class Limits:
    """How near, how long before the earliest and after the latest time, and whether those en route are looked for."""

    within_km: float = WITHIN_KM
    before_min: float = BEFORE_MIN
    after_min: float = AFTER_MIN
    en_route: bool = True


def match(archive: Archive, codes: Sequence[str] = (), limits: Limits | None = None) -> dict[str, Any]:
    """Give the `sijill-match/1` document of the cases named, else all by code. Raises InputError, NotFound."""
    limits = limits or Limits()
    found: list[dict[str, Any]] = []
    with archive.reading() as db:
        _known(db, codes)
        ask = _asker(db, limits, found.extend)
        for stretch in stretches(db, codes):
            ask(stretch)
        return {**_head(limits), "cases": found, "warnings": [said(one) for one in Logs(db).warnings()]}


def written(
    archive: Archive, codes: Sequence[str], limits: Limits, words: Callable[[Mapping[str, Any]], str] | None,
    progress: Saying | None = None,
) -> Iterator[str]:  # fmt: skip
    """Give the same piece by piece: each case in `words`, an empty line between two; without, as the JSON document.

    Raises InputError.
    """

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
        warnings = _indented([said(one) for one in Logs(db).warnings()], "  ")
        yield (
            ""
            if first and words
            else ("" if first else tail) + ("" if words else f'],\n  "warnings": {warnings}\n}}\n')
        )


def _asker(db: Any, limits: Limits, say: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Stretch], Any]:
    """Give what tells the matches of a stretch of cases."""
    logs = Logs(db)
    # a case that was merged into another is not asked about itself
    elsewhere = {code for (code,) in db.execute(_MERGED).fetchall() if weighed_as(db, code) != code}

    def ask(stretch: Stretch) -> Any:
        rows = db.execute(_CASES, stretch).fetchall()
        return say([_matched(logs, code, _occurred(*when), limits) for code, *when in rows if code not in elsewhere])

    return ask


def _occurred(earliest: float | None, latest: float | None, lat: int | None, lon: int | None) -> Occurred:
    return earliest, latest, None if lat is None or lon is None else (lat, lon)


def _matched(logs: Logs, code: str, when: Occurred, limits: Limits) -> dict[str, Any]:
    window = (limits.within_km, limits.before_min, limits.after_min)
    return {
        "code": code,
        "covered": logs.covered(when, *window[1:]),
        "matches": [one.document() for one in logs.matches(when, *window, en_route=limits.en_route)],
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
