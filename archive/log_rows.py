"""The rows of flight logs: how they lie in the database.

A row lies there as the text of its disclosed value, beside the four numbers
that a search asks for. Its id is the index of the entry that read the log,
times `ROWS`, plus the number of the row. Nothing here reads a log or decides
what fits a case. How a reading commits to rows is told by `log_leaves`.

Follows docs/format.md, 2.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

ROWS = 1 << 25  # more than a log may have
FORGET = "DELETE FROM observation WHERE id BETWEEN ? AND ?"
READINGS = (  # every log with its newest reading, the one whose rows are kept
    "SELECT max(idx) AS entry, sub FROM act WHERE t = 'reading.add' AND fields LIKE '%\"rows_root\":%'"
    " GROUP BY sub ORDER BY 1"
)
SEARCHED = ("earliest", "latest", "lat", "lon")  # what stands beside the value
WIDE = 6  # cells of a row: its number, the four that are searched, its value
TOGETHER = 10


def span(entry: int) -> tuple[int, int]:
    """Give the lowest and the highest id that a row of a reading may have."""
    return entry * ROWS, entry * ROWS + ROWS - 1


def insert(entry: int, rows: int = 1) -> str:
    """Give the statement that lays down rows of a reading: each its number, the four that are searched, its value."""
    return "INSERT INTO observation(id, earliest, latest, lat, lon, value) VALUES " + ",".join(
        [f"({entry * ROWS} + ?,?,?,?,?,?)"] * rows
    )


def lay_down(db: Any, entry: int, cells: Sequence[Any]) -> None:
    """Write rows of a reading, `WIDE` cells of each, one behind the other; `TOGETHER` at each step of the database."""
    step = WIDE * TOGETHER
    whole = len(cells) - len(cells) % step
    db.executemany(insert(entry, TOGETHER), (cells[at : at + step] for at in range(0, whole, step)))
    db.executemany(insert(entry), (cells[at : at + WIDE] for at in range(whole, len(cells), WIDE)))


def rows_of(db: Any, entry: int, window: tuple[int, int] | None = None) -> Iterator[dict[str, Any]]:
    """Give what was read of each row, by its number; of those in a `window` of seconds since 1970, if there is one."""
    near = "" if window is None else " AND latest >= ? AND earliest <= ?"
    sql = f"SELECT value FROM observation WHERE id BETWEEN ? AND ?{near} ORDER BY id"
    for (value,) in db.execute(sql, (*span(entry), *(window or ()))):
        yield orjson.loads(value)
