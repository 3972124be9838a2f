"""A command over an archive that was changed says so: no traceback, no fault of Sijill's, and never that all is well."""

import shutil
import sqlite3

import pytest

from archive.cli import main
from tests.casebook import CODE, OPERATOR, filled_archive

ITEM = f"{CODE}/V1"
READING = [
    ("case", "list"), ("case", "show", CODE), ("item", "show", ITEM), ("check",), ("match",), ("timeline", CODE),
    ("verify",), ("verify", "--quick"), ("audit",), ("audit", "--ledger-only"),
    ("custody", ITEM), ("checkpoint",), ("prove", ITEM), ("health",), ("operator", "list"),
    ("source", "show", "W-017"), ("publish", "{out}"), ("copy", "{out}"), ("objects", "tidy"),
    ("dossier", "export", CODE, "--for", "internal", "--out", "{out}"), ("archive", "export", "{out}", "--purpose", "x"),
    ("consent", ITEM, "--for", "court", "--answer", "no", "--reason", "x"), ("cosign", "request", "--out", "{out}"),
]  # fmt: skip


def emptied(database):
    database.write_bytes(b"")


def beheaded(database):
    database.write_bytes(b"x" * 100 + database.read_bytes()[100:])


def halved(database):
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])


def pages_overwritten(database):
    data = bytearray(database.read_bytes())
    for at in range(4096, len(data), 4096):
        data[at : at + 200] = b"\xff" * 200
    database.write_bytes(data)


def schema_that_is_no_text(database):
    data = database.read_bytes()
    assert b"CREATE TABLE record(" in data
    database.write_bytes(data.replace(b"CREATE TABLE record(", b"CREATE \xff\xfe\xfd\xfc\xfb record(", 1))


def a_folder(database):
    database.unlink()
    database.mkdir()


def gone(database):
    database.unlink()


UNREADABLE = [emptied, beheaded, halved, pages_overwritten, schema_that_is_no_text, a_folder, gone]


def rewritten(statement):
    def harm(database):
        db = sqlite3.connect(database)
        db.executescript(statement)
        db.close()

    return harm


CHANGED = {
    "values that are no JSON": "UPDATE record SET fields = '{not'; UPDATE act SET fields = '[1', body = 'x'",
    "values that are a list": "UPDATE record SET fields = '[]'",
    "values that are gone": "UPDATE record SET fields = '{}'; UPDATE act SET fields = '{}'",
    "texts that are no UTF-8": "UPDATE record SET code = CAST(x'ff00fe' AS TEXT)",
    "objects without a name": "UPDATE object SET blake3 = 'zz', size = 9223372036854775807",
    "no tables of the view": "DROP TABLE record; DROP TABLE act; DROP TABLE object",
    "an entry after every other number": "DROP TRIGGER ledger_no_update; UPDATE ledger SET idx = 9223372036854775807"
    " WHERE idx = 5",
    "a ledger of noise": "DROP TRIGGER ledger_no_update; UPDATE ledger SET leaf = randomblob(40)",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return filled_archive(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def call(kept, tmp_path, monkeypatch, capsys):
    """Run every command, each on a harmed copy of its own."""

    def each(harm):
        for number, command in enumerate(READING):
            folder = tmp_path / str(number)
            shutil.copytree(kept.folder, folder / "archive")
            shutil.copytree(kept.home.folder, folder / "home")
            monkeypatch.setenv("SIJILL_HOME", str(folder / "home"))
            harm(folder / "archive" / "sijill.db")
            words = [word.format(out=folder / "out") for word in command]
            status = main(["--archive", str(folder / "archive"), "--as", OPERATOR, *words])
            told = capsys.readouterr()
            said = f"{' '.join(command)}: exit {status}\n{told.out}{told.err}"
            assert "Traceback" not in said and "fault in Sijill" not in said, said
            yield command, status, said
            shutil.rmtree(folder)

    return each


@pytest.mark.parametrize("harm", UNREADABLE, ids=lambda harm: harm.__name__)
def test_a_database_that_cannot_be_read_is_said_by_every_command(call, harm):
    for command, status, said in call(harm):
        damage_told = command[0] in ("audit", "objects") and status == 1  # it audits first
        assert status == 3 or damage_told or (harm in (gone, a_folder) and status == 2), said
        assert "->" in said or damage_told, said  # what to do now


@pytest.mark.parametrize("name", CHANGED)
def test_rows_that_no_act_wrote_break_no_command(call, name):
    for command, status, said in call(rewritten(CHANGED[name])):
        assert status != 0 or command[0] != "audit" or command[-1] == "--ledger-only", said
