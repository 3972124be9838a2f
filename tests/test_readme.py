"""What the README prints, we run: its transcripts, its table of exits, its commands.

A line `$ sijill …` is run; what follows must be what it prints. `…` on a line
stands for any text, a line `…` alone for any number of lines.
"""

import os.path
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from archive.cli.commands import COMMANDS
from tests.casebook import ROOT, environment

README = (ROOT / "README.md").read_text("utf-8")


def _transcripts(text):
    """Give (command, expected lines) of every console block, in order."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *expected = part.splitlines()
            yield command, expected  # noqa: PERF401


def _pattern(expected):
    """Give a pattern of the whole output: `…` alone is any lines, within a line any text."""
    any_lines = "(?:.*\n)*?"
    lines = [".*?".join(map(re.escape, line.split("…"))) + "\n" for line in expected]
    return "".join(any_lines if line.strip() == "…" else made for line, made in zip(expected, lines, strict=True))


def test_every_transcript_of_the_readme_prints_what_it_says(tmp_path):
    """One investigator's day, from an empty folder to a verified dossier."""
    from archive.demo import make_case

    make_case(tmp_path / "wadi-sarim")
    settings = environment(tmp_path / "home", SIJILL_PASSPHRASE="an exercise")
    here = tmp_path
    for command, expected in _transcripts(README):
        words = shlex.split(command)
        if words[0] == "cd":
            here = Path(os.path.normpath(here / words[1]))
            continue
        assert words[0] == "sijill", command
        told = subprocess.run(
            [sys.executable, "-m", "archive.cli", *words[1:]],
            cwd=here, env=settings, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert told.returncode == 0, f"$ {command}\n{told.stdout}{told.stderr}"
        assert re.fullmatch(_pattern(expected), told.stdout), f"$ {command}\n{told.stdout}"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("demo", "new")])
def test_the_readme_shows_every_command(name):
    """A command that nobody is shown is not there."""
    assert any(command.split()[1] == name for command, _ in _transcripts(README) if command.startswith("sijill"))


def test_the_readme_names_demo_and_new():
    """These two stand in its text: one runs everything, one writes a workbook."""
    assert "sijill demo ./demo" in README
    assert "sijill new FOLDER" in README


def test_the_two_commands_are_one_line_each():
    """Set-up and tests: as the ci script takes them from here."""
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]
    assert len(lines) == 2
    assert lines[0].endswith("sijill demo ./demo")
    assert "'.[test]'" in lines[1]
    assert "pytest" in lines[1].rpartition("&&")[2]
