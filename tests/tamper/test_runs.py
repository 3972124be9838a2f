"""A long act is read many entries at a time; whatever was done to one of them is told as if each were read alone."""

import os
import shutil
import sqlite3

import pytest

from archive import ahead, ledger, replay
from archive.audit import audit
from archive.keys import Home
from archive.open import find
from schemas.entry import Entry
from tests import casebook

LONG = 3 * ahead.RUN
PLACE = 2 * ahead.RUN + 17  # an entry with a whole run on either side


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Give an archive of one long act: sources, and a change of every second one."""
    folder = tmp_path_factory.mktemp("kept")
    archive = casebook.new_archive(folder)
    with ledger.writing(archive, casebook.signers(archive)) as act:
        for number in range(LONG):
            sub = ledger.subject()
            fields = {"case": casebook.CODE, "id": f"S{number}", "kind": "witness", "pseudonym": f"W-{number}"}
            act.add("record.add", sub=sub, body={"kind": "source"}, fields=fields)
            if number % 2:
                act.add("record.edit", sub=sub, body={"kind": "source"}, fields={**fields, "reason": "a slip"})
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "house")


def changed(folder, sql, *values):
    with sqlite3.connect(folder / "archive" / "sijill.db") as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(sql, values)
    db.close()


def leaf(folder, index=PLACE):
    with sqlite3.connect(folder / "archive" / "sijill.db") as db:
        (found,) = db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()
    db.close()
    return found


def findings(folder, **options):
    return [
        one.document()
        for one in audit(find(folder / "archive", Home(folder / "home")), ledger_only=True, **options).findings
    ]


def told_alike(folder, monkeypatch):
    """Give what is found, which must be the same whether another process reads ahead, this one alone, or one by one."""
    monkeypatch.setattr(ahead, "MANY", 0)
    together = findings(folder)
    monkeypatch.setattr(ahead, "MANY", 1 << 60)
    assert findings(folder) == together
    monkeypatch.setattr(ahead, "plain_run", lambda _: None)
    assert findings(folder) == together
    return {one["code"] for one in together}


@pytest.mark.parametrize("many", [0, 1 << 60])
def test_a_sound_act_is_read_by_the_run_and_nothing_is_found(kept, monkeypatch, many):
    monkeypatch.setattr(ahead, "MANY", many)
    alone, here = [], []
    for noted, where, name in ((alone, replay.Replay, "_entry"), (here, ahead, "make_ready")):

        def note(*given, noted=noted, done=getattr(where, name)):
            noted.append(given)
            return done(*given)

        monkeypatch.setattr(where, name, note)
    assert findings(kept) == []
    assert len(alone) <= 2 * ahead.RUN < LONG
    assert bool(here) == bool(many)  # what another process makes ready is not made ready here


def test_a_process_that_dies_is_done_without(kept, monkeypatch):
    monkeypatch.setattr(ahead, "MANY", 0)
    monkeypatch.setattr(ahead, "_work", lambda _: lambda _: os._exit(1))
    assert findings(kept) == []


REWRITTEN = {
    "another time": ({"at": "2019-01-01T00:00:00Z"}, "entry-time"),
    "another key": ({"by": "SHA256:AAAA"}, "entry-by"),
    "no such entry before it": ({"prev": 3}, "chain"),
    "another subject": ({"sub": "ab" * 16}, "commit-root"),
    "another kind": ({"body": {"kind": "item"}}, "commit-root"),
    "a type that a registrar may not write": ({"t": "consent.set"}, "commit-root"),
    "a withdrawal": ({"t": "record.withdraw"}, "commit-root"),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_an_entry_written_anew_in_a_long_act_is_told(folder, monkeypatch, name):
    change, code = REWRITTEN[name]
    entry = Entry.parse(PLACE, leaf(folder))._replace(**change)
    changed(folder, "UPDATE ledger SET leaf = ? WHERE idx = ?", entry.leaf(), PLACE)
    assert {code, "commit-root"} <= told_alike(folder, monkeypatch)


@pytest.mark.parametrize("put", [b"", b"{}", b'{"v":1}\n', b"\xff" * 300])
def test_something_else_in_the_place_of_an_entry_is_told(folder, monkeypatch, put):
    changed(folder, "UPDATE ledger SET leaf = ? WHERE idx = ?", put, PLACE)
    assert "entry-malformed" in told_alike(folder, monkeypatch)


def test_two_entries_in_the_place_of_one_are_told(folder, monkeypatch):
    changed(folder, "UPDATE ledger SET leaf = ? WHERE idx = ?", leaf(folder) + b"\n" + leaf(folder, PLACE + 1), PLACE)
    assert {"entry-malformed", "commit-root"} <= told_alike(folder, monkeypatch)


def test_an_entry_that_is_gone_is_told(folder, monkeypatch):
    changed(folder, "DELETE FROM ledger WHERE idx = ?", PLACE)
    assert {"entry-missing", "commit-root"} <= told_alike(folder, monkeypatch)


def test_entries_that_were_moved_far_off_are_told_and_nobody_counts_up_to_them(folder, monkeypatch):
    """Their places are whole runs apart, so that each run looks like one that another process may have made ready."""
    changed(folder, "UPDATE ledger SET idx = idx + ? WHERE idx >= ?", ahead.RUN * 10**12, 2 * ahead.RUN)
    assert "entry-missing" in told_alike(folder, monkeypatch)


def test_two_entries_that_changed_places_are_told(folder, monkeypatch):
    one, two = leaf(folder), leaf(folder, PLACE + 1)
    changed(
        folder,
        "UPDATE ledger SET leaf = CASE idx WHEN ? THEN ? ELSE ? END WHERE idx IN (?, ?)",
        PLACE,
        two,
        one,
        PLACE,
        PLACE + 1,
    )
    assert "commit-root" in told_alike(folder, monkeypatch)
