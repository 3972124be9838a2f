"""Help in Arabic: every command, option and status has its words; names and examples stay as they are."""

import re
from importlib import import_module

import pytest
import typer

from archive.cli import main
from archive.cli.commands import COMMANDS
from archive.cli.help import in_arabic
from archive.cli.root import root

_ARABIC = re.compile("[\u0600-\u06ff]")


def every():
    """Give the path of each command with the command, the root and groups among them."""
    waiting = [("sijill", typer.main.get_command(root))]
    waiting += [
        (name, typer.main.get_command(import_module(f"archive.cli.{module}").app))
        for name, (module, _) in COMMANDS.items()
    ]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        waiting += [(f"{path} {name}", one) for name, one in getattr(command, "commands", {}).items()]


@pytest.mark.parametrize("path, command", [*every()], ids=lambda one: one if isinstance(one, str) else "")
def test_every_text_of_a_help_has_its_arabic(path, command):
    """Whoever adds a command or an option adds what it is in Arabic to help.toml."""
    said = [command.help, command.epilog, *(getattr(parameter, "help", None) for parameter in command.params)]
    for text in filter(None, said):
        for paragraph in text.split("\n\n"):
            told = in_arabic(paragraph)
            lines = told.splitlines() if paragraph.startswith("\b\nExit") else [told]
            for line in filter(None, (line.strip("\b\n ") for line in lines)):
                assert _ARABIC.search(line) or re.fullmatch(r"CODE/ID\.", line), f"{path}: {line}"


@pytest.mark.parametrize("said", [says for _, says in COMMANDS.values()])
def test_every_line_of_the_root_help_has_its_arabic(said):
    assert _ARABIC.search(in_arabic(said))


def test_a_help_page_in_arabic_keeps_names_and_examples(capsys, monkeypatch):
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert 0 == main(["intake", "--help"])
    page = capsys.readouterr().out
    assert "الاستعمال: sijill intake [OPTIONS] {FOLDER...}..." in page and "  --dry-run " in page
    assert "sijill intake ./tel-marjan --dry-run" in page and "حالة الخروج:\n    0  كله مسجّل" in page
    assert not re.search(r"\b(Usage|Options|Arguments|Example|Exit status|required)\b", page)


@pytest.mark.parametrize("call, status", [(["--help"], 0), ([], 2)])
def test_the_root_help_is_arabic_for_who_reads_arabic(call, status, capsys, monkeypatch):
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert status == main(call)
    page = capsys.readouterr().out
    assert "وزن القضايا على معيار للتعاضد" in page and "Commands" not in page


def test_the_help_stays_english_for_everybody_else(capsys, monkeypatch):
    monkeypatch.delenv("SIJILL_LANG", raising=False)
    assert 0 == main(["intake", "--help"])
    assert not _ARABIC.search(capsys.readouterr().out)


@pytest.mark.parametrize(
    "call, told",
    [
        (["intake"], "ينقص المعامل FOLDER..."),
        (["intake", "x", "--dry-rn"], "لا خيار كهذا: --dry-rn (لعل المقصود: --dry-run)"),
        (["match", "X", "--within-km", "abc"], "قيمة الخيار --within-km غير صالحة: ليست رقماً"),
        (["checq"], "أتقصدون `sijill check`؟"),
        (["case"], "يلزم sijill case أحد أوامره: list, amend, merge, show"),
        (["case", "shwo"], "لا أمر كهذا: shwo (لعل المقصود: show)"),
    ],
)
def test_a_wrong_call_is_told_in_arabic(call, told, capsys, monkeypatch):
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert 2 == main(call)
    said = capsys.readouterr().err
    assert told in said and "see `" not in said
