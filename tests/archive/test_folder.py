"""A folder is looked at and never touched: what is a file of it, what is not, and the manifest it travelled with."""

import hashlib
import os
import socket
import sys

import pytest

from archive.folder import case_folders, check_manifest, look
from evidence.manifest import read_manifest
from schemas.errors import NotFound

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="names and files of POSIX systems")
DIGEST = hashlib.sha256(b"bytes").hexdigest()


@pytest.fixture
def folder(tmp_path):
    """A case folder with one picture."""
    root = tmp_path / "case"
    (root / "media").mkdir(parents=True)
    (root / "case.toml").write_bytes(b'format = "sijill-intake/1"\n')
    (root / "media" / "a.jpg").write_bytes(b"bytes")
    return root


def test_files_are_named_as_they_lie_in_the_folder(folder):
    """Forward slashes, on every system; the tables are read."""
    seen = look(folder)

    assert {"case.toml": None, "media/a.jpg": None} == seen.files
    assert {"case.toml": b'format = "sijill-intake/1"\n'} == seen.texts


@POSIX
def test_a_link_that_stays_inside_is_a_file_and_one_that_leads_outside_is_not(folder, tmp_path):
    """Judged by the real path, also where the outside shares the beginning of its name."""
    outside = tmp_path / "case-2"
    outside.mkdir()
    (outside / "x").write_bytes(b"x")
    (folder / "inside").symlink_to("media/a.jpg")
    (folder / "outside").symlink_to(outside / "x")
    (folder / "nothing").symlink_to("media/none.jpg")
    (folder / "round").symlink_to("round")
    (folder / "tree").symlink_to("media")
    (folder / "far").symlink_to(outside)

    files = look(folder).files

    assert files["inside"] is None
    assert ("is a link that leads outside the folder",) * 2 == (files["outside"], files["far"])
    assert "is a link to nothing" == files["nothing"]
    assert "is a link to a folder and is not walked; name its files where they really lie" == files["tree/"]
    assert files["round"] is not None
    assert "far/x" not in files


@POSIX
def test_what_is_no_regular_file_is_told(folder):
    """A FIFO would wait for ever; it is never opened."""
    os.mkfifo(folder / "fifo")
    os.mkfifo(folder / "items.csv")
    with socket.socket(socket.AF_UNIX) as door:
        os.chdir(folder)
        door.bind("door")

    seen = look(folder)

    assert ("is a FIFO", "is a FIFO", "is a socket") == (
        seen.files["fifo"],
        seen.files["items.csv"],
        seen.files["door"],
    )
    assert "items.csv" not in seen.texts


@POSIX
@pytest.mark.skipif(sys.platform == "darwin", reason="the file system refuses such names")
def test_a_name_that_is_not_utf8_is_a_warning_shown_escaped(folder):
    """It cannot be named by a table; it is not passed over in silence."""
    with open(os.path.join(os.fsencode(folder), b"caf\xe9.jpg"), "wb"):
        pass

    seen = look(folder)

    assert ["caf\\xE9.jpg: the name is not UTF-8, so no table can name it"] == seen.warnings
    assert {"case.toml", "media/a.jpg"} == seen.files.keys()


def test_looking_changes_nothing(folder):
    """Neither bytes nor times of the folder."""
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}

    look(folder)

    assert before == {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def test_a_folder_that_is_not_there_is_not_found(tmp_path):
    """Exit status 2, and no traceback."""
    with pytest.raises(NotFound):
        look(tmp_path / "none")


def test_a_folder_of_cases_is_its_children_that_have_a_case(folder, tmp_path):
    """The folder itself, where it has a case; else its children; else itself, to be refused."""
    empty = tmp_path / "empty"
    empty.mkdir()

    assert ([folder], [folder], [empty]) == (case_folders(folder), case_folders(tmp_path), case_folders(empty))


LINES = {
    "text": f"{DIGEST}  media/a.jpg\n",
    "binary": f"{DIGEST} *media/a.jpg\n",
    "upper case, as Windows tools write it": f"{DIGEST.upper()}  media/a.jpg\r\n",
    "bsd": f"SHA256 (media/a.jpg) = {DIGEST}\n",
    "found by find": f"{DIGEST}  ./media/a.jpg\n",
    "with a mark": f"\ufeff{DIGEST}  media/a.jpg\n",
}


@pytest.mark.parametrize("form", LINES)
def test_a_manifest_is_read_as_the_tools_write_it(form):
    """Every form of sha256sum and its kin."""
    assert ({"media/a.jpg": DIGEST}, []) == read_manifest(LINES[form].encode())


def test_a_manifest_keeps_escaped_names():
    """A newline in a name travels as \\n, after a backslash at the beginning of the line."""
    assert ({"a\nb\\c": DIGEST}, []) == read_manifest(f"\\{DIGEST}  a\\nb\\\\c\n".encode())


def test_a_manifest_from_powershell_is_utf16():
    """What `>` writes there."""
    assert ({"نص.txt": DIGEST}, []) == read_manifest(f"{DIGEST}  نص.txt\r\n".encode("utf-16"))


def test_a_line_that_is_none_is_told_by_its_number_alone():
    """It may hold anything."""
    _, (problem,) = read_manifest(f"{DIGEST}  a\nTRUE NAME\n".encode())

    assert ("manifest-sha256.txt: line 2", "is no line of sha256sum (digest, two blanks, name)") == (
        problem.where,
        problem.problem,
    )


def test_a_folder_that_travelled_arrives_as_it_left(folder):
    """Each listed file is there and has its digest."""
    manifest = folder / "manifest-sha256.txt"
    manifest.write_text(f"{DIGEST}  media/a.jpg\n")
    assert [] == check_manifest(look(folder), {})

    manifest.write_text(f"{'0' * 64}  media/a.jpg\n{DIGEST}  media/b.jpg\n")
    found = check_manifest(look(folder), {"media/a.jpg": DIGEST})

    assert ["media/a.jpg", "media/b.jpg"] == [problem.where.split(": ")[1] for problem in found]
    assert ["is not the file that left", "is listed, and is not there"] == [
        problem.problem[: len(p)]
        for problem, p in zip(found, ["is not the file that left", "is listed, and is not there"], strict=True)
    ]
