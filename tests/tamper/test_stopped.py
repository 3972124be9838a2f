"""What keeps keys, hands out, publishes, restores or begins an archive, stopped at any writing call: never between.

    SIJILL_LONG=1 python -m pytest -m long tests/tamper/test_stopped.py

As `test_faults`, whose commands are the daily ones: every writing system call is
killed, fails or finds the disk full, one at a time; some of them in each run.
Afterwards the archive holds, the same command ends well or says that it was
done, and what it makes is whole.
"""

from __future__ import annotations

import filecmp
import os
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.dossier import verification
from tests import casebook
from tests.archive.authority import Authority
from tests.judges import judge
from tests.tamper import faults
from tests.tamper import honest as making
from tests.tamper.test_faults import CHIEF, LONG, TRACED, House

TOGETHER = 3  # of all deeds, in each run
ROUNDS = 24  # of one deed, in a long run
W1, V1 = f"{casebook.CODE}/W1", f"{casebook.CODE}/V1"


@dataclass(frozen=True)
class Deed:
    """One command: its words, what must hold after it was stopped, and how it may end when it is run again."""

    words: tuple[str, ...]
    whole: Callable[[House], bool] = lambda _: True  # asked once it was run again
    done: tuple[str, ...] = ()  # what it says when it was done already, exit 2 or 4
    acts: bool = True  # adds entries


def _exported(house: House) -> bool:
    return (house.folder / "all" / "README.txt").is_file() or any((house.folder / "all").iterdir())


def _published(house: House) -> bool:
    """The mirror is the one that is made where nothing was in its way, and nothing else lies in it."""
    status, said = making.run(house.home, "publish", "--archive", house.archive, house.folder / "twin")
    assert status == 0, said
    two = filecmp.dircmp(house.folder / "mirror", house.folder / "twin")
    return not [*two.left_only, *two.right_only, *two.diff_files]


def _copied(house: House) -> bool:
    return making.run(house.home, "audit", "--archive", house.folder / "copy")[0] == 0


def _restored(house: House) -> bool:
    note = ("audit", "--note", "seen", "--archive", house.folder / "copy", *CHIEF)
    return making.run(house.home, *note)[0] == 0 and _copied(house)


def _begun(house: House) -> bool:
    return making.run(house.home, "audit", "--archive", house.folder / "new")[0] == 0


def _backed_up(house: House) -> bool:
    return (house.folder / "keys.age").read_bytes().startswith(b"age-encryption.org/v1\n")


def _stamped(house: House) -> bool:
    return verification.check(house.folder / "dossier", tsa_roots=(house.folder / "roots.pem").read_bytes()).ok


HERE = ("--archive", "{folder}/archive")
DEEDS = {
    "archive export": Deed((*HERE, "archive", "export", "{folder}/all", "--purpose", "kept", *CHIEF), _exported, ("is not an empty folder",)),
    "publish": Deed((*HERE, "publish", "{folder}/mirror"), _published, acts=False),
    "copy --update": Deed((*HERE, "copy", "{folder}/older", "--update"), _copied, acts=False),
    "restore": Deed(("restore", "{folder}/copy"), _restored, ("this is no copy",), acts=False),
    "restore anew": Deed(("restore", "{folder}/older", "--reason", "lost", "--no-passphrase", *CHIEF),
                         lambda house: making.run(house.home, "audit", "--archive", house.folder / "older")[0] == 0,
                         ("this is no copy",), acts=False),
    "anchor request": Deed((*HERE, "anchor", "request", "--out", "{folder}/new.tsq"),
                           lambda house: (house.folder / "new.tsq").stat().st_size > 50, ("is there already",), acts=False),
    "anchor attach": Deed((*HERE, "anchor", "attach", "{folder}/a.tsr", "--ca", "{folder}/roots.pem", *CHIEF), done=("kept already", "is kept")),
    "dossier stamp": Deed(("dossier", "stamp", "{folder}/dossier", "--answer", "{folder}/d.tsr", "--ca", "{folder}/roots.pem"),
                          _stamped, ("is there already",), acts=False),
    "dossier zip": Deed((*HERE, "dossier", "export", casebook.CODE, "--for", "internal", "--out", "{folder}/zipped", "--zip",
                         "--no-pdf", *CHIEF), lambda house: zipfile.is_zipfile(house.folder / "zipped.zip"), ("is not an empty folder", "is there")),
    "key backup": Deed((*HERE, "key", "backup", "{folder}/keys.age"), _backed_up, ("is there already",), acts=False),
    "key rotate-log": Deed((*HERE, "key", "rotate-log", "--no-passphrase", *CHIEF)),
    "operator add": Deed((*HERE, "operator", "add", "omar", "--key", "{folder}/omar.key", "--role", "custodian", *CHIEF),
                         lambda house: (house.home / "operators" / "omar" / "held").is_file(), ("known here already",)),
    "operator grant": Deed((*HERE, "operator", "grant", "lena", "custodian", *CHIEF), done=("has", "already")),
    "operator revoke": Deed((*HERE, "operator", "revoke", "lena", "--reason", "left", *CHIEF), done=("lena",)),
    "policy set": Deed((*HERE, "policy", "set", "{folder}/witnesses", *CHIEF)),
    "seal": Deed((*HERE, "seal", f"{casebook.CODE}/S1", "--file", "{folder}/w-017.txt", *CHIEF), done=("sealed",)),
    "item withdraw": Deed((*HERE, "item", "withdraw", W1, "--reason", "another place", *CHIEF), done=("withdrawn",)),
    "custody transfer": Deed((*HERE, "custody", "transfer", V1, "--to", "lena", "--purpose", "second office", *CHIEF), done=("",)),
    "objects tidy": Deed((*HERE, "objects", "tidy", "--yes", *CHIEF), acts=False),
    "init": Deed(("init", "{folder}/new", "--origin", "sijill.example/new", "--operator", "nora", "--no-passphrase"),
                 _begun, ("is not empty",), acts=False),
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An archive with two persons, an older copy and a newer one, a dossier, and answers of an authority for both."""
    house = House(tmp_path_factory.mktemp("house"))
    archive = casebook.filled_archive(house.folder)
    for name in ("lena", "omar"):
        made = [judge("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(house.folder / f"{name}.key")]
        subprocess.run(made, check=True)
    (house.folder / "w-017.txt").write_text("a name, an exercise")
    (house.folder / "witnesses").write_text("quorum none\n")
    archive.objects.put_bytes(b"nobody names this")
    authority = Authority(house.folder / "authority")
    shutil.copy(authority.roots, house.folder / "roots.pem")
    acts: list[tuple[str | Path, ...]] = [
        ("copy", house.folder / "older"),
        ("operator", "add", "lena", "--key", house.folder / "lena.key", "--role", "guardian", *CHIEF),
        ("dossier", "export", casebook.CODE, "--for", "internal", "--out", house.folder / "dossier", "--no-pdf", *CHIEF),
        ("anchor", "request", "--out", house.folder / "a.tsq"), ("copy", house.folder / "copy"),
    ]  # fmt: skip
    for words in acts:
        status, said = making.run(house.home, "--archive", house.archive, *words)
        assert status == 0, said
    status, said = making.run(house.home, "dossier", "stamp", house.folder / "dossier", "--out", house.folder / "d.tsq")
    assert status == 0, said
    for name in "ad":
        authority.answer(house.folder / f"{name}.tsq", house.folder / f"{name}.tsr")
    return house


def _words(deed: Deed, folder: Path) -> list[str]:
    return [word.format(folder=folder) for word in deed.words]


def _stopped(house: House, folder: Path, name: str, fault: faults.Fault) -> None:
    """Let a deed meet a fault in a copy of the house, look at what is left, and do it again."""
    deed, broken = DEEDS[name], house.copy(folder)
    old = broken.size()
    done = faults.suffer(fault, broken.home, *_words(deed, folder))
    told = f"{name}, {fault}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr and "a fault in Sijill" not in done.stderr, told
    assert done.returncode in ((-9, 137) if "KILL" in fault.kind else (0, 3)), told
    assert broken.findings() == "", told + broken.findings()
    assert verification.check(broken.folder / "dossier").ok, told
    status, said = making.run(broken.home, *_words(deed, folder))
    again = f"{told}\nagain: exit {status}\n{said}"
    assert status == 0 or (status in (2, 4) and any(word in said for word in deed.done)), again
    assert broken.findings() == "", again + broken.findings()
    assert broken.size() > old or not deed.acts, again
    assert deed.whole(broken), again
    shutil.rmtree(folder)


def _possible(house: House, folder: Path, name: str) -> list[faults.Fault]:
    whole = house.copy(folder)
    counted = faults.count(whole.home, *_words(DEEDS[name], folder))
    assert whole.findings() == "" and DEEDS[name].whole(whole)
    shutil.rmtree(folder)
    return list(faults.faults(counted))


@pytest.fixture(autouse=True)
def passphrase(monkeypatch):
    """What a backup of keys is encrypted with."""
    monkeypatch.setattr(faults, "environment", lambda home, **more: casebook.environment(home, SIJILL_PASSPHRASE="six words", **more))
    monkeypatch.setattr(making, "at_home", _at_home)


@making.contextlib.contextmanager
def _at_home(home: Path):
    with AT_HOME(home):
        os.environ["SIJILL_PASSPHRASE"] = "six words"
        yield


AT_HOME = making.at_home


@TRACED
def test_a_few_deeds_are_stopped_somewhere(house, tmp_path):
    chance = random.Random("deeds")
    for name in chance.sample(list(DEEDS), TOGETHER):
        fault = chance.choice(_possible(house, tmp_path / "whole", name))
        _stopped(house, tmp_path / "house", name, fault)


@TRACED
@LONG
@pytest.mark.long
@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_is_stopped_at_many_calls(house, tmp_path, name):
    possible = _possible(house, tmp_path / "whole", name)
    for fault in random.Random(name).sample(possible, min(len(possible), int(os.environ.get("SIJILL_LONG", "1")) * ROUNDS)):
        _stopped(house, tmp_path / "house", name, fault)
