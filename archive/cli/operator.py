"""`sijill operator`: who may act, with which key, in which roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archive.cli.command import archive_of, command, new_app, said, tongue
from archive.cli.showing import columns, show, spoken, warn
from schemas.text import visible

HELP = "Add, list and revoke operators, and give them roles."
app = new_app(HELP, group=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The operator.")]


@command(app, "list", example="sijill operator list", exits={0: "shown"})
def list_operators(ctx: typer.Context) -> None:
    """List operators, their keys and roles."""
    from archive.operators import operators

    with archive_of(ctx).reading() as db:
        found = [one.document() for one in operators(db)]
    rows = [
        (one["name"], one["person"], spoken("revoked", cell=True) if one["revoked"] else " ".join(one["roles"])
         or spoken("no role", cell=True),
         one["fingerprint"])
        for one in found
    ]  # fmt: skip
    words = columns(rows, ("name", "person", "roles", "key"))
    show({"format": "sijill-operators/1", "operators": found}, words, as_json=said(ctx).json)


@command(
    app,
    "add",
    example="sijill operator add karim --key ~/.ssh/id_ed25519 --role registrar --role custodian\n"
    "sijill operator add lena --key lena.pub --proof lena.sig --person 'L. of the second office' --role auditor",
    exits={0: "added", 2: "the key is weak, known or not proved; nothing was recorded"},
    writes=True,
)
def add_operator(
    ctx: typer.Context,
    name: Name,
    key: Annotated[Path, typer.Option(metavar="FILE", help="A private key, which stays where it is; or a .pub.")],
    proof: Annotated[Path | None, typer.Option(metavar="SIG", help="With a .pub: its owner's signature.")] = None,
    person: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Whose key it is; a person with two keys counts once.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(metavar="ROLE", help="A role to give; may be repeated.")] = None,
    age: Annotated[
        str | None, typer.Option(metavar="age1...", help="What identities are sealed to, if a guardian.")
    ] = None,
) -> None:
    """Add an operator, whose key proves its possession.

    A private key proves it on the spot and is never copied: this computer
    remembers where it lies. A public key is proved by ssh-agent, which then signs,
    or comes with a signature by its owner.
    """
    from archive.keys import acting
    from archive.operators import add

    archive = archive_of(ctx)
    document = add(
        archive, acting(said(ctx).operators, archive.home), name, key, proof=proof, person=person, roles=role or [],
        age=age,
    )  # fmt: skip
    _show(ctx, document)


@command(
    app,
    "grant",
    example="sijill operator grant karim custodian anchor",
    exits={0: "granted", 2: "no such operator or role"},
    writes=True,
)
def grant_roles(
    ctx: typer.Context, name: Name, roles: Annotated[list[str], typer.Argument(metavar="ROLE...", help="Roles.")]
) -> None:
    """Give roles to an operator; they count from the next command on."""
    from archive.keys import acting
    from archive.operators import grant

    archive = archive_of(ctx)
    _show(ctx, grant(archive, acting(said(ctx).operators, archive.home), name, roles))


@command(
    app,
    "revoke",
    example="sijill operator revoke karim --role custodian --reason 'left the team'\n"
    "sijill operator revoke karim --reason 'laptop stolen on the road' --bad-from 4213",
    exits={0: "revoked", 2: "no such operator or role"},
    writes=True,
)
def revoke_operator(
    ctx: typer.Context,
    name: Name,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; needed.")] = "",
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only this role; else the whole key.")] = None,
    bad_from: Annotated[
        int | None, typer.Option(metavar="INDEX", help="From this entry on the key is not believed.")
    ] = None,
) -> None:
    """Take a role, or the whole key, from an operator.

    What the key signed stays in the ledger. With --bad-from, audit reports what
    it signed from there on as disputed.
    """
    from archive.keys import acting
    from archive.operators import revoke

    archive = archive_of(ctx)
    document = revoke(
        archive, acting(said(ctx).operators, archive.home), name, role=role, reason=reason, bad_from=bad_from
    )
    _show(ctx, document)
    if not said(ctx).json:
        told = (f"{one} was sealed to this guardian too: sijill seal {one} --again" for one in document["seal_again"])
        warn(told, tongue(ctx))


def _show(ctx: typer.Context, document: dict[str, Any]) -> None:
    roles = spoken("revoked" if document["revoked"] else ", ".join(document["roles"]) or "no role", cell=True)
    words = f"{visible(document['name'])} ({visible(document['person'])}): {roles}\nkey {document['fingerprint']}"
    if not document["entries"]["count"]:
        words += "\nnothing new: nothing was written"
    show(document, words, as_json=said(ctx).json)
