"""Copies, their return, what is due, and what an auditor keeps."""

import base64
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from archive import ledger, note, notebook
from archive.acts import withdraw
from archive.audit import audit
from archive.checked import record_checks
from archive.consent import answer
from archive.continued import go_on
from archive.copies import copy, known_copies, missing, restore
from archive.custody import events_of, gaps_in
from archive.dossier import verify as second
from archive.erasure import erase
from archive.head import checkpoint_note
from archive.health import health, in_words
from archive.objects import ObjectStore
from archive.open import find
from archive.operators import add
from archive.transfer import accept, hand_over
from archive.verify import object_rows, verify_objects
from schemas.entry import Entry
from schemas.errors import InputError, IntegrityError, RefusedError
from tests.archive.test_erasure import a_sealed_source, an_item
from tests.archive.test_operators import key
from tests.casebook import OPERATOR, ROOT, entries, filled_archive, signers, sijill
from tests.judges import judge


@pytest.fixture
def archive(tmp_path):
    return filled_archive(tmp_path)


def grave(archive, **more):
    return [f.code for f in audit(archive, **more).findings if f.severity == "finding"]


def act(archive):
    with ledger.writing(archive, signers(archive)) as one:
        one.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})


def test_a_copy_is_whole_and_takes_no_act(archive, tmp_path):
    copy(archive, tmp_path / "copy")
    copied = find(tmp_path / "copy", archive.home)
    assert grave(copied) == []
    assert second.check_archive(str(copied.folder)).ok
    with pytest.raises(RefusedError, match="a copy"):
        act(copied)


def test_a_copy_is_brought_up_to_date_and_writes_no_object_twice(archive, tmp_path):
    assert copy(archive, tmp_path / "copy")["objects_written"] > 0
    act(archive)
    assert [one["path"] for one in known_copies(archive)] == [str(tmp_path / "copy")]
    assert copy(archive, tmp_path / "copy", update=True)["objects_written"] == 0
    assert grave(find(tmp_path / "copy", archive.home)) == []
    with pytest.raises(InputError, match="not empty"):
        copy(archive, tmp_path / "copy")
    with pytest.raises(InputError, match="no copy of this"):
        copy(archive, tmp_path / "elsewhere", update=True)


def test_a_damaged_archive_is_not_copied_as_if_it_were_whole(archive, tmp_path):
    _, fields = an_item(archive, "imagery")
    path = archive.objects.path(fields["blake3"])
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(IntegrityError):
        copy(archive, tmp_path / "copy")


def test_an_older_copy_never_takes_the_place_of_a_newer_archive(archive, tmp_path):
    copy(archive, tmp_path / "copy")
    act(archive)
    shutil.rmtree(archive.folder)
    with pytest.raises(RefusedError, match="2 entries are missing"):
        restore(find(tmp_path / "copy", archive.home))


def test_the_newest_copy_takes_the_place_of_a_lost_archive(archive, tmp_path):
    copy(archive, tmp_path / "copy")
    shutil.rmtree(archive.folder)
    restore(find(tmp_path / "copy", archive.home))
    again = find(tmp_path / "copy", archive.home)
    act(again)
    assert grave(again) == []
    with pytest.raises(InputError, match="no copy"):
        restore(again)


def test_what_is_erased_is_named_where_a_copy_holds_it_and_goes_with_the_next_update(archive, tmp_path):
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["root", "guardian"])
    name, fields = an_item(archive, "imagery")
    copy(archive, tmp_path / "copy")
    told = erase(archive, [*signers(archive), archive.home.signer("lena")], name, "exercise")
    assert told["copies"] == [str(tmp_path / "copy")]
    store = ObjectStore(tmp_path / "copy" / "objects")
    assert store.path(fields["blake3"]).exists()
    copy(archive, tmp_path / "copy", update=True)
    assert not store.path(fields["blake3"]).exists()
    assert grave(find(tmp_path / "copy", archive.home)) == []


def test_health_says_what_is_missing_and_what_waits(archive, tmp_path):
    said = in_words(health(archive))
    for words in ("never as a whole", "never: sijill anchor", "none that this computer made"):
        assert words in said
    a_sealed_source(archive, tmp_path)
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["custodian"])
    from archive.transfer import hand_over

    name, _ = an_item(archive, "imagery")
    hand_over(archive, signers(archive), name, "lena", "x")
    with archive.reading() as db:
        seen = verify_objects(object_rows(db), archive.objects, quick=False, whole=True, progress=None)
    record_checks(archive, signers(archive), seen, [], entries(archive))
    copy(archive, tmp_path / "copy")
    act(archive)
    document = health(archive)
    assert document["verified"]["failed"] == 0
    assert len(document["sealed_to_one"]) == 1
    assert document["not_accepted"] == [{"item": name, "to": "lena"}]
    assert [one["behind"] for one in document["copies"]] == [2]


def test_a_notebook_remembers_what_a_cut_off_archive_forgot(archive, tmp_path):
    """The pin may be gone with the computer; the auditor's own disk is not."""
    shutil.copytree(archive.folder, tmp_path / "old")
    act(archive)
    notebook.keep(tmp_path / "notes", archive)
    old = find(tmp_path / "old", archive.home)
    shutil.rmtree(archive.home.folder / "pins")
    assert grave(old) == []
    assert "against" in grave(old, against=notebook.kept(tmp_path / "notes", old))
    with pytest.raises(InputError, match="inside the archive"):
        notebook.keep(archive.folder / "notes", archive)


def test_a_report_is_signed_so_that_ssh_keygen_checks_it(archive, tmp_path):
    (signer,) = signers(archive)
    report, sig = notebook.write_report(audit(archive).document(), tmp_path / "audit.json", [signer])
    (tmp_path / "allowed").write_text(f"auditor {signer.public_line}\n")
    told = subprocess.run(
        [judge("ssh-keygen"), "-Y", "verify", "-f", tmp_path / "allowed", "-I", "auditor", "-n", notebook.NAMESPACE, "-s", sig],
        input=report.read_bytes(), capture_output=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0
    with pytest.raises(InputError, match="is there already"):
        notebook.write_report({}, tmp_path / "audit.json", [])


def test_the_outcome_of_an_audit_can_be_recorded_and_found(archive):
    withdraw(archive, signers(archive), an_item(archive, "imagery")[0], "x", ("item",))
    notebook.note(archive, signers(archive), audit(archive).document(), "yearly")
    with archive.reading() as db:
        (fields,) = db.execute("SELECT fields FROM act WHERE t = 'audit.note'").fetchone()
    assert '"note":"yearly"' in fields
    assert grave(archive) == []


@pytest.fixture
def went_on(archive, tmp_path):
    """Two entries were lost with the computer; the older copy went on as another archive."""
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["custodian", "root", "guardian"])
    item, _ = an_item(archive, "imagery")
    hand_over(archive, signers(archive), item, "lena", "scan")
    accept(archive, [archive.home.signer("lena")], item)
    answer(archive, signers(archive), item=an_item(archive, "statement")[0], audience="public", reason="she asked")
    a_sealed_source(archive, tmp_path)
    withdraw(archive, signers(archive), an_item(archive, "flight_log")[0], "sent by mistake", ("item",))
    copy(archive, tmp_path / "copy")
    act(archive)
    shutil.rmtree(archive.folder)
    document = go_on(
        find(tmp_path / "copy", archive.home), signers(archive), "the laptop was lost", no_passphrase=True
    )
    return find(tmp_path / "copy", archive.home), document


def test_an_older_copy_goes_on_only_as_another_archive_that_names_its_head(archive, went_on):
    new, document = went_on
    assert (new.origin, document["missing"]) == (f"{archive.origin}-2", 2)
    with new.reading() as db:
        body = Entry.parse(0, db.execute("SELECT leaf FROM ledger WHERE idx = 0").fetchone()[0]).body
        (said,) = db.execute("SELECT fields FROM act WHERE t = 'audit.note'").fetchone()
    older = find(new.folder / "predecessor", archive.home)
    with older.reading() as db:
        size, stored = checkpoint_note(db)
    head = note.Checkpoint.parse(note.SignedNote.parse(stored).text)
    assert (body["continues_origin"], body["continues_size"]) == (archive.origin, size) == (head.origin, head.size)
    assert body["continues_root"] == base64.b64encode(head.root).decode()
    assert '"note":"the laptop was lost"' in said
    assert second.check_archive(str(new.folder)).findings == second.check_archive(str(older.folder)).findings == []
    assert (grave(new), grave(older)) == ([], ["pin"])  # the older one is still older than what was seen
    act(new)
    assert grave(new) == []
    with pytest.raises(RefusedError, match="a copy"):
        act(older)


def test_what_the_copy_held_stands_in_the_archive_that_went_on(archive, went_on):
    new, _ = went_on
    older = find(new.folder / "predecessor", archive.home)
    asked = "SELECT sub, kind, code, id, withdrawn IS NULL, fields FROM record WHERE kind != 'key' ORDER BY sub"
    held = "SELECT DISTINCT blake3, sha256, size, sub, role FROM object ORDER BY 1, 4"
    with new.reading() as now, older.reading() as then:
        for question in (asked, held, "SELECT earliest, latest, lat, lon, value FROM observation ORDER BY id"):
            assert now.execute(question).fetchall() == then.execute(question).fetchall() != []
        sub = now.execute("SELECT sub FROM record WHERE id = ?", (an_item(new, "imagery")[0].split("/")[1],)).fetchone()[0]
        told = [event["action"] for event in events_of(now, sub)]
        assert told == ["capture", "copy", "transfer", "receive", "accession", "reading.add"]
        assert [gap["what"] for gap in gaps_in(events_of(now, sub))] == [
            "handed over by tester; the last known to hold it was local media desk A"
        ]


def test_another_archive_cannot_be_slipped_under_the_one_that_went_on(archive, went_on, tmp_path):
    new, _ = went_on
    with closing(sqlite3.connect(new.folder / "predecessor" / "sijill.db")) as db, db:
        db.execute("DROP TRIGGER ledger_no_delete")
        db.execute("DELETE FROM ledger WHERE idx = (SELECT max(idx) FROM ledger)")
    assert grave(new) == ["predecessor"]
    assert not second.check_archive(str(new.folder)).ok
    shutil.rmtree(new.folder / "predecessor")
    assert grave(new) == []
    assert "predecessor-none" in [f.code for f in audit(new).findings]
    (new.folder / "predecessor").mkdir()
    other = filled_archive(tmp_path / "other")
    shutil.copytree(new.folder / "predecessor", other.folder / "predecessor")
    assert grave(other) == ["predecessor"]


def test_going_on_needs_something_missing_a_reason_another_name_and_a_copy_that_holds(archive, tmp_path):
    copy(archive, tmp_path / "copy")
    shutil.copytree(tmp_path / "copy", tmp_path / "whole")
    act(archive)
    copied = find(tmp_path / "copy", archive.home)
    with pytest.raises(InputError, match="needs a reason"):
        go_on(copied, signers(archive), " ", no_passphrase=True)
    with pytest.raises(InputError, match="another origin"):
        go_on(copied, signers(archive), "lost", origin=archive.origin, no_passphrase=True)
    _, fields = an_item(archive, "imagery")
    path = copied.objects.path(fields["blake3"])
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(RefusedError, match="does not hold"):
        go_on(copied, signers(archive), "lost", no_passphrase=True)
    shutil.rmtree(archive.home.folder / "pins")
    whole = find(tmp_path / "whole", archive.home)
    assert missing(whole, [archive.folder / "checkpoint"]) == 2
    assert go_on(whole, signers(archive), "nothing is missing")["missing"] == 0
    assert find(tmp_path / "whole", archive.home).copy_of is None


def an_older_copy(archive, tmp_path):
    copy(archive, tmp_path / "copy")
    act(archive)
    shutil.rmtree(archive.folder)
    return find(tmp_path / "copy", archive.home)


def bytes_below(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_ctrl_c_between_two_renames_leaves_the_copy_in_its_place(archive, tmp_path, monkeypatch):
    copied, rename = an_older_copy(archive, tmp_path), os.rename
    before = bytes_below(copied.folder)

    def stopped(source, target):
        if Path(target) == copied.folder and Path(source).name.startswith(".copy.sijill-"):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        go_on(copied, signers(archive), "the laptop was lost", no_passphrase=True)

    assert before == bytes_below(copied.folder) and [] == list(tmp_path.glob(".copy*"))


def test_what_was_killed_between_two_renames_is_taken_up_by_the_same_command(archive, tmp_path):
    copied = an_older_copy(archive, tmp_path)
    built = tmp_path / ".copy.sijill-4194303"
    built.mkdir()
    copied.folder.rename(built / "predecessor")

    words = ("restore", tmp_path / "copy", "--reason", "the laptop was lost", "--no-passphrase", "--as", OPERATOR)
    done = sijill(*words, cwd=ROOT, home=archive.home.folder)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy" / "predecessor" / "sijill.toml").is_file() and not built.exists()
