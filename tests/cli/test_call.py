"""How a call is understood: shared options anywhere, help that ends with exits, nothing loaded that is not asked for."""

import json
import re
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from archive.cli import VERSION, main, misplaced
from archive.cli.arguments import arranged, wants_json
from archive.cli.commands import COMMANDS
from archive.cli.root import run
from archive.cli.static import ROOT_HELP
from tests.casebook import ROOT, sijill


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["verify", "--json"], ["--json", "verify"]),
        (["case", "list", "--archive", "a b"], ["--archive", "a b", "case", "list"]),
        (["intake", "f", "--as", "x", "--as=y"], ["--as", "x", "--as=y", "intake", "f"]),
        (["custody", "EX-1/V1"], ["custody", "show", "EX-1/V1"]),
        (["custody", "EX-1/V1", "--json"], ["--json", "custody", "show", "EX-1/V1"]),
        (["custody", "transfer", "EX-1/V1"], ["custody", "transfer", "EX-1/V1"]),
        (["custody", "--help"], ["custody", "--help"]),
        (["read", "--", "--json"], ["read", "--", "--json"]),
        (["verify", "--archive"], ["--archive", "verify"]),
    ],
)
def test_shared_options_are_moved_forward_and_a_word_after_custody_is_an_id(given, meant):
    """`--json`, `--archive` and `--as` mean the same before and after the command."""
    assert meant == arranged(given)


def test_what_follows_two_dashes_is_a_name_and_no_option():
    """A file may be called `--json`."""
    assert not wants_json(["read", "--", "--json"])


def test_the_static_root_help_is_what_typer_writes(capsys):
    """The text shown at once and the parser's own cannot drift apart."""
    run(["--help"])
    assert ROOT_HELP == capsys.readouterr().out


def test_version_is_the_distributions(capsys):
    """The static version, Typer's and the project file say the same."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sijill {VERSION}\n"
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"sijill {VERSION}\n"
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def _leaves(command, path):
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _leaves(inner, [*path, name])
    else:
        yield path


def _every_command():
    for name, (module, _) in COMMANDS.items():
        yield from _leaves(typer.main.get_command(import_module(f"archive.cli.{module}").app), [name])


@pytest.mark.parametrize("path", list(_every_command()), ids=" ".join)
def test_every_help_has_an_example_and_ends_with_its_exit_statuses(path, capsys):
    """Whoever scripts a command finds in its help what each exit means."""
    assert run([*path, "--help"]) == 0
    said = capsys.readouterr().out
    assert re.search(
        rf"^  Example:\n    sijill {' '.join(path) if path[0] != 'custody' else 'custody'}\b", said, re.MULTILINE
    ), said
    assert re.search(r"\n  Exit status:\n    0  [^\n]+\n(?:      [^\n]+\n|    \d  [^\n]+\n)+\Z", said), said


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_root_help_is_the_first_sentence_of_the_commands_own(name):
    """The table stands apart so that the root help loads nothing; it must still be true."""
    module, line = COMMANDS[name]
    command = typer.main.get_command(import_module(f"archive.cli.{module}").app)
    assert line == (command.help or "").split("\n\n")[0].replace("\n", " ").strip()


def test_no_command_shows_help_and_is_a_wrong_call():
    """A bare `sijill` in a script did nothing, and says so by its exit."""
    told = sijill()
    assert (2, ROOT_HELP) == (told.returncode, told.stdout)


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--version"], ("typer", "rich", "PIL", "cryptography", "sqlite3", "json")),
        (["--help"], ("typer", "rich", "PIL", "cryptography", "sqlite3")),
        (["intake", "/nowhere", "--archive", "/nowhere"], ("typer", "rich", "PIL", "openpyxl")),
        (["match", "--near", "--archive", "/nowhere"], ("typer", "rich", "PIL", "cryptography")),
        (["verify", "--archive", "/nowhere"], ("typer", "rich", "PIL", "cryptography")),
    ],
)
def test_start_up_loads_only_what_the_call_needs(arguments, forbidden):
    """`python -X importtime` names everything that was imported."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "archive.cli", *arguments],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines() if "|" in line}
    assert "archive" in loaded
    assert not loaded & set(forbidden)


def test_completion_offers_commands_without_running_one():
    """The shell asks through the environment; the answer names the commands."""
    told = sijill(_SIJILL_COMPLETE="complete_bash", COMP_WORDS="sijill ver", COMP_CWORD="1")
    assert "verify" in told.stdout.split()
    shown = sijill(_SIJILL_COMPLETE="source_bash")
    assert "_SIJILL_COMPLETE" in shown.stdout


def test_a_strangers_package_of_one_of_our_names_is_refused(tmp_path):
    """`schemas` is a common name; the three must lie in one place."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "__init__.py").write_text("")
    (tmp_path / "schemas" / "canonical.py").write_text("")
    code = "import sys; from archive.cli import main; sys.exit(main(['--version']))"
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n{code}"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert told.returncode == 3
    assert "is not Sijill's" in told.stderr
    assert "Traceback" not in told.stderr
    assert misplaced() == ""


def test_json_and_archive_stand_before_or_after_the_command(tmp_path):
    """Both orders give the same document."""
    one = sijill("--json", "standard", "list", cwd=tmp_path)
    two = sijill("standard", "list", "--json", cwd=tmp_path)
    assert one.stdout == two.stdout
    assert json.loads(one.stdout)["format"] == "sijill-standard-list/1"
