"""`sijill read`: what files are, before any archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import command, new_app, said, tongue
from archive.cli.showing import columns, progress, show
from schemas.sentences import retold, say
from schemas.text import visible

app = new_app()


@command(
    app,
    example="sijill read photo.jpg log.csv",
    exits={0: "all files were read; warnings may be shown", 2: "a path is not there or is no regular file",
           3: "a file cannot be opened"},
)  # fmt: skip
def read(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, each by its path.")],
) -> None:
    """Show digests and facts of files; registers nothing.

    Needs no archive. Facts are claims of the file, read by a limited child process.
    """
    from archive.read import read_files

    as_json = said(ctx).json
    with progress("reading", as_json=as_json) as draw:
        document = read_files([str(path) for path in files], draw)
    lang = tongue(ctx)
    show(document, lambda: "\n".join(_file(one, lang) for one in document["files"]), as_json=as_json)


def _file(one: dict[str, Any], lang: str) -> str:
    rows = [
        (say("fact-size", lang), say("fact-bytes", lang, number=f"{one['size']:,}")),
        (say("fact-type", lang), one["media_type"] or say("fact-unknown", lang)),
        ("SHA-256", one["sha256"]),
        ("BLAKE3", one["blake3"]),
    ]
    rows += facts_in_words(one["facts"], lang)
    lines = [visible(one["path"])]
    lines += [f"  {line}" for line in columns(rows).splitlines()]
    return "\n".join([*lines, *warnings_in_words(one["warnings"], lang)])


def warnings_in_words(warnings: Iterable[str], lang: str) -> list[str]:
    """Give what a reading warns of, a line each; what was recorded in English is told in `lang`."""
    return ["  " + say("warning", lang, what=visible(retold(warning, lang))) for warning in warnings]


def facts_in_words(facts: dict[str, Any] | None, lang: str = "en") -> list[tuple[str, str]]:
    """Give the facts of an image as rows of name and value; what is not there is left out."""
    if not facts:
        return []
    rows = []
    if facts.get("width"):
        rows.append(("picture", f"{facts['width']} x {facts['height']}"))
    captured = facts.get("captured")
    if captured:
        offset = captured.get("offset") or say("fact-no-offset", lang)
        bounds = say("span-of", lang, least=captured["earliest"], most=captured["latest"])
        rows.append(("clock", f"{captured['local']} ({offset}); {bounds}"))
    if facts.get("other_times"):
        between = say("fact-between", lang)
        rows.append(("times", between.join(f"{tag} {text}" for tag, text in sorted(facts["other_times"].items()))))
    if gps := facts.get("gps"):
        rows += _position(gps, lang)
    camera = facts.get("camera") or {}
    named = " ".join(str(camera[key]) for key in ("make", "model", "software") if camera.get(key))
    if named:
        rows.append(("camera", named))
    return [(say(f"fact-{name}", lang), value) for name, value in rows]


def _position(gps: Mapping[str, Any], lang: str) -> Iterator[tuple[str, str]]:
    height = say("fact-height", lang, metres=gps["altitude_m"]) if gps.get("altitude_m") is not None else ""
    clock = say("fact-gps-clock", lang, at=gps["time_utc"]) if gps.get("time_utc") else ""
    if gps.get("lat") is not None:
        yield "position", f"{gps['lat']:.6f}, {gps['lon']:.6f}{height}{clock}"
    elif clock:
        yield "position", say("fact-none", lang) + clock
