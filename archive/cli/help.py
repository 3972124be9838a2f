"""Help in the reader's language: what a command says of itself, looked up by its English, a paragraph at a time.

English is written once, beside the command. `help.toml` holds what it is in
Arabic and is read only where Arabic help is asked for; what is not in it stays
English. Names of commands and options, and what stands for a value, are the
same in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from typer import _click as click
from typer.core import TyperCommand, TyperGroup

from archive.language import spoken_language

_HEADS = re.compile(r"^(Usage|Arguments|Options|Commands)(?=:)", re.MULTILINE)
_STATUS = re.compile(r"( {2}\d{1,3} {2})(.*)")


@cache
def _table() -> Mapping[str, str]:
    import tomllib

    return tomllib.loads((resources.files("archive.cli") / "help.toml").read_text("utf-8"))


def in_arabic(text: str) -> str:
    """Give a help or the end of one in Arabic; examples stay as they are."""
    return "\n\n".join(map(_paragraph, text.split("\n\n")))


def in_reader_language(text: str) -> str:
    """Give a help as its reader reads it."""
    return in_arabic(text) if spoken_language() == "ar" else text


def _paragraph(text: str) -> str:
    if not text.startswith("\b\n"):
        said = " ".join(text.split())
        return _table().get(said, text)
    first, *lines = re.sub(r"\n {5}(?=\S)", " ", text[2:]).split("\n")  # a line goes on in the next, further in
    if not first.startswith("Exit"):
        return "\n".join(["\b", _table().get(first, first), *text[2:].split("\n")[1:]])
    means = [_STATUS.sub(lambda found: found[1] + _table().get(found[2], found[2]), line) for line in lines]
    return "\n".join(["\b", _table().get(first, first), *means])


class Spoken(click.Command):
    """A command whose help is in the reader's language."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help page."""
        arabic = spoken_language() == "ar"
        if arabic:
            _translate(self)
        super().format_help(ctx, formatter)
        if arabic:
            text = _HEADS.sub(lambda found: _table()[found[0]], formatter.getvalue())
            for piece in ("Show this message and exit.", "[required]", "[default: "):
                text = text.replace(piece, _table()[piece])
            formatter.buffer[:] = [text]


class Command(Spoken, TyperCommand):
    """One command."""


class Group(Spoken, TyperGroup):
    """A group of commands."""


def _translate(command: click.Command) -> None:
    """Let a command, and the table of its subcommands, say in Arabic what they say in English."""
    for one in (command, *getattr(command, "commands", {}).values()):
        one.help = in_arabic(one.help or "")
    command.epilog = in_arabic(command.epilog or "")
    for parameter in command.params:
        said = getattr(parameter, "help", None)
        if said:
            parameter.help = in_arabic(said)  # type: ignore[attr-defined]  # an argument of Typer has one too
