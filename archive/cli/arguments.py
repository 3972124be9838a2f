"""The words of a call, put in order before they are parsed.

`--json`, `--archive DIR` and `--as NAME` are understood before and after the
command: they are moved to the front. A word after `custody` that is none of
its subcommands is an ID. Nothing after `--` is touched.
"""

from __future__ import annotations

from collections.abc import Sequence

FLAGS = ("--json",)
VALUED = ("--archive", "--as")
CUSTODY_WORDS = ("show", "transfer", "accept")


def arranged(arguments: Sequence[str]) -> list[str]:
    """Give the call with the shared options in front, and `show` put in after `custody` where an ID follows."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for word in waiting:
        if word == "--":
            rest += [word, *waiting]
        elif word in FLAGS or word.startswith(tuple(f"{name}=" for name in VALUED)):
            front.append(word)
        elif word in VALUED:
            front += [word, *[value for value in [next(waiting, None)] if value is not None]]
        else:
            rest.append(word)
    if len(rest) > 1 and rest[0] == "custody" and not rest[1].startswith("-") and rest[1] not in CUSTODY_WORDS:
        rest.insert(1, "show")
    return front + rest


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether the call asks for JSON, also where it cannot be parsed."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before
