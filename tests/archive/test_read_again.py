"""Reading a part at a time: each object gets its turn, whatever stops a call, and nothing of the archive changes."""

import hashlib
import sqlite3
import time

import pytest

from archive import read_again
from archive.read_again import ReadAgain, items_within, rows_of, sample, until
from archive.verify import taken_down, verify_objects
from schemas.errors import UnreachableError
from tests.casebook import CODE, OPERATOR, case, files, filled_archive, sijill, take, write


@pytest.fixture
def kept(tmp_path):
    return filled_archive(tmp_path)


def names(rows):
    return list(dict.fromkeys(row[1] for row in rows))


def order(kept):
    with kept.reading() as db:
        return names(ReadAgain(kept).oldest_first(db))


def state(kept):
    with kept.reading() as db:
        return ReadAgain(kept).state(db)


def test_what_was_never_read_comes_first_and_then_what_was_read_longest_ago(kept, monkeypatch):
    first, second, third = order(kept)
    assert {"since": None, "never": 3} == state(kept)
    memory = ReadAgain(kept)
    for moment, name in ((2_000, second), (1_000, third)):
        monkeypatch.setattr(time, "time", lambda at=moment: at)
        memory.note(name)
    memory.keep()
    monkeypatch.undo()

    assert [first, third, second] == order(kept)
    assert {"since": "1970-01-01T00:16:40Z", "never": 1} == state(kept)


def test_a_reading_of_everything_covers_what_was_there_and_not_what_came_later(kept, tmp_path):
    assert 0 == sijill("verify", "--archive", kept.folder, home=kept.home.folder).returncode
    assert 0 == state(kept)["never"] and state(kept)["since"] is not None
    tables = case()
    tables["case"]["code"] = "EX-2020-0002"
    contents = {name: data + b"\n" for name, data in files().items()}
    take(kept, write(tmp_path / "later", tables, contents))

    assert 3 == state(kept)["never"]
    with kept.reading() as db:
        new = {name for (name,) in db.execute("SELECT o.blake3 FROM object o JOIN record r ON r.sub = o.sub"
                                              " WHERE r.code = 'EX-2020-0002'")}  # fmt: skip
    assert new == set(order(kept)[:3])


def test_a_clock_that_was_set_back_hides_nothing(kept):
    """A reading dated ahead of the clock is not believed: the object is read again."""
    memory = ReadAgain(kept)
    for name in order(kept):
        memory._fresh.append((bytes.fromhex(name), int(time.time()) + 86_400))
    memory.keep()
    memory.all_read(10_000, int(time.time()) + 86_400)
    assert {"since": None, "never": 3} == state(kept)


def test_a_call_that_is_stopped_is_gone_on_with(kept):
    """The third object is not read; the next call begins with it."""
    memory, stop = ReadAgain(kept), iter([False, False, True])
    expected = order(kept)[2]

    def seen(name):
        if next(stop):
            raise KeyboardInterrupt
        memory.note(name)

    with kept.reading() as db, pytest.raises(KeyboardInterrupt):
        try:
            verify_objects(memory.oldest_first(db), kept.objects, whole=False, seen=seen)
        finally:
            memory.keep()

    assert expected == order(kept)[0]
    assert 1 == state(kept)["never"]


def test_time_that_is_up_ends_after_the_object_that_was_begun(monkeypatch):
    rows = [("A", "aa", None, 1), ("B", "aa", None, 1), ("C", "bb", None, 1)]
    clock = iter([0.0, 100.0])
    monkeypatch.setattr(read_again.time, "monotonic", lambda: next(clock))
    assert rows[:2] == list(until(rows, 1.0))


def test_a_sample_is_what_anybody_with_the_seed_would_choose(kept):
    with kept.reading() as db:
        everything = [name for (name,) in db.execute("SELECT DISTINCT blake3 FROM object")]
        drawn = sorted(everything, key=lambda name: hashlib.sha256(f"s:{name}".encode()).hexdigest())[:2]
        assert sorted(drawn) == sample(db, 2, "s") == names(rows_of(db, sample(db, 2, "s")))
        assert sorted(everything) == sample(db, 100, "s")


def test_a_sample_finds_the_damage_that_lies_in_it_and_says_what_it_is_not(kept):
    for name in order(kept):
        path = kept.objects.path(name)
        path.chmod(0o600)
        path.write_bytes(b"x")
    told = sijill("verify", "--sample", "1", "--seed", "s", "--archive", kept.folder, home=kept.home.folder)
    assert told.returncode == 1
    assert "1 object," in told.stdout and "a sample of 3 objects" in told.stdout and "2 never" in told.stdout


def test_a_recorded_part_speaks_for_the_items_that_were_read_and_no_others(kept):
    call = ("verify", "--sample", "1", "--seed", "s", "--record", "--as", OPERATOR)
    told = sijill(*call, "--archive", kept.folder, home=kept.home.folder)
    assert told.returncode == 0, told.stderr
    from archive.checked import recorded_checks

    with kept.reading() as db:
        [check] = recorded_checks(db)
        assert check.scope == set(items_within(db, set(sample(db, 1, "s")))) and len(check.scope) == 1
        assert [] == items_within(db, set())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((CODE, "--sample", "1"), "not both"), (("--sample", "0"), "--sample"), (("--seed", "s"), "--sample"),
        (("--sample", "1", "--for", "1h"), "--for"), (("--for", "soon"), "30min"), (("--for", "0s"), "30min"),
        (("--for", "-1h"), "30min"),
    ],
)  # fmt: skip
def test_a_call_that_means_nothing_is_refused(kept, arguments, says):
    told = sijill("verify", *arguments, "--archive", kept.folder, home=kept.home.folder)
    assert told.returncode == 2 and says in told.stderr


def test_a_reader_without_a_home_verifies_and_is_told_where_nothing_can_be_remembered(kept, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")
    told = sijill("verify", "--archive", kept.folder, home=nowhere)
    assert (0, "") == (told.returncode, told.stderr)
    told = sijill("verify", "--for", "1h", "--archive", kept.folder, home=nowhere)
    assert told.returncode == 3 and "cannot be remembered" in told.stderr and "$SIJILL_HOME" in told.stderr


def test_a_damaged_memory_is_named_and_costs_no_more_than_reading_anew(kept):
    ReadAgain(kept).all_read(1, 1)
    path, = (kept.home.folder / "read").iterdir()
    path.write_bytes(b"no database" * 500)
    with pytest.raises(UnreachableError, match="remembered") as told:
        order(kept)
    assert str(path) == told.value.where and "anew" in told.value.hint
    path.unlink()
    assert 3 == len(order(kept))


def test_rows_are_taken_down_so_that_a_writer_disturbs_no_reading(kept, tmp_path):
    with kept.reading() as db:
        rows = taken_down(ReadAgain(kept).oldest_first(db))
    tables = case()
    tables["case"]["code"] = "EX-2020-0002"
    take(kept, write(tmp_path / "meanwhile", tables, files()))
    assert verify_objects(rows, kept.objects, whole=False)["ok"]


def test_many_rows_lie_in_a_file_and_come_back_as_they_were(monkeypatch):
    monkeypatch.setattr("archive.verify.HELD_ROWS", 10)
    monkeypatch.setattr("archive.verify._BATCH", 7)
    rows = [(f"item {n}", f"{n:064x}", None if n % 2 else "s", n) for n in range(60)]
    for count in (0, 9, 10, 11, 24, 60):
        assert rows[:count] == list(taken_down(rows[:count]))


def test_nothing_of_the_archive_is_changed(kept):
    before = {path: path.stat().st_mtime_ns for path in kept.folder.rglob("*")}
    for call in (("--for", "1h"), ("--sample", "2"), ("--oldest-first",), ()):
        assert 0 == sijill("verify", *call, "--archive", kept.folder, home=kept.home.folder).returncode
    assert before == {path: path.stat().st_mtime_ns for path in kept.folder.rglob("*")}
    with sqlite3.connect(next((kept.home.folder / "read").iterdir())) as db:
        assert (1,) == db.execute("SELECT count(*) FROM everything").fetchone()
    db.close()
