"""The order of day and month in a flight log: given by a person, or proved by the file itself, never guessed.

Every date of the log is looked at. The one order under which all of them are
dates is the log's; where both orders would do, or neither, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.flight_cells import dated_order
from evidence.flight_table import Row, Table
from schemas.errors import FormatError
from schemas.sentences import say

ORDERS = ("ymd", "dmy", "mdy")
PEEK = 1_000  # rows in which a date of such an order is looked for


def asks_order(text: str) -> bool:
    """Tell whether a text is a date that is one only in an order of day and month."""
    order = dated_order(text)
    return order is not None and any(order)


def needs_order(table: Table, places: Mapping[str, int]) -> bool:
    """Tell whether a date near the beginning has day and month in an order of their own. Raises FormatError."""
    for count, (_, cells) in enumerate(table.rows()):
        if count >= PEEK:
            return False
        if any(map(asks_order, _dates(cells, places))):
            return True
    return False


def _dates(cells: list[str] | Row, places: Mapping[str, int]) -> Iterator[str]:
    if not isinstance(cells, Row):
        for name in ("time", "date"):
            if name in places and places[name] < len(cells) and cells[places[name]]:
                yield cells[places[name]]


def prove_order(table: Table, places: Mapping[str, int]) -> str:
    """Give the one order of day and month under which every date of the log is a date.

    Raises FormatError where both orders would do, or neither.
    """
    day_first = month_first = True
    for _, cells in table.rows():
        for order in map(dated_order, _dates(cells, places)):
            if order is not None and any(order):
                day_first, month_first = day_first and order[0], month_first and order[1]
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    raise FormatError(say("log-dates-open" if day_first else "log-dates-both"), hint=say("log-say-order"))
