"""Archives of every format version, as they were made: each must hold for ever, for both verifiers.

`make.py` says how they were made. Whoever has to change one of these files, or
a number below, has broken a promise to those who keep archives.
"""

import json
import shutil
from pathlib import Path

import pytest

from archive.dossier import verify
from tests.casebook import CODE
from tests.tamper.honest import run

HERE = Path(__file__).parent
# version -> entries, commits, objects, the leaf hash of entry 0, the log's first key (which signed for the next)
FROZEN = {
    1: (
        72, 20, 5, "88944f970019c81499bbfa6409aa692adce076fb2ef39b9323137f9a2281d940",
        "sijill.example/casebook+5ad51814+AVtXhEJs3AVPybb3OKi/DyuoEAYAzF502He+FYIdDCID",
    ),
}  # fmt: skip


@pytest.fixture(params=FROZEN)
def frozen(request, tmp_path):
    """Give a copy of a frozen archive, and what must be said of it."""
    folder = Path(shutil.copytree(HERE / f"archive-{request.param}", tmp_path / "archive"))
    return folder, FROZEN[request.param]


def test_an_old_archive_holds(frozen, tmp_path):
    folder, (entries, commits, objects, _, _) = frozen
    status, said = run(tmp_path / "nobody", "audit", "--archive", folder, "--json")
    document = json.loads(said)
    assert 0 == status, said
    assert (entries, commits, objects) == tuple(document[name] for name in ("entries", "commits", "objects"))
    assert {"pin-none", "verifier"} == {one["code"] for one in document["findings"]}
    assert 1 == len(document["anchors"]) and 1 == len(document["erased"])


def test_a_stranger_finds_that_it_holds(frozen):
    folder, (*_, genesis, log_vkey) = frozen
    report = verify.check(str(folder), log_vkey, genesis)
    assert report.ok and not report.unlooked, report.findings
    assert ("trust", True, "held against what was given from outside") in report.checks


def test_it_can_still_be_read(frozen, tmp_path):
    folder, _ = frozen
    status, said = run(tmp_path / "nobody", "case", "show", CODE, "--archive", folder, "--json")
    document = json.loads(said)
    assert 0 == status and {"W1", "V1", "F1"} == {item["id"].partition("/")[2] for item in document["items"]}
    for command in (("verify",), ("custody", f"{CODE}/V1"), ("match", CODE), ("prove", f"{CODE}/V1")):
        status, said = run(tmp_path / "nobody", *command, "--archive", folder)
        assert 0 == status, said


def test_it_holds_no_longer_with_one_byte_changed(frozen, tmp_path):
    folder, _ = frozen
    path = next(path for path in (folder / "objects").glob("??/*"))
    path.chmod(0o600)
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    assert 1 == run(tmp_path / "nobody", "audit", "--archive", folder)[0]
    assert not verify.check(str(folder)).ok
