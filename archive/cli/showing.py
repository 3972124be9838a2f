"""How an answer is shown: words for people or one JSON document, both on stdout; progress and warnings on stderr.

Every text that comes from evidence passes through `visible`. Nothing here
reads markup, colours anything, or decides what is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from schemas.text import visible

PATIENCE_S = 0.7  # work shorter than this shows no progress


def show(document: Mapping[str, Any], words: Callable[[], str] | str, *, as_json: bool) -> None:
    """Write the document, or the words that say the same."""
    if as_json:
        import json

        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return
    text = words if isinstance(words, str) else words()
    if text:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")


def warn(lines: Iterable[str]) -> None:
    """Write warnings to stderr, one a line."""
    for line in lines:
        sys.stderr.write(f"warning: {visible(line)}\n")


def columns(rows: Sequence[Sequence[Any]], heads: Sequence[str] = ()) -> str:
    """Give rows as aligned columns of plain text; None is shown as a dash."""
    table = [list(heads)] if heads else []
    table += [["-" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    if not table:
        return ""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join(lines) + "\n"


def size_in_words(size: int | None) -> str:
    """Give a number of bytes as people say it."""
    if size is None:
        return "no file"
    if size < 1000:
        return f"{size} bytes"
    for unit in ("kB", "MB", "GB"):
        size_in_unit = size / 1000 ** (("kB", "MB", "GB").index(unit) + 1)
        if size_in_unit < 1000 or unit == "GB":
            return f"{size_in_unit:.1f} {unit}"
    return f"{size} bytes"


def time_in_words(extent: Any) -> str:
    """Give a recorded time: its words if it has any, and its bounds in UTC."""
    if not isinstance(extent, Mapping):
        return "not told"
    earliest, latest = extent.get("earliest") or "...", extent.get("latest") or "..."
    bounds = earliest if earliest == latest else f"{earliest} to {latest}"
    words = extent.get("said")
    return f"{visible(str(words))} ({bounds})" if words else bounds


@contextmanager
def progress(what: str, *, as_json: bool = False) -> Iterator[Callable[..., None] | None]:
    """Give a callback `(done)`, `(done, total)` or `(what, done, total)` that draws on a terminal; None without one."""
    if as_json or not sys.stderr.isatty():
        yield None
        return
    drawing = _Drawing(what)
    try:
        yield drawing
    finally:
        drawing.end()


class _Drawing:
    """A progress line that appears when the work turns out to be long."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, *state: Any) -> None:
        what, done, total = (self._what, *state, None)[:3] if len(state) < 3 else state
        if self._bar is None:
            if time.monotonic() - self._since < PATIENCE_S:
                return
            self._begin()
        self._bar.update(self._task, description=visible(str(what)), completed=done, total=total)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task(self._what, total=None)
        self._bar.start()

    def end(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
