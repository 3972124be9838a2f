"""`sijill read`: the document, its order, and what it refuses before and after opening."""

import hashlib
import os
import socket

import blake3
import pytest

from archive import read as read_module
from archive.read import read_files, read_regular
from schemas.errors import InputError, UnreachableError
from tests.evidence.pictures import ORIGINAL, SOMEWHERE, picture

KEYS = {"path", "size", "sha256", "blake3", "media_type", "facts", "warnings", "reader"}


def test_files_stand_in_the_order_of_the_call_with_both_digests(tmp_path):
    data = {
        "b.jpg": picture(camera={ORIGINAL: "2019:02:03 14:55:10"}, gps=SOMEWHERE),
        "a.txt": b"plain\n",
        "c.bin": b"",
    }
    for name, content in data.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in ("b.jpg", "a.txt", "c.bin", "b.jpg")]

    document = read_files(paths)

    assert document["format"] == "sijill-read/1"
    assert paths == [entry["path"] for entry in document["files"]]
    for entry in document["files"]:
        content = data[os.path.basename(entry["path"])]
        assert set(entry) == KEYS
        assert entry["size"] == len(content)
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["blake3"] == blake3.blake3(content).hexdigest()
        assert entry["warnings"] == []
    assert document["files"][0]["facts"]["gps"]["lat"] == 35.812
    assert [entry["media_type"] for entry in document["files"]][:3] == [
        "image/jpeg",
        "text/plain",
        "application/octet-stream",
    ]


def test_a_name_that_promises_an_image_and_bytes_that_are_none(tmp_path):
    (tmp_path / "p.jpg").write_bytes(b"\0" * 100)

    (entry,) = read_files([tmp_path / "p.jpg"])["files"]

    assert entry["warnings"] == ["the name ends in .jpg (image/jpeg), but the bytes are of no known type"]


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        paths = [tmp_path / "gone", tmp_path, tmp_path / "fifo", tmp_path / "s", "/dev/null", "nul\0"]
        with pytest.raises(InputError) as refused:
            read_files(paths)

    assert refused.value.exit_status == 2
    kinds = ["is not there", "a folder", "a FIFO", "a socket", "a device", "is not there"]
    for problem, kind in zip(refused.value.problems, kinds, strict=True):
        assert kind in problem.problem


def test_a_link_to_a_file_is_followed_and_a_dangling_one_is_not_there(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a.txt")
    (tmp_path / "dangling").symlink_to("nowhere")

    assert read_files([tmp_path / "link"])["files"][0]["size"] == 1
    with pytest.raises(InputError, match="dangling is not there"):
        read_files([tmp_path / "dangling"])


def test_a_file_that_cannot_be_opened_could_not_be_looked_at(tmp_path, monkeypatch):
    path = tmp_path / "locked.txt"
    path.write_bytes(b"x")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(read_module.os, "open", refuse)
    with pytest.raises(UnreachableError, match="locked.txt cannot be read: Permission denied") as refused:
        read_regular(path)
    assert refused.value.exit_status == 3


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "growing.txt"
    path.write_bytes(b"x" * 100)
    honest = read_module.digest_stream

    def slow(read):
        digests = honest(read)
        with path.open("ab") as file:
            file.write(b"more")
        return digests

    monkeypatch.setattr(read_module, "digest_stream", slow)
    with pytest.raises(InputError, match="changed while it was read"):
        read_files([path])


def test_a_name_is_shown_escaped_in_an_error(tmp_path):
    with pytest.raises(InputError) as refused:
        read_files([tmp_path / "evil\u202egpj.exe\x1b[2J"])

    assert "\u202e" not in refused.value.message
    assert "\x1b" not in refused.value.message
