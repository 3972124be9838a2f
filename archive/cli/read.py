"""`sijill read`: what files are, before any archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import command, new_app, said
from archive.cli.showing import columns, progress, show
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
    show(document, lambda: "\n".join(_file(one) for one in document["files"]), as_json=as_json)


def _file(one: dict[str, Any]) -> str:
    rows = [("size", f"{one['size']:,} bytes"), ("kind", one["media_type"] or "unknown")]
    rows += [("SHA-256", one["sha256"]), ("BLAKE3", one["blake3"])]
    rows += facts_in_words(one["facts"])
    lines = [visible(one["path"])]
    lines += [f"  {line}" for line in columns(rows).splitlines()]
    lines += [f"  warning: {visible(warning)}" for warning in one["warnings"]]
    return "\n".join(lines)


def facts_in_words(facts: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Give the facts of an image as rows of name and value; what is not there is left out."""
    if not facts:
        return []
    rows = []
    if facts.get("width"):
        rows.append(("picture", f"{facts['width']} x {facts['height']}"))
    captured = facts.get("captured")
    if captured:
        offset = captured.get("offset") or "no offset: any zone"
        rows.append(("camera clock", f"{captured['local']} ({offset}); {captured['earliest']} to {captured['latest']}"))
    if facts.get("other_times"):
        rows.append(("other times", "; ".join(f"{tag} {text}" for tag, text in sorted(facts["other_times"].items()))))
    gps = facts.get("gps")
    if gps:
        height = f", {gps['altitude_m']} m" if gps.get("altitude_m") is not None else ""
        clock = f", GPS clock {gps['time_utc']}" if gps.get("time_utc") else ""
        if gps.get("lat") is not None:
            rows.append(("position", f"{gps['lat']:.6f}, {gps['lon']:.6f}{height}{clock}"))
        elif clock:
            rows.append(("position", f"none{clock}"))
    camera = facts.get("camera") or {}
    named = " ".join(str(camera[key]) for key in ("make", "model", "software") if camera.get(key))
    if named:
        rows.append(("camera", named))
    return rows
