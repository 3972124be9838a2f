"""How an answer is shown: words for people or one JSON document, both on stdout; progress and warnings on stderr.

Every text that comes from evidence passes through `visible`. Nothing here
reads markup, colours anything, or decides what is shown.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from schemas.text import counted, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE_S = 0.7  # work shorter than this shows no progress
DRAWN_EVERY_S = 0.1


def show(document: Mapping[str, Any], words: Callable[[], str] | str, *, as_json: bool) -> None:
    """Write the document, or the words that say the same."""
    if as_json:
        import json

        # a long list is held packed until it is written
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=list) + "\n")
        return
    text = spoken(words if isinstance(words, str) else words())
    if text:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")


def spoken(text: str, *, cell: bool = False) -> str:
    """Give sentences of ours, a line each, in the reader's language (`cell`: of a table); any other line stays.

    Indents stay.
    """
    if not os.environ.get("SIJILL_LANG"):
        return text
    from archive.language import spoken_language
    from schemas.sentences import ANSWERS, CELLS, retold

    lang = spoken_language()
    if lang == "en":
        return text
    lines = [(line, line.lstrip(" ")) for line in text.split("\n")]
    codes = CELLS if cell else ANSWERS
    return "\n".join(line[: len(line) - len(said)] + retold(said, lang, codes) for line, said in lines)


def show_each(head: Mapping[str, Any], name: str, members: Iterable[Any]) -> None:
    """Write the JSON document of `head` and the list `name` as `show` does, member by member, none of them held."""
    import json

    def said(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, indent=2)

    sys.stdout.write(said(head).removesuffix("\n}") + f',\n  "{name}": [')
    between, end = "\n    ", "]\n}\n"
    for one in members:
        sys.stdout.write(between + said(one).replace("\n", "\n    "))
        between, end = ",\n    ", "\n  ]\n}\n"
    sys.stdout.write(end)


def warn(lines: Iterable[str], lang: str = "en") -> None:
    """Write warnings to stderr, one a line; sentences of ours in `lang`."""
    if lang == "en":
        sys.stderr.writelines(f"warning: {visible(line)}\n" for line in lines)
        return
    from evidence.reason import in_language
    from schemas.sentences import say

    sys.stderr.writelines(say("warning", lang, what=spoken(visible(in_language(line, lang)))) + "\n" for line in lines)


def columns(rows: Iterable[Sequence[Any]], heads: Sequence[str] = ()) -> str:
    """Give rows as aligned columns of plain text; None is shown as a dash."""
    cells = [*_cells(rows, heads)]
    return "".join(_aligned(cells, _widths(cells)))


def each_line(rows: Callable[[], Iterable[Sequence[Any]]], heads: Sequence[str] = ()) -> Iterator[str]:
    """Give the same line by line, nothing if there is no row and no head; `rows` are asked for twice, never held."""
    return _aligned(_cells(rows(), heads), _widths(_cells(rows(), heads)))


def _cells(rows: Iterable[Sequence[Any]], heads: Sequence[str]) -> Iterator[list[str]]:
    if heads:
        yield [spoken(head, cell=True) for head in heads]
    for row in rows:
        yield ["-" if cell is None else visible(str(cell)) for cell in row]


def _widths(rows: Iterable[Sequence[str]]) -> list[int]:
    widths: list[int] = []
    for row in rows:
        widths = list(map(max, widths or [0] * len(row), map(len, row)))
    return widths


def _aligned(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for row in rows:
        yield "  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]).rstrip() + "\n"


def size_in_words(size: int | None) -> str:
    """Give a number of bytes as people say it, in the reader's language."""
    if size is None:
        return spoken("no file", cell=True)
    if size < 1000:
        return spoken(counted(size, "byte"), cell=True)
    power = min((len(str(size)) - 1) // 3, 3)
    return spoken(f"{size / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}", cell=True)


def time_in_words(extent: Any, lang: str = "en") -> str:
    """Give a recorded time: its words if it has any, and its bounds in UTC."""
    if not isinstance(extent, Mapping):
        return "not told" if lang == "en" else _said("not-told", lang)
    earliest, latest = extent.get("earliest") or "...", extent.get("latest") or "..."
    bounds = earliest
    if earliest != latest:
        bounds = f"{earliest} to {latest}" if lang == "en" else _said("span-of", lang, least=earliest, most=latest)
    words = extent.get("said")
    return f"{visible(str(words))} ({bounds})" if words else bounds


def term(vocabulary: str, word: Any, lang: str) -> Any:
    """Give a word of a vocabulary, or the name of a field (`field`), in `lang`; in English the key. None stays None."""
    from evidence.reason import Term, told

    return word if word is None or lang == "en" else told(Term(vocabulary, str(word)), lang)


def heads(lang: str, *names: str) -> list[str]:
    """Give the heads of the columns of a table."""
    return [_said(f"head-{name}", lang) if name else "" for name in names]


def _said(code: str, lang: str, **names: Any) -> str:
    from schemas.sentences import say

    return say(code, lang, **names)


@contextmanager
def progress(what: str, *, as_json: bool = False) -> Iterator[Callable[..., None] | None]:
    """Give a callback `(what, done, total, unit="")` that draws on a terminal; None without one.

    Called with no words it takes the line away, for what is to be said in between.
    `total` is None where nobody knows it; `unit` is "bytes" or nothing. `what`
    is shown until the first call says it better.
    """
    if as_json or not sys.stderr.isatty():
        yield None
        return
    drawing = _Drawing(what)
    try:
        yield drawing
    finally:
        drawing.end()


def waiting(*, as_json: bool = False) -> Callable[[str, int, int], None] | None:
    """Give what says on a terminal that another process is waited for, and for how long yet; None without one."""
    if as_json or not sys.stderr.isatty():
        return None

    def say(what: str, gone: int, most: int) -> None:
        sys.stderr.write("\r\033[K" + spoken(f"{what}: {gone} s of at most {most} s" if what else ""))
        sys.stderr.flush()

    return say


class _Drawing:
    """A line that appears when the work turns out to be long: what is done, how far it is, how long it will take.

    Drawn when it is called and by no thread of its own: workers are forked
    only from a process without other threads.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._since = self._drawn = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, what: str, done: int, total: int | None = None, unit: str = "") -> None:
        now = time.monotonic()
        if not what:
            self.end()
            return
        if self._bar is None:
            if now - self._since < PATIENCE_S:
                return
            self._begin()
        elif now - self._drawn < DRAWN_EVERY_S and what == self._what:
            return
        if what != self._what:
            self._bar.reset(self._task)
        self._what, self._drawn = what, now
        amount = "" if not done and total is None else size_in_words(done) if unit == "bytes" else f"{done:,}"
        if total is not None:
            of = size_in_words(total) if unit == "bytes" else f"{total:,}"
            amount = spoken(f"{amount} of {of}", cell=True)
        told = visible(spoken(what, cell=True))
        self._bar.update(self._task, description=told, completed=done, total=total, amount=amount, refresh=True)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(), TextColumn(spoken("gone,", cell=True)),
            TimeRemainingColumn(), TextColumn(spoken("to go", cell=True)),
            console=Console(stderr=True), transient=True, auto_refresh=False,
        )  # fmt: skip
        self._task = self._bar.add_task(self._what, total=None, amount="")
        self._bar.start()

    def end(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
