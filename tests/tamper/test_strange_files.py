"""Something that is no file lies where an archive has one: every command ends in a status and a sentence, and none waits.

Each command is run as its own process, since what waits for a FIFO can be ended by nothing else.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests import casebook
from tests.casebook import CODE, OPERATOR
from tests.tamper import honest as making

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs and devices of POSIX")

STRANGE = {
    "FIFO": os.mkfifo,
    "endless device": lambda path: path.symlink_to("/dev/full"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "giant of holes": lambda path: (path.touch(), os.truncate(path, 1 << 36)),
}
COMMANDS = {
    "audit": ("audit",),
    "dossier": ("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf"),
    "export": ("archive", "export", "{out}", "--purpose", "kept elsewhere"),
    "act": ("consent", f"{CODE}/W1", "--for", "court", "--answer", "no", "--reason", "asked again"),
}
NAMES = {"verify.py": ("audit", "act"), "erase.pending": ("audit", "act"), "sijill.toml": ("audit", "act"),
         "objects": ("audit", "dossier"), "an object": ("dossier", "export")}  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    casebook.filled_archive(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "strange"),
    [("verify.py", "FIFO"), ("verify.py", "endless device"), ("erase.pending", "FIFO"), ("sijill.toml", "giant of holes"),
     ("objects", "link to itself"), ("an object", "FIFO"), ("an object", "endless device")],
)  # fmt: skip
def test_no_command_waits_for_what_is_no_file_or_reads_it_without_end(first, tmp_path, name, strange):
    house = shutil.copytree(first, tmp_path / "house")
    place = next((house / "archive" / "objects").glob("??/*")) if name == "an object" else house / "archive" / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    STRANGE[strange](place)

    for command in NAMES[name]:
        words = [word.format(out=tmp_path / command) for word in COMMANDS[command]]
        done = subprocess.run(
            [sys.executable, "-m", "archive.cli", "--archive", str(house / "archive"), "--as", OPERATOR, *words],
            capture_output=True, text=True, timeout=60, check=False, cwd=casebook.ROOT, env=casebook.environment(house / "home"),
        )  # fmt: skip
        told = done.stdout + done.stderr
        assert done.returncode in (0, 1, 2, 3, 4), told
        assert "fault in Sijill" not in told and "Traceback" not in told, told
        if name in ("an object", "objects", "sijill.toml"):
            assert done.returncode != 0, told


@pytest.mark.parametrize("strange", ["FIFO", "endless device", "link to itself"])
@pytest.mark.parametrize("name", ["data/records/case.json", "data/records/flights.csv"])
def test_no_dossier_handed_in_makes_its_reader_wait(first, tmp_path, name, strange):
    sound = first / "dossier"
    if not sound.exists():
        words = [word.format(out=sound) for word in COMMANDS["dossier"]]
        status, said = making.run(first / "home", "--archive", first / "archive", "--as", OPERATOR, *words)
        assert 0 == status, said
    handed_in = shutil.copytree(sound, tmp_path / "dossier")
    (handed_in / name).unlink()
    STRANGE[strange](handed_in / name)

    statuses = []
    for words in (("-m", "archive.cli", "dossier", "verify", handed_in), ("-I", handed_in / "verify.py", handed_in),
                  ("-m", "archive.cli", "dossier", "compare", sound, handed_in)):  # fmt: skip
        done = subprocess.run(
            [sys.executable, *map(str, words)], capture_output=True, text=True, timeout=60, check=False,
            cwd=casebook.ROOT, env=casebook.environment(first / "home"),
        )  # fmt: skip
        told = done.stdout + done.stderr
        assert "fault in Sijill" not in told and "Traceback" not in told, told
        statuses.append(done.returncode)
    assert [1, 1] == statuses[:2]
    assert statuses[2] in ((2, 3) if name.endswith("case.json") else (0,)), told


@pytest.mark.parametrize("words", [("verify",), ("item", "show", f"{CODE}/V1"), COMMANDS["act"], ("audit",)], ids=" ".join)
def test_no_command_reads_a_view_that_never_ends_in_the_place_of_a_table(first, tmp_path, words):
    house = shutil.copytree(first, tmp_path / "house")
    with closing(sqlite3.connect(house / "archive" / "sijill.db")) as db:
        db.execute("ALTER TABLE ledger RENAME TO ledger_before")
        endless = "WITH RECURSIVE n(idx, leaf) AS (SELECT 0, x'7b7d' UNION ALL SELECT idx + 1, leaf FROM n) SELECT * FROM n"
        db.execute(f"CREATE VIEW ledger AS {endless}")
    done = subprocess.run(
        [sys.executable, "-m", "archive.cli", "--archive", str(house / "archive"), "--as", OPERATOR, *words],
        capture_output=True, text=True, timeout=60, check=False, cwd=casebook.ROOT, env=casebook.environment(house / "home"),
    )  # fmt: skip
    assert 1 == done.returncode and "fault in Sijill" not in done.stderr, done.stderr
    assert ("ledger in the database" if words == ("audit",) else "holds a view") in done.stdout + done.stderr
