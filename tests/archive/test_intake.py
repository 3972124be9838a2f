"""Taking a folder in: everything wrong is told at once and where it stands; what readers could not read is told."""

import hashlib
import sqlite3
from contextlib import closing, contextmanager

import openpyxl
import pytest

from archive import durable, intake, ledger
from archive.acts import withdraw
from archive.new import new_folder
from archive.objects import ObjectStore
from archive.registered import registered
from archive.report import write_report
from archive.show import item_document
from schemas.errors import InputError, UnreachableError
from tests.casebook import CODE, case, files, new_archive, signers, take, write

LOG = "Time,Lat,Lon\n2019-02-03T14:20,35.8,36.6\n2019-02-03T14:25,999,36.6\nrubbish,,\n"


@pytest.fixture
def archive(tmp_path):
    """An empty archive."""
    return new_archive(tmp_path / "archive")


def refused(archive, folder, **options):
    """The problems of a folder that is refused, as lines."""
    with pytest.raises(InputError) as refusal:
        take(archive, folder, **options)
    return [f"{problem.where}: {problem.problem}" for problem in refusal.value.problems]


def test_what_is_wrong_with_tables_files_manifest_and_logs_is_told_at_once(archive, tmp_path):
    tables = case()
    tables["case"]["delivery"] = "air"
    tables["item"][1]["file"] = "media/none.jpg"
    tables["item"][0]["sha256"] = "0" * 64
    contents = files() | {tables["item"][2]["file"]: "A,B\n1,2\n"}
    folder = write(tmp_path / "in", tables, contents)
    (folder / "manifest-sha256.txt").write_text(f"{'0' * 64}  {tables['item'][0]['file']}\n{'1' * 64}  gone.txt\nodd\n")

    told = "\n".join(refused(archive, folder))

    assert "case.toml: case: delivery: `air` is none of the words known here" in told
    assert 'case.toml: item 2 "V1": file: media/none.jpg is not there' in told
    assert 'case.toml: item 1 "W1": sha256: statements/w1.txt does not have the digest that was given' in told
    assert 'case.toml: item 3 "F1": file: no time column: the heads are A, B; name it: columns' in told
    assert "manifest-sha256.txt: line 3: is no line of sha256sum" in told
    assert "manifest-sha256.txt: statements/w1.txt: is not the file that left" in told
    assert "manifest-sha256.txt: gone.txt: is listed, and is not there" in told
    assert list(archive.objects.names()) == []


def test_a_kind_that_is_none_asks_for_nothing_of_other_kinds(archive, tmp_path):
    tables = case()
    tables["item"][1]["kind"] = "telepathy"
    told = refused(archive, write(tmp_path / "in", tables, files()))

    assert [line for line in told if line.startswith('case.toml: item 2 "V1"') and "is missing" in line] == []


def test_rows_of_a_log_that_could_not_be_read_are_told_by_rehearsal_and_intake(archive, tmp_path):
    tables = case()
    folder = write(tmp_path / "in", tables, files() | {tables["item"][2]["file"]: LOG})
    wanted = {
        "EX-2019-0001/F1: position cannot be read: row 2",
        "EX-2019-0001/F1: rows that cannot be read, kept as they were written: 1",
    }

    for dry_run in (True, False):
        assert wanted <= set(take(archive, folder, dry_run=dry_run).warnings)


def test_an_image_that_nobody_could_read_is_taken_in_and_its_reading_says_so(archive, tmp_path):
    tables = case()
    folder = write(tmp_path / "in", tables, files() | {tables["item"][1]["file"]: b"\xff\x0a" + bytes(40)})
    taken = take(archive, folder)

    assert any("V1: image/jxl has no reader here" in warning for warning in taken.warnings)
    with archive.reading() as db:
        reading = item_document(db, "EX-2019-0001/V1")["reading"]
    assert any(warning.startswith("image/jxl has no reader here") for warning in reading["warnings"])


def test_other_bytes_under_a_taken_id_are_told_once(archive, tmp_path):
    folder = write(tmp_path / "in", case(), files())
    take(archive, folder)
    (folder / "statements" / "w1.txt").write_text("other words")

    wanted = ['case.toml: item 1 "W1": file: this id is taken by other bytes; give the new file an id of its own']
    assert refused(archive, folder) == refused(archive, folder, reason="another file") == wanted


def test_a_changed_row_of_a_sheet_is_told_by_file_and_row(archive, tmp_path):
    tables = case()
    del tables["link"], tables["item"]
    folder = write(tmp_path / "in", tables, {})
    (folder / "items.csv").write_text("id,kind,title\nD1,document,a\nD2,document,b\n")
    (folder / "links.csv").write_text(
        "item,facets,stance,strength,rationale,assessor\nD2,what,supports,direct,why,A-1\n"
    )
    take(archive, folder)
    (folder / "items.csv").write_text("id,kind,title\nD1,document,a\nD2,document,c\n")
    (folder / "links.csv").write_text(
        "item,facets,stance,strength,rationale,assessor\nD2,what,supports,direct,so,A-1\n"
    )

    assert [line.partition(":")[0] + line.partition(":")[2].partition(":")[0] for line in refused(archive, folder)] == [
        'items.csv row 3 "D2"',
        "links.csv row 2",
    ]


def test_a_folder_that_travelled_keeps_its_manifest(archive, tmp_path):
    folder = write(tmp_path / "in", case(), files())
    digest = hashlib.sha256((folder / "statements" / "w1.txt").read_bytes()).hexdigest()
    manifest = folder / "manifest-sha256.txt"
    manifest.write_text(f"{digest}  statements/w1.txt\n")
    take(archive, folder)

    with archive.reading() as db:
        roles = db.execute("SELECT sha256 FROM object WHERE role = 'manifest'").fetchall()
    assert roles == [(hashlib.sha256(manifest.read_bytes()).hexdigest(),)]


@pytest.mark.parametrize(("cell", "told"), [("3.5E+14", "rounded"), ("2019-02-03", "turned this id into a date")])
def test_an_id_that_a_spreadsheet_made_a_number_or_a_date(archive, tmp_path, cell, told):
    tables = case()
    del tables["link"], tables["item"]
    folder = write(tmp_path / "in", tables, {"items.csv": f"id,kind\n{cell},document\n"})

    assert any(told in line for line in refused(archive, folder))


def test_a_report_lists_each_problem_once_and_marks_it_in_the_language_of_the_person(archive, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "letter.pdf").write_bytes(b"%PDF-1.4 letter")
    new_folder(folder, lang="ar")
    with pytest.raises(InputError) as refusal:
        take(archive, folder, lang="ar")
    write_report(folder, refusal.value.problems, tmp_path / "report.xlsx", "ar", archive)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    listed = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    case_rows = {row[1].value: row[2] for row in book["القضية"].iter_rows()}

    assert refusal.value.message.startswith("في هذا المجلد")
    assert [where for _, where, _ in listed] == [
        "case.xlsx: sheet القضية: column code",
        "case.xlsx: sheet القضية: column title",
    ]
    assert {key for key, cell in case_rows.items() if cell.comment} == {"code", "title.ar"}


def test_a_report_of_a_folder_that_holds_marks_what_there_is_to_know(tmp_path, archive):
    tables = case()
    tables["case"]["occurred"] = "2199-01-01"
    folder = write(tmp_path / "in", tables, files())
    write_report(folder, (), tmp_path / "report.xlsx", "en", archive)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")

    assert "lies in the future" in str(book.worksheets[0].cell(2, 3).value)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("log.csv", b"Time,Aircraft,Heading\n2019-02-03T14:20,Su-24,E\n", "flight log"),
        ("list.csv", b"Name,Age\nx,3\n", None),
        ("letter.pdf", b"%PDF-1.4 letter", "document"),
        ("words.txt", b"words", None),
    ],
)
def test_a_new_sheet_guesses_the_kind_of_a_file(tmp_path, name, data, kind):
    (tmp_path / name).write_bytes(data)
    sheet = openpyxl.load_workbook(new_folder(tmp_path, lang="en").path)["items"]

    assert sheet["C3"].value == name
    assert sheet["B3"].value == kind


@pytest.mark.parametrize("data", [b"", b"\x00\x01damaged from the first byte on" * 9])
def test_a_picture_that_is_none_from_its_first_byte_is_told(archive, tmp_path, data):
    tables = case()
    taken = take(archive, write(tmp_path / "in", tables, files() | {tables["item"][1]["file"]: data}))

    odd = "the name ends in .jpg (image/jpeg), but the bytes are of no known type"
    assert f"EX-2019-0001/V1: {odd}" in taken.warnings
    with archive.reading() as db:
        assert item_document(db, "EX-2019-0001/V1")["reading"]["warnings"] == [odd]


def workbook(folder, sheets):
    """A case.xlsx of sheets, each a list of rows."""
    folder.mkdir()
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in ({"case": [("key", "value"), ("code", "EX-1"), ("title", "t")]} | sheets).items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "case.xlsx")
    return folder


def test_what_is_typed_under_no_head_is_told_and_never_lost(archive, tmp_path):
    items = [
        ("id", "kind", None, "# mine"),
        ("D1", "document", "a word", "note"),
        ("D2", "document", None, None, "far"),
    ]
    told = refused(archive, workbook(tmp_path / "book", {"items": items}))

    assert [line.partition(", which")[0] for line in told] == [
        "case.xlsx: sheet items, row 2: something is filled in in column C",
        "case.xlsx: sheet items, row 3: something is filled in in column E",
    ]


def test_a_sheet_whose_name_is_mistyped_is_refused_and_notes_of_ones_own_are_passed_over(archive, tmp_path):
    told = refused(archive, workbook(tmp_path / "book", {"itmes": [("id",)], "# mine": [("x",)]}))

    assert len(told) == 1
    assert told[0].startswith("case.xlsx: sheet itmes: is no known sheet; the nearest is `items`")


@pytest.mark.parametrize("many", [False, True])
def test_nothing_is_recorded_before_its_objects_are_durable(archive, tmp_path, monkeypatch, many):
    """Whether the lock waits for them or they are waited for under it; and where the disk lost them, nothing is."""
    monkeypatch.setattr(intake, "SOON_DURABLE_BYTES", 0 if many else 1 << 40)
    before, asked = recorded(archive), []

    @contextmanager
    def syncing(_):
        def wait():
            asked.append(recorded(archive))
            if len(asked) == 1:
                raise UnreachableError("the object store could not be made durable")

        yield wait

    monkeypatch.setattr(ObjectStore, "syncing", syncing)
    folder = write(tmp_path / "in", case(), files())
    with pytest.raises(UnreachableError, match="durable"):
        take(archive, folder)
    assert recorded(archive) == before

    take(archive, folder)
    assert asked == [before, before]
    assert recorded(archive) > before


def meanwhile(monkeypatch, deed):
    """Let somebody else do something while the files of the next intake are made durable."""
    syncing = ObjectStore.syncing

    def slow(store):
        monkeypatch.setattr(ObjectStore, "syncing", syncing)
        deed()
        return syncing(store)

    monkeypatch.setattr(ObjectStore, "syncing", slow)


def test_what_another_recorded_meanwhile_is_not_recorded_twice(archive, tmp_path, monkeypatch):
    folder = write(tmp_path / "in", case(), files())
    meanwhile(monkeypatch, lambda: take(archive, folder))

    taken = take(archive, folder)

    assert taken.receipt is None and len(taken.there) == 3
    assert recorded(archive) == taken.head[0]


def test_an_id_that_another_took_meanwhile_for_other_bytes_is_refused(archive, tmp_path, monkeypatch):
    other = write(tmp_path / "other", case(), files() | {"statements/w1.txt": "Invented: another statement."})
    meanwhile(monkeypatch, lambda: take(archive, other))

    told = refused(archive, write(tmp_path / "in", case(), files()))

    assert told == [
        'case.toml: item 1 "W1": file: this id is taken by other bytes; give the new file an id of its own'
    ]


def test_a_link_of_an_item_that_another_withdrew_meanwhile_is_refused(archive, tmp_path, monkeypatch):
    tables = case()
    take(archive, write(tmp_path / "in", tables, files()))
    meanwhile(monkeypatch, lambda: withdraw(archive, signers(archive), f"{CODE}/W1", "another place", ("item",)))
    tables["link"].append(tables["link"][0] | {"item": "W1", "facets": ["casualties"]})

    told = refused(archive, write(tmp_path / "more", tables, files()))

    assert len(told) == 1 and "W1" in told[0] and "withdrawn" in told[0]


def test_a_second_intake_of_the_same_folder_takes_no_more_memory_than_its_records_as_text(archive, tmp_path):
    """Each of them is read again when it is asked for; as dicts they took five times as much."""
    import tracemalloc

    tables, base = case(), case()["item"][0]
    tables["item"] = [base | {"id": f"W{number}", "file": f"w/{number}.txt"} for number in range(1, 1001)]
    del tables["link"]
    folder = write(tmp_path / "in", tables, {f"w/{number}.txt": f"Invented {number}" for number in range(1, 1001)})
    take(archive, folder)

    tracemalloc.start()
    with archive.reading() as db:
        known = registered(db, CODE)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    said = sum(len(one.said) for one in known.records.values())
    told = sum(len(event) for events in known.custody.values() for event in events)
    assert len(known.records) > 1000 and size < said + told + 700 * len(known.records)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_manifest_and_a_sealed_identity_are_durable_before_the_act(archive, tmp_path, monkeypatch, sealed):
    tables = case()
    if sealed:
        tables["source"][0]["identity_file"] = "who.txt"
    digest = hashlib.sha256(files()["statements/w1.txt"]).hexdigest()
    folder = write(tmp_path / "in", tables, {**files(), "who.txt": b"Somebody of Tel Marjan"})
    (folder / "manifest-sha256.txt").write_text(f"{digest}  statements/w1.txt\n")
    happened = []
    for what, where, name in (
        ("put", ObjectStore, "put_bytes"),
        ("flush", durable.Watch, "sync"),
        ("end", ledger, "_commit"),
    ):

        def noted(*given, what=what, done=getattr(where, name)):
            happened.append(what)
            return done(*given)

        monkeypatch.setattr(where, name, noted)
    take(archive, folder)

    assert happened.count("put") == 1 + sealed
    assert happened[-2:] == ["flush", "end"]


def recorded(archive):
    """How many entries others see."""
    with closing(sqlite3.connect(archive.database)) as db:
        return db.execute("SELECT count(*) FROM ledger").fetchone()[0]


def test_what_is_wrong_with_a_flight_log_is_told_in_arabic_and_recorded_in_english(tmp_path):
    """Refusals, warnings, and the rows that cannot be read; what the ledger holds is the same in every language."""
    archive, tables = new_archive(tmp_path), case()
    log = "Time,Lat,Lon,Heading\n2019-02-03 14:19,35.8,36.5,upwards\n2019-02-03 14:75,35.8,36.5,east\n"
    taken = take(archive, write(tmp_path / "in", tables, files() | {"logs/f1.csv": log}), lang="ar")
    assert f"{CODE}/F1: تعذرت قراءة الاتجاه: الصف 1" in taken.warnings
    assert [row["why"] for row in taken.rows_unreadable] == ["14:75: there is no such time of day"]
    with archive.reading() as db:
        warnings = item_document(db, f"{CODE}/F1")["reading"]["warnings"]
    assert warnings[0] == "heading cannot be read: row 1"
    tables["case"]["code"] = "EX-2019-0002"
    with pytest.raises(InputError) as caught:
        take(archive, write(tmp_path / "two", tables, files() | {"logs/f1.csv": "Time\n3/2/2019 14:19\n"}), lang="ar")
    (problem,) = caught.value.problems
    assert "لا تاريخ فيه يبيّن أيهما" in problem.problem
