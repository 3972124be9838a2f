"""Names as long as a file system takes, and longer; in Arabic a letter is two bytes."""

import os
import shutil

import pytest

from archive.audit import audit
from archive.cli import main
from archive.dossier import verification
from tests.casebook import CODE, OPERATOR, case, files, new_archive, photograph, take, write

LONGEST = ("a" * 251 + ".jpg", "ص" * 125 + ".jpg")


def test_names_of_255_bytes_are_taken_in_and_leave(tmp_path, monkeypatch):
    archive = new_archive(tmp_path)
    monkeypatch.setenv("SIJILL_HOME", str(archive.home.folder))
    tables, contents = case(), files()
    for number, name in enumerate(LONGEST, 2):
        tables["item"].append({**tables["item"][1], "id": f"V{number}", "file": f"media/{name}"})
        contents[f"media/{name}"] = photograph((number, 0, 0))
    assert {"V2", "V3"} <= {one["id"].split("/")[1] for one in take(archive, write(tmp_path / "in", tables, contents)).items}
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]
    for name in ("d" * 255, "د" * 127):
        call = ["dossier", "export", CODE, "--for", "internal", "--out", str(tmp_path / name), "--no-pdf"]
        assert 0 == main(["--archive", str(archive.folder), "--as", OPERATOR, *call])
        assert verification.check(tmp_path / name).ok
    assert 0 == main(["init", str(tmp_path / ("n" * 255)), "--operator", "other", "--no-passphrase"])


@pytest.mark.skipif(not hasattr(os, "fchdir"), reason="paths of POSIX")
def test_a_file_deeper_than_a_path_can_say_is_named_as_what_cannot_be_opened(tmp_path, monkeypatch):
    folder = write(tmp_path / "in", case(), files())
    monkeypatch.chdir(folder / "media")
    for _ in range(25):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    with open("deep.jpg", "wb") as file:
        file.write(photograph())
    os.chdir(tmp_path)
    taken = take(new_archive(tmp_path), folder)
    assert any("cannot be opened: File name too long" in one for one in taken.warnings)
    shutil.rmtree(folder)


NAME, PATH = "x" * 300, "/".join(["y" * 200] * 25)


@pytest.mark.parametrize("long", [NAME, PATH], ids=["a name", "a path"])
@pytest.mark.parametrize(
    "words",
    [("read", "{long}"), ("intake", "{long}"), ("new", "{long}"), ("--archive", "{long}", "audit"), ("init", "{long}", "--no-passphrase"),
     ("dossier", "verify", "{long}"), ("restore", "{long}"), ("compare", "{long}", "{long}")],
    ids=lambda words: next(word for word in words if word[0] not in "-{"),
)  # fmt: skip
def test_a_name_that_is_too_long_is_a_wrong_call(tmp_path, monkeypatch, capsys, words, long):
    archive = new_archive(tmp_path)
    monkeypatch.setenv("SIJILL_HOME", str(archive.home.folder))
    monkeypatch.setenv("SIJILL_ARCHIVE", str(archive.folder))
    monkeypatch.chdir(tmp_path)
    status = main([word.format(long=long) for word in words])
    told = capsys.readouterr().err
    assert status in (2, 3) and "Traceback" not in told and "a fault in Sijill" not in told
    assert any(said in told for said in ("longer than this system allows", "too long", "is not there", "is no folder")), told
