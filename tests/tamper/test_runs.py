"""A long act is read many entries at a time; whatever was done to one of them is told as if each were read alone."""

import json
import os
import shutil
import sqlite3

import pytest

from archive import ahead, ledger, replay
from archive.audit import audit
from archive.keys import Home
from archive.open import find
from schemas import canonical
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
    options = {"ledger_only": True, **options}
    return [one.document() for one in audit(find(folder / "archive", Home(folder / "home")), **options).findings]


def many(monkeypatch, number):
    """Set from how many entries on other processes read ahead."""
    for name in ("MANY", "MANY_VALUES"):
        monkeypatch.setattr(ahead, name, number)


def told_alike(folder, monkeypatch, **options):
    """Give what is found, which must be the same whether others read ahead, this process alone, or one by one."""
    many(monkeypatch, 0)
    together = findings(folder, **options)
    many(monkeypatch, 1 << 60)
    assert findings(folder, **options) == together
    with monkeypatch.context() as alone:
        alone.setattr(ahead, "plain_run", lambda _: None)
        assert findings(folder, **options) == together
    return {one["code"] for one in together}


@pytest.mark.parametrize("ledger_only", [True, False])
@pytest.mark.parametrize("number", [0, 1 << 60])
def test_a_sound_act_is_read_by_the_run_and_nothing_is_found(kept, monkeypatch, number, ledger_only):
    many(monkeypatch, number)
    alone, here = [], []
    for noted, where, name in ((alone, replay.Replay, "_entry"), (here, ahead, "make_ready")):

        def note(*given, noted=noted, done=getattr(where, name), **more):
            noted.append(given)
            return done(*given, **more)

        monkeypatch.setattr(where, name, note)
    assert findings(kept, ledger_only=ledger_only) == []
    assert len(alone) < ahead.RUN < LONG  # the first act, and the commit
    assert bool(here) == bool(number)  # what another process makes ready is not made ready here


@pytest.mark.parametrize("ledger_only", [True, False])
def test_a_process_that_dies_is_done_without(kept, monkeypatch, ledger_only):
    many(monkeypatch, 0)
    monkeypatch.setattr(ahead, "_work", lambda _, **__: lambda _: os._exit(1))
    assert findings(kept, ledger_only=ledger_only) == []


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
    assert {code, "commit-root"} <= told_alike(folder, monkeypatch, ledger_only=False)


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


def values(folder, index=PLACE):
    with sqlite3.connect(folder / "archive" / "sijill.db") as db:
        (found,) = db.execute("SELECT disclosures FROM private WHERE idx = ?", (index,)).fetchone()
    db.close()
    return json.loads(found)


def respelt(strings):
    """Give disclosures of which one is what a lax decoder reads alike: its last character bears bits that none has."""
    place, one = next((place, one) for place, one in enumerate(strings) if len(one) % 4)
    return [*strings[:place], one[:-1] + chr(ord(one[-1]) + 1), *strings[place + 1 :]]


MISDONE = {
    "one is gone": (lambda one, other: one[1:], "disclosure-missing"),
    "all are gone": (lambda one, other: None, "disclosure-missing"),
    "one is of another entry": (lambda one, other: [other[-1], *one[1:]], "disclosure-changed"),
    "one is there twice": (lambda one, other: [*one, one[0]], "disclosure-changed"),
    "one too many": (lambda one, other: [*one, other[-1]], "disclosure-changed"),
    "none, as a list": (lambda one, other: [], "disclosure-missing"),
    "one is no base64": (lambda one, other: ["*" + one[0][1:], *one[1:]], "disclosure-malformed"),
    "one is spelt in another way": (lambda one, other: respelt(one), "disclosure-malformed"),
    "one is of bytes that are no text": (lambda one, other: [*one, "_" * 40], "disclosure-malformed"),
}


@pytest.mark.parametrize("name", MISDONE)
def test_what_was_done_to_the_values_of_one_entry_in_a_long_act_is_told(folder, monkeypatch, name):
    change, code = MISDONE[name]
    left = change(values(folder), values(folder, PLACE + 2))
    if left is None:
        changed(folder, "DELETE FROM private WHERE idx = ?", PLACE)
    else:
        text = canonical.encode(left).decode()
        changed(folder, "UPDATE private SET disclosures = ? WHERE idx = ?", text, PLACE)
    assert code in told_alike(folder, monkeypatch, ledger_only=False)


@pytest.mark.parametrize("put", ["", "[]", "{}", '["]', '[""]', '["a" ,"b"]', "[\n", "\u0664", '["\u0664"]'])
def test_something_else_in_the_place_of_the_values_of_an_entry_is_told(folder, monkeypatch, put):
    changed(folder, "UPDATE private SET disclosures = ? WHERE idx = ?", put, PLACE)
    assert {"disclosure-missing"} <= told_alike(folder, monkeypatch, ledger_only=False)


def test_values_that_are_no_text_in_a_long_act_are_told(folder, monkeypatch):
    changed(folder, "UPDATE private SET disclosures = CAST(x'ff22' AS TEXT) WHERE idx = ?", PLACE)
    assert "disclosure-malformed" in told_alike(folder, monkeypatch, ledger_only=False)


def test_a_row_of_the_view_that_was_changed_behind_a_long_act_is_told(folder, monkeypatch):
    changed(folder, "UPDATE record SET fields = replace(fields, 'W-400', 'W-401') WHERE id = 'S400'")
    assert {"view-changed"} <= told_alike(folder, monkeypatch, ledger_only=False)


def test_a_later_act_changes_the_rows_of_an_earlier_one(folder, monkeypatch):
    """Records of one act are edited, withdrawn and edited again in acts of their own."""
    archive = find(folder / "archive", Home(folder / "home"))
    with sqlite3.connect(folder / "archive" / "sijill.db") as db:
        subs = [sub for (sub,) in db.execute("SELECT sub FROM record WHERE kind = 'source' ORDER BY first")]
    db.close()
    for turn in range(2):
        with ledger.writing(archive, casebook.signers(archive)) as act:
            for number in range(0, LONG, 2):
                fields = {"case": casebook.CODE, "id": f"S{number}", "kind": "witness", "pseudonym": f"X-{turn}"}
                edit = {**fields, "reason": "another slip"}
                act.add("record.edit", sub=subs[number], body={"kind": "source"}, fields=edit)
            act.add("record.withdraw", sub=subs[turn], body={"kind": "source"}, fields={"reason": "by error"})
    assert told_alike(folder, monkeypatch, ledger_only=False) == set()


@pytest.mark.parametrize("ledger_only", [True, False])
def test_an_entry_changed_in_the_journal_alone_is_told_by_whoever_reads_ahead(folder, monkeypatch, ledger_only):
    """A writer that was stopped leaves a journal, which belongs to what is audited, also for another process."""
    entry = Entry.parse(PLACE, leaf(folder))._replace(sub="ab" * 16)
    file = folder / "archive" / "sijill.db"
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute("DROP TRIGGER ledger_no_update")
    db.execute("UPDATE ledger SET leaf = ? WHERE idx = ?", (entry.leaf(), PLACE))
    copies = [(path, path.read_bytes()) for path in (file, file.with_name("sijill.db-wal"))]
    db.close()
    for path, data in copies:
        path.write_bytes(data)
    assert {"commit-root", "journal-left"} <= told_alike(folder, monkeypatch, ledger_only=ledger_only)
