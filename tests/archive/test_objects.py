"""The object store on a local file system: its contract, and what files and folders can do to it."""

import hashlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_contract import FRAME, StoreContract

from archive import durable, object_batch, object_file, objects, workers
from archive.objects import ObjectStore, Source
from schemas.errors import InputError, IntegrityError, UnreachableError

CHUNK, SMALL = 256 * 1024, 1024 * 1024
NOBODY = 65534


class FolderStore(ObjectStore):
    """A store with the two ways to harm it that the contract asks for."""

    def damage(self, name):
        path = self.path(name)
        data = bytearray(path.read_bytes())
        data[0] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)

    def lose(self, name):
        self.path(name).unlink()


@pytest.fixture
def store(tmp_path):
    made = FolderStore(tmp_path / "objects")
    made.create()
    return made


@pytest.fixture
def plain_folder():
    """A folder and a user to whom modes apply: root may read and write everything."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        subprocess.run(["chmod", "-R", "u+rwX", str(folder)], check=True)
        shutil.rmtree(folder)


def tree(folder):
    """All that lies in a folder, with bytes and modes."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in sorted(folder.rglob("*"))
    }


class TestFolderStore(StoreContract):
    """On Linux, where one call makes all files durable."""


class TestFolderStoreElsewhere(StoreContract):
    """Where each file must be synced by itself and processes are not forked."""

    @pytest.fixture(autouse=True)
    def _elsewhere(self, monkeypatch):
        monkeypatch.setattr(durable, "_syncfs_tells", lambda: False)
        monkeypatch.setattr(object_batch, "can_fork", lambda: False)

    def test_each_file_and_its_folder_is_synced(self, store, monkeypatch):
        """The bytes as they are written, the names at the end."""
        synced = []
        monkeypatch.setattr(os, "fsync", lambda handle: synced.append(stat.S_IFMT(os.fstat(handle).st_mode)))

        store.put_bytes(FRAME)
        assert [stat.S_IFREG] == synced
        store.sync()
        assert [stat.S_IFREG, stat.S_IFDIR, stat.S_IFDIR] == synced


def test_an_object_is_read_only_and_lies_under_its_name(store):
    stored = store.put_bytes(FRAME)

    path = store.folder / stored.blake3[:2] / stored.blake3
    assert path == store.path(stored.blake3)
    assert 0o444 & ~_umask() == stat.S_IMODE(path.stat().st_mode)
    assert FRAME == path.read_bytes()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_nothing_but_objects_is_left_after_a_put(store, tmp_path):
    (tmp_path / "a").write_bytes(FRAME)
    list(store.put_many([tmp_path / "a"]))
    store.sync()

    assert ["object"] == [found.what for found in store.names()]
    assert [] == list(store.folder.glob(".tmp-*"))


boundaries = [0, 1, 8191, 8192, 8193, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, SMALL - 1, SMALL, SMALL + 1, SMALL + CHUNK]


@pytest.mark.parametrize("likely", [False, True])
@pytest.mark.parametrize("size", [*boundaries, 3 * SMALL, 3 * SMALL + 1])
def test_every_size_around_a_boundary_is_hashed_and_kept_whole(store, tmp_path, size, likely):
    data = hashlib.shake_128(str(size).encode()).digest(size)
    path = tmp_path / "source"
    path.write_bytes(data)

    (stored,) = store.put_many([Source(path, likely_stored=likely)])

    assert (path, blake3(data).hexdigest(), hashlib.sha256(data).hexdigest(), size, True, data[:8192], "") == stored
    assert data == store.path(stored.blake3).read_bytes()
    assert "ok" == store.check(stored.blake3, stored.sha256, size).what
    assert not next(store.put_many([Source(path, likely_stored=likely)])).new


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(
        st.one_of(st.sampled_from([*boundaries, 2 * SMALL]), st.integers(0, 2 * SMALL)), min_size=1, max_size=6
    )
)
def test_any_mixture_of_sizes_comes_back(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("mixture")
    store = ObjectStore(folder / "objects")
    store.create()
    given_bytes = {}
    for number, size in enumerate(sizes):
        given_bytes[folder / str(number)] = bytes([number % 251]) * size
        (folder / str(number)).write_bytes(given_bytes[folder / str(number)])

    stored = list(store.put_many(given_bytes))

    assert list(given_bytes) == [one.path for one in stored]
    for one in stored:
        assert given_bytes[one.path] == store.get(one.blake3)
    distinct = {one.blake3 for one in stored}
    assert len(distinct) == sum(one.new for one in stored)
    assert sorted(distinct) == [found.blake3 for found in store.names()]


@pytest.mark.parametrize("forking", [True, False])
def test_many_small_files_by_processes_and_by_threads_are_the_same(store, tmp_path, monkeypatch, forking):
    monkeypatch.setattr(object_batch, "can_fork", lambda: forking and sys.platform == "linux")
    paths = [tmp_path / f"{number:04}" for number in range(object_batch.FORK_ABOVE_FILES + 300)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % (number // 2) * 50)
    told = []

    stored = list(store.put_many(paths, progress=told.append))

    assert paths == [one.path for one in stored]
    assert [blake3(path.read_bytes()).hexdigest() for path in paths] == [one.blake3 for one in stored]
    assert len(paths) // 2 == sum(one.new for one in stored)
    assert sum(one.size for one in stored) == sum(told)


def test_processes_are_forked_only_where_no_other_thread_could_hold_a_lock():
    assert (sys.platform == "linux") == workers.can_fork()
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    try:
        assert not workers.can_fork()
    finally:
        wait.set()
        thread.join()


# -- sources ------------------------------------------------------------------------------------------------------


def test_a_fifo_a_socket_a_device_and_a_link_are_refused_without_waiting(store, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    (tmp_path / "target").write_bytes(FRAME)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    try:
        with pytest.raises(InputError) as refused:
            list(store.put_many([*(tmp_path / n for n in ("fifo", "socket", "link")), "/dev/zero"]))
    finally:
        listening.close()

    words = [problem.problem for problem in refused.value.problems]
    assert ["a FIFO", "a socket", "a link", "a device"] == [word.split(", ")[0].removeprefix("this is ") for word in words]


def test_a_link_is_followed_where_the_caller_says_so(store, tmp_path):
    (tmp_path / "target").write_bytes(FRAME)
    (tmp_path / "link").symlink_to(tmp_path / "target")

    assert blake3(FRAME).hexdigest() == next(store.put_many([Source(tmp_path / "link", follow=True)])).blake3


@pytest.mark.parametrize("size", [100, 3 * SMALL])
@pytest.mark.parametrize("change", ["grows", "shrinks", "is written", "is replaced", "goes", "becomes a fifo"])
def test_a_file_that_changes_while_it_is_read_is_refused(store, tmp_path, monkeypatch, size, change):
    """The change falls between the first look and the reading; the whole file is named and nothing is kept of it."""
    path = tmp_path / "clip"
    path.write_bytes(b"x" * size)
    other = tmp_path / "other"
    other.write_bytes(b"unchanged")
    real = objects.ObjectStore._ready_to_write

    def change_it(self):
        real(self)
        before = path.stat()
        if change == "grows":
            path.write_bytes(b"x" * (size + 1))
        elif change == "shrinks":
            path.write_bytes(b"x" * (size - 1))
        elif change == "is written":
            path.write_bytes(b"y" * size)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        elif change == "is replaced":
            (tmp_path / "new").write_bytes(b"y" * size)
            os.utime(tmp_path / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
            os.replace(tmp_path / "new", path)
        else:
            path.unlink()
            if change == "becomes a fifo":
                os.mkfifo(path)

    monkeypatch.setattr(objects.ObjectStore, "_ready_to_write", change_it)
    with pytest.raises(InputError, match="clip") as refused:
        list(store.put_many([Source(path, "clip"), other]))

    assert ["clip"] == [problem.where for problem in refused.value.problems]
    assert [blake3(b"unchanged").hexdigest()] == [found.blake3 for found in store.names()]
    assert [] == list(store.folder.glob(".tmp-*"))


def test_a_large_file_that_changes_during_the_reading_is_refused(store, tmp_path, monkeypatch):
    path = tmp_path / "clip"
    path.write_bytes(b"x" * (4 * SMALL))
    real, reads = object_file._write_all, []

    def write_and_change(handle, data):
        real(handle, data)
        reads.append(len(data))
        if len(reads) == 2:
            with path.open("ab") as file:
                file.write(b"more")

    monkeypatch.setattr(object_file, "_write_all", write_and_change)
    with pytest.raises(InputError, match="changed while it was read"):
        list(store.put_many([path]))

    assert [] == list(store.names())


def test_a_file_that_grows_for_ever_does_not_fill_the_store(store, tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_bytes(b"x" * (2 * SMALL))
    real = object_file._write_all
    written = []

    def write_and_grow(handle, data):
        real(handle, data)
        written.append(len(data))
        with path.open("ab") as file:
            file.write(b"x" * (2 * SMALL))

    monkeypatch.setattr(object_file, "_write_all", write_and_grow)
    with pytest.raises(InputError, match="changed"):
        list(store.put_many([path]))

    assert sum(written) <= 4 * SMALL


def test_a_name_that_is_no_text_is_taken_and_shown_escaped(store, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xe2\x80\xae.jpg"
    with open(path, "wb") as file:
        file.write(FRAME)

    assert blake3(FRAME).hexdigest() == next(store.put_many([os.fsdecode(path)])).blake3
    os.unlink(path)
    with pytest.raises(InputError) as refused:
        list(store.put_many([os.fsdecode(path)]))
    assert "\\u{DCFF}\\u{202E}.jpg" in refused.value.problems[0].where


def test_a_source_that_cannot_be_opened_is_named(plain_folder):
    store = ObjectStore(plain_folder / "objects")
    store.create()
    path = plain_folder / "closed"
    path.write_bytes(FRAME)
    path.chmod(0)

    with pytest.raises(InputError, match="cannot be read"):
        list(store.put_many([path]))


# -- the store ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [100, 2 * SMALL])
@pytest.mark.parametrize("harm", ["flipped", "shorter", "link to the same bytes", "folder", "fifo"])
def test_what_lies_in_an_objects_place_is_not_believed_and_not_overwritten(store, tmp_path, harm, size):
    path = tmp_path / "film"
    path.write_bytes(b"x" * size)
    (stored,) = store.put_many([path])
    there = store.path(stored.blake3)
    if harm == "flipped":
        store.damage(stored.blake3)
    elif harm == "shorter":
        there.chmod(0o644)
        os.truncate(there, size - 1)
    else:
        there.unlink()
        if harm == "folder":
            there.mkdir()
        elif harm == "fifo":
            os.mkfifo(there)
        else:
            there.symlink_to(path)
    before = tree(store.folder)

    with pytest.raises(IntegrityError, match=stored.blake3):
        list(store.put_many([path]))
    with pytest.raises(IntegrityError, match=stored.blake3):
        store.get(stored.blake3)

    what = store.check(stored.blake3, stored.sha256, size).what
    assert ("damaged" if harm in ("flipped", "shorter") else "not-a-file") == what
    # Only the temporary folder came and went.
    assert before == tree(store.folder)


def test_a_shelf_that_is_a_link_is_refused_for_writing_and_told_when_checking(store, tmp_path):
    stored = store.put_bytes(FRAME)
    shelf = store.path(stored.blake3).parent
    shelf.rename(tmp_path / "elsewhere")
    shelf.symlink_to(tmp_path / "elsewhere")

    assert "not-a-file" == store.check(stored.blake3, stored.sha256, stored.size).what
    assert [(None, "link")] == [(found.blake3, found.what) for found in store.names()]
    for refused in (lambda: store.put_bytes(b"other"), lambda: store.get(stored.blake3)):
        with pytest.raises(IntegrityError):
            refused()


def test_everything_strange_in_the_store_is_named(store):
    name = store.put_bytes(FRAME).blake3
    other = "0" * 64
    (store.folder / "notes.txt").touch()
    (store.folder / "zz").mkdir()
    (store.folder / "ff").touch()
    (store.folder / "00").mkdir()
    (store.folder / "00" / other).symlink_to(store.path(name))
    (store.folder / "00" / ("1" * 64)).touch()
    (store.folder / "00" / (name + ".bak")).touch()
    (store.folder / ".tmp-1-dead").mkdir()

    found = {(one.where, one.blake3, one.what) for one in store.names()}

    assert {
        (f"{name[:2]}/{name}", name, "object"),
        ("notes.txt", None, "stranger"),
        ("zz", None, "stranger"),
        ("ff", None, "file"),
        (f"00/{other}", other, "link"),
        (f"00/{'1' * 64}", None, "stranger"),
        (f"00/{name}.bak", None, "stranger"),
    } == found


def test_checking_writes_nothing(store):
    stored = store.put_bytes(FRAME)
    (store.folder / ".tmp-1-dead").mkdir()
    before = tree(store.folder)

    assert "ok" == store.check(stored.blake3, stored.sha256, stored.size).what
    list(store.names())
    store.get(stored.blake3)

    assert before == tree(store.folder)


def test_a_store_that_is_not_there_is_away_and_not_made_anew(tmp_path):
    """A disk that is not connected must not look like an empty archive."""
    store = ObjectStore(tmp_path / "not mounted")
    (tmp_path / "a").write_bytes(FRAME)

    for look in (
        lambda: store.put_bytes(FRAME),
        lambda: list(store.put_many([tmp_path / "a"])),
        lambda: list(store.names()),
        lambda: store.check("0" * 64, None, None),
        store.sync,
    ):
        with pytest.raises(UnreachableError):
            look()
    assert not store.folder.exists()


def test_a_read_only_store_is_checked_and_refuses_to_be_written(plain_folder):
    store = ObjectStore(plain_folder / "objects")
    store.create()
    stored = store.put_bytes(FRAME)
    os.chmod(store.folder, 0o555)

    assert "ok" == store.check(stored.blake3, stored.sha256, stored.size).what
    assert FRAME == store.get(stored.blake3)
    with pytest.raises(UnreachableError, match="cannot be written") as refused:
        store.put_bytes(b"other")
    assert "read-only for this account" in refused.value.hint


def test_an_object_that_cannot_be_opened_is_unreadable_and_not_damaged(plain_folder):
    store = ObjectStore(plain_folder / "objects")
    store.create()
    stored = store.put_bytes(FRAME)
    os.chmod(store.path(stored.blake3), 0)

    assert "unreadable" == store.check(stored.blake3, stored.sha256, stored.size).what
    with pytest.raises(UnreachableError, match="stored already but cannot be read"):
        store.put_bytes(FRAME)
    os.chmod(store.path(stored.blake3).parent, 0)
    assert "unreadable" == store.check(stored.blake3, stored.sha256, stored.size).what
    assert ["unreadable"] == [found.what for found in store.names()]


def test_room_is_looked_for_first_and_counts_only_what_is_new(store, tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"o" * 5000)
    new.write_bytes(b"n" * 5000)
    list(store.put_many([old]))
    monkeypatch.setattr(durable, "free_bytes", lambda _: 10_000)

    list(store.put_many([old, new]))  # 18,192 bytes with blocks, of which 9,096 are new
    monkeypatch.setattr(durable, "free_bytes", lambda _: 9_000)
    list(store.put_many([old, new]))
    (tmp_path / "newer").write_bytes(b"m" * 5000)
    before = tree(store.folder)
    with pytest.raises(UnreachableError, match="9000 bytes free and 9096 are needed"):
        list(store.put_many([old, tmp_path / "newer"]))

    assert before == tree(store.folder)


def test_a_worker_that_dies_is_told(store, tmp_path, monkeypatch):
    """The system's memory killer takes a forked worker; the caller hears of it and nothing hangs."""
    if not workers.can_fork():
        pytest.skip("no forked workers here")
    paths = [tmp_path / str(number) for number in range(object_batch.FORK_ABOVE_FILES + 1)]
    for path in paths:
        path.write_bytes(path.name.encode())
    monkeypatch.setattr(object_batch, "put_small", lambda seen, place: os.kill(os.getpid(), 9))

    with pytest.raises(UnreachableError, match="worker process"):
        list(store.put_many(paths))

    assert [] == list(store.folder.glob(".tmp-*"))


def test_a_caller_who_leaves_early_leaves_nothing_behind(store, tmp_path):
    paths = [tmp_path / str(number) for number in range(1000)]
    for path in paths:
        path.write_bytes(path.name.encode())
    threads = threading.active_count()

    answers = store.put_many(paths)
    next(answers)
    answers.close()

    assert [] == list(store.folder.glob(".tmp-*"))
    assert threads == threading.active_count()
