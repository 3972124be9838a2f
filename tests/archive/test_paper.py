"""Small files that somebody hands over or takes away: read whole and at once, never written over another one."""

import os

import pytest

from archive import paper
from schemas.errors import InputError, NotFound, UnreachableError


def test_a_fifo_in_the_place_of_a_paper_is_refused_without_waiting(tmp_path):
    fifo = tmp_path / "receipt.pdf"
    os.mkfifo(fifo)

    with pytest.raises(InputError, match="no regular file"):
        paper.read(fifo)


def test_a_paper_beyond_its_limit_is_refused(tmp_path):
    (tmp_path / "roots.pem").write_bytes(b"x" * 11)

    assert paper.read(tmp_path / "roots.pem", 11) == b"x" * 11
    with pytest.raises(InputError, match="larger than the 10 bytes"):
        paper.read(tmp_path / "roots.pem", 10)


def test_a_paper_that_is_not_there_is_told_apart_from_a_folder(tmp_path):
    with pytest.raises(NotFound, match="is not there"):
        paper.read(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder"):
        paper.read(tmp_path)


def test_a_paper_never_goes_over_another(tmp_path):
    paper.write(tmp_path / "checkpoint", b"kept in March")

    with pytest.raises(InputError, match="is there already"):
        paper.write(tmp_path / "checkpoint", b"of today")

    assert (tmp_path / "checkpoint").read_bytes() == b"kept in March"


def test_a_private_paper_is_for_one_user(tmp_path):
    paper.write(tmp_path / "opened.txt", b"a name", private=True)

    assert (tmp_path / "opened.txt").stat().st_mode & 0o777 == 0o600


def test_a_paper_on_a_full_disk_is_not_left_half_written(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(UnreachableError, match="could not be written"):
            paper.write(tmp_path / "today.tsq", b"x" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert not (tmp_path / "today.tsq").exists()
