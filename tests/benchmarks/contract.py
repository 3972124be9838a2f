"""What a benchmark states: a row (our command beside a peer's) or a growth (one command at several sizes).

A command is shell text, run by bash with `-euo pipefail`, or a tuple of words, run without a shell where
milliseconds count. Shell text finds these in its environment:

    W       a folder in memory (tmpfs) for material and archives that are only read
    D       a freshly made file system, for whatever writes; `$FRESH` remakes it, untimed
    SIJILL  the product's console script;   PY  this Python;   N  the size, in a growth

Material is made by `once`, in a child process, before the first round. It must do nothing where the material is
there: `$MAKE NAME ARGUMENTS…` (see `material`) sees to that by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Command = str | tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """Our command and a peer's on the same work, in turn: A B, A B, …

    `target` is the largest ratio of wall seconds, ours to the peer's (None: told, not judged). `needs` are the peer's
    programs, or `python:NAME` for a package; what is not installed is said in the table. `before_ours` and
    `before_theirs` run untimed before each. With `less`, what that command costs above the peer's is taken off ours
    (the price of an empty console script). `repeat` runs in a round give one figure, their median.
    `ends` are the exit statuses that are no failure, of ours.
    """

    name: str
    work: str
    peer: str
    target: float | None
    ours: Command
    theirs: Command
    needs: tuple[str, ...] = ()
    once: str = ""
    before_ours: str = ""
    before_theirs: str = ""
    less: Command = ""
    repeat: int = 1
    ends: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Growth:
    """One command of ours at growing sizes, from small to large, with `$N` in `once`, `before` and `command`.

    `memory` is the largest ratio of peak memory at ten times the work (not judged below 80 MB; None: not judged).
    """

    name: str
    work: str
    unit: str
    sizes: tuple[int, ...]
    command: str
    once: str = ""
    before: str = ""
    memory: float | None = 1.2
    ends: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Place:
    """Where a run works and how large: `scale` is small (to see that it runs) or full (what is judged)."""

    root: Path
    disk: Path
    full: bool
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)

    def of(self, full: int, small: int) -> int:
        """Give the size for this scale."""
        return full if self.full else small
