"""The object store when things go wrong: killed writers, full and failing disks, writers side by side.

After each of these the store holds whole objects and, at most, a temporary
folder that the next writer removes.
"""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from blake3 import blake3

from archive import durable, object_batch, workers
from archive.objects import ObjectStore
from schemas.errors import SijillError, UnreachableError
from tests.disks import small_disk

ROOT = Path(__file__).parents[2]
PUT = (
    "import sys; from pathlib import Path; from archive.objects import ObjectStore\n"
    "store = ObjectStore(Path(sys.argv[1])); print('started', flush=True)\n"
    "stored = list(store.put_many(sorted(Path(sys.argv[2]).iterdir()))); store.sync(); print(len(stored))\n"
)
FULL_BYTES = 4 * 1024 * 1024


@pytest.fixture
def store(tmp_path):
    made = ObjectStore(tmp_path / "objects")
    made.create()
    return made


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path, FULL_BYTES) as mounted:
        yield mounted


def files(folder, sizes):
    folder.mkdir()
    for number, size in enumerate(sizes):
        (folder / f"{number:05}").write_bytes(number.to_bytes(8, "big") * (size // 8 + 1))
    return sorted(folder.iterdir())


def start(store, folder):
    return subprocess.Popen(
        [sys.executable, "-c", PUT, str(store.folder), str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def whole(store):
    """The names of all objects, after every one of them was read."""
    names = []
    for found in store.names():
        assert "object" == found.what, found
        assert found.blake3 == blake3((store.folder / found.where).read_bytes()).hexdigest()
        names.append(found.blake3)
    return names


def expected(paths):
    return sorted({blake3(path.read_bytes()).hexdigest() for path in paths})


@pytest.mark.parametrize(
    "sizes", [[3000] * 1500, [6_000_000] * 12, [100, 5_000_000] * 8], ids=["small, forked", "large", "both"]
)
def test_a_killed_writer_leaves_whole_objects_and_the_next_one_goes_on(store, tmp_path, sizes):
    paths = files(tmp_path / "sources", sizes)
    for milliseconds in (0, 2, 5, 10, 20, 40, 80):
        writer = start(store, tmp_path / "sources")
        writer.stdout.readline()
        time.sleep(milliseconds / 1000)
        writer.kill()
        writer.stdout.read()  # until the workers are gone too, which hold its other end
        writer.wait()
        writer.stdout.close()
        assert set(whole(store)) <= set(expected(paths))

    answers = list(store.put_many(paths))

    assert len(paths) == len(answers)
    assert expected(paths) == whole(store)
    assert [] == list(store.folder.glob(".tmp-*"))


def test_writers_side_by_side_store_the_same_bytes_once(store, tmp_path):
    paths = files(tmp_path / "sources", [2000] * 700 + [1_500_000] * 6)
    writers = [start(store, tmp_path / "sources") for _ in range(4)]

    for writer in writers:
        output, _ = writer.communicate(timeout=120)
        assert (0, f"started\n{len(paths)}\n") == (writer.returncode, output)
    assert expected(paths) == whole(store)
    assert [] == list(store.folder.glob(".tmp-*"))


def test_a_living_writers_temporary_folder_is_left_alone(store, tmp_path):
    paths = files(tmp_path / "sources", [2_000_000] * 4)
    first = store.put_many(paths)
    next(first)
    busy = list(store.folder.glob(".tmp-*"))
    other = ObjectStore(store.folder)
    (store.folder / ".tmp-1-dead").mkdir()
    (store.folder / ".tmp-1-dead" / "1-0").write_bytes(b"half")

    other.put_bytes(b"meanwhile")

    assert busy == list(store.folder.glob(".tmp-*"))
    assert len(paths) == 1 + len(list(first))
    assert [] == list(store.folder.glob(".tmp-*"))


@pytest.mark.parametrize("sizes", [[6000] * 900, [700_000] * 8, [3_000_000] * 2], ids=["forked", "threads", "large"])
def test_a_full_disk_is_told_before_and_while_writing(disk, tmp_path, monkeypatch, sizes):
    store = ObjectStore(disk.folder / "objects")
    store.create()
    paths = files(tmp_path / "sources", sizes)

    with pytest.raises(UnreachableError, match="bytes free and") as early:
        list(store.put_many(paths))
    assert [] == whole(store)

    monkeypatch.setattr(durable, "free_bytes", lambda _: 1 << 40)  # another writer takes the room meanwhile
    with pytest.raises(UnreachableError, match="No space left") as late:
        list(store.put_many(paths))

    assert ("store-full", "store-full", 3) == (early.value.code, late.value.code, late.value.exit_status)
    assert "make room" in late.value.hint
    assert set(whole(store)) < set(expected(paths))
    assert [] == list(store.folder.glob(".tmp-*"))


def test_a_file_past_the_limit_of_the_account_is_told(store, tmp_path):
    paths = files(tmp_path / "sources", [3_000_000])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
    try:
        with pytest.raises(UnreachableError) as refused:
            list(store.put_many(paths))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert "larger than this file system" in refused.value.hint
    assert ([], []) == (whole(store), list(store.folder.glob(".tmp-*")))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("call", ["write", "close", "rename", "mkdir", "open"])
def test_an_error_at_any_call_leaves_only_whole_objects(store, tmp_path, monkeypatch, call, number):
    """Every k-th call of each kind fails in turn, until a run meets no failure any more."""
    monkeypatch.setattr(object_batch, "can_fork", lambda: False)
    paths = files(tmp_path / "sources", [10, 2_000_000, 500, 10])
    sources = str(tmp_path / "sources")
    real = getattr(os, call)
    for k in range(200):
        calls = [0]

        def failing(first, *rest, calls=calls, k=k, **named):
            mine = not (isinstance(first, str) and first.startswith(sources))
            calls[0] += mine
            if mine and calls[0] == k + 1:
                if call == "close":
                    real(first)
                raise OSError(number, os.strerror(number))
            return real(first, *rest, **named)

        for name in whole(store):
            store.remove(name)
        for shelf in store.folder.iterdir():
            shelf.rmdir()
        monkeypatch.setattr(os, call, failing)
        try:
            list(store.put_many(paths))
            store.sync()
        except SijillError as error:
            assert error.exit_status in (2, 3), error
        finally:
            monkeypatch.setattr(os, call, real)
        assert set(whole(store)) <= set(expected(paths))
        assert [] == list(store.folder.glob(".tmp-*"))
        if calls[0] <= k:
            break
    else:
        pytest.fail("the run never came through without the injected error")
    assert expected(paths) == whole(store)


def lost(_):
    raise OSError(errno.EIO, "Input/output error")


def killed(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_disk_that_loses_bytes_is_told_at_the_sync(store, monkeypatch):
    store.put_bytes(b"frame")
    monkeypatch.setattr(durable, "_syncfs", lost)
    monkeypatch.setattr(durable, "sync_folders", lost)
    with pytest.raises(UnreachableError, match="durable") as refused:
        store.sync()
    assert 3 == refused.value.exit_status


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
@pytest.mark.parametrize(("fault", "says"), [(lost, "durable"), (killed, "nothing was recorded"), (None, "")])
def test_a_sync_beside_other_work_tells_the_same_as_often_as_it_is_asked(store, monkeypatch, fault, says):
    monkeypatch.setattr(workers, "can_fork", lambda: True)
    store.put_bytes(b"frame")
    if fault is not None:
        monkeypatch.setattr(durable, "_syncfs", fault)
        monkeypatch.setattr(durable, "sync_folders", fault)
    with store.syncing() as wait:
        if fault is None:
            wait()
            wait()
        else:
            with pytest.raises(UnreachableError, match=says):
                wait()


def interrupted(store, sources):
    """Interrupt a writer as it begins to store; gives what it said, or nothing where it was done sooner."""
    writer = subprocess.Popen(
        [sys.executable, "-c", PUT, str(store.folder), str(sources)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    writer.stdout.readline()
    while not list(store.folder.glob("??")):
        time.sleep(0.001)
    os.killpg(writer.pid, signal.SIGINT)
    return writer.communicate(timeout=30)[1]


def test_an_interrupted_writer_cleans_up_and_its_workers_end(tmp_path):
    """Ctrl-C in a terminal reaches the writer and its workers alike."""
    files(tmp_path / "sources", [60_000] * 3000)
    for number in range(10):  # on a machine that is busy with others the writer may be done before it is interrupted
        store = ObjectStore(tmp_path / f"objects-{number}")
        store.create()
        said = interrupted(store, tmp_path / "sources")
        if said:
            break

    assert "KeyboardInterrupt" in said.splitlines()[-1]
    assert 1 == said.count("Traceback (most recent call last)")
    assert [] == list(store.folder.glob(".tmp-*"))
    whole(store)
