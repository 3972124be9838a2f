"""Some seconds of the soak (`python -m tests.soak`): mixed commands by several processes, some stopped, then an audit."""

import os

import pytest

from tests.soak import soak

LONG = pytest.mark.skipif("SIJILL_LONG" not in os.environ, reason="an hour: SIJILL_LONG=1 pytest -m long")


@pytest.mark.parametrize("seconds", [pytest.param(6, id="sample"),
                                     pytest.param(3600, marks=[pytest.mark.long, LONG], id="an-hour")])  # fmt: skip
def test_mixed_commands_by_several_processes_leave_an_archive_that_holds(tmp_path, seconds):
    run = soak(tmp_path, seconds=seconds, processes=3, seed=7)
    assert [] == run.judged()
    assert sum(run.ended.values()) >= 3
