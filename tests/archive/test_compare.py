"""Two auditors, two checkpoints: one history or a signed contradiction."""

import shutil

import pytest

from archive import ledger, merkle, note
from archive.compare import compare
from archive.head import checkpoint_note
from archive.open import find
from schemas.errors import InputError, UnreachableError
from tests.casebook import filled_archive, signers


def act(archive, outcome="seen"):
    with ledger.writing(archive, signers(archive)) as one:
        one.add("audit.note", sub=ledger.subject(), fields={"outcome": outcome})


def kept(archive, folder, name):
    with archive.reading() as db:
        (folder / name).write_bytes(checkpoint_note(db)[1])
    return folder / name


@pytest.fixture
def archive(tmp_path):
    return filled_archive(tmp_path)


def test_two_states_of_one_history_come_with_a_proof(archive, tmp_path):
    first = kept(archive, tmp_path, "a")
    for _ in range(3):
        act(archive)
    found = compare(archive, kept(archive, tmp_path, "b"), first)
    assert found.consistent
    small, large = sorted((found.one, found.two), key=lambda c: c.size)
    assert merkle.verify_consistency(small.size, large.size, found.proof, small.root, large.root)
    assert compare(archive, first, first).consistent


def forked(archive, tmp_path):
    """A second history of the archive, written on with the same keys."""
    shutil.copytree(archive.folder, tmp_path / "fork")
    fork = find(tmp_path / "fork", archive.home)
    pins = archive.home.folder / "pins"
    shutil.copytree(pins, tmp_path / "pins")
    act(archive, "one")
    shutil.rmtree(pins)
    shutil.copytree(tmp_path / "pins", pins)
    act(fork, "two")
    shutil.rmtree(pins)
    return fork


def test_two_states_of_one_size_contradict_each_other_for_everybody(archive, tmp_path):
    fork = forked(archive, tmp_path)
    found = compare(archive, kept(archive, tmp_path, "a"), kept(fork, tmp_path, "b"))
    assert not found.consistent
    assert "two states" in found.why


def test_a_log_that_fits_one_and_not_the_other_contradicts(archive, tmp_path):
    fork = forked(archive, tmp_path)
    act(archive, "three")
    found = compare(archive, kept(archive, tmp_path, "a"), kept(fork, tmp_path, "b"))
    assert not found.consistent
    assert "the larger" in found.why


def test_an_archive_that_is_too_short_cannot_tell(archive, tmp_path):
    shutil.copytree(archive.folder, tmp_path / "old")
    act(archive)
    first = kept(archive, tmp_path, "a")
    act(archive)
    second = kept(archive, tmp_path, "b")
    with pytest.raises(UnreachableError):
        compare(find(tmp_path / "old", archive.home), first, second)


def test_a_bad_signature_or_another_archive_is_no_checkpoint(archive, tmp_path):
    good = kept(archive, tmp_path, "a")
    (tmp_path / "bad").write_bytes(good.read_bytes().replace(b"\n\n", b"x\n\n", 1))
    other = kept(filled_archive(tmp_path / "other"), tmp_path, "c")
    for path in (tmp_path / "bad", other, tmp_path / "absent"):
        with pytest.raises(InputError):
            compare(archive, good, path)
    assert note.SignedNote.parse(good.read_bytes()).text


def test_a_poisoned_cache_does_not_make_a_contradiction(archive, tmp_path):
    import sqlite3

    first = kept(archive, tmp_path, "a")
    for _ in range(140):
        act(archive)
    db = sqlite3.connect(archive.database)
    db.execute("UPDATE tile SET hashes = zeroblob(length(hashes))")
    db.commit()
    db.close()
    assert compare(archive, first, kept(archive, tmp_path, "b")).consistent
