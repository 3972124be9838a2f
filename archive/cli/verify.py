"""`sijill verify`: read the evidence again. The plain call does not come here; see `fast`."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from archive.cli import fast
from archive.cli.command import archive_of, command, new_app, said
from archive.cli.showing import progress, show
from schemas.errors import InputError
from schemas.text import counted

app = new_app()
_TIME = re.compile(r"(\d{1,6}) ?(s|min|h|d)\Z")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@command(
    app,
    example="sijill verify\nsijill verify EX-2019-0001/V1 --quick\nsijill verify --for 30min",
    exits={0: "all that was read is as it was taken in", 1: "something is damaged, missing or out of place",
           3: "no damage found, but not all could be read"},
    writes=True,
)  # fmt: skip
def verify(
    ctx: typer.Context,
    items: Annotated[
        list[str] | None, typer.Argument(metavar="ITEM...", help="CODE/ID or CODE; everything, if none.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="BLAKE3 alone, without SHA-256.")] = False,
    sample: Annotated[int | None, typer.Option(metavar="N", min=1, help="N objects chosen by chance.")] = None,
    seed: Annotated[str | None, typer.Option(metavar="S", help="With --sample: the chance; told if not said.")] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="First what was not read for longest.")] = False,
    time: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Oldest first, for 90s, 30min, 2h or 1d; then stop.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the outcome into the ledger.")] = False,
) -> None:
    """Read the stored evidence again and compare it with what was taken in.

    Reads every object under its name and both digests. Repairs nothing.
    --oldest-first and --for go on where the last call stopped, however it
    ended: this computer remembers, beside its keys, when it read what.
    """
    shared = said(ctx)
    wanted, some = items or [], sample is not None or oldest_first or time is not None
    seconds = _duration(time) if time is not None else None
    if some and wanted:
        raise InputError("items are named, or chosen by --sample, --oldest-first or --for; not both", code="usage")
    if sample is not None and (oldest_first or seconds is not None):
        raise InputError("--sample goes with neither --oldest-first nor --for", code="usage")
    if seed is not None and sample is None:
        raise InputError("--seed goes with --sample N", code="usage")
    if not record and not some:
        raise typer.Exit(fast.verify(shared.archive, wanted, quick=quick, as_json=shared.json))
    from archive.checked import record_checks
    from archive.head import checkpoint_note
    from archive.keys import acting
    from archive.verify import exit_status

    archive = archive_of(ctx)
    signers = acting(shared.operators, archive.home) if record else []
    with archive.reading() as db:
        size = checkpoint_note(db)[0]
    if some:
        document, wanted = _some(
            archive, sample, seed, seconds, quick=quick, record=record, as_json=shared.json
        )
    else:
        document = fast.look(archive, wanted, quick=quick, as_json=shared.json)
    if record and (wanted or not some):  # an empty scope would mean everything
        document.update(record_checks(archive, signers, document, wanted, size))
    show(document, lambda: _words(document), as_json=shared.json)
    raise typer.Exit(exit_status(document))


def _some(
    archive: Any, number: int | None, seed: str | None, seconds: int | None,
    *, quick: bool, record: bool, as_json: bool,
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    """Read some objects; gives the document and, to `record`, the items of which everything was read."""
    import secrets

    from archive.read_again import ReadAgain, items_within, rows_of, sample, until
    from archive.verify import taken_down, verify_objects
    from archive.workers import summed

    memory, read, chance = ReadAgain(archive), set[str](), seed or secrets.token_hex(8)

    def seen(name: str) -> None:
        if record:
            read.add(name)
        memory.note(name)

    with progress("reading", as_json=as_json) as draw:
        with archive.reading() as db:
            of, total = db.execute(
                "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT DISTINCT blake3, size FROM object)"
            ).fetchone()
            chosen = rows_of(db, sample(db, number, chance)) if number is not None else memory.oldest_first(db)
            rows = taken_down(chosen)
        limited = rows if seconds is None else until(rows, seconds)
        step = summed(draw, "reading", total if number is None and seconds is None else None)
        try:
            document = verify_objects(limited, archive.objects, quick=quick, whole=False, progress=step, seen=seen)
        finally:
            memory.keep()
    with archive.reading() as db:
        document |= {"objects_of": of, "read_again": memory.state(db)}
        wanted = items_within(db, read) if record else []
    return (document | {"sample": chance} if number is not None else document), wanted


def _duration(text: str) -> int:
    found = _TIME.match(text.strip())
    if found is None or not int(found[1]):
        raise InputError(f"{text} is no length of time", hint="say 90s, 30min, 2h or 1d", code="usage")
    return int(found[1]) * _SECONDS[found[2]]


def _words(document: dict[str, Any]) -> str:
    if "recorded" not in document:
        return fast.in_words(document)
    return f"{fast.in_words(document)}\nrecorded: {counted(document['recorded'], 'item')} failed"
