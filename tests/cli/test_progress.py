"""What takes long says what it does, how far it is and how long it will take; what is stopped says how to go on."""

import io
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import archive.intake
from archive.audit import audit
from archive.cli import main, showing
from tests.casebook import (
    CODE,
    OPERATOR,
    ROOT,
    case,
    environment,
    files,
    filled_archive,
    new_archive,
    photograph,
    write,
)


class Terminal(io.StringIO):
    """A stderr on which somebody looks."""

    def isatty(self):
        return True


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return filled_archive(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def call(kept, monkeypatch, tmp_path):
    """Run a command that somebody watches and that counts as long; gives the exit status and what was drawn."""
    monkeypatch.setenv("SIJILL_HOME", str(kept.home.folder))
    monkeypatch.setattr(showing, "PATIENCE_S", 0)
    monkeypatch.setattr(showing, "DRAWN_EVERY_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words, watched=True):
        stderr = Terminal() if watched else io.StringIO()
        monkeypatch.setattr(sys, "stderr", stderr)
        status = main(["--archive", str(kept.folder), "--as", OPERATOR, *[w.format(out=tmp_path / "out") for w in words]])
        return status, stderr.getvalue()

    return run


LONG = [
    (("verify",), "reading"), (("verify", "--oldest-first"), "reading"), (("audit",), "reading the entries"),
    (("audit",), "reading the objects"), (("check",), "going through the cases"), (("match",), "going through the cases"),
    (("copy", "{out}"), "copying"), (("publish", "{out}"), "writing entries"), (("objects", "tidy"), "reading the entries"),
    (("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf"), "copying"),
    (("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf"), "deciding what leaves"),
    (("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf"), "gathering exhibits"),
    (("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf"), "writing proofs"),
    (("dossier", "diff", CODE, "court", "public"), "gathering exhibits"),
    (("redact", f"{CODE}/V1", "--box", "2,2,8,8", "--for", "court", "--reason", "a face"), "reading the original"),
    (("archive", "export", "{out}", "--purpose", "x"), "copying"), (("check", "--changed"), "weighing the cases again"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "says"), LONG, ids=[f"{words[0]}: {says}" for words, says in LONG])
def test_a_long_command_says_what_it_does_how_far_it_is_and_how_long_it_takes(call, words, says):
    status, drawn = call(*words)
    assert status in (0, 1), drawn
    assert says in drawn and " of " in drawn and "to go" in drawn, drawn


def test_reading_a_folder_of_files_says_how_far_it_is(call, tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(photograph())
    status, drawn = call("read", str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"))
    assert 0 == status and "reading" in drawn and " of " in drawn and "to go" in drawn
    status, drawn = call("new", str(tmp_path))
    assert 0 == status
    for stage in ("comparing files of one size", "reading what the pictures say", "guessing what the files are"):
        assert stage in drawn


def test_checking_a_dossier_says_how_far_it_is(call, tmp_path):
    call("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf")
    status, drawn = call("dossier", "verify", "{out}")
    assert 0 == status and "reading" in drawn and " of " in drawn and "to go" in drawn


def test_comparing_two_dossiers_says_how_far_it_is(call):
    call("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf")
    status, drawn = call("dossier", "compare", "{out}", "{out}")
    assert 0 == status and "reading" in drawn and " of " in drawn and "to go" in drawn


def test_what_stays_behind_is_said_on_lines_of_their_own(call):
    """The line that was being drawn is taken away first, and comes back after."""
    _, drawn = call("dossier", "export", CODE, "--for", "public", "--purpose", "x", "--out", "{out}", "--no-pdf")
    before, _, after = drawn.partition("withheld: ")
    assert "deciding what leaves" in before and "writing proofs" in after
    assert re.search(r"(?:^|\n|\x1b\[2K)withheld: ", drawn)


def test_intake_says_each_of_its_stages(call, tmp_path):
    tables = case()
    tables["case"]["code"] = "EX-2020-0002"
    _, drawn = call("intake", str(write(tmp_path / "in", tables, files())))
    for stage in ("storing", "reading what the files say", "recording"):
        assert stage in drawn


@pytest.mark.parametrize("words", [("verify",), ("audit",), ("check",)], ids=" ".join)
def test_nothing_is_drawn_where_nobody_looks_or_a_program_reads(call, words):
    assert "" == call(*words, watched=False)[1]
    assert "" == call(*words, "--json")[1]


def test_bytes_are_added_up(call, kept):
    """The last line tells all of it, not the last portion."""
    with kept.reading() as db:
        total = sum(dict(db.execute("SELECT blake3, size FROM object").fetchall()).values())
    told = showing.size_in_words(total)
    assert f"{told} of {told}" in call("verify")[1]


@pytest.fixture
def waiting(tmp_path):
    return new_archive(tmp_path), write(tmp_path / "in", case(), files())


def test_an_intake_that_is_stopped_says_how_to_go_on_and_writes_no_object_twice(waiting, monkeypatch, capsys):
    kept, folder = waiting
    words = ["--archive", str(kept.folder), "--as", OPERATOR, "intake", str(folder)]
    monkeypatch.setenv("SIJILL_HOME", str(kept.home.folder))

    def stop(*_given, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archive.intake, "read_files", stop)
        assert 130 == main(words)
    said = capsys.readouterr().err
    assert "nothing is half recorded" in said and "same command again" in said
    assert "finding" not in {one.severity for one in audit(kept).findings}
    before = {path: path.stat().st_ino for path in kept.objects_folder.rglob("*") if path.is_file()}

    assert 0 == main(words)
    said = capsys.readouterr().out
    assert f"{len(files())} of {len(files())} files were in the store already" in said
    assert before == {path: path.stat().st_ino for path in kept.objects_folder.rglob("*") if path.is_file()}
    assert [] == audit(kept).findings


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("words", [("verify",), ("audit",), ("check", CODE), ("intake", "{folder}")], ids=lambda w: w[0])
def test_ctrl_c_at_any_moment_ends_with_130_and_leaves_nothing_half_done(waiting, words):
    kept, folder = waiting
    moments = (0.05, 0.15, 0.3)
    for moment in moments:
        started = subprocess.Popen(
            [sys.executable, "-c", STOPPABLE, "--archive", str(kept.folder), "--as", OPERATOR,
             *[word.format(folder=folder) for word in words]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(kept.home.folder, PYTHONWARNINGS="default"),
        )  # fmt: skip  # a file that an import was reading is not closed by name where it is stopped
        assert started.stdout.readline() == "ready\n"
        time.sleep(moment)
        os.kill(started.pid, signal.SIGINT)
        _, said = started.communicate(timeout=60)
        said = "".join(line for line in said.splitlines(keepends=True) if "ResourceWarning" not in line)
        assert "Traceback" not in said and "fault" not in said, said
        assert started.returncode in (130, 0, 1, 2), said
        assert started.returncode != 130 or "stopped" in said
        assert "finding" not in {one.severity for one in audit(kept).findings}


STOPPABLE = """
import sys
from archive.cli import main
print("ready", flush=True)
sys.exit(main())
"""


LOST = """
import time
from archive import cli

class Closing:
    def __del__(self):
        raise KeyboardInterrupt

def answered(arguments):
    Closing()
    time.sleep(20)
    return 0

cli._answered = answered
raise SystemExit(cli.main(["check"]))
"""


def test_ctrl_c_that_falls_where_nothing_can_be_raised_stops_all_the_same():
    ended = subprocess.run([sys.executable, "-c", LOST], cwd=ROOT, capture_output=True, text=True, timeout=15, check=False)
    assert (130, "\nsijill: stopped before it began\n") == (ended.returncode, ended.stderr)
