"""Whatever stops a command, the archive is as it was or as it should be: never between, and the same command mends it.

    SIJILL_LONG=1 python -m pytest -m long tests/tamper/test_faults.py

Every writing system call of intake, consent, erase and export is killed, fails
or finds the disk full, one at a time; a sample of them in each run. Then two
writers are killed at any moment, again and again. Without strace the first
part is left out and the second stands alone.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from archive.dossier import verification
from tests import casebook
from tests.judges import judge
from tests.tamper import faults
from tests.tamper import honest as making
from tests.tamper.attacker import Attacker

TRACED = pytest.mark.skipif(not faults.works(), reason="strace is not there, or may not trace here")
LONG = pytest.mark.skipif("SIJILL_LONG" not in os.environ, reason="a long sweep: SIJILL_LONG=1 pytest -m long")
SAMPLE, ROUNDS, MANY_ROUNDS = 4, 6, 80
CHIEF = ("--as", casebook.OPERATOR)

COMMANDS: dict[str, tuple[str, ...]] = {
    "intake": ("intake", "{folder}/in-second", *CHIEF),
    "consent": ("consent", f"{casebook.CODE}/W1", "--for", "court", "--answer", "no", "--reason", "asked again", *CHIEF),
    "erase": ("erase", f"{casebook.CODE}/V1", "--reason", "by order", *CHIEF, "--as", "lena"),
    "redact": ("redact", f"{casebook.CODE}/V1", "--box", "2,2,8,8", "--for", "court", "--reason", "a face", *CHIEF),
    "export": ("dossier", "export", casebook.CODE, "--for", "internal", "--out", "{folder}/dossier", *CHIEF),
}


@dataclass(frozen=True)
class House:
    """A folder with an archive, its home, and a case that waits to be taken in."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def call(self, command: str) -> list[str]:
        words = [word.format(folder=self.folder) for word in COMMANDS[command]]
        return ["--archive", str(self.archive), *words]

    def copy(self, folder: Path) -> House:
        return House(Path(shutil.copytree(self.folder, folder, symlinks=True)))

    def size(self) -> int:
        return Attacker(self.archive, making.Honest(self.folder)).size

    def findings(self) -> str:
        status, said = making.run(self.home, "audit", "--archive", self.archive)
        return "" if status == 0 else said


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    house = House(folder)
    casebook.filled_archive(folder)
    key = folder / "lena.key"
    subprocess.run([judge("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    added = ["operator", "add", "lena", "--key", str(key), "--person", "Lena", "--role", "guardian", *CHIEF]
    status, said = making.run(house.home, "--archive", house.archive, *added)
    assert status == 0, said
    tables = casebook.case()
    tables["case"]["code"] = "EX-2020-0002"
    casebook.write(folder / "in-second", tables, {**casebook.files(), "logs/f1.csv": casebook.FLIGHTS + "\n"})
    return house


@TRACED
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("every", [pytest.param(False, id="sample"),
                                   pytest.param(True, marks=[pytest.mark.long, LONG], id="every-call")])  # fmt: skip
def test_a_command_stopped_anywhere_leaves_the_old_or_the_new(house, tmp_path, command, every):
    whole = house.copy(tmp_path / "whole")
    old = whole.size()
    counted = faults.count(whole.home, *whole.call(command))
    new = whole.size()
    assert new > old and sum(counted.values()) > 10 and whole.findings() == ""
    states = (old, new - 1, new) if command == "intake" else (old, new)  # a reader that met it too gives no reading
    possible = list(faults.faults(counted))
    chosen = possible if every else random.Random(command).sample(possible, SAMPLE)
    for number, fault in enumerate(chosen):
        broken = house.copy(tmp_path / str(number))
        done = faults.suffer(fault, broken.home, *broken.call(command))
        told = f"{fault}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr and "a fault in Sijill" not in done.stderr, told
        assert done.returncode in ((-9, 137) if "KILL" in fault.kind else (0, 3)), told
        assert broken.size() in states, told
        assert broken.findings() == "" or (command == "erase" and "erase-unfinished" in broken.findings()), told
        _again(broken, command, old, told)
        shutil.rmtree(broken.folder)


def _again(broken: House, command: str, old: int, told: str) -> None:
    """Run the same command again, with nothing in its way: it ends well, and so does what it was about."""
    already = (command == "erase" and broken.size() > old) or (broken.folder / "dossier").exists()
    status, said = making.run(broken.home, *broken.call(command))
    assert status == (2 if already else 0), told + said
    if already:  # any other act clears up behind it
        status, said = making.run(broken.home, "--archive", broken.archive, "verify", "--record", *CHIEF)
        assert status == 0, told + said
    assert broken.findings() == "", told + said
    assert broken.size() > old
    if command == "export":
        assert verification.check(broken.folder / "dossier").ok, told


@TRACED
@pytest.mark.parametrize("every", [pytest.param(False, id="sample"),
                                   pytest.param(True, marks=[pytest.mark.long, LONG], id="every-call")])  # fmt: skip
def test_a_copy_stopped_anywhere_is_marked_as_one_and_goes_on(house, tmp_path, every):
    """Nothing of it can be written to, and `--update` makes it whole; the archive itself is not touched."""
    words = ("--archive", str(house.archive), "copy")
    counted = faults.count(house.home, *words, str(tmp_path / "whole"))
    possible = list(faults.faults(counted))
    for number, fault in enumerate(possible if every else random.Random("copy").sample(possible, SAMPLE)):
        place = tmp_path / str(number)
        done = faults.suffer(fault, house.home, *words, str(place))
        told = f"{fault}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr and "a fault in Sijill" not in done.stderr, told
        assert done.returncode in ((-9, 137) if "KILL" in fault.kind else (0, 3)), told
        settings = place / "sijill.toml"
        assert not settings.exists() or "copy_of" in settings.read_text("utf-8"), told
        again = ("--update",) if settings.exists() else ()
        if not again:  # not even begun: an empty folder is all there may be
            assert [] == [path for path in place.rglob("*") if path.is_file() and not path.name.startswith(".")], told
            shutil.rmtree(place, ignore_errors=True)
        status, said = making.run(house.home, *words, str(place), *again)
        assert status == 0, told + said
        status, said = making.run(house.home, "audit", "--archive", place)
        assert status == 0, told + said
        shutil.rmtree(place)
    assert house.findings() == ""


WRITER = """
import sys
from pathlib import Path
from archive import ledger
from archive.keys import Home, acting
from archive.open import find
home = Home(Path(sys.argv[2]))
archive = find(sys.argv[1], home)
signers = acting([sys.argv[3]], home)
print("ready", flush=True)
while True:
    with ledger.writing(archive, signers) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    print(act.receipt.size, flush=True)
"""


def said(stream: IO[str] | None) -> str:
    """Give all that a killed writer said and nobody read, also what lies in the buffer behind a line that was read."""
    assert stream is not None
    with stream:
        return stream.read()


@pytest.mark.parametrize("rounds", [pytest.param(ROUNDS, id="sample"),
                                    pytest.param(MANY_ROUNDS, marks=[pytest.mark.long, LONG], id="many")])  # fmt: skip
def test_two_writers_killed_at_any_moment_lose_nothing_they_told_of(house, tmp_path, rounds):
    broken = house.copy(tmp_path / "house")
    moments = random.Random(1)
    for number in range(rounds):
        before = broken.size()
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(broken.archive), str(broken.home), casebook.OPERATOR],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=casebook.ROOT,
                env=casebook.environment(broken.home),
            )
            for _ in range(2)
        ]  # fmt: skip
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        for writer in moments.sample(writers, 2):
            time.sleep(moments.uniform(0.02, 0.25))
            writer.kill()
            writer.wait(timeout=60)
        told = [(said(writer.stdout), said(writer.stderr)) for writer in writers]
        assert all("Traceback" not in errors for _, errors in told), told
        sizes = sorted(int(line) for lines, _ in told for line in lines.splitlines())
        assert len(set(sizes)) == len(sizes), "two acts took one place"
        after = broken.size()
        assert after >= max(sizes, default=before), (number, "an act that was told of is gone")
        assert broken.findings() == "", number
        assert (after - before) // 2 - len(sizes) in (0, 1, 2), number
    status, words = making.run(broken.home, *broken.call("intake"))
    assert status == 0 and broken.findings() == "", words
