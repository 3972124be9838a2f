"""`sijill standard`: the standards that cases are weighed against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import command, new_app, said, tongue
from archive.cli.showing import columns, show
from schemas.errors import NotFound
from schemas.text import visible

HELP = "List, show or check corroboration standards."
app = new_app(HELP, group=True)


@command(app, "list", example="sijill standard list", exits={0: "shown"})
def list_standards(ctx: typer.Context) -> None:
    """List the standards that come with Sijill."""
    from schemas.sentences import in_words
    from schemas.standard import load, packaged, packaged_bytes

    found = [load(packaged_bytes(name), name) for name in packaged()]
    document = {
        "format": "sijill-standard-list/1",
        "standards": [
            {
                "id": one.id,
                "version": one.version,
                "title": one.title,
                "sha256": one.sha256,
                "cite": list(one.cite),
                "rules": len(one.rules),
            }
            for one in found
        ],
    }
    rows = [(one.id, one.version, len(one.rules), in_words(one.title, tongue(ctx))) for one in found]
    words = columns(rows, ("id", "version", "rules", "title"))
    show(document, words, as_json=said(ctx).json)


@command(
    app,
    "show",
    example="sijill standard show sijill-minimum",
    exits={0: "shown", 2: "no such standard, or it is not one"},
)
def show_standard(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID|FILE", help="A packaged id, or a file.")]
) -> None:
    """Show a standard as it is written."""
    from schemas.standard import load

    data = standard_bytes(name)
    standard = load(data, name)
    document = {
        "format": "sijill-standard-show/1",
        "id": standard.id,
        "version": standard.version,
        "title": standard.title,
        "sha256": standard.sha256,
        "text": data.decode("utf-8-sig"),
    }
    show(document, lambda: visible(document["text"], lines=True), as_json=said(ctx).json)


@command(
    app,
    "lint",
    example="sijill standard lint ours.toml",
    exits={0: "nothing is wrong", 2: "something is wrong, by line"},
)
def lint_standard(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID|FILE", help="A file, or a packaged id.")]
) -> None:
    """Check a standard and name everything wrong with it by its line."""
    from schemas.standard import lint, load

    data = standard_bytes(name)
    problems = lint(data, name)
    document: dict[str, Any] = {
        "format": "sijill-standard-lint/1",
        "ok": not problems,
        "problems": [{"where": one.where, "problem": one.problem} for one in problems],
    }
    if problems:
        load(data, name)  # refuses with all of them: an error like any other
    show(document, f"{visible(name)}: nothing is wrong", as_json=said(ctx).json)


def standard_bytes(name: str) -> bytes:
    """Give the bytes of a standard by packaged id or by file. Raises NotFound or UnreachableError."""
    from archive import paper
    from schemas.standard import packaged, packaged_bytes

    if name in packaged():
        return packaged_bytes(name)
    path = Path(name)
    if path.is_file():
        return paper.read(path)
    if path.suffix or len(path.parts) > 1:
        raise NotFound(f"there is no file {visible(name)}", where=visible(name), hint="check the path")
    return packaged_bytes(name)
