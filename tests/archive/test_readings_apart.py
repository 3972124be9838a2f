"""The rows of a large flight log, read and hashed by a process beside the one that writes: the same rows, the same root."""

import json
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import log_leaves, merkle, readings
from archive.audit import audit
from archive.workers import WorkerLost, forked
from tests.casebook import case, files, new_archive, take, write


@given(st.text(st.characters(codec="utf-8")), st.lists(st.tuples(st.integers(1, 10**8), st.text(st.characters(codec="utf-8")))))
def test_the_hashes_are_those_of_the_leaves(salt, rows):
    """With HMAC's keyed states made once."""
    rows = [(number, json.dumps({"row": number, "said": said})) for number, said in rows]

    assert list(log_leaves.leaf_hashes(salt, rows)) == [merkle.leaf_hash(log_leaves.leaf(salt, *row)) for row in rows]


def _rows(archive):
    with archive.reading() as db:
        return db.execute("SELECT earliest, latest, lat, lon, value FROM observation ORDER BY id").fetchall()


@pytest.mark.parametrize("lost", [False, True])
def test_a_process_beside_gives_the_same(tmp_path, monkeypatch, lost):
    """And where it is lost half way the log is read again here; the audit holds either way."""
    plain, apart = new_archive(tmp_path / "one"), new_archive(tmp_path / "two")
    one = take(plain, write(tmp_path / "in", case(), files()))

    def losing(work, jobs, **asked):
        yield from islice(forked(work, jobs, **asked), 1)
        raise WorkerLost

    monkeypatch.setattr(readings, "LARGE", 0)
    monkeypatch.setattr(readings, "BATCH", 2)
    if lost:
        monkeypatch.setattr(readings, "forked", losing)
    two = take(apart, write(tmp_path / "in", case(), files()))

    assert _rows(plain) == _rows(apart) != []
    assert (one.observations, one.rows_unreadable, one.warnings) == (
        two.observations,
        two.rows_unreadable,
        two.warnings,
    )
    assert not audit(apart).document()["findings"]
