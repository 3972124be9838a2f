"""Cost and memory at 1, 10 and 100 times the work; linear or better, and memory that does not grow."""

from tests.benchmarks.contract import Growth, Place
from tests.benchmarks.intake import FRESH_ARCHIVE
from tests.benchmarks.verify import taken


def growths(place: Place) -> list[Growth]:
    """Give what grows when more is taken in, verified and audited."""
    entries = (10_000, 100_000, 1_000_000) if place.full else (1_000, 10_000)
    files = (300, 3_000, 30_000) if place.full else (100, 1_000)  # a `case.toml` of more than 8 MiB is refused
    kept, home = "$W/entries-$N/archive", "SIJILL_HOME=$W/entries-$N/home"
    make_entries = "$MAKE entries $W/entries-$N $N"
    make_tiny = "$MAKE small $W/tiny-$N $N 1000 3000"
    return [
        Growth("growth-intake", "intake, files of 1 to 3 KB", "files", files, "$SIJILL --archive $D/archive intake $W/tiny-$N",
               make_tiny, FRESH_ARCHIVE),
        Growth("growth-verify", "verify, files of 1 to 3 KB", "files", files, "$SIJILL --archive $W/kept-tiny-$N verify",
               f"{make_tiny}; {taken('tiny-$N')}"),
        Growth("growth-ledger-only", "audit --ledger-only", "entries", entries,
               f"{home} $SIJILL --archive {kept} audit --ledger-only", make_entries),
        Growth("growth-audit", "audit, all of it", "entries", entries, f"{home} $SIJILL --archive {kept} audit", make_entries),
    ]  # fmt: skip
