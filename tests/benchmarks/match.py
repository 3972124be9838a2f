"""Flights near 10,000 cases among 1,000,000 observations, beside a range join of DuckDB over tables of its own."""

from tests.benchmarks.check import WEIGHED, command, made
from tests.benchmarks.contract import Growth, Place, Row


def logged(name: str, flights: int) -> str:
    """Give shell text that has the archive of that many cases with a flight log in it."""
    log = f"$W/flights-{flights}"
    return (
        f"{made(name)}; {WEIGHED} flights {log} {flights};"
        f" [ -e $W/cases-{name}/logged ] || {{ {command(name, f'intake {log}')}; touch $W/cases-{name}/logged; }}"
    )


def rows(place: Place) -> list[Row]:
    """Give the rows of this subject."""
    count, flights = place.of(10_000, 500), place.of(1_000_000, 5_000)
    duck = f"{WEIGHED} duck $W/cases-{count}/archive/sijill.db $W/duck"
    work = f"{count:,} cases x {flights:,} observations, 20 km, -75/+35 min"
    peer, once = "DuckDB range join, near pairs by the great circle, as JSON", f"{logged(str(count), flights)}; {duck}"
    return [
        Row("match-near", f"match --near --json, {work}", peer, 0.6, command(str(count), "match --near --json"),
            f"{WEIGHED} join $W/duck", needs=("python:duckdb",), once=once),
        Row("match", f"match --json, near and en route, {work}", peer, None, command(str(count), "match --json"),
            f"{WEIGHED} join $W/duck", needs=("python:duckdb",), once=once),
    ]  # fmt: skip


def growths(place: Place) -> list[Growth]:
    """Give what grows with the cases, each among as many hundred observations."""
    sizes, flights = ((500, 5_000, 50_000), 100_000) if place.full else ((50, 500), 5_000)
    return [Growth("growth-match", f"match --json among {flights:,} observations", "cases", sizes,
                   command("$N", "match --json"), logged("$N", flights))]  # fmt: skip
