"""What a disk, another process or a clock does to an archive: every command says so, and nothing is half recorded.

Each command is run as its user runs it; the sentences are held to saying what
happened and what to do. After each the archive holds, and once the trouble is
over the same command does its work.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, nullcontext, suppress

import pytest

from archive import database, durable, ledger, transaction, unfinished
from archive.audit import audit
from archive.cli import main, showing
from archive.consent import answers_of
from archive.erasure import erase
from archive.keys import Home, acting
from archive.open import find
from archive.operators import add
from archive.show import find_item
from archive.workers import forked
from schemas.errors import IntegrityError, UnreachableError
from tests import casebook
from tests.casebook import CODE, OPERATOR, case, files, filled_archive, write
from tests.disks import small_disk
from tests.tamper import honest as making

W1, V1 = f"{CODE}/W1", f"{CODE}/V1"
WRITERS = {
    "consent": ("consent", W1, "--for", "court", "--answer", "no", "--reason", "asked again"),
    "erase": ("erase", V1, "--reason", "by order", "--as", "karim"),
    "intake": ("intake", "{second}"),
    "check --record": ("check", "--record"),
    "verify --record": ("verify", "--record"),
    "audit --note": ("audit", "--note", "seen"),
    "case amend": ("case", "amend", CODE, "delivery=drone", "--reason", "second look"),
    "item withdraw": ("item", "withdraw", W1, "--reason", "another place"),
    "link add": ("link", "add", V1, "--facet", "damage", "--stance", "supports", "--strength", "direct",
                 "--rationale", "the roof", "--assessor", "A-2"),
    "link withdraw": ("link", "withdraw", f"{CODE}/L1", "--reason", "another street"),
    "custody transfer": ("custody", "transfer", V1, "--to", "karim", "--purpose", "second office"),
    "waive": ("waive", CODE, "fairness", "--until", "2090-03-01", "--reason", "nobody to ask", "--as", "karim"),
    "operator grant": ("operator", "grant", "karim", "custodian"),
    "redact": ("redact", V1, "--box", "2,2,8,8", "--for", "court", "--reason", "a face"),
    "seal": ("seal", f"{CODE}/S1", "--file", "{second}/statements/w1.txt"),
    "objects tidy": ("objects", "tidy", "--yes"),
    "dossier export": ("dossier", "export", CODE, "--for", "internal", "--out", "{out}", "--no-pdf"),
    "archive export": ("archive", "export", "{out}", "--purpose", "kept elsewhere"),
    "key rotate-log": ("key", "rotate-log", "--no-passphrase"),
}  # fmt: skip
READERS = {
    "audit": ("audit",), "verify": ("verify",), "check": ("check",), "match": ("match",), "case list": ("case", "list"),
    "case show": ("case", "show", CODE), "custody": ("custody", W1), "timeline": ("timeline", CODE),
    "health": ("health",), "checkpoint": ("checkpoint",), "prove": ("prove", W1), "check --changed": ("check", "--changed"),
}  # fmt: skip
NEED_OBJECTS = ("intake", "erase", "redact", "seal", "objects tidy", "dossier export", "archive export", "verify --record")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A house with an archive that holds a case, two persons, and a second case that waits."""
    folder = tmp_path_factory.mktemp("first")
    archive = filled_archive(folder)
    tables = case()
    tables["case"]["code"] = "EX-2020-0002"
    write(folder / "second", tables, {**files(), "media/v1.jpg": casebook.photograph((9, 9, 9)) + bytes(100_000)})
    _second_person(archive, folder)
    return folder


def _second_person(archive, folder):
    key = folder / "karim.key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    add(archive, casebook.signers(archive), "karim", key, roles=["root", "guardian"])


@pytest.fixture
def house(first, tmp_path):
    """A copy of `first` for one test."""
    return shutil.copytree(first, tmp_path / "house", symlinks=True)


@pytest.fixture
def run(house, monkeypatch, capsys, tmp_path):
    """Run a command of `WRITERS` or `READERS` on the archive of the house, or `at` another place."""
    monkeypatch.setenv("SIJILL_HOME", str(house / "home"))
    monkeypatch.setenv("SIJILL_OPERATOR", OPERATOR)

    def call(name, at=None):
        words = {**WRITERS, **READERS}[name]
        words = [word.format(second=house / "second", out=tmp_path / f"out-{name}") for word in words]
        signed = ["--as", OPERATOR] if "--as" in words else []
        capsys.readouterr()
        status = main(["--archive", str(at or house / "archive"), *words, *signed])
        told = capsys.readouterr()
        assert "Traceback" not in told.err and "a fault in Sijill" not in told.err, told.err
        return status, told.out + told.err

    return call


def findings(folder, home):
    return [one.code for one in audit(find(folder, Home(home))).findings if one.severity == "finding"]


def size(folder):
    with closing(sqlite3.connect(f"file:{folder / 'sijill.db'}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM ledger").fetchone()[0]


# -- another process writes -----------------------------------------------------------------------------------------------


@pytest.fixture
def held(house, monkeypatch):
    """The write lock of the archive, in other hands; commands wait for it a moment only."""
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.05)
    monkeypatch.setattr(transaction, "TOLD_EVERY_S", 0.02)
    with closing(sqlite3.connect(house / "archive" / "sijill.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_waits_for_another_and_then_says_so(house, run, held, name):
    status, told = run(name)
    assert 3 == status
    assert "another process has been writing to this archive for" in told and "nothing was recorded" in told
    assert "run the same command again" in told
    assert not (house / "archive" / unfinished.PENDING).exists()

    held.execute("ROLLBACK")
    assert 0 == run(name)[0]
    assert [] == findings(house / "archive", house / "home")


@pytest.mark.parametrize("name", READERS)
def test_a_reader_does_not_wait_for_a_writer(house, run, held, name):
    assert 0 == run(name)[0]


@pytest.mark.parametrize(
    "found", [sqlite3.DatabaseError("database disk image is malformed"), IntegrityError("torn", where="ledger"), KeyError()]
)
def test_what_a_reader_finds_while_somebody_writes_is_no_damage(house, run, found):
    with (
        pytest.raises(UnreachableError, match="another process wrote to the archive while it was read"),
        database.reading(house / "archive" / "sijill.db"),
    ):
        run("consent")
        raise found


def test_damage_that_a_reader_finds_while_nobody_writes_is_said(house):
    with (
        pytest.raises(UnreachableError, match="malformed"),
        database.reading(house / "archive" / "sijill.db"),
    ):
        raise sqlite3.DatabaseError("database disk image is malformed")


def test_somebody_who_waits_at_a_terminal_is_told_for_what_and_how_long(house, run, held, monkeypatch):
    monkeypatch.setattr(showing.sys.stderr, "isatty", lambda: True, raising=False)
    _, told = run("consent")
    assert "waiting for another process that writes to this archive: " in told and " s of at most " in told


def watched(monkeypatch):
    """Let somebody look at stderr, with no patience at all."""
    monkeypatch.setattr(showing, "PATIENCE_S", 0)
    monkeypatch.setattr(showing, "DRAWN_EVERY_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(showing.sys.stderr, "isatty", lambda: True, raising=False)


def test_erasing_says_what_it_does_and_how_far_it_is(run, monkeypatch):
    watched(monkeypatch)
    _, told = run("erase")
    assert "ordering the values gone" in told and " of " in told and "overwriting the values" in told


def test_restoring_says_what_it_does_and_how_far_it_is(house, run, tmp_path, capsys, monkeypatch):
    """Also where entries are lost and another archive goes on, which reads and takes in all that the copy holds."""
    watched(monkeypatch)
    main(["--archive", str(house / "archive"), "copy", str(tmp_path / "copy")])
    shutil.copytree(tmp_path / "copy", tmp_path / "older")
    assert 0 == main(["restore", str(tmp_path / "copy")])
    assert "comparing the head with its entries" in capsys.readouterr().err
    assert 0 == run("consent")[0]
    capsys.readouterr()
    assert 0 == main(["restore", str(tmp_path / "older"), "--reason", "the disk is lost", "--no-passphrase"])
    drawn = capsys.readouterr().err
    assert "reading the objects" in drawn and "taking the objects in" in drawn and "3 of 3" in drawn


# -- the folder of objects is away ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NEED_OBJECTS, "verify", "audit"])
def test_a_disk_of_objects_that_is_not_connected_is_not_an_archive_full_of_losses(house, run, name):
    archive = house / "archive"
    before = size(archive)
    (archive / "objects").rename(archive / "elsewhere")

    status, told = run(name)

    assert 3 == status
    assert "the object store cannot be read: No such file or directory" in told
    assert "is its disk connected" in told or name == "audit"
    (archive / "elsewhere").rename(archive / "objects")
    assert (before, []) == (size(archive), findings(archive, house / "home"))
    assert 0 == run(name)[0]


def test_a_copy_of_an_archive_without_its_disk_of_objects_is_refused(house, run, tmp_path, capsys):
    archive = house / "archive"
    (archive / "objects").rename(archive / "elsewhere")
    assert 3 == main(["--archive", str(archive), "copy", str(tmp_path / "copy")])
    assert "is its disk connected" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


def test_what_an_order_removes_from_a_disk_that_went_is_removed_when_the_disk_is_back(house, run, monkeypatch):
    """The disk goes between the order and its carrying out: nothing says that the bytes are gone."""
    archive = find(house / "archive", Home(house / "home"))
    (item,) = [blake3 for blake3, role in _objects(archive) if role == "V1"]
    with monkeypatch.context() as patch:
        patch.setattr(unfinished, "finish", lambda _: 0)
        erase(archive, acting([OPERATOR, "karim"], archive.home), V1, "by order")
    (archive.folder / "objects").rename(archive.folder / "elsewhere")

    status, told = run("consent")
    assert 3 == status and "recorded; but what was erased still has bytes in the store" in told
    assert (archive.folder / unfinished.PENDING).exists()

    (archive.folder / "elsewhere").rename(archive.folder / "objects")
    assert archive.objects.holds(item)
    assert 0 == run("case amend")[0]
    assert not archive.objects.holds(item)
    assert [] == findings(archive.folder, house / "home")


def test_an_order_to_erase_says_which_bytes_it_did_not_find(house, run):
    archive = find(house / "archive", Home(house / "home"))
    (item,) = [blake3 for blake3, role in _objects(archive) if role == "V1"]
    archive.objects.remove(item)
    status, told = run("erase")
    assert 0 == status
    assert f"not in the store: object {item[:16]}" in told and "0 objects" in told


def _objects(archive):
    with archive.reading() as db:
        return db.execute("SELECT o.blake3, r.id FROM object o JOIN record r ON r.sub = o.sub").fetchall()


# -- a disk that is full, or takes nothing --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    with small_disk(tmp_path_factory.mktemp("mounted"), 6 * 1024 * 1024) as mounted:
        yield mounted


@pytest.fixture
def on_disk(disk, house):
    """The archive of the house on a small disk, with room."""
    disk.empty()
    place = shutil.copytree(house / "archive", disk.folder / "archive", symlinks=True)
    yield place
    disk.empty()
    shutil.rmtree(place)


ACTS = ("consent", "erase", "intake", "check --record", "custody transfer", "redact", "seal", "key rotate-log")


@pytest.mark.parametrize("name", ACTS)
def test_a_full_disk_is_said_before_anything_is_recorded(disk, on_disk, house, run, name):
    """Blocks smaller than a page: SQLite's mapped file would end the process here, were room not looked for first."""
    before = size(on_disk)
    for room in (0, 7_000, 60_000, 200_000):
        disk.fill(room)
        status, told = run(name, on_disk)
        assert 3 == status, (room, told)
        assert "make room there" in told and ("nothing was recorded" in told or "nothing was stored" in told), told
        disk.empty()
        assert before == size(on_disk)
    assert [] == findings(on_disk, house / "home")
    assert [] == [path.name for path in on_disk.glob("erase.*")]
    assert 0 == run(name, on_disk)[0]
    assert before < size(on_disk)


@pytest.mark.parametrize("name", ["consent", "erase", "intake"])
def test_a_disk_that_fills_up_under_a_command_leaves_what_was(disk, on_disk, house, run, monkeypatch, name):
    """Another process takes the room between the look and the writing."""
    before = size(on_disk)
    monkeypatch.setattr(durable, "free_bytes", lambda _: 1 << 40)
    for room in (16_000, 40_000):
        disk.fill(room)
        status, told = run(name, on_disk)
        disk.empty()
        assert 3 == status, told
        assert "make room" in told and "nothing was recorded" in told, told
        assert (before, []) == (size(on_disk), findings(on_disk, house / "home"))
    assert 0 == run(name, on_disk)[0]


def test_a_disk_that_another_process_fills_while_an_act_is_written_ends_no_process(disk, on_disk):
    """Whatever room is left: SQLite's mapped index has its blocks by then, and the journal says that the disk is full."""
    path = on_disk / "sijill.db"

    def written(room):
        """Whether an act is recorded on a disk that has so much room left once the act has begun."""
        with suppress(UnreachableError), transaction.writer(path) as connection:
            disk.fill(room)
            connection.execute("INSERT INTO tile VALUES (99, ?, ?)", (room, bytes(3000)))
        disk.empty()
        with database.reading(path) as db:
            return db.execute("SELECT count(*) FROM tile WHERE level = 99 AND n = ?", (room,)).fetchone()[0]

    found = list(forked(written, range(0, 40_000, 1000), workers=1))  # raises where the process was ended

    assert {0, 1} == set(found) and found == sorted(found)


def test_a_journal_that_was_left_is_not_read_where_the_disk_is_full(disk, on_disk):
    """Its index would be made there, and mapped."""
    left = sqlite3.connect(on_disk / "sijill.db", isolation_level=None)
    left.execute("PRAGMA journal_mode=WAL")
    left.execute("INSERT INTO tile VALUES (99, 1, x'00')")

    def told(room):
        disk.fill(room)
        try:
            with database.reading(on_disk / "sijill.db") as db:
                return db.execute("SELECT count(*) FROM tile WHERE level = 99").fetchone()[0]
        except UnreachableError as error:
            return error.code
        finally:
            disk.empty()

    with closing(left):
        assert ["disk-full"] * 8 + [1] == list(forked(told, (*range(0, 40_000, 5000), 400_000), workers=1))


@pytest.mark.parametrize("name", ["consent", "erase", "intake", "redact", "objects tidy", "archive export"])
def test_a_read_only_disk_takes_no_act(disk, on_disk, house, run, name):
    with disk.read_only():
        status, told = run(name, on_disk)
    assert 3 == status
    assert "Read-only file system" in told or "cannot be written to" in told
    assert "nothing was recorded" in told and "read-only" in told
    assert [] == findings(on_disk, house / "home")


@pytest.mark.parametrize("full", [True, False], ids=["full", "read-only"])
def test_a_disk_that_takes_nothing_is_read_all_the_same(disk, on_disk, run, full):
    disk.fill(0)
    for name in READERS:
        with nullcontext() if full else disk.read_only():
            assert 0 == run(name, on_disk)[0], name


def test_a_copy_is_made_of_a_read_only_disk(disk, on_disk, house, run, tmp_path):
    with disk.read_only():
        assert 0 == main(["--archive", str(on_disk), "copy", str(tmp_path / "copy")])
    assert [] == findings(tmp_path / "copy", house / "home")


def test_a_copy_looks_for_room_first_and_goes_on_where_the_disk_filled_up(disk, house, run, monkeypatch, capsys):
    call = ["--archive", str(house / "archive"), "copy", str(disk.folder / "copy")]
    disk.fill(300_000)
    assert 3 == main(call)
    assert "nothing was copied" in capsys.readouterr().err
    assert not (disk.folder / "copy").exists()

    monkeypatch.setattr(durable, "free_bytes", lambda _: 1 << 40)
    assert 3 == main(call)
    assert "`sijill copy DEST --update` goes on" in capsys.readouterr().err
    disk.empty()
    assert 0 == main([*call, "--update"])
    assert [] == findings(disk.folder / "copy", house / "home")
    shutil.rmtree(disk.folder / "copy")


LEAVING = {
    "dossier": ("dossier", "export", CODE, "--for", "internal", "--no-pdf", "--zip", "--out"),
    "export": ("archive", "export", "--purpose", "kept elsewhere"),
    "mirror": ("publish",),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAVING)
def test_what_leaves_looks_for_room_first_and_leaves_nothing_half_written(disk, house, run, monkeypatch, capsys, name):
    assert 0 == run("health")[0]  # as its operator, from here on
    out, before = disk.folder / "out", size(house / "archive")
    call = ["--archive", str(house / "archive"), *LEAVING[name], str(out)]
    disk.fill(300_000)
    assert 3 == main(call)
    told = capsys.readouterr().err
    assert f"bytes free and the {name} needs about" in told and "nothing was written" in told and "make room" in told
    assert ["filler"] == [path.name for path in disk.folder.iterdir() if path.name != "lost+found"]

    monkeypatch.setattr(durable, "free_bytes", lambda _: 1 << 40)
    disk.fill(20_000)
    assert 3 == main(call)
    assert before == size(house / "archive") and not (out / "checkpoint").exists()
    assert name == "mirror" or not out.exists()  # a mirror without its checkpoint is none, and goes on
    disk.empty()
    assert 0 == main(call)
    for path in disk.folder.glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_an_audit_without_room_for_its_replay_says_so(disk, on_disk, run, monkeypatch):
    disk.fill(0)
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
    status, told = run("audit", on_disk)
    assert 3 == status and "the folder for temporary files cannot be used" in told and "TMPDIR" in told
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder / "nowhere"))
    assert 3 == run("audit", on_disk)[0]


# -- a clock that was set back --------------------------------------------------------------------------------------------


def test_a_clock_set_back_stops_nobody_and_the_order_of_acts_counts(house, run, monkeypatch):
    """An act is behind another by its place in the ledger; its time is a claim, and audit and health speak of it."""
    archive = find(house / "archive", Home(house / "home"))
    assert "clock" not in run("health")[1]
    monkeypatch.setattr(ledger, "now", lambda: "2001-01-01T00:00:00Z")

    for name in ("consent", "custody transfer", "verify --record", "check --record", "erase", "dossier export"):
        assert 0 == run(name)[0], name
    assert "this computer's is behind: an act bears the time 20" in run("health")[1]

    told = [(one.code, one.severity) for one in audit(archive).findings]
    assert 6 == told.count(("clock-back", "warning"))  # each lies before an act before it
    assert "finding" not in {severity for _, severity in told}
    status, said = run("audit")
    assert 0 == status and "lies before" in said and "2001-01-01" in said
    with archive.reading() as db:
        assert "no" == answers_of(db, find_item(db, W1))["court"]  # given last, by an earlier clock


# -- a file that is mostly holes ------------------------------------------------------------------------------------------

GIB = 1 << 30


@pytest.mark.skipif(sys.platform == "win32", reason="holes of POSIX file systems")
def test_two_gigabytes_of_holes_are_kept_as_holes_read_whole_audited_copied_and_restored(tmp_path):
    tables, contents = case(), files()
    folder = write(tmp_path / "in", tables, contents)
    image = folder / "media" / "v1.jpg"
    with image.open("r+b") as file:
        file.seek(GIB)
        file.write(b"evidence in the middle")
        file.truncate(2 * GIB + 7)
    if image.stat().st_blocks * 512 > GIB:
        pytest.skip("this file system keeps no holes")
    archive = casebook.new_archive(tmp_path)
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    (taken,) = [one for one in casebook.take(archive, folder).items if one["id"] == V1]

    kept = archive.objects.path(taken["blake3"]).stat()
    assert (2 * GIB + 7, True) == (kept.st_size, kept.st_blocks * 512 < 8 * 1024 * 1024)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024, "memory in kB"
    with archive.objects.open(taken["blake3"]) as stored:
        stored.seek(GIB)
        assert b"evidence in the middle" == stored.read(22)

    copied = tmp_path / "copy"
    for words in (("copy", copied), ("restore", copied)):
        status, said = making.run(tmp_path / "home", "--archive", archive.folder, "--as", OPERATOR, *words)
        assert 0 == status, said
    again = (copied / "objects" / taken["blake3"][:2] / taken["blake3"]).stat()
    assert (2 * GIB + 7, True) == (again.st_size, again.st_blocks * 512 < 8 * 1024 * 1024)
    status, said = making.run(tmp_path / "home", "--archive", copied, "audit")  # reads each byte of the copy again
    assert 0 == status, said
