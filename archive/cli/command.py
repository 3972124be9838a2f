"""What every command file shares: its app, its help's last lines, and the way to the archive and the signers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from archive.cli.help import Command, Group
from archive.cli.root import Shared

if TYPE_CHECKING:
    from archive.open import Archive

F = TypeVar("F", bound=Callable[..., Any])

WRONG = "the call or the input is wrong; nothing was recorded"
AWAY = "could not look at all of it"
REFUSED = "refused: the role, the consent or the key does not allow it"


def new_app(help: str | None = None, *, group: bool = False) -> typer.Typer:
    """Give an app for one command, or for a group of commands with `help`."""
    app = typer.Typer(
        cls=Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=help,
        epilog=epilog(None, {0: "done", 2: WRONG, 3: AWAY}) if group else None, no_args_is_help=group,
        subcommand_metavar="COMMAND ...",
    )  # fmt: skip
    if group:
        app.callback()(_group)
    return app


def _group() -> None:
    pass


def epilog(example: str | None, exits: dict[int, str]) -> str:
    """Give the end of a help: an example, and the exit statuses with what each means here."""
    lines = []
    if example:
        lines += ["\b", "Example:", *[f"  {line}" for line in example.splitlines()], ""]
    return "\n".join(
        [*lines, "\b", "Exit status:", *[f"  {status}  {means}" for status, means in sorted(exits.items())]]
    )


def command(
    app: typer.Typer, name: str | None = None, *, example: str, exits: dict[int, str], writes: bool = False
) -> Callable[[F], F]:
    """Register a command whose help ends with an example and its exit statuses."""
    everywhere = {2: WRONG, 3: AWAY, **({4: REFUSED} if writes else {})}
    return app.command(name, cls=Command, epilog=epilog(example, {**everywhere, **exits}))


def said(ctx: typer.Context) -> Shared:
    """Give what was said for every command."""
    found = ctx.find_object(Shared)
    return found if found is not None else Shared()


def tongue(ctx: typer.Context) -> str:
    """Give the language of sentences for people; JSON keeps its own. Raises InputError for one that there is not."""
    from archive.language import language

    return "en" if said(ctx).json else language(None)


def words(ctx: typer.Context, code: str, /, **names: Any) -> str:
    """Give a sentence for people in their language; what fills it is shown as text from outside is."""
    from schemas.sentences import say
    from schemas.text import visible

    shown = {name: visible(value) if isinstance(value, str) else value for name, value in names.items()}
    return say(code, tongue(ctx), **shown)


def archive_of(ctx: typer.Context) -> Archive:
    """Open the archive that the call means. Raises NotFound, FormatError or UnreachableError."""
    from archive.cli.showing import waiting
    from archive.open import find

    archive = find(said(ctx).archive)
    archive.waits = waiting(as_json=said(ctx).json)
    return archive
