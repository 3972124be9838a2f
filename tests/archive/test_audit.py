"""How an audit looks: it changes nothing, on any medium and beside any writer, dates what it finds, and stays small."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from archive import ledger
from archive.audit import audit
from archive.checked import record_checks
from archive.dossier import verify as second
from archive.keys import Home
from archive.open import find
from archive.verify import EVERY_OBJECT, named, verify_objects
from tests import casebook


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    casebook.filled_archive(folder)
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "house"))


def opened(folder):
    return find(folder / "archive", Home(folder / "home"))


def leave_a_journal(database):
    """Commit something and let the write-ahead journal lie, as a writer that was killed does."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute("INSERT INTO observation(id, value) VALUES (-1, '{}')")
    db.execute("DELETE FROM observation WHERE id = -1")
    journal, before = Path(f"{database}-wal").read_bytes(), database.read_bytes()
    db.close()
    database.write_bytes(before)
    Path(f"{database}-wal").write_bytes(journal)


@pytest.fixture
def read_only(tmp_path):
    """Mount a folder that can be made read-only."""
    folder = tmp_path / "disc"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("journal", [False, True])
def test_an_archive_on_a_read_only_disc_is_audited(folder, read_only, journal):
    if journal:
        leave_a_journal(folder / "archive" / "sijill.db")
    shutil.copytree(folder / "archive", read_only / "archive")
    subprocess.run(["mount", "-o", "remount,ro", str(read_only)], check=True)
    report = audit(find(read_only / "archive", Home(folder / "home")))
    assert (0, {"journal-left"} if journal else set()) == (report.exit_status, {f.code for f in report.findings})
    assert second.check_archive(str(read_only / "archive")).ok


def test_a_journal_that_was_left_is_read_and_stays(folder):
    database = folder / "archive" / "sijill.db"
    leave_a_journal(database)
    names = sorted(path.name for path in database.parent.iterdir())
    before = [Path(f"{database}{end}").read_bytes() for end in ("", "-wal")]
    report = audit(opened(folder))
    assert (0, ["journal-left"]) == (report.exit_status, [f.code for f in report.findings])
    assert names == sorted(path.name for path in database.parent.iterdir())
    assert before == [Path(f"{database}{end}").read_bytes() for end in ("", "-wal")]


WRITER = """
import sys, time
from pathlib import Path
from archive import ledger
from archive.keys import Home, acting
from archive.open import find
home = Home(Path(sys.argv[2]))
archive = find(sys.argv[1], home)
for number in range(1000):
    with ledger.writing(archive, acting([sys.argv[3]], home)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    time.sleep(0.05)
"""


def test_an_audit_beside_a_writer_never_accuses_it(folder):
    """It holds, or could not look since another wrote; it is no finding that somebody works."""
    archive = opened(folder)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(archive.folder), str(archive.home.folder), casebook.OPERATOR],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=casebook.ROOT,
        env=casebook.environment(archive.home.folder),
    )  # fmt: skip
    try:
        for _ in range(4):
            done = casebook.sijill("audit", "--json", "--archive", archive.folder, home=archive.home.folder)
            assert done.returncode in (0, 3), done.stdout + done.stderr
            stranger = subprocess.run([sys.executable, "-I", second.__file__, archive.folder], capture_output=True,
                                      text=True, check=False)  # fmt: skip
            assert stranger.returncode in (0, 3), stranger.stdout + stranger.stderr
    finally:
        writer.kill()
        _, said = writer.communicate()
    assert "Traceback" not in said
    assert audit(opened(folder)).exit_status == 0


def test_damage_to_an_object_is_dated_by_the_last_check_that_was_recorded(folder):
    """Not by its registration: somebody read it since, and wrote down that it was whole."""
    archive = opened(folder)
    with archive.reading() as db:
        document = named(db, verify_objects(db.execute(EVERY_OBJECT).fetchall(), archive.objects))
    record_checks(archive, casebook.signers(archive), document, [], casebook.entries(archive))
    with archive.reading() as db:
        (index, at) = db.execute("SELECT idx, at FROM act WHERE t = 'custody.check'").fetchone()
    path = next(path for path in (archive.folder / "objects").glob("??/*"))
    path.unlink()
    (found,) = [f for f in audit(opened(folder)).findings if f.severity == "finding"]
    assert ("object-missing", f"{at}, entry {index}") == (found.code, found.since)


def test_a_changed_entry_is_placed_between_two_commits_and_dated_by_the_one_before(folder):
    archive = opened(folder)
    for number in range(3):
        with ledger.writing(archive, casebook.signers(archive)) as act:
            act.add("audit.note", sub=ledger.subject(), fields={"outcome": f"{number}"})
            first = act.head.size
    db = sqlite3.connect(archive.database, isolation_level=None)
    db.execute("DROP TRIGGER ledger_no_update")
    db.execute(
        "UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"at\":\"20', '\"at\":\"19') AS BLOB) WHERE idx = ?",
        (first,),
    )
    db.close()
    (found,) = [f for f in audit(opened(folder)).findings if f.code == "commit-root"]
    assert f"entries {first} to {first}" == found.where
    assert found.since is not None and found.since.endswith(f", entry {first - 1}")


def test_only_the_ledger_is_looked_at_if_only_that_is_asked(folder):
    """No value, no row of the view and no object; the rest as strictly."""
    archive = opened(folder)
    shutil.rmtree(archive.folder / "objects")
    db = sqlite3.connect(archive.database, isolation_level=None)
    db.execute("DELETE FROM private WHERE idx > 15")
    db.execute("DELETE FROM record")
    db.close()
    report = audit(opened(folder), ledger_only=True)
    assert (0, None) == (report.exit_status, report.objects), report.findings
    assert audit(opened(folder)).exit_status == 1


def test_a_kept_checkpoint_that_is_none_is_a_wrong_call(folder, tmp_path):
    (tmp_path / "note").write_text("not a note")
    done = casebook.sijill("audit", "--json", "--archive", folder / "archive", "--against", tmp_path / "note")
    assert 2 == done.returncode and "is no checkpoint" in json.loads(done.stdout)["message"]


def test_a_rewritten_history_is_dated_by_the_newest_kept_checkpoint_that_it_still_fits(folder, tmp_path):
    """What the forged end of it says of itself dates nothing; where no kept checkpoint fits, nothing tells."""
    archive, heads = opened(folder), [tmp_path / "first", tmp_path / "second"]
    shutil.copy(archive.folder / "checkpoint", heads[0])
    shutil.copytree(folder, tmp_path / "thief")
    for house in (tmp_path / "thief", folder):
        shutil.rmtree(house / "home" / "pins", ignore_errors=True)
        mine = opened(house)
        with mine.reading() as db:
            document = named(db, verify_objects(db.execute(EVERY_OBJECT).fetchall(), mine.objects))
        record_checks(mine, casebook.signers(mine), document, [], casebook.entries(mine))
    shutil.copy(archive.folder / "checkpoint", heads[1])
    shutil.rmtree(tmp_path / "thief" / "home" / "pins")

    for known, dated in ((heads, True), (heads[1:], False)):
        (found,) = [f for f in audit(opened(tmp_path / "thief"), against=known).findings if f.severity == "finding"]
        assert ("against", dated) == (found.code, found.since is not None)
        if found.since is not None:
            assert int(heads[0].read_text().splitlines()[1]) - 1 == int(found.since.split()[-1])


MEASURE = """
import sys
from pathlib import Path
from archive.audit import audit
from archive.keys import Home
from archive.open import find
assert audit(find(sys.argv[1], Home(Path(sys.argv[2])))).exit_status == 0
print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])
"""
MEASURE_STRANGER = """
import sys
sys.path.insert(0, sys.argv[2])
import verify
assert verify.check(sys.argv[1]).ok
print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
def test_ten_times_the_entries_take_no_more_memory(tmp_path):
    """Measured in processes of their own, audit and verify.py, 1,500 and 15,000 entries."""
    archive = casebook.new_archive(tmp_path)
    peaks = []
    for count in (1_500, 13_500):
        with ledger.writing(archive, casebook.signers(archive)) as act:
            for number in range(count):
                fields = {"case": "EX", "id": f"S{act.head.size}-{number}", "kind": "account", "pseudonym": f"no. {number}"}
                act.add("record.add", sub=ledger.subject(), body={"kind": "source"}, fields=fields)
        for code, place in ((MEASURE, archive.home.folder), (MEASURE_STRANGER, Path(second.__file__).parent)):
            done = subprocess.run(
                [sys.executable, "-c", code, str(archive.folder), str(place)], capture_output=True, text=True,
                cwd=casebook.ROOT, env=casebook.environment(archive.home.folder), check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            peaks.append(int(done.stdout))
    small, large = peaks[:2], peaks[2:]
    assert all(after <= before * 1.2 for before, after in zip(small, large, strict=True)), peaks


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_could_not_be_looked_at(folder):
    (folder / "archive" / "sijill.db").chmod(0)
    assert 3 == casebook.sijill("audit", "--archive", folder / "archive").returncode


def test_an_outcome_is_noted_by_an_auditor_as_an_entry(folder):
    """With --note alone an audit writes, and says where; what it found stands in the entry."""
    archive = opened(folder)
    done = casebook.sijill("audit", "--json", "--note", "spring round", "--archive", archive.folder,
                           "--as", casebook.OPERATOR, home=archive.home.folder)  # fmt: skip
    document = json.loads(done.stdout)
    assert 0 == done.returncode and 1 == document["noted"]["entries"]["count"]
    with archive.reading() as db:
        index, fields = db.execute("SELECT idx, fields FROM act WHERE t = 'audit.note'").fetchone()
    assert document["entries"] == index == document["noted"]["entries"]["first"]
    assert ("all holds", "spring round") == (json.loads(fields)["outcome"], json.loads(fields)["note"])
    told = casebook.sijill("audit", "--note", "again", "--archive", archive.folder, home=archive.home.folder)
    assert 0 == told.returncode and f"noted in the ledger, as entry {index + 2}" in told.stdout, told.stderr
