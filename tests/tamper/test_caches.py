"""Poisoned caches: no writer signs on them, no proof is made from them, and none of them stops honest work."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archive import merkle, note
from archive.dossier import verify
from tests.casebook import CODE, OPERATOR
from tests.tamper import honest as making
from tests.tamper.attacker import Attacker

POISONS = {
    "tiles": "UPDATE tile SET hashes = zeroblob(length(hashes))",
    "tiles gone": "DELETE FROM tile",
    "tiles cut short": "UPDATE tile SET hashes = substr(hashes, 1, 17)",
    "edge": "UPDATE edge SET hashes = zeroblob(length(hashes))",
    "edge gone": "DELETE FROM edge",
    "edge of another size": "UPDATE edge SET size = size - 1",
    "edge cut short": "UPDATE edge SET hashes = substr(hashes, 1, 17)",
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return making.make(tmp_path_factory.mktemp("honest"))


@pytest.mark.parametrize("poison", POISONS)
def test_a_poisoned_cache_misleads_nobody(honest, tmp_path, poison):
    folder = Path(shutil.copytree(honest.archive, tmp_path / "archive"))
    home = Path(shutil.copytree(honest.home, tmp_path / "home"))
    attacker = Attacker(folder, honest)
    attacker.sql(POISONS[poison])

    status, said = making.run(home, "--archive", folder, "prove", f"{CODE}/V1")
    assert 0 == status, said
    proof = note.TlogProof.parse(said.encode())
    checkpoint = note.Checkpoint.parse(note.SignedNote.parse(proof.checkpoint_note).text)
    leaf = merkle.leaf_hash(attacker.leaf(proof.index))
    assert merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)

    before = attacker.size
    status, said = making.run(home, "--archive", folder, "verify", "--record", "--as", OPERATOR)
    assert 0 == status and attacker.size == before + 2, said
    status, said = making.run(home, "--archive", folder, "audit")
    assert 0 == status and "FINDING" not in said, said
    assert verify.check_archive(str(folder)).ok


def test_a_writer_goes_not_on_from_entries_that_do_not_give_the_signed_root(honest, tmp_path):
    """The edge is gone, so the tree is made from the entries; one was changed: nothing is signed over it."""
    folder = Path(shutil.copytree(honest.archive, tmp_path / "archive"))
    attacker = Attacker(folder, honest)
    attacker.replace(attacker.first("record.add"), b'"at":"20', b'"at":"19')
    attacker.sql("DELETE FROM edge")
    before = attacker.size
    status, said = making.run(honest.home, "--archive", folder, "verify", "--record", "--as", OPERATOR)
    assert 1 == status and "not for the entries that are here" in said
    assert before == attacker.size
