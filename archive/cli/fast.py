"""`sijill verify`, `intake` and `match` without the parser: what nobody may have a reason to skip starts at once.

Understands the plain calls (items and `--quick`; folders; cases and `--near`; the shared options);
anything else is left to the parser, which calls the same functions. Imports no
Typer, and for `verify` no Pillow.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GOING_ON = "stopped; nothing was changed. `sijill verify --oldest-first` and --for 30min go on where they were stopped."


EVERY_SIZE = "SELECT sum(size) FROM (SELECT DISTINCT blake3, size FROM object)"


def try_plain(arguments: Sequence[str]) -> int | None:
    """Run a plain call and give its exit status; None where the parser is needed. Raises what the command does."""
    import os

    from archive.cli import COMPLETING

    words, as_json, named, operators = list(arguments), False, None, []
    while words and words[0] not in ("verify", "intake", "match"):
        word, equals, value = words.pop(0).partition("=")
        if word == "--json" and not equals:
            as_json = True
        elif word in ("--archive", "--as") and (equals or words):
            value = value if equals else words.pop(0)
            named = value if word == "--archive" else named
            operators += [value] if word == "--as" else []
        else:
            return None
    if not words or COMPLETING in os.environ:
        return None
    command, given = words[0], [word for word in words[1:] if not word.startswith("-")]
    flags = [word for word in words[1:] if word.startswith("-")]
    if command == "intake":
        return _intake(named, given, operators, as_json=as_json) if given and not flags else None
    if operators or not set(flags) <= {"--near" if command == "match" else "--quick"}:
        return None
    if command == "match":
        return _match(named, given, near=bool(flags), as_json=as_json)
    return verify(named, given, quick=bool(flags), as_json=as_json)


def _intake(named: str | None, folders: Sequence[str], operators: Sequence[str], *, as_json: bool) -> int:
    from pathlib import Path

    from archive.cli.showing import waiting
    from archive.cli.taking import take_all
    from archive.open import find

    archive = find(named)
    archive.waits = waiting(as_json=as_json)
    return take_all(archive, [Path(folder) for folder in folders], tuple(operators), as_json=as_json)


def _match(named: str | None, codes: Sequence[str], *, near: bool, as_json: bool) -> int:
    from archive.cli.near import tell
    from archive.flights import Limits
    from archive.open import find

    tell(find(named), codes, Limits(en_route=not near), as_json=as_json)
    return 0


def verify(archive: str | None, items: Sequence[str], *, quick: bool, as_json: bool) -> int:
    """Verify, show the answer and give the exit status. Raises NotFound, FormatError or UnreachableError."""
    from archive.open import find
    from archive.verify import exit_status

    document = look(find(archive), items, quick=quick, as_json=as_json)
    from archive.cli.showing import show

    show(document, lambda: in_words(document), as_json=as_json)
    return exit_status(document)


def look(archive: Any, items: Sequence[str], *, quick: bool, as_json: bool) -> dict[str, Any]:
    """Give the `sijill-verify/1` document, with progress on a terminal; a reading of everything is remembered.

    Raises NotFound or UnreachableError; Stopped for a Ctrl-C.
    """
    import time

    from archive.cli.showing import progress
    from archive.verify import named, object_rows, taken_down, verify_objects
    from archive.workers import Stopped, summed

    since = int(time.time())
    with progress("reading", as_json=as_json) as draw:
        with archive.reading() as db:
            total = db.execute(EVERY_SIZE).fetchone()[0] if draw and not items else None
            rows = taken_down(object_rows(db, items))
            (size,) = db.execute("SELECT coalesce(max(idx) + 1, 0) FROM ledger").fetchone()
        step = summed(draw, "reading", total)
        try:
            document = verify_objects(rows, archive.stored, quick=quick, whole=not items, progress=step)
        except KeyboardInterrupt:
            raise Stopped(GOING_ON) from None
    if not document["ok"]:
        with archive.reading() as db:
            named(db, document)
    if not items and not document["unreadable"]:
        from archive.read_again import ReadAgain
        from schemas.errors import UnreachableError

        try:
            ReadAgain(archive).all_read(size, since)
        except UnreachableError:
            pass  # a reader without a home of their own; nothing of the answer depends on it
    return document


def in_words(document: dict[str, Any]) -> str:
    """Say what was read and what is wrong with it."""
    count, size = document["objects"], document["bytes"]
    told = "1 object" if count == 1 else f"{count} objects"
    lines = [f"{told}, {size:,} bytes read again" + (" (BLAKE3 only)" if document["quick"] else "")]
    if "sample" in document:
        lines.append(f"a sample of {document['objects_of']} objects; `--seed {visible(document['sample'])}` repeats it")
    if "read_again" in document:
        since, never = document["read_again"]["since"], document["read_again"]["never"]
        lines.append(f"by this computer, everything read again since {since or 'never'}; {never} never")
    for kind, says in (("damaged", "DAMAGED"), ("missing", "MISSING"), ("unreadable", "COULD NOT BE READ")):
        lines += [
            f"{says}: {visible(one['item'] or 'no item')}: {visible(one['what'])} (object {visible(one['object'])})"
            for one in document[kind]
        ]
    lines += [
        f"nobody names it: objects/{visible(one['object'])} ({visible(one['what'])})" for one in document["unlisted"]
    ]
    if any(one["what"] == "whole" for one in document["unlisted"]):
        lines.append("  -> a stopped intake leaves such; `sijill objects tidy` lists and removes them")
    if document["ok"]:
        lines.append("all hold")
    else:
        lines.append("what is wrong is named above; copy the archive away as it is, then run `sijill audit`")
    return "\n".join(lines)
