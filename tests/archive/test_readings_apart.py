"""The rows of a large flight log, read and hashed by a process beside the one that writes: the same rows, the same root."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import disclosure, readings
from archive.audit import audit
from archive.database import OBSERVATION_COLUMNS
from archive.workers import WorkerLost, forked
from schemas.errors import CanonicalError
from tests.casebook import case, files, new_archive, take, write

CELLS = (
    st.none()
    | st.text()
    | st.sampled_from(["\0", "\\u0000", "\ud800", "سجل", '"'])
    | st.integers(-(2**53), 2**53)
    | st.booleans()
    | st.floats()
)


def _leaf_or_refusal(leaf, *arguments):
    try:
        return leaf(*arguments)
    except CanonicalError as error:
        return error.message


@given(st.integers(1, 10**8), st.lists(CELLS, min_size=13, max_size=13))
def test_the_quick_leaf_is_the_leaf(number, cells):
    """Or the same refusal: NUL, half characters, numbers too large, other types."""
    row = (number, *cells)
    quick = disclosure.row_leaves("ab" * 16, OBSERVATION_COLUMNS)

    assert _leaf_or_refusal(quick, row) == _leaf_or_refusal(disclosure.row_leaf, "ab" * 16, OBSERVATION_COLUMNS, row)


def _rows(archive):
    with archive.reading() as db:
        return db.execute("SELECT row, earliest, lat, said, why, text FROM observation ORDER BY row").fetchall()


@pytest.mark.parametrize("lost", [False, True])
def test_a_process_beside_gives_the_same(tmp_path, monkeypatch, lost):
    """And where it is lost half way the log is read again here; the audit holds either way."""
    plain, apart = new_archive(tmp_path / "one"), new_archive(tmp_path / "two")
    one = take(plain, write(tmp_path / "in", case(), files()))

    def losing(work, jobs, *, workers):
        yield from islice(forked(work, jobs, workers=workers), 1)
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
