"""`sijill redact`: a copy with parts covered that stands for an original before an audience."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, words
from archive.cli.showing import progress, show
from schemas.text import visible

app = new_app()


@command(
    app,
    example='sijill redact EX-2019-0001/V1 --box 120,80,64,64 --for public --reason "a face"\n'
    'sijill redact EX-2019-0001/D2 --with report-redacted.pdf --for public --reason "names of staff"',
    exits={0: "the copy is kept and will stand for the original before that audience"},
    writes=True,
)
def redact(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ITEM", help="CODE/ID.")],
    audience: Annotated[
        str, typer.Option("--for", metavar="AUDIENCE", help="internal, partner, un_body, court, public.")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What is covered and why; names nobody.")],
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="Pixels of the upright picture from its top left corner; again for more."),
    ] = None,
    blur: Annotated[bool, typer.Option("--blur", help="Blur the boxes instead of blackening them.")] = False,
    file: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="A copy that was redacted in another tool.")
    ] = None,
    gone: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="With --with: words that must not be in it any more.")
    ] = None,
) -> None:
    """Cover parts of an item for an audience, or take a copy in which they are covered.

    The original stays as it is. The copy holds no metadata. A no of consent or
    release stays a no.
    """
    from archive.keys import acting
    from archive.redact import cover, replace
    from schemas.errors import InputError

    if bool(box) == (file is not None) or (file is None and gone) or (file is not None and blur):
        raise InputError(
            "say either where to cover (--box X,Y,W,H) or which copy to take (--with FILE)", code="redact",
            hint="--blur goes with --box, --gone with --with",
        )  # fmt: skip
    shared = said(ctx)
    archive = archive_of(ctx)
    signers = acting(shared.operators, archive.home)
    boxes = [_box(text) for text in box or ()]
    with progress("reading the original", as_json=shared.json) as draw:
        if file is not None:
            document = replace(archive, name, audience, file, reason, signers, gone=gone or (), progress=draw)
        else:
            how = "blur" if blur else "box"
            document = cover(archive, name, audience, boxes, how, reason, signers, progress=draw)
    show(document, lambda: _words(ctx, document), as_json=shared.json)


def _box(text: str) -> tuple[int, int, int, int]:
    from schemas.errors import InputError

    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        raise InputError(
            f"not a box: {visible(text)}", code="box", hint="four whole numbers: left, top, width, height in pixels"
        )
    left, top, width, height = map(int, parts)
    return left, top, width, height


def _words(ctx: typer.Context, document: dict[str, Any]) -> str:
    made, audience = document["rendition"], document["audience"]
    copy = words(ctx, "done-copy", type=made["media_type"], size=made["size"], sha256=made["sha256"])
    lines = [words(ctx, "done-redacted", item=document["item"], audience=audience), f"  {copy}"]
    if document["answer"] not in (None, "yes"):
        answer = words(ctx, "no-answer") if document["answer"] == "missing" else document["answer"]
        lines.append("  " + words(ctx, "copy-stays", answer=answer, audience=audience))
    lines.append(words(ctx, "copy-look"))
    return "\n".join(lines)
