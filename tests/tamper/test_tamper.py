"""Every attack is noticed: `sijill audit` says the sentence and ends as it must, and so does verify.py.

The attacker has the archive folder and its database, and the keys that an
attack names as stolen; not the auditor's pin or kept checkpoints. What only
these can tell is audited with them, and verify.py then says that it cannot see it.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import shutil
from pathlib import Path

import pytest

from archive.cli.audit import in_words
from archive.dossier import verify
from archive.finding import CODES
from tests.tamper import honest as making
from tests.tamper import on_database, on_disclosures, on_entries, on_folder, with_keys
from tests.tamper.attacker import ATTACKS, KEPT, NOTHING, PIN, Attacker

FILES = (on_entries, on_disclosures, on_database, on_folder, with_keys)


@pytest.fixture(scope="module", autouse=True)
def _signatures_are_checked_once():
    """The same signature is not computed a hundred times; one that does not hold raises each time anew."""
    slow = verify.ed25519_verify
    verify.ed25519_verify = functools.cache(slow)
    yield
    verify.ed25519_verify = slow


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return making.make(tmp_path_factory.mktemp("honest"))


def stranger(folder: Path, *more: str) -> tuple[int, str]:
    """Run verify.py as a stranger does; gives its exit status and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = verify.main([*more, str(folder)])
    return status, said.getvalue()


def audited(honest: making.Honest, folder: Path, tmp_path: Path, knows: str) -> tuple[int, str, dict]:
    """Audit with what the auditor brings; gives the exit status, the words for people, and the document."""
    home = honest.home if knows == PIN else tmp_path / "auditor"
    more = ("--against", honest.kept) if knows == KEPT else ()
    status, said = making.run(home, "audit", "--archive", folder, "--json", *more)
    document = json.loads(said)
    return status, in_words(document) if document["format"] == "sijill-audit/1" else document["message"], document


def test_the_command_prints_these_words(honest, tmp_path):
    status, said = making.run(tmp_path / "auditor", "audit", "--archive", honest.archive)
    assert (status, said.rstrip()) == audited(honest, honest.archive, tmp_path, NOTHING)[:2]


@pytest.mark.parametrize("knows", [NOTHING, PIN, KEPT])
def test_the_honest_archive_holds(honest, tmp_path, knows):
    status, words, document = audited(honest, honest.archive, tmp_path, knows)
    assert 0 == status, words
    assert {"pin-none"} >= {one["code"] for one in document["findings"]}
    assert document["entries"] > 256
    status, words = stranger(honest.archive)
    assert 0 == status and "Everything that was checked holds." in words, words


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_noticed(honest, tmp_path, name):
    attack = ATTACKS[name]
    folder = Path(shutil.copytree(honest.archive, tmp_path / "archive", symlinks=True))
    attack.run(Attacker(folder, honest))
    before = state(folder)

    status, words, document = audited(honest, folder, tmp_path, attack.knows)
    assert attack.status == status, words
    if status in (0, 1):
        assert status or CODES[attack.code].severity == "warning"
        found = [f"{one['where']}: {one['what']}" for one in document["findings"] if one["code"] == attack.code]
        assert any(attack.says in one for one in found), words
    assert attack.says in words
    assert "fault" not in words and "Traceback" not in words

    first = verify.leaf_hash(Attacker(honest.archive, honest).leaf(0)).hex()
    more = ("--genesis", first) if "genesis that was given" in attack.stranger else ()
    status, words = stranger(folder, *more)
    assert attack.stranger_status == status, words
    assert attack.stranger in words
    assert before == state(folder), "an audit changed the archive"


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Give every file of a folder with its size and the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
    }


def test_there_are_sixty_attacks_and_each_says_what_it_does():
    assert len(ATTACKS) >= 60
    assert all(attack.does.endswith(".") and attack.code in CODES for attack in ATTACKS.values())
    assert {attack.run.__module__ for attack in ATTACKS.values()} == {file.__name__ for file in FILES}
