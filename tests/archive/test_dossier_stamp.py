"""A time-stamp over a dossier: asked for, attached, judged by both verifiers and by openssl; a missing one is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archive.dossier import verification, verify
from archive.dossier.build import Extras
from archive.dossier.stamping import attach, request
from schemas.errors import InputError
from tests.archive.authority import Authority
from tests.archive.dossier_case import archive_of, hand_over
from tests.judges import run

STAMP = "tagmanifest-sha256.txt.tsr"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "one")


@pytest.fixture(scope="module")
def made(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("stamped")
    archive = archive_of(folder)
    hand_over(archive, folder / "bare", extras=Extras(pdf=False))
    shutil.copytree(folder / "bare", folder / "d")
    request(folder / "d", folder / "d.tsq")
    document = attach(folder / "d", authority.answer(folder / "d.tsq", folder / "d.tsr"), authority.roots)
    assert document["time"] and 2 == len(document["checked_by"])
    return folder


@pytest.fixture
def dossier(made, tmp_path):
    return Path(shutil.copytree(made / "d", tmp_path / "d"))


def said(folder, roots=None):
    """Give what both verifiers say of the time-stamp: (holds, words)."""
    pem = None if roots is None else Path(roots).read_bytes()
    ours, theirs = verification.check(folder, tsa_roots=pem), verify.check(str(folder), tsa_roots=roots and str(roots))
    one = next((c["ok"], c["what"]) for c in ours.checks if c["id"] == "timestamp")
    two = next((held, what) for name, held, what in theirs.checks if name == "timestamp")
    assert one[0] == two[0] and ours.ok == theirs.ok, (one, two)
    return ours.ok, one[1], two[1]


def test_openssl_accepts_it(dossier, authority):
    told = run("openssl", "ts", "-verify", "-in", STAMP, "-data", "tagmanifest-sha256.txt", "-CAfile", authority.roots, cwd=dossier)
    assert 0 == told.returncode and "Verification: OK" in told.stdout, told.stderr


def test_both_say_by_when_it_existed(dossier, authority):
    ok, ours, theirs = said(dossier, authority.roots)
    assert ok and ours == theirs and ours.startswith("it existed by 20")


def test_without_roots_both_say_that_the_authority_was_not_judged(dossier):
    ok, ours, theirs = said(dossier)
    assert ok and ours == theirs and "not judged" in ours


def test_a_missing_one_is_said_and_holds(made):
    ok, ours, theirs = said(made / "bare")
    assert ok and ours == theirs and "no time-stamp" in ours


@pytest.mark.parametrize("length", [0, 1, 40, 400])
def test_one_cut_short_is_noticed(dossier, length):
    (dossier / STAMP).write_bytes((dossier / STAMP).read_bytes()[:length])
    assert not said(dossier)[0]


def test_one_over_another_dossier_is_noticed(made, dossier, authority, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tagmanifest-sha256.txt").write_bytes(b"another\n")
    request(tmp_path / "other", tmp_path / "o.tsq")
    shutil.copy(authority.answer(tmp_path / "o.tsq", tmp_path / "o.tsr"), dossier / STAMP)
    assert not said(dossier)[0]


def test_one_of_another_authority_is_noticed_where_the_right_one_is_known(dossier, authority, tmp_path):
    other = Authority(tmp_path / "two")
    assert not said(dossier, other.roots)[0]
    assert said(dossier)[0]


def test_an_answer_that_does_not_hold_is_not_laid_in(made, authority, tmp_path):
    folder = Path(shutil.copytree(made / "bare", tmp_path / "d"))
    other = Authority(tmp_path / "two")
    request(folder, tmp_path / "d.tsq")
    with pytest.raises(InputError):
        attach(folder, authority.answer(tmp_path / "d.tsq", tmp_path / "d.tsr"), other.roots)
    assert not (folder / STAMP).exists()


def test_a_second_stamp_is_refused(dossier, made, authority):
    with pytest.raises(InputError, match="is there already"):
        attach(dossier, made / "d.tsr", authority.roots)


def test_verify_py_takes_the_roots(dossier, authority):
    told = subprocess.run(
        [sys.executable, "-I", dossier / "verify.py", "--tsa-roots", authority.roots], capture_output=True, text=True, check=False
    )
    assert 0 == told.returncode and "it existed by" in told.stdout, told.stdout + told.stderr


@pytest.fixture(scope="module")
def anchored(tmp_path_factory, authority):
    """A dossier of a ledger that was stamped once, some entries ago."""
    from archive import anchor, ledger
    from tests import casebook

    folder = tmp_path_factory.mktemp("anchored")
    archive = archive_of(folder)
    anchor.request(archive, folder / "a.tsq")
    signers = casebook.signers(archive)
    anchor.attach(archive, signers, authority.answer(folder / "a.tsq", folder / "a.tsr"), authority.roots, folder / "a.tsq")
    with ledger.writing(archive, signers) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    hand_over(archive, folder / "d", extras=Extras(pdf=False))
    return archive, folder / "d"


def of_anchors(folder, roots=None):
    pem = None if roots is None else Path(roots).read_bytes()
    ours, theirs = verification.check(folder, tsa_roots=pem), verify.check(str(folder), tsa_roots=roots and str(roots))
    one = next((c["ok"], c["what"]) for c in ours.checks if c["id"] == "anchors")
    two = next((held, what) for name, held, what in theirs.checks if name == "anchors")
    assert one[0] == two[0] and ours.ok == theirs.ok, (ours.findings, theirs.findings)
    return one, two


def test_a_stamp_over_the_ledger_travels_and_is_checked_by_both(anchored, authority):
    one, two = of_anchors(anchored[1], authority.roots)
    assert one == two and one[0] and "existed by 20" in one[1]
    one, two = of_anchors(anchored[1])
    assert one == two and one[0] and "not judged" in one[1]


def test_openssl_accepts_the_stamp_over_the_ledger(anchored, authority):
    (answer,) = (anchored[1] / "data/proof/anchors").glob("*.tsr")
    told = run("openssl", "ts", "-verify", "-in", answer, "-data", answer.with_suffix(".checkpoint"), "-CAfile", authority.roots)
    assert 0 == told.returncode, told.stderr


@pytest.mark.parametrize("part", ["checkpoint", "tsr", "consistency", "roots.pem"])
def test_every_part_of_an_anchor_is_needed(anchored, authority, tmp_path, part):
    from tests import casebook
    from tests.archive.dossier_case import seal, sign

    archive, sound = anchored
    for act in ("gone", "changed"):
        folder = Path(shutil.copytree(sound, tmp_path / act))
        (path,) = (folder / "data/proof/anchors").glob(f"*.{part}")
        if act == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])
        seal(folder)
        sign(folder, casebook.signers(archive)[0])
        held = of_anchors(folder, authority.roots)[0][0]
        assert held == (act == "changed" and part == "roots.pem")  # roots that travel are believed by nobody
