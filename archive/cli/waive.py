"""`sijill waive`: a rule set aside for one case."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.cli.command import archive_of, command, new_app, said, words
from archive.cli.showing import show
from archive.cli.standard import standard_bytes

app = new_app()


@command(
    app,
    example="sijill waive EX-2019-0001 fairness --until 2027-03-01 --reason 'the party cannot be reached'\n"
    "       --as mona --as karim",
    exits={0: "recorded; the rule counts as undetermined until then", 2: "no such case or rule, or the day has passed"},
    writes=True,
)
def waive(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE")],
    rule: Annotated[str, typer.Argument(metavar="RULE", help="As `sijill check` names it.")],
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Its last day, UTC.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; shown wherever the result is.")] = "",
    standard: Annotated[str | None, typer.Option(metavar="ID|FILE", help="Else the archive's own.")] = None,
) -> None:
    """Set a rule aside for one case, by two persons, with a reason and an end.

    A waived rule counts as undetermined, never as met.
    """
    from archive.keys import acting
    from archive.waiver import waive as record
    from schemas.standard import load

    archive = archive_of(ctx)
    wanted = load(standard_bytes(standard or archive.standard))
    document = record(archive, acting(said(ctx).operators, archive.home), code, rule, wanted, reason, until)
    told = words(ctx, "done-waived", rule=document["rule"], code=code, until=document["until"])
    show(document, told, as_json=said(ctx).json)
