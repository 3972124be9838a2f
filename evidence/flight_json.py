"""A table of a flight log from the JSON that receivers and their networks write: one aircraft at one time a row.

    readsb, tar1090, dump1090   {"now": …, "aircraft": [{…}, …]}, one in the file or one a line; lines of one aircraft
    traces                      {"icao": …, "timestamp": …, "trace": [[seconds after that, lat, lon, …], …]}
    OpenSky                     {"time": …, "states": [[…], …]} and {"icao24": …, "path": [[…], …]}
    any other                   a list of objects, or one a line: their keys are the heads, as in a CSV file

Cells are text, as in any other table. What a shape tells in numbers of its own
(seconds after a base, the age of a position) is added up exactly. A line that
is no JSON is given alone, unread. A file that is not lines is read whole, so it
has a limit; lines have none. `text` is the line, or the element written again.

Follows readsb's README-json.md, and the OpenSky REST API (states, tracks).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, DecimalException
from typing import Any, BinaryIO

from evidence.flight_table import LONGEST_LINE, LONGEST_TEXT, MOST_ROWS, Row, too_many
from schemas.errors import FormatError
from schemas.sentences import say

LARGEST = 128 * 1024 * 1024  # bytes of a file that is one JSON value
LOOKED_AT = 1_000  # elements from which the heads of objects without a known shape are taken
MOST_HEADS = 200
HEADS = ["timestamp", "hex", "flight", "aircraft type", "lat", "lon", "track", "altitude", "speed", "registration"]
STATES = ("hex", "flight", "", "", "timestamp", "lon", "lat", "altitude", "", "speed", "track")  # OpenSky, by place
PATH = ("timestamp", "lat", "lon", "altitude", "track")
TRACE = ("timestamp", "lat", "lon", "altitude", "speed", "track")
_OF_AIRCRAFT = {
    "hex": ("hex", "icao", "icao24"), "flight": ("flight", "callsign"), "aircraft type": ("t", "desc"),
    "lat": ("lat",), "lon": ("lon",), "track": ("track", "true_heading", "mag_heading"),
    "altitude": ("alt_baro", "alt_geom", "altitude"), "speed": ("gs", "speed"), "registration": ("r",),
}  # fmt: skip
Choose = Callable[[Sequence[str]], bool]
Known = dict[str, Any]  # head -> value


class NoJson(ValueError):
    """A text is no JSON value that is read here."""


class JsonTable:
    """A log in JSON; `heads` are those of its shape, else the keys of its objects."""

    others: Sequence[str] = ()

    def __init__(self, stream: BinaryIO, is_head: Choose) -> None:
        self._stream = stream
        self._current = ""
        self._whole = self._read_whole()
        first = [one for _, one in zip(range(LOOKED_AT), self._elements(), strict=False) if isinstance(one, dict)]
        self._shaped = any(_shape(one) is not None for one in first)
        self.heads = HEADS if self._shaped else list(dict.fromkeys(key for one in first for key in one))[:MOST_HEADS]
        if not is_head(self.heads):
            self.heads = []

    def _read_whole(self) -> Any:
        """Give the one value that the file is, or None where it is lines. Raises FormatError."""
        self._stream.seek(0)
        line = self._stream.readline(LONGEST_LINE + 1)
        try:
            value = _value(line)
            if self._stream.read(1):
                return None  # a line is a value: all of them are
            return value
        except NoJson:
            pass
        self._stream.seek(0)
        data = self._stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise FormatError(say("log-json-large"), hint=say("log-json-lines"))
        try:
            return _value(data)
        except NoJson:
            if len(line) <= LONGEST_LINE:
                return None
            raise FormatError(say("log-json")) from None

    def _elements(self) -> Iterator[Any]:
        """Give what rows are made of: each with its text kept; a Row where a line cannot be read."""
        if self._whole is not None:
            every = self._whole if isinstance(self._whole, list) else [self._whole]
            for one in every:
                self._current = ""
                yield one if isinstance(one, dict) else Row(say("log-no-object"))
            return
        place = 0
        while True:
            self._stream.seek(place)
            line = self._stream.readline(LONGEST_LINE + 1)
            place = self._stream.tell()
            if not line:
                return
            self._current = line.decode("utf-8", "replace").strip("\ufeff\r\n")
            if not self._current.strip():
                continue
            try:
                value = _value(line)
            except NoJson:
                value = None
            yield value if isinstance(value, dict) else Row(say("log-no-object"))

    def rows(self) -> Iterator[tuple[int, list[str] | Row]]:
        """See `evidence.flight_table.Table`."""
        number = 0
        for one in self._elements():
            for row in self._rows_of(one):
                number += 1
                if number > MOST_ROWS:
                    raise too_many()
                yield number, row

    def _rows_of(self, one: Any) -> Iterator[list[str] | Row]:
        shape = None if isinstance(one, Row) else _shape(one)
        if isinstance(one, Row) or (self._shaped and shape is None):
            yield one if isinstance(one, Row) else Row(say("log-other-shape"))
        elif shape is None:
            self._current = self._current or _written(one)
            yield [_cell(one.get(head)) for head in self.heads]
        else:
            for element, known in shape(one):
                if self._whole is not None or element is not one:
                    self._current = _written(element)
                yield known if isinstance(known, Row) else [_cell(known.get(head)) for head in HEADS]

    def text(self) -> str:
        """See `evidence.flight_table.Table`."""
        return self._current[:LONGEST_TEXT]


Shaped = Iterator[tuple[Any, Known | Row]]  # what a row was made of, and what it says


def _shape(one: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Shaped] | None:
    if isinstance(one.get("aircraft"), list) and "now" in one:
        return _snapshot
    if isinstance(one.get("trace"), list) and "timestamp" in one:
        return _trace
    if isinstance(one.get("states"), list) and "time" in one:
        return _states
    if isinstance(one.get("path"), list) and "icao24" in one:
        return _path
    if "now" in one and ("hex" in one or "icao" in one):
        return _alone
    return None


def _snapshot(one: Mapping[str, Any]) -> Shaped:
    for element in one["aircraft"]:
        yield element, _aircraft(element, one["now"])


def _alone(one: Mapping[str, Any]) -> Shaped:
    yield one, _aircraft(one, one["now"])


def _aircraft(element: Any, now: Any) -> Known | Row:
    """Say what a receiver heard of one aircraft; its position is as old as it says."""
    if not isinstance(element, dict):
        return Row(say("log-no-object"))
    known = {
        head: next((element[key] for key in keys if element.get(key) is not None), None)
        for head, keys in _OF_AIRCRAFT.items()
    }
    age = element.get("seen_pos") if known["lat"] is not None else element.get("seen")
    return {**known, "timestamp": _sum(now, age, -1)}


def _trace(one: Mapping[str, Any]) -> Shaped:
    for element in one["trace"]:
        known = _by_place(element, TRACE)
        if not isinstance(known, Row):
            known |= {"timestamp": _sum(one["timestamp"], known.get("timestamp"), 1), "hex": one.get("icao")}
            known |= {"aircraft type": one.get("t"), "registration": one.get("r")}
        yield element, known


def _states(one: Mapping[str, Any]) -> Shaped:
    for element in one["states"]:
        known = _by_place(element, STATES)
        if not isinstance(known, Row):
            at = element[3] if len(element) > 3 and element[3] is not None else None  # of the position
            known["timestamp"] = at if at is not None else known.get("timestamp") or one["time"]
        yield element, known


def _path(one: Mapping[str, Any]) -> Shaped:
    for element in one["path"]:
        known = _by_place(element, PATH)
        if not isinstance(known, Row):
            known |= {"hex": one["icao24"], "flight": one.get("callsign") or one.get("calllsign")}
        yield element, known


def _by_place(element: Any, names: Sequence[str]) -> Known | Row:
    if not isinstance(element, list):
        return Row(say("log-no-list"))
    return {name: value for name, value in zip(names, element, strict=False) if name}


def _sum(base: Any, more: Any, sign: int) -> Any:
    """Give a time in seconds since 1970 and what is to be added, exactly; only what are numbers is added."""
    if not isinstance(base, int | Decimal) or isinstance(base, bool):
        return base
    if not isinstance(more, int | Decimal) or isinstance(more, bool):
        return base
    if base > 10**11:  # milliseconds
        base = Decimal(base) / 1000
    try:
        return round(base + sign * more, 6)
    except DecimalException:
        return None


def _value(text: bytes) -> Any:
    """Read a JSON value; numbers with a fraction stay as they were written. Raises NoJson."""
    try:
        return json.loads(
            text.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refused, object_pairs_hook=_once
        )
    except (ValueError, RecursionError, DecimalException):
        raise NoJson from None


def _refused(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Take each key once: of two values of one key nobody knows which was meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) < 40 else ""
    return str(value) if isinstance(value, int) else _written(value)
