"""What a stopped intake stored is not written again, and room is looked for first: for the files and for their records."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from archive import durable, intake, storing
from archive.audit import audit
from archive.folder import look
from archive.keys import acting
from archive.objects import Source
from archive.registered import registered
from archive.storing import growth_of
from archive.workers import Stopped
from evidence.held import Held
from evidence.sheet import read_submission
from schemas.errors import UnreachableError
from tests.casebook import OPERATOR, ROOT, case, environment, files, new_archive, photograph, take, write

LARGE = 70 * 1024 * 1024


@pytest.fixture
def archive(tmp_path):
    return new_archive(tmp_path)


def folder_of(tmp_path, **contents):
    return write(tmp_path / "in", case(), {**files(), **contents})


def test_a_large_file_that_a_stopped_intake_stored_is_read_and_not_written_again(archive, tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    with (folder / "media" / "v1.jpg").open("ab") as file:
        file.truncate(LARGE)
    list(archive.objects.put_many([Source(folder / "media" / "v1.jpg")]))  # what was done before it was stopped
    shelves = {path: path.stat().st_ino for path in archive.objects_folder.rglob("*") if path.is_file()}
    written, real = [0], os.write

    def counting(handle, data):
        written[0] += len(data)
        return real(handle, data)

    monkeypatch.setattr(os, "write", counting)
    said = []
    taken = take(archive, folder, progress=lambda what, *_given, **_unit: said.append(what))

    assert written[0] < 1_000_000
    assert f"storing ({LARGE:,} bytes seem to be here from before)" in said
    assert (1, LARGE) == (taken.stored.already_files, taken.stored.already_bytes)
    assert shelves.items() <= {p: p.stat().st_ino for p in archive.objects_folder.rglob("*") if p.is_file()}.items()


def test_a_file_that_only_has_the_size_of_an_object_is_taken_in(archive, tmp_path):
    """Read once to compare, and once more to be copied."""
    folder = folder_of(tmp_path)
    with (folder / "media" / "v1.jpg").open("ab") as file:
        file.truncate(LARGE)
    other = tmp_path / "other"
    with other.open("wb") as file:
        file.truncate(LARGE)
    list(archive.objects.put_many([Source(other)]))
    taken = take(archive, folder)
    assert 0 == taken.stored.already_files
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_intake_that_is_stopped_while_it_stores_says_how_far_it_came(archive, tmp_path):
    tables, contents = case(), files()
    base = tables["item"][1]
    tables["item"] = [{**base, "id": f"V{n}", "file": f"media/{n}.jpg"} for n in range(60)]
    tables["link"] = []
    folder = write(tmp_path / "in", tables, contents)
    for n in range(60):
        with (folder / "media" / f"{n}.jpg").open("wb") as file:
            file.write(photograph((n, n, n)))
            file.truncate(24 * 1024 * 1024)
    started = subprocess.Popen(
        [sys.executable, "-m", "archive.cli", "--archive", str(archive.folder), "--as", OPERATOR, "intake", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(archive.home.folder),
    )  # fmt: skip
    while len(list(archive.objects_folder.glob("??/*"))) < 2 and started.poll() is None:
        time.sleep(0.005)
    os.kill(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)

    assert 130 == started.returncode
    assert "nothing is recorded" in said and " of 60 files (" in said and "Run the same command again" in said
    assert [] == list(archive.objects_folder.glob(".tmp-*"))
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]


def test_ctrl_c_between_two_files_that_were_stored_says_how_far_it_came_too(archive, tmp_path):
    """The caller takes each answer and completes its item; a Ctrl-C may fall there as well."""
    looked = look(folder_of(tmp_path))
    submission = read_submission(looked.texts, looked.files, now=datetime.now(UTC))

    class Stopping(Held):
        def drain(self):
            for number, item in enumerate(super().drain()):
                if number and any(archive.objects_folder.glob("??/*")):
                    raise KeyboardInterrupt
                yield item

    submission.items = Stopping(submission.items)

    with pytest.raises(Stopped, match=r"nothing is recorded. 1 of \d files .* Run the same command again"):
        intake.take(archive, looked, submission, acting([OPERATOR], archive.home))
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]


def _growth(archive, folder):
    looked = look(folder)
    submission = read_submission(looked.texts, looked.files, now=datetime.now(UTC), lang="en", registered=None)
    with archive.reading() as db:
        return growth_of(looked, submission, registered(db, str(submission.case["code"])))


@pytest.mark.parametrize("items", [20, 400])
def test_the_room_that_records_need_is_estimated_as_it_is_used(archive, tmp_path, items):
    """Neither less than is used, nor several times as much."""
    tables, contents = case(), {}
    base, tables["link"] = tables["item"][1], []
    tables["item"] = [{**base, "id": f"V{n}", "file": f"media/{n}.jpg"} for n in range(items)]
    contents = {f"media/{n}.jpg": photograph((n % 256, n // 256, 9)) for n in range(items)}
    folder = write(tmp_path / "in", tables, contents)
    told, before = _growth(archive, folder), archive.database.stat().st_size
    take(archive, folder)
    used = archive.database.stat().st_size - before
    assert used <= told + 100_000 and told <= 2 * used
    assert 0 == _growth(archive, folder)


def test_the_room_that_flights_need_is_estimated_by_their_table(archive, tmp_path):
    rows = "".join(f"2019-02-03 {n % 24:02}:{n % 60:02},35.{n % 9000:04},36.{n % 7000:04},Su-22,east,one\n" for n in range(9000))
    folder = folder_of(tmp_path, **{"logs/f1.csv": "Time,Lat,Lon,Aircraft,Heading,Remarks\n" + rows})
    told, before = _growth(archive, folder), archive.database.stat().st_size
    take(archive, folder)
    used = archive.database.stat().st_size - before
    assert used <= told + 100_000 and told <= 2 * used


def test_room_is_refused_that_would_hold_the_files_and_not_their_records(archive, tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    needed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    monkeypatch.setattr(durable, "free_bytes", lambda _: needed + 200_000)
    with pytest.raises(UnreachableError, match="nothing was stored") as refused:
        take(archive, folder)
    assert "make room" in refused.value.hint
    assert [] == list(archive.objects_folder.glob("??/*"))


def test_a_database_on_another_disk_does_not_count_against_the_disk_of_the_objects(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(storing, "_one_disk", lambda _: False)
    folder = folder_of(tmp_path)
    room = {str(archive.objects_folder): 100_000, str(archive.folder): 1 << 30}
    monkeypatch.setattr(durable, "free_bytes", lambda where: room[where])
    assert take(archive, folder).receipt is not None
    shutil.rmtree(folder)
