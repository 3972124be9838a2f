"""A flight log of a million rows, typed, zoned, hashed, committed and indexed, beside sqlite3 .import of the same CSV."""

from tests.benchmarks.check import WEIGHED
from tests.benchmarks.contract import Place, Row
from tests.benchmarks.intake import FRESH_ARCHIVE


def rows(place: Place) -> list[Row]:
    """Give the rows of this subject."""
    flights = place.of(1_000_000, 20_000)
    log = f"$W/flights-{flights}"
    load = f"sqlite3 $D/peer.db '.mode csv' 'PRAGMA journal_mode=off' 'PRAGMA synchronous=off' \".import {log}/flights.csv t\""
    return [
        Row("flight-log", f"intake of a flight log, {flights:,} rows", "sqlite3 .import: no types, no index, no sync", 4.0,
            f"$SIJILL --archive $D/archive intake {log}", load, needs=("sqlite3",),
            once=f"{WEIGHED} flights {log} {flights}", before_ours=FRESH_ARCHIVE, before_theirs='eval "$FRESH"'),
    ]  # fmt: skip
