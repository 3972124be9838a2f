"""Running commands in turn and measuring each: wall and processor seconds, and peak memory, of the whole child.

Processor time and memory are what the kernel says of the child and of every process that it waited for. Peak memory
is that of its largest process, not their sum. This module stays small itself and makes no material, because a
child's peak begins with that of whoever started it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from tests.benchmarks.contract import Command, Growth, Place, Row

LONGEST_SECONDS = 3600


class Failed(Exception):
    """A command ended in another way than it should; its last words are the message."""


@dataclass(frozen=True)
class Measured:
    """One run: wall and processor seconds, peak memory in bytes."""

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Outcome:
    """A row after its rounds: medians of both, and the medians of the ratios of each round. `said` if it has none."""

    row: Row
    ours: Measured | None = None
    theirs: Measured | None = None
    ratio: float = 0.0
    cpu_ratio: float = 0.0
    rounds: int = 0
    said: str = ""


@dataclass(frozen=True)
class Grown:
    """A growth after its rounds: the medians at each size. `said` if it went no further."""

    growth: Growth
    at: tuple[tuple[int, Measured], ...]
    said: str = ""


def run(command: Command, environment: Mapping[str, str], ends: Sequence[int] = (0,)) -> Measured:
    """Run one command and measure it. Raises Failed."""
    words = ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else list(command)
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(
            words, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in ends:
            said.seek(max(0, said.seek(0, 2) - 300))
            words = said.read().decode(errors="replace").strip().replace("\n", "; ")
            raise Failed(f"exit {child.returncode}: {words}")
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def median(runs: Sequence[Measured]) -> Measured:
    """Give the medians of wall and processor seconds, and the highest peak."""
    return Measured(
        statistics.median(one.wall for one in runs),
        statistics.median(one.cpu for one in runs),
        max(one.memory for one in runs),
    )


def missing(needs: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Give what a peer needs and is not installed."""
    return [
        need.removeprefix("python:")
        for need in needs
        if (
            find_spec(need.removeprefix("python:")) is None
            if need.startswith("python:")
            else shutil.which(need, path=environment["PATH"]) is None
        )
    ]


def measure(row: Row, place: Place, rounds: int) -> Outcome:
    """Run a row's rounds, after one of each that does not count."""
    env = place.environment
    if absent := missing(row.needs, env):
        return Outcome(row, said=f"not measured: {', '.join(absent)} is not installed here")
    ours: list[Measured] = []
    theirs: list[Measured] = []
    try:
        if row.once:
            run(row.once, env)
        for number in range(rounds + 1):
            one = _several(row, row.ours, row.before_ours, env, row.ends)
            two = _several(row, row.theirs, row.before_theirs, env, (0,))
            if row.less:
                empty = _several(row, row.less, "", env, (0,))
                one = Measured(one.wall - empty.wall + two.wall, one.cpu - empty.cpu + two.cpu, one.memory)
            if number:
                ours.append(one)
                theirs.append(two)
    except Failed as failed:
        return Outcome(row, said=f"failed: {failed}")
    ratio = statistics.median(a.wall / b.wall for a, b in zip(ours, theirs, strict=True))
    cpu_ratio = statistics.median(a.cpu / max(b.cpu, 1e-6) for a, b in zip(ours, theirs, strict=True))
    return Outcome(row, median(ours), median(theirs), ratio, cpu_ratio, rounds)


def _several(row: Row, command: Command, before: str, env: Mapping[str, str], ends: Sequence[int]) -> Measured:
    runs = []
    for _ in range(row.repeat):
        if before:
            run(before, env)
        runs.append(run(command, env, ends))
    return median(runs)


def grow(growth: Growth, place: Place, rounds: int) -> Grown:
    """Run a growth from its smallest size to its largest; a failure ends it and is said."""
    at: list[tuple[int, Measured]] = []
    for size in growth.sizes:
        env = {**place.environment, "N": str(size)}
        try:
            if growth.once:
                run(growth.once, env)
            runs = []
            for _ in range(rounds):
                if growth.before:
                    run(growth.before, env)
                runs.append(run(growth.command, env, growth.ends))
        except Failed as failed:
            return Grown(growth, tuple(at), f"at {size}: {failed}")
        at.append((size, median(runs)))
    return Grown(growth, tuple(at))
