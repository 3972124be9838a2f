"""`sijill objects tidy` takes away what a stopped intake left, and never what anybody may still need."""

import os
import sqlite3

import pytest
from blake3 import blake3

import archive.intake
from archive.audit import audit
from archive.tidy import tidy
from schemas.errors import IntegrityError, RefusedError, UnreachableError
from tests.casebook import case, files, filled_archive, new_archive, signers, sijill, take, write

LEFT = b"an intake that was stopped left this"


@pytest.fixture
def kept(tmp_path):
    return filled_archive(tmp_path)


def leave(kept, data=LEFT, name=None):
    """Put bytes into the store as a writer does that is stopped before it records."""
    name = name or blake3(data).hexdigest()
    path = kept.objects_folder / name[:2] / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return name


def test_what_a_stopped_intake_left_is_listed_and_then_removed(kept):
    name = leave(kept)
    (kept.objects_folder / ".tmp-1-dead").mkdir()
    (kept.objects_folder / ".tmp-1-dead" / "half").write_bytes(b"ha")
    before = sorted(path.name for path in kept.objects_folder.rglob("*"))

    listed = tidy(kept, None)

    assert [{"object": name, "size": len(LEFT)}] == listed["objects"]
    assert [".tmp-1-dead"] == listed["folders"] and not listed["removed"]
    assert before == sorted(path.name for path in kept.objects_folder.rglob("*"))

    assert tidy(kept, signers(kept))["removed"]

    assert [] == tidy(kept, None)["objects"] == tidy(kept, None)["folders"]
    assert [] == audit(kept).findings


def test_no_entry_is_written_since_nothing_recorded_has_changed(kept):
    leave(kept)
    with kept.reading() as db:
        size = db.execute("SELECT count(*) FROM ledger").fetchone()
    tidy(kept, signers(kept))
    with kept.reading() as db:
        assert size == db.execute("SELECT count(*) FROM ledger").fetchone()


def test_damage_and_strangers_are_signs_and_stay(kept):
    forged = leave(kept, b"not the bytes of this name", "ab" * 32)
    (kept.objects_folder / "note.txt").write_text("who was here?")
    os.symlink("/etc/hostname", kept.objects_folder / "ab" / ("ab" * 31 + "cd"))

    document = tidy(kept, signers(kept))

    assert [] == document["objects"]
    assert {forged, "ab" * 31 + "cd", "note.txt"} == {one["object"] for one in document["left"]}
    assert (kept.objects_folder / "ab" / forged).exists() and (kept.objects_folder / "note.txt").exists()


def test_whoever_changed_the_view_cannot_have_evidence_tidied_away(kept):
    """The rows that name objects are no proof; without an audit they would decide what goes."""
    with sqlite3.connect(kept.database) as db:
        name, = db.execute("SELECT blake3 FROM object LIMIT 1").fetchone()
        db.execute("DELETE FROM object WHERE blake3 = ?", (name,))
    db.close()

    with pytest.raises(IntegrityError) as refused:
        tidy(kept, signers(kept))

    assert refused.value.exit_status == 1 and "nothing was removed" in refused.value.message
    assert kept.objects.path(name).exists()


def test_removing_takes_the_custodians_role(tmp_path, kept):
    name = leave(kept)
    told = sijill("operator", "revoke", "tester", "--role", "custodian", "--reason", "an exercise",
                  "--archive", kept.folder, home=kept.home.folder)  # fmt: skip
    assert told.returncode == 0, told.stderr
    with pytest.raises(RefusedError, match="custodian"):
        tidy(kept, signers(kept))
    assert kept.objects.path(name).exists()


@pytest.mark.parametrize("moment", ["before the files are read", "before the act is written"])
def test_an_intake_under_way_is_refused_and_not_left_without_its_bytes(tmp_path, monkeypatch, moment):
    """It has stored and not yet recorded: to the store its objects look like those of a stopped one."""
    kept = new_archive(tmp_path)
    folder = write(tmp_path / "in", case(), files())
    reading = archive.intake.read_files

    def meanwhile(*given, **options):
        monkeypatch.setattr(archive.intake, "read_files", reading)
        found = reading(*given, **options) if moment == "before the act is written" else None
        assert len(tidy(kept, signers(kept))["objects"]) == len(files())
        return found or reading(*given, **options)

    monkeypatch.setattr(archive.intake, "read_files", meanwhile)
    with pytest.raises(UnreachableError, match="nothing was recorded") as refused:
        take(kept, folder)

    assert "again" in refused.value.hint
    assert [] == audit(kept).findings
    assert len(files()) == sum(item["new"] for item in take(kept, folder).items)
    assert [] == audit(kept).findings


def test_without_a_terminal_nothing_goes_unless_it_was_said(kept):
    name = leave(kept)
    told = sijill("objects", "tidy", "--archive", kept.folder, home=kept.home.folder)
    assert told.returncode == 0 and name in told.stdout and "--yes" in told.stdout
    assert kept.objects.path(name).exists()
    told = sijill("objects", "tidy", "--yes", "--archive", kept.folder, home=kept.home.folder)
    assert told.returncode == 0 and "removed" in told.stdout
    assert not kept.objects.path(name).exists()
    told = sijill("verify", "--archive", kept.folder, home=kept.home.folder)
    assert "nobody names" not in told.stdout
