"""Workbooks and logs from outside are parsed by a limited child: the same cells and sentences, and no harm from any."""

import io
import json
from datetime import UTC, date, datetime, time

import openpyxl
import pytest

from archive import limited, readings, sheets
from archive.audit import audit
from archive.cli import main
from archive.sheets import Sheets
from evidence import workbook_cells
from evidence.faults import Faults
from evidence.flight_log import read_log
from evidence.sheet import read_submission
from schemas.errors import FormatError, InputError, UnreachableError
from tests.casebook import OPERATOR, case, files, new_archive, take, write

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADS = ("Time", "Lat", "Lon", "Aircraft", "Heading", "Remarks")
SEEN = ("2019-02-03 14:20", 35.8, 36.5, "Su-22", "east", "one")
TOO_MUCH = "takes more time or memory than it may"
HANGS = "import time; time.sleep(60)"
DIES = "import os; os.abort()"
CROWDED = """
from archive import sheets_child as child
from evidence import workbook
child.workbook_cells.open_cells = workbook.open_book = lambda data: b"x" * (child.MEMORY_BYTES + (1 << 30))
child.main()
"""
TELLS_LIES = "from archive import reader_child as child; child.answer_all(lambda *_: b'[1, 2', ())"


@pytest.fixture
def child_that(monkeypatch):
    """Start children that run this instead of, or around, what they should."""
    monkeypatch.setattr(sheets, "SECONDS", 1.5)

    def starts(code):
        monkeypatch.setattr(limited, "_START", f"import sys; sys.path.insert(0, sys.argv[1])\n{code}\n# {{module}}")

    return starts


def workbook(**rows):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, given in rows.items():
        sheet = book.create_sheet(title)
        for row in given:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


CASE = [
    ("key", "value"),
    ("code", "EX-2019-0009"),
    ("title", "an exercise"),
    ("exercise", "yes"),
    ("zone", "Asia/Damascus"),
]
ODD = [("id", "kind", "dated", "notes", "doc_type"),
       ("D1", "document", datetime(2019, 2, 3, 14, 20), "=1+1", "other"), ("D2", "document", date(2019, 2, 3), 3.5e14, True),
       *[()] * 40, ("D3", "document", time(0), "#N/A", 7.25), ("D4", "nonsense", None, "x" * 5_000, "غير معروف")]  # fmt: skip


def told(data, lang, opened):
    read = read_submission({"case.xlsx": data}, {"case.xlsx": None}, now=NOW, lang=lang, opened=opened)
    return read.case, read.items, read.problems, read.warnings


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize(
    "data",
    [workbook(case=CASE, items=ODD), workbook(case=CASE, links=[("item", "facets")], itms=ODD), b"PK\3\4 no workbook", b"",
     workbook(case=CASE, items=ODD)[:4_000], workbook(other=ODD)],
    ids=["odd cells", "a misnamed sheet", "no zip", "empty", "cut short", "no case"],
)  # fmt: skip
def test_a_child_finds_the_cells_and_the_faults_that_are_found_here(data, lang):
    with Sheets() as child:
        assert told(data, lang, None) == told(data, lang, child.book)


def test_a_sheet_of_more_rows_than_one_batch_comes_whole_and_in_order(monkeypatch):
    data = workbook(case=CASE, items=[("id", "kind"), *[(f"D{n}", "document") for n in range(7_000)]])
    with Sheets() as child:
        found = workbook_cells.tables(data, "case.xlsx", Faults(), child.book)
        assert [f"D{n}" for n in range(7_000)] == [row.cells["id"][1] for row in found["item"]]


@pytest.mark.parametrize(
    ("does", "lang", "says"),
    [(HANGS, "en", TOO_MUCH), (HANGS, "ar", "أكثر من المسموح"), (DIES, "en", TOO_MUCH), (CROWDED, "en", TOO_MUCH), (TELLS_LIES, "en", TOO_MUCH)],
    ids=["hangs", "hangs, in Arabic", "dies", "memory", "lies"],
)  # fmt: skip
def test_a_workbook_that_its_parser_does_not_survive_is_refused(
    child_that, tmp_path, monkeypatch, capsys, does, lang, says
):
    archive = new_archive(tmp_path)
    folder = write(tmp_path / "in", None, {"case.xlsx": workbook(case=CASE, items=ODD)})
    monkeypatch.setenv("SIJILL_HOME", str(archive.home.folder))
    monkeypatch.setenv("SIJILL_OPERATOR", OPERATOR)
    monkeypatch.setenv("SIJILL_LANG", lang)
    child_that(does)

    assert 2 == main(["--archive", str(archive.folder), "intake", str(folder)])

    assert says in capsys.readouterr().err
    assert ([], []) == (list(archive.objects_folder.glob("??")), audit(archive).findings)


def test_a_computer_that_starts_no_process_says_so(tmp_path, monkeypatch):
    archive = new_archive(tmp_path)
    folder = write(tmp_path / "in", None, {"case.xlsx": workbook(case=CASE)})
    monkeypatch.setattr(limited.sys, "executable", "/nowhere/python")
    with pytest.raises(UnreachableError, match="cannot be started"):
        take(archive, folder)


LOGS = {
    "f1.xlsx": workbook(flights=[HEADS, SEEN, (), ("never", 1, 2, "", "", ""), *[SEEN] * 2_900]),
    "f1.json": json.dumps([dict(zip(HEADS, SEEN, strict=True)), 7, {"Time": "never"}]).encode(),
    "lines.json": b'{"Time": "2019-02-03 14:20", "Lat": 35.8, "Lon": 36.5}\nnonsense\n' * 3,
}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_read_by_a_child_has_the_same_rows_from_the_start_each_time(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(LOGS[name])
    with Sheets() as child, path.open("rb") as file:
        log = read_log(file, zone="Asia/Damascus", opened=lambda stream, heads: child.log(path, stream, heads))
        here = read_log(LOGS[name], zone="Asia/Damascus")
        expected = list(here.told)
        begun = log.told
        next(begun)
        assert expected == list(log.told)
        assert (here.columns, here.warnings) == (log.columns, log.warnings)
        child.end()
        assert expected == list(log.told)


def log_folder(tmp_path, name):
    tables = case()
    next(item for item in tables["item"] if item["kind"] == "flight_log")["file"] = f"logs/{name}"
    return write(tmp_path / "in", tables, {**files(), f"logs/{name}": LOGS[name]})


@pytest.mark.parametrize("apart", [False, True], ids=["one process", "two processes"])
@pytest.mark.parametrize("name", ["f1.xlsx", "f1.json"])
def test_such_a_log_is_taken_in(tmp_path, monkeypatch, name, apart):
    monkeypatch.setattr(readings, "LARGE", 1 if apart else 1 << 40)
    archive = new_archive(tmp_path)
    taken = take(archive, log_folder(tmp_path, name))
    assert (1 if name == "f1.json" else 2_901) == taken.observations
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]


@pytest.mark.parametrize("name", ["f1.xlsx", "f1.json"])
def test_a_log_that_its_parser_does_not_survive_refuses_the_folder(child_that, tmp_path, name):
    archive = new_archive(tmp_path)
    child_that(DIES)
    with pytest.raises(InputError) as refused:
        take(archive, log_folder(tmp_path, name))
    assert "save the log as CSV UTF-8" in " ".join(one.problem for one in refused.value.problems)
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]


def test_a_log_whose_child_ends_between_two_rows_is_not_half_recorded(tmp_path, monkeypatch):
    archive = new_archive(tmp_path)
    before, real = audit(archive).entries, Sheets.ask

    def ask(self, data=b"", **job):
        if job.get("begin") is False:
            self.end()
        return real(self, data, **job)

    monkeypatch.setattr(Sheets, "ask", ask)
    with pytest.raises(FormatError, match="more time or memory than it may"):
        take(archive, log_folder(tmp_path, "f1.xlsx"))
    assert before == audit(archive).entries
    assert [] == [one for one in audit(archive).findings if one.severity == "finding"]


@pytest.mark.parametrize("does", [HANGS, DIES, CROWDED], ids=["hangs", "dies", "memory"])
def test_a_workbook_in_which_new_rows_cannot_be_written_stays_as_it_is(child_that, tmp_path, monkeypatch, capsys, does):
    monkeypatch.setenv("SIJILL_HOME", str(tmp_path / "home"))
    filled = workbook(case=CASE, items=[("id", "kind", "file"), ("D1", "document", "b.txt")])
    folder = write(tmp_path / "in", None, {"case.xlsx": filled, "a.txt": b"a"})
    child_that(does)
    assert 2 == main(["new", str(folder)])
    assert "takes more time or memory to write in than it may" in capsys.readouterr().err
    assert filled == (folder / "case.xlsx").read_bytes()
