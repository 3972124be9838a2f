"""Weighing every case of an archive, in words, beside reading the same rows in case order and doing nothing with them."""

from tests.benchmarks.contract import Growth, Place, Row

WEIGHED = "$PY -m tests.benchmarks.weighed"


def made(name: str) -> str:
    """Give shell text that has an archive of that many cases, of twenty items each, in `$W/cases-NAME`."""
    return f"{WEIGHED} cases $W/cases-{name} {name}"


def command(name: str, words: str) -> str:
    """Give a command of ours on that archive."""
    return f"SIJILL_HOME=$W/cases-{name}/home $SIJILL --archive $W/cases-{name}/archive {words}"


def rows(place: Place) -> list[Row]:
    """Give the rows of this subject."""
    count = place.of(50_000, 500)
    return [
        Row("check", f"check, {count:,} cases x 20 items, sijill-minimum, the reasons of those that fail", "the rows it weighs through sqlite3, unused", 3.0,
            command(str(count), "check"), f"{WEIGHED} stream $W/cases-{count}/archive/sijill.db",
            once=made(str(count)), ends=(0, 1)),
    ]  # fmt: skip


def growths(place: Place) -> list[Growth]:
    """Give what grows with the cases."""
    sizes = (500, 5_000, 50_000) if place.full else (50, 500)
    return [Growth("growth-check", "check, 20 items a case", "cases", sizes, command("$N", "check"), made("$N"), ends=(0, 1))]
