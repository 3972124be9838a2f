"""Sixty messenger photos and a spreadsheet program: a ready workbook, filled in, is a case."""

import io
from datetime import UTC, datetime

import openpyxl
import pytest
from PIL import Image

from archive.folder import look
from archive.new import new_folder
from archive.report import write_report
from evidence.sheet import read_submission
from schemas import words
from schemas.errors import InputError, NotFound, Problem
from tests.casebook import filled_archive

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def picture(*, exif=True):
    """A small photograph with a camera clock and a position."""
    image = Image.new("RGB", (8, 6), (90, 40, 20))
    out, data = io.BytesIO(), Image.Exif()
    if exif:
        data.get_ifd(0x8769)[0x9003] = "2019:02:03 14:55:20"
        data.get_ifd(0x8769)[0x9011] = "+02:00"
        data.get_ifd(0x8825).update({1: "N", 2: (35.0, 48.0, 43.56), 3: "E", 4: (36.0, 36.0, 15.48)})
    image.save(out, "JPEG", exif=data)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Files as they came from a messenger."""
    root = tmp_path / "tel-marjan"
    (root / "media").mkdir(parents=True)
    (root / "media" / "IMG-20190203-WA0001.jpg").write_bytes(picture())
    (root / "media" / "copy of it.jpg").write_bytes(picture())
    (root / "إفادة الشاهد.txt").write_text("سمعت الطائرة", encoding="utf-8")
    (root / "=HYPERLINK(1).mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    (root / "Thumbs.db").write_bytes(b"x")
    return root


def sheet(folder, lang):
    book = openpyxl.load_workbook(folder / "case.xlsx")
    return book, book[words.sheet_label("item", lang)]


def column(items, name):
    """The column under a key, from row 3."""
    keys = [cell.value for cell in items[2]]
    return [row[keys.index(name)].value for row in items.iter_rows(min_row=3)]


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_a_row_a_file_with_what_is_known_of_it_in_grey(folder, lang):
    """Camera time and position are information, never a claim."""
    result = new_folder(folder, lang)
    _, items = sheet(folder, lang)

    assert (4, 4, []) == (result.rows, result.added, result.warnings)
    assert ["=HYPERLINK(1).mp4", "media/IMG-20190203-WA0001.jpg", "media/copy of it.jpg", "إفادة الشاهد.txt"] == column(
        items, "file"
    )
    assert ["E-001", "E-002", "E-003", "E-004"] == column(items, "id")
    assert "2019-02-03T14:55:20+02:00" == column(items, "# exif-time")[1]
    assert "35.812100, 36.604300" == column(items, "# exif-position")[1]
    assert [None] * 4 == column(items, "claimed.time") == column(items, "claimed.lat")
    assert "media/copy of it.jpg" == column(items, "# same")[1]
    assert "WhatsApp" in column(items, "# hint")[1] and "platform_copy?" in column(items, "# hint")[1]
    assert [words.word_label("item_kind", "imagery", lang)] * 3 == column(items, "kind")[:3]


def test_a_name_that_looks_like_a_formula_stays_a_name(folder):
    """No program computes what a file is called."""
    new_folder(folder, "en")
    _, items = sheet(folder, "en")

    assert ("s", "@") == (items["C3"].data_type, items["C3"].number_format)


def test_an_arabic_workbook_runs_from_right_to_left_with_labels_over_the_keys(folder):
    """Labels in Arabic, keys under them, the columns that must be filled in marked."""
    new_folder(folder, "ar")
    book, items = sheet(folder, "ar")

    assert all(one.sheet_view.rightToLeft for one in book.worksheets if one.title != "#lists")
    assert ("المعرّف *", "id") == (items["A1"].value, items["A2"].value)
    assert items["A1"].fill.fgColor.rgb != items["D1"].fill.fgColor.rgb
    assert "@" == items["A3"].number_format == items["I3"].number_format


def test_drop_downs_offer_words_in_both_languages(folder):
    """Whoever fills in the sheet reads one of them."""
    new_folder(folder, "ar")
    book, items = sheet(folder, "ar")
    formulas = {str(choice.sqref).split(":")[0]: choice.formula1 for choice in items.data_validations.dataValidation}
    area = formulas["B3"].split("!")[1].replace("$", "")
    offered = [cell.value for row in book["#lists"][area] for cell in row]

    assert {"إفادة", "صور ومقاطع", "statement", "imagery"} <= set(offered)
    assert all(words.read_word("item_kind", label) for label in offered)
    assert "'المصادر'!$A$3:$A$2000" == formulas["D3"]


FILLED = {
    "code": "EX-2019-0001",
    "title.ar": "غارة جوية على عيادة تل مرجان",
    "exercise": "نعم",
    "zone": "Asia/Damascus",
    "occurred.earliest": "2019-02-03T14:20",
    "occurred.latest": "٢٠١٩-٠٢-٠٣T١٤:٤٠",
    "place.lat": "٣٥٫٨١٢",
    "place.lon": "٣٦٫٦٠٤",
    "object_type": "عيادة",
    "delivery": "طائرة حربية ثابتة الجناح",
    "killed.min": 2,
    "killed.max": 3,
}
TWIN = """\
format = "sijill-intake/1"
[case]
code = "EX-2019-0001"
title = { ar = "غارة جوية على عيادة تل مرجان" }
exercise = true
zone = "Asia/Damascus"
occurred = { earliest = "2019-02-03T14:20", latest = "2019-02-03T14:40" }
place = { lat = 35.812, lon = 36.604 }
object_type = "clinic"
delivery = "air_fixed_wing"
killed = { min = 2, max = 3 }
[[source]]
id = "S1"
kind = "witness"
pseudonym = "W-017"
[[item]]
id = "E-001"
kind = "imagery"
medium = "video"
file = "=HYPERLINK(1).mp4"
[[item]]
id = "E-002"
kind = "imagery"
medium = "photo"
file = "media/IMG-20190203-WA0001.jpg"
generation = "platform_copy"
[[item]]
id = "E-003"
kind = "imagery"
medium = "photo"
file = "media/copy of it.jpg"
[[item]]
id = "E-004"
kind = "statement"
file = "إفادة الشاهد.txt"
source = "S1"
taken = "2019-02-20"
knowledge_basis = ["saw", "heard"]
consent = { internal = "yes", public = "no", court = "ask_first" }
[[link]]
item = "E-004"
facets = ["when"]
stance = "supports"
strength = "direct"
rationale = "سمع الطائرة ورأى الدخان"
assessor = "A-2"
"""


def fill(folder):
    """Fill the Arabic workbook in as a person would."""
    book, items = sheet(folder, "ar")
    case = book["القضية"]
    for row in case.iter_rows(min_row=2):
        if row[1].value in FILLED:
            row[2].value = FILLED[row[1].value]
    keys = {cell.value: cell.column for cell in items[2]}
    statement = {"kind": "إفادة", "source": "S1", "taken": datetime(2019, 2, 20), "knowledge_basis": "رأى؛ سمع", "consent.internal": "نعم", "consent.public": "لا",
                 "consent.court": "يُسأل أولاً", "facets": "متى", "stance": "تدعم", "strength": "دليل مباشر", "rationale": "سمع الطائرة ورأى الدخان", "assessor": "A-2"}  # fmt: skip
    for name, value in statement.items():
        items.cell(6, keys[name]).value = value
    items.cell(4, keys["generation"]).value = words.word_label("generation", "platform_copy", "ar")
    for number, value in enumerate(("S1", "شاهد", "W-017"), 1):
        book["المصادر"].cell(3, number).value = value
    book.save(folder / "case.xlsx")


def records(submission):
    """Everything but the words in which a time was given, which the two differ in."""
    items = [
        {name: {**v, "said": ""} if isinstance(v, dict) else v for name, v in item.items()} for item in submission.items
    ]
    case = {name: {**v, "said": ""} if isinstance(v, dict) else v for name, v in submission.case.items()}
    return case, items, submission.sources, submission.links, [(p.where, p.problem) for p in submission.problems]


def test_an_arabic_workbook_filled_in_says_what_its_twin_in_toml_says(folder):
    """New, fill in, read: the whole road without a text editor."""
    new_folder(folder, "ar")
    fill(folder)
    looked = look(folder)
    filled = read_submission(looked.texts, looked.files, now=NOW)
    twin = read_submission({"case.toml": TWIN.encode()}, looked.files, now=NOW)

    assert records(twin) == records(filled)
    assert [] == filled.problems


def test_run_again_it_adds_new_files_and_touches_no_filled_cell(folder):
    """What a person wrote is theirs."""
    new_folder(folder, "ar")
    fill(folder)
    before = [[cell.value for cell in row] for row in sheet(folder, "ar")[1].iter_rows(max_row=6)]
    (folder / "later.jpg").write_bytes(picture(exif=False))

    result = new_folder(folder, "ar")
    items = sheet(folder, "ar")[1]

    assert (5, 1) == (result.rows, result.added)
    assert before == [[cell.value for cell in row] for row in items.iter_rows(max_row=6)]
    assert ["E-005", "later.jpg"] == [items["A7"].value, items["C7"].value]


def test_run_again_with_nothing_new_it_writes_nothing(folder):
    """Not even the time of the file changes."""
    new_folder(folder, "en")
    before = (folder / "case.xlsx").stat().st_mtime_ns

    assert 0 == new_folder(folder, "en").added
    assert before == (folder / "case.xlsx").stat().st_mtime_ns


def test_files_that_a_sheet_cannot_name_are_told(folder):
    """Control characters, and links that lead outside."""
    (folder / "a\x01b.jpg").write_bytes(b"x")
    (folder / "out").symlink_to("/etc/hostname")

    warnings = new_folder(folder, "en").warnings

    assert ["a\\u{0001}b.jpg: the name holds control characters", "out is a link that leads outside the folder"] == [
        w[:46].rstrip(",").split(", which")[0] for w in warnings
    ] or 2 == len(warnings)


def test_a_folder_with_a_case_toml_gets_no_second_truth(folder):
    """A folder has either of them."""
    (folder / "case.toml").write_text(TWIN, encoding="utf-8")

    with pytest.raises(InputError):
        new_folder(folder, "en")
    assert not (folder / "case.xlsx").exists()


def test_what_is_no_folder_and_what_is_no_workbook_are_refused(folder, tmp_path):
    """Exit status 2 both."""
    with pytest.raises(NotFound):
        new_folder(tmp_path / "none", "en")
    (folder / "case.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError):
        new_folder(folder, "en")
    assert b"no workbook" == (folder / "case.xlsx").read_bytes()


def test_a_language_without_sentences_is_refused(folder, monkeypatch):
    """Said, else from the environment."""
    monkeypatch.setenv("SIJILL_LANG", "tlh")
    with pytest.raises(InputError):
        new_folder(folder)
    monkeypatch.setenv("SIJILL_LANG", "ar_SY.UTF-8")
    new_folder(folder)

    assert "المواد" in openpyxl.load_workbook(folder / "case.xlsx").sheetnames


def test_the_report_is_a_copy_with_the_wrong_cells_marked_in_the_persons_language(folder, tmp_path):
    """What, why, and an example; the sheet itself is untouched."""
    new_folder(folder, "ar")
    fill(folder)
    book, items = sheet(folder, "ar")
    keys = {cell.value: cell.column for cell in items[2]}
    items.cell(6, keys["taken"]).value = "3/2/2019"
    items.cell(6, keys["witness_role"]).value = "شاهد عين"
    book["القضية"]["C2"].value = None
    book.save(folder / "case.xlsx")
    before = (folder / "case.xlsx").read_bytes()

    count = write_report(folder, [Problem("", "a problem of the archive")], tmp_path / "report.xlsx", "ar")
    report = openpyxl.load_workbook(tmp_path / "report.xlsx")
    marked = report["المواد"]

    assert 4 == count
    assert before == (folder / "case.xlsx").read_bytes()
    assert (
        "FFFFC7CE"
        == marked.cell(6, keys["taken"]).fill.fgColor.rgb
        == marked.cell(6, keys["witness_role"]).fill.fgColor.rgb
    )
    assert (
        "لا يُقرأ كوقت" in marked.cell(6, keys["taken"]).comment.text
        and "مثال" in marked.cell(6, keys["taken"]).comment.text
    )
    assert "أقرب كلمة" in marked.cell(6, keys["witness_role"]).comment.text
    assert "FFFFC7CE" == report["القضية"]["C2"].fill.fgColor.rgb
    assert "a problem of the archive" == report.worksheets[0]["C2"].value
    assert "# المشكلات" == report.worksheets[0].title


def test_csv_tables_are_marked_in_a_workbook_of_their_rows(folder, tmp_path):
    """Also whoever works in CSV sees the cell."""
    (folder / "case.toml").write_text(TWIN, encoding="utf-8")
    (folder / "links.csv").write_text(
        "item,facets,stance,strength,rationale,assessor\nE-009,when,supports,direct,r,A-1\n", encoding="utf-8"
    )

    write_report(folder, [], tmp_path / "report.xlsx", "en")
    marked = openpyxl.load_workbook(tmp_path / "report.xlsx")["links.csv"]

    assert "`E-009` is no item of this case" in marked["A2"].comment.text


def test_a_report_never_takes_the_place_of_the_sheet(folder):
    """The folder is only read."""
    new_folder(folder, "en")

    with pytest.raises(InputError):
        write_report(folder, [], folder / "case.xlsx", "en")


def test_a_file_that_the_archive_has_already_is_named_with_its_item(tmp_path):
    """So that nobody registers the same picture twice under two names."""
    archive = filled_archive(tmp_path / "archive")
    with archive.reading() as db:
        code, item, digest = db.execute(
            "SELECT code, id, blake3 FROM object JOIN record USING (sub) WHERE role = 'file' ORDER BY first LIMIT 1"
        ).fetchone()
    folder = tmp_path / "found"
    folder.mkdir()
    (folder / "again.bin").write_bytes(archive.objects.path(digest).read_bytes())
    new_folder(folder, "en", archive)
    cells = [str(cell.value) for row in openpyxl.load_workbook(folder / "case.xlsx").worksheets[1] for cell in row]
    assert any(f"{code}/{item}" in cell for cell in cells)


def test_a_folder_of_very_many_files_is_refused_before_any_is_read(tmp_path, monkeypatch):
    """Nobody fills in a sheet of two hundred thousand rows, and making one would take the machine's memory."""
    monkeypatch.setattr("archive.new.MOST_ROWS", 3)
    for number in range(4):
        (tmp_path / f"IMG-{number}.jpg").write_bytes(b"\xff\xd8\xff")

    with pytest.raises(InputError, match="4 files are more than a spreadsheet") as refused:
        new_folder(tmp_path)

    assert "items.csv" in refused.value.hint
    assert not (tmp_path / "case.xlsx").exists()
