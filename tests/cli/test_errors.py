"""How a command ends when something is wrong: a sentence, an exit status, never a traceback."""

import json
import os
import subprocess
import sys

import pytest

from archive.cli import failing
from schemas.errors import IntegrityError, Problem, RefusedError, UnreachableError
from tests.casebook import ROOT, sijill


@pytest.fixture
def raising(monkeypatch):
    """Make every call raise what is given."""

    def set_up(error):
        def run(_arguments):
            raise error

        monkeypatch.setattr(failing, "_run", run)

    return set_up


@pytest.mark.parametrize(
    ("error", "status"),
    [(IntegrityError("changed"), 1), (UnreachableError("away"), 3), (RefusedError("no"), 4)],
)
def test_an_error_ends_with_its_own_status_and_sentence(error, status, raising, capsys):
    """The tree of errors decides the exit; the words go to stderr."""
    raising(error)
    assert failing.guarded(["audit"]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"sijill: {error.message}\n"


def test_under_json_an_error_is_one_document_on_stdout(raising, capsys):
    """A program reads the error where it reads the answer."""
    raising(RefusedError("no", where="EX-1/W1", hint="ask", problems=[Problem("row 1", "wrong")]))
    assert failing.guarded(["audit", "--json"]) == 4
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "format": "sijill-error/1", "code": "refused", "message": "no", "where": "EX-1/W1", "hint": "ask",
        "problems": [{"where": "row 1", "problem": "wrong"}],
    }  # fmt: skip
    assert told.err == ""


def test_hostile_text_in_an_error_cannot_move_the_terminal(raising, capsys):
    """A name with ESC and bidi controls is shown escaped."""
    raising(UnreachableError("\x1b[2J\u202egpj.exe", problems=[Problem("\u2066a", "\x07")]))
    failing.guarded(["read"])
    told = capsys.readouterr().err
    assert not set(told) & set("\x1b\u202e\u2066\x07")


def test_what_nobody_foresaw_is_a_fault_of_ours_without_traceback_or_value(raising, capsys, monkeypatch):
    """The text of an exception may hold a witness's name; its kind and place do not."""
    raising(KeyError("Witness Name"))
    monkeypatch.delenv("SIJILL_DEBUG", raising=False)
    assert failing.guarded(["audit"]) == 3
    told = capsys.readouterr().err
    assert "this is a fault in Sijill (KeyError" in told
    assert "Witness" not in told
    assert "Traceback" not in told


def test_the_traceback_is_shown_to_those_who_ask(raising, capsys, monkeypatch):
    """SIJILL_DEBUG=1 is for those who mend it."""
    raising(KeyError("x"))
    monkeypatch.setenv("SIJILL_DEBUG", "1")
    failing.guarded(["audit"])
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_with_130_and_a_sentence(raising, capsys):
    """Whoever stops a command is told how to go on."""
    raising(KeyboardInterrupt())
    assert failing.guarded(["intake"]) == 130
    assert "Run the same command again" in capsys.readouterr().err


def test_a_full_disk_that_came_so_far_is_still_told(raising, capsys):
    """An error of the system is a sentence and exit 3."""
    raising(OSError(28, "No space left on device", "/x/y"))
    assert failing.guarded(["intake"]) == 3
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vrify"], "did you mean `sijill verify`"),
        (["verify", "--nonsense"], "--nonsense"),
        (["case"], "case"),
        (["custody"], "custody"),
        (["read"], "FILE"),
        (["--archive"], "--archive"),
    ],
)
def test_a_wrong_call_exits_2_also_as_json(arguments, says):
    """Words on stderr, or the document on stdout."""
    told = sijill(*arguments)
    assert told.returncode == 2
    assert says in told.stderr + told.stdout
    assert "Traceback" not in told.stderr
    if arguments != ["--archive"]:
        told = sijill(*arguments, "--json")
        assert told.returncode == 2
        document = json.loads(told.stdout)
        assert (document["format"], document["code"]) == ("sijill-error/1", "usage")


def test_a_reader_that_goes_away_is_no_error_text():
    """`sijill ... | head -1` prints no complaint."""
    child = subprocess.Popen(
        [sys.executable, "-m", "archive.cli", "standard", "show", "sijill-minimum"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    child.stdout.close()
    assert child.stderr.read() == ""
    child.stderr.close()
    child.wait(timeout=60)


def test_words_are_utf_8_on_a_console_that_says_it_is_not(tmp_path):
    """Arabic is written as UTF-8 even under an ASCII locale."""
    name = tmp_path / "سجل.txt"
    name.write_text("x")
    settings = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-m", "archive.cli", "read", str(name)], capture_output=True, env=settings, check=False
    )
    assert told.returncode == 0
    assert "سجل.txt" in told.stdout.decode("utf-8")


def test_no_archive_says_how_to_name_one(tmp_path):
    """Exit 2 and the three ways to say where it is."""
    for call in (["case", "list"], ["verify"], ["audit"]):
        told = sijill(*call, cwd=tmp_path)
        assert told.returncode == 2
        assert "--archive" in told.stderr
        assert "SIJILL_ARCHIVE" in told.stderr
