"""No byte of a stored value can change unnoticed: a sample here, every one of them with one command.

    SIJILL_LONG=1 python -m pytest -m long tests/tamper/test_sweep.py

Noticed means that an audit, with no pin and nothing kept elsewhere, says more
than of the honest archive. verify.py must notice what it reads: the ledger,
the disclosures, the checkpoints, the settings and the objects.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from archive.audit import audit
from archive.dossier import verify
from archive.keys import Home
from archive.open import find
from schemas.errors import SijillError
from tests import casebook
from tests.tamper.sweep import PROVED, Swept

LONG = pytest.mark.skipif("SIJILL_LONG" not in os.environ, reason="a long sweep: SIJILL_LONG=1 pytest -m long")
# What an audit may pass over, and why. Nothing.
UNNOTICED: dict[str, str] = {}
# What verify.py does not read, and why it says so.
UNSEEN_BY_STRANGERS = {
    "sijill.toml": "only format, origin and where things lie; not blanks, comments and the standard of later checks",
}
SAMPLE = 150


@pytest.fixture(scope="module", autouse=True)
def _signatures_are_checked_once():
    slow = verify.ed25519_verify
    verify.ed25519_verify = functools.cache(slow)
    yield
    verify.ed25519_verify = slow


@pytest.fixture
def swept(tmp_path):
    casebook.filled_archive(tmp_path)
    swept = Swept(tmp_path / "archive")
    yield swept
    swept.close()


def said(folder: Path, home: Path) -> set[tuple[str, str]]:
    """Give what an audit says, warnings too; a refusal to look is an answer."""
    try:
        return {(one.code, one.where) for one in audit(find(folder, Home(home))).findings}
    except SijillError as error:
        return {("refused", error.message)}


def stranger(folder: Path) -> bool:
    """Tell whether verify.py says that everything holds."""
    try:
        report = verify.check(str(folder))
    except verify.CannotLook:
        return False
    return report.ok and not report.unlooked


@pytest.mark.parametrize(
    "every", [pytest.param(False, id="sample"), pytest.param(True, marks=[pytest.mark.long, LONG], id="every-byte")]
)
def test_every_changed_byte_is_noticed(swept, tmp_path, every):
    nobody = tmp_path / "nobody"
    places = list(swept.places())
    honest = said(swept.folder, nobody)
    assert {"pin-none"} == {code for code, _ in honest} and stranger(swept.folder)
    passed, blind, counted = Counter(), Counter(), Counter()
    for place in places if every else _sample(places):
        swept.change(place)
        counted[place.store] += 1
        if said(swept.folder, nobody) == honest:
            passed[place.store] += 1
        if place.store.partition(".")[0] in (*PROVED, "objects", "checkpoint", "sijill") and stranger(swept.folder):
            blind[place.store] += 1
        swept.put_back(place)
    assert honest == said(swept.folder, nobody), "the sweep did not put back what it changed"
    assert set(passed) <= set(UNNOTICED), passed
    assert set(blind) <= set(UNSEEN_BY_STRANGERS), blind
    assert {"ledger.leaf", "private.disclosures", "checkpoint.note", "observation.lat", "objects"} <= set(counted)


def _sample(places):
    """Give bytes of every column and every kind of file, spread over all that is stored."""
    stores = [list(group) for _, group in groupby(sorted(places, key=lambda p: p.store), key=lambda p: p.store)]
    share = SAMPLE // len(stores)
    for group in stores:
        yield from group[:: max(1, len(group) // share)][: share + 1]
