"""The root of the command line: Typer, with each command loaded only when it is called.

Errors of parsing become errors of the one tree. Texts are plain: no markup of
rich is ever read from what an archive holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer import _click as click
from typer._click.shell_completion import CompletionItem

from archive.cli import VERSION
from archive.cli.commands import COMMANDS
from archive.cli.failing import INTERRUPTED, usage
from archive.cli.help import Group, in_reader_language
from schemas.text import nearest

SETTINGS = {"help_option_names": ["-h", "--help"], "terminal_width": 80}
EPILOG = (
    "\b\nExit status of every command:\n"
    "  0  done; all holds\n"
    "  1  a finding: a case does not meet the standard, or something is damaged,\n"
    "     missing or unproved\n"
    "  2  the input or the call is wrong; nothing was recorded\n"
    "  3  could not look at all of it\n"
    "  4  refused: the role, the consent or the key does not allow it\n"
    "\n\b\nExample:\n  sijill demo ./demo"
)


@dataclass(frozen=True)
class Shared:
    """What is said for every command: JSON or words, which archive, and who acts."""

    json: bool = False
    archive: str | None = None
    operators: tuple[str, ...] = ()


class LazyGroup(Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (Typer calls it so)
        """Give the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's file and give the command, or None."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            module: Any = import_module(f"archive.cli.{COMMANDS[cmd_name][0]}")
            command = typer.main.get_command(module.app)
            command.name = cmd_name
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table without loading a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, in_reader_language(says)) for name, (_, says) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the names of commands without loading one."""
        named = [CompletionItem(name, help=says) for name, (_, says) in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *(super().shell_complete(ctx, incomplete) if incomplete.startswith("-") else [])]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one. Raises InputError."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            raise usage(
                f"there is no command {args[0]}", f"did you mean `sijill {near}`?" if near else "see `sijill --help`"
            )
        return super().resolve_command(ctx, args)


root = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
    epilog=EPILOG,
    subcommand_metavar="COMMAND ...",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sijill {VERSION}")
        raise typer.Exit


@root.callback()
def shared(
    ctx: typer.Context,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout; before or after the command.")
    ] = False,
    archive: Annotated[
        str | None,
        typer.Option(
            "--archive", metavar="DIR", help="The archive; else $SIJILL_ARCHIVE, else the nearest folder upward."
        ),
    ] = None,
    operators: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="Who acts; again for a second signature. Else $SIJILL_OPERATOR."),
    ] = None,
    version: Annotated[  # noqa: ARG001 (its callback acts)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Sijill keeps evidence as it came, weighs each case, and lets a stranger check all of it."""
    ctx.obj = Shared(json, archive, tuple(operators or ()))


_PLAINER = {  # what the library says of a value, and what a person is told
    "Input should be a valid number, unable to parse string as a number": "it is no number",
    "Input should be a valid integer, unable to parse string as an integer": "it is no whole number",
}


def _wrong(error: click.exceptions.UsageError, path: str) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        names = getattr(error.ctx.command, "commands", {})
        return f"{path} needs one of its commands: {', '.join(names)}"
    said = error.format_message().rstrip(".")
    for long, short in _PLAINER.items():
        said = said.replace(long, short)
    return said


def run(arguments: list[str]) -> int:
    """Parse and run one call. Raises SijillError; gives the exit status."""
    command = typer.main.get_command(root)
    try:
        status = command.main(arguments, prog_name="sijill", standalone_mode=False)
    except click.exceptions.UsageError as error:
        path = error.ctx.command_path if error.ctx else "sijill"
        raise usage(_wrong(error, path), f"see `{path} --help`") from error
    except click.exceptions.ClickException as error:
        raise usage(error.format_message(), "see `sijill --help`") from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if status == INTERRUPTED:  # what Typer makes of Ctrl-C, without a word
        raise KeyboardInterrupt
    return status if isinstance(status, int) else 0
