"""The honest archive that every attack begins with: an invented case and all that can happen to it. An exercise.

Made once a run by the commands themselves, each as a user would type it, with
keys of no worth. `Honest` says where its parts lie: the archive, the home of
those who work in it (with its pin), and what an auditor kept elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.cli.failing import guarded
from tests import casebook
from tests.judges import judge

THIEF = "karim"  # the operator whose key is stolen; a registrar, nothing more
SECOND = "EX-2020-0002"
MANY = 80


@dataclass(frozen=True)
class Honest:
    """Where the parts of the honest archive lie."""

    folder: Path

    @property
    def archive(self) -> Path:
        """Give the archive folder."""
        return self.folder / "archive"

    @property
    def home(self) -> Path:
        """Give the home of keys and the pin."""
        return self.folder / "home"

    @property
    def kept(self) -> Path:
        """Give a checkpoint that an auditor took away before the last acts."""
        return self.folder / "kept-checkpoint"

    @property
    def older(self) -> Path:
        """Give a copy of the archive as it was when the auditor came."""
        return self.folder / "older"

    @property
    def older_home(self) -> Path:
        """Give a copy of the home as it was then."""
        return self.folder / "older-home"


@contextlib.contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Let commands use this home and no setting of whoever runs the tests."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("SIJILL_")]:
        del os.environ[name]
    os.environ["SIJILL_HOME"] = str(home)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(home: Path, *arguments: str | Path) -> tuple[int, str]:
    """Run a command in this process as `sijill` does; gives its exit status and all that it said."""
    said = io.StringIO()
    with at_home(home), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = guarded([str(argument) for argument in arguments])
    return status, said.getvalue()


def make(folder: Path, many: int = MANY) -> Honest:
    """Make the honest archive in `folder`; `many` is the number of items of its second case."""
    honest = Honest(folder)

    def do(*arguments: str | Path, status: int = 0) -> None:
        found, said = run(honest.home, "--archive", honest.archive, *arguments)
        assert found == status, (arguments, found, said)

    do("init", honest.archive, "--origin", casebook.ORIGIN, "--operator", casebook.OPERATOR, "--no-passphrase")
    chief = ("--as", casebook.OPERATOR)
    for name, roles in ((THIEF, ["registrar"]), ("lena", ["guardian", "custodian"])):
        key = folder / f"{name}.key"
        subprocess.run([judge("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
        more = [word for role in roles for word in ("--role", role)]
        do("operator", "add", name, "--key", key, "--person", name.title(), *more, *chief)
    do("intake", casebook.write(folder / "in", _first(), _files()), *chief)
    do("check", casebook.CODE, "--record", *chief)
    do("verify", "--record", *chief)
    do("checkpoint", "--out", honest.kept)
    for now, then in ((honest.archive, honest.older), (honest.home, honest.older_home)):
        shutil.copytree(now, then)
    changed = _first()
    changed["item"][1]["custody"].append({"action": "transfer", "at": "2019-02-21T09:00", "by": "I-3"})
    changed["case"]["title"]["en"] = "Air strike on the clinic near Tel Marjan"
    do("intake", casebook.write(folder / "in-again", changed, _files()), "--reason", "the village said so", *chief)
    do("intake", casebook.write(folder / "in-many", _many(many), {"said.txt": "Invented: all heard the same.\n"}), "--as", THIEF)
    answer = ("consent", f"{casebook.CODE}/W1", "--for", "court", "--answer", "no", "--reason", "asked again")
    do(*answer, "--as", "lena")
    do("dossier", "export", casebook.CODE, "--for", "internal", "--out", folder / "dossier", *chief)
    do("key", "rotate-log", "--no-passphrase", *chief)
    do("operator", "revoke", "lena", "--role", "custodian", "--reason", "moved on", *chief)
    return honest


def _first() -> dict[str, object]:
    tables = casebook.case()
    tables["source"][0]["identity_file"] = "sealed/s1.txt"
    return tables


def _files() -> dict[str, bytes]:
    return {**casebook.files(), "sealed/s1.txt": b"Invented: nobody, of nowhere.\n"}


def _many(many: int) -> dict[str, object]:
    """Give a second case with many sources, items and links, so that the tree is larger than one tile."""
    tables = casebook.case()
    tables["case"]["code"] = SECOND
    numbers = range(many)
    tables["source"] = [{"id": f"S{n}", "kind": "account", "pseudonym": f"account {n}"} for n in numbers]
    tables["item"] = [
        {
            "id": f"M{n}", "kind": "statement", "source": f"S{n}", "file": "said.txt", "taken": "2019-02-20",
            "consent": {"internal": "yes", "given": "2019-02-20"},
        }
        for n in numbers
    ]  # fmt: skip
    link = {
        "facets": ["what"], "stance": "supports", "strength": "circumstantial", "rationale": "It says so.",
        "assessor": "A-2", "reviewed_by": "A-5",
    }  # fmt: skip
    tables["link"] = [{"item": f"M{n}", **link} for n in numbers]
    return tables
