"""The same case as TOML, as CSV and as a workbook: one record each, whatever the program that wrote it did."""

import io
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_example import CASE, FILES, NOW, csv_bytes, problems, read, read_book, tables, xlsx_bytes

from evidence.sheet import read_submission


def records(submission):
    """Everything a submission hands on."""
    held = (submission.case, submission.sources, [*submission.items], submission.links, submission.relations)
    return *held, [*submission.events()], submission.identity_files, [(p.where, p.problem) for p in submission.problems]


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_workbook_says_the_same_as_its_twin_in_toml(lang):
    """Heads and words in Arabic give the records that the English keys give."""
    assert records(read()) == records(read_book(xlsx_bytes(tables(lang), lang)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("divider", [",", ";", "\t"])
def test_csv_tables_say_the_same_as_their_twin_in_toml(divider, encoding):
    """What spreadsheet programs save under the name of CSV."""
    sheets = tables("ar" if encoding == "utf-16" else "en")
    names = {"sources": "source", "items": "item", "links": "link", "relations": "relation", "custody": "custody"}
    texts = {name: csv_bytes(sheets[table], divider, encoding) for name, table in names.items()}

    assert records(read()) == records(read(CASE, **texts))


def test_rows_of_case_toml_and_of_a_csv_are_taken_together():
    """Two sources in the text, the others in a table."""
    extra = read(links="item,facets,stance,strength,rationale,assessor\nV1,what,supports,direct,shows it,A-1\n")

    assert ([], 2) == (extra.problems, len(extra.links))


def test_a_csv_names_row_and_column():
    """As a spreadsheet numbers them, the heads being row 1."""
    assert [
        'items.csv: row 3 "V9": column taken: does not belong to an item of kind imagery; it belongs to statement'
    ] == problems(items="id,kind,medium,taken\n\nV9,imagery,photo,2019-02-03\n")


def test_an_encoding_that_cannot_be_told_is_refused():
    """A guess between code pages would turn names into other names."""
    (problem,) = problems(sources="id,kind,pseudonym\nA1,witness,شاهد".encode("cp1256"))

    assert problem.startswith("sources.csv: is neither UTF-8 nor UTF-16")
    assert problem.endswith("save as .xlsx")


def test_a_quote_that_never_closes_swallows_no_rows():
    """Half a table is not taken for a table."""
    (problem,) = problems(sources='id,kind,pseudonym\nA1,witness,"open\nA2,witness,x\n')

    assert "sources.csv: cannot be read as CSV: row 2 (line 3)" in problem


def test_unknown_and_double_heads_are_named():
    """Every column is read, or says that it is not."""
    found = problems(sources="id,kind,pseudonym,pseudonim,القسم,# mine,المعرّف\nA1,witness,x,,,,\n")

    assert [
        "sources.csv: row 1: column pseudonim: is no known head of a column; the nearest is `pseudonym`; a head that begins with # is passed over",
        "sources.csv: row 1: column القسم: is no known head of a column; a head that begins with # is passed over",
        "sources.csv: row 1: column المعرّف: stands twice: columns id and المعرّف are both `id`",
    ] == found


def test_an_item_row_may_carry_one_link():
    """The link that most rows need, without a second sheet."""
    submission = read(
        items="id,kind,facets,stance,strength,rationale,assessor\nD9,document,what; when,supports,direct,it says so,A-1\n"
    )

    assert [
        {
            "item": "D9",
            "facets": ["what", "when"],
            "stance": "supports",
            "strength": "direct",
            "rationale": "it says so",
            "assessor": "A-1",
        }
    ] == submission.links[1:]


def test_a_link_in_an_item_row_lacks_nothing_that_a_link_needs():
    """Half a link is named, not dropped."""
    found = problems(items="id,kind,facets,stance\nD9,document,what,supports\n")

    assert ["strength", "rationale", "assessor"] == [problem.split("column ")[1].split(":")[0] for problem in found]


POSITIONS = {
    "decimals": ("35.8121", "36.6043"),
    "arabic digits and separator": ("٣٥٫٨١٢١", "٣٦٫٦٠٤٣"),
    "degrees minutes seconds": ("35°48'43.56\"N", "36°36'15.48\"E"),
    "arabic directions": ("35.8121 شمالاً", "36.6043 شرقاً"),
    "decimal commas": ("35,8121", "36,6043"),
    "arabic digits and decimal commas": ("٣٥,٨١٢١", "٣٦,٦٠٤٣"),
    "both in the first cell": ("35.8121, 36.6043", ""),
    "both in the second cell": ("", "35.8121 36.6043"),
}


@pytest.mark.parametrize("kind", POSITIONS)
def test_coordinates_are_read_as_people_write_them(kind):
    """One position, in the ways that sheets hold it."""
    lat, lon = POSITIONS[kind]
    submission = read(
        items=csv_bytes([["id", "kind", "medium", "claimed.lat", "claimed.lon"], ["V9", "imagery", "photo", lat, lon]])
    )

    assert [] == submission.problems
    last = [*submission.items][-1]
    assert (35_812_100, 36_604_300) == (last["claimed.lat"], last["claimed.lon"])


def test_a_decimal_comma_divides_no_two_coordinates_where_each_has_its_cell():
    """Alone, `35,81` might be two; beside `36,60` it is one."""
    submission = read(items="id;kind;medium;claimed.lat;claimed.lon\nV9;imagery;photo;35,81;36,60\n")
    last = [*submission.items][-1]

    assert ([], 35_810_000, 36_600_000) == (submission.problems, last["claimed.lat"], last["claimed.lon"])


@pytest.mark.parametrize("blank", [("", "  ", ""), ("\u00a0", "", " ")])
def test_a_row_of_blanks_is_no_row(blank):
    """What is left where somebody cleared the cells with the space bar."""
    rows = [["id", "kind", "doc_type"], ["D9", "document", "press"], blank, ["D8", "document", "press"]]

    book = read_book(xlsx_bytes({"case": tables()["case"], "item": rows}))

    assert ([], ["D9", "D8"]) == (book.problems, [item["id"] for item in book.items])
    assert [] == problems(items=csv_bytes(rows))


def test_a_cell_with_both_coordinates_beside_a_filled_one_is_refused():
    """Which of the two is meant cannot be told."""
    found = problems(items='id,kind,medium,claimed.lat,claimed.lon\nV9,imagery,photo,"35.8, 36.6",36.7\n')

    assert 1 == len(found)
    assert found[0].startswith('items.csv: row 2 "V9": column claimed.lon: one cell holds both coordinates')


DAMAGE = {
    "an id turned into a date": ("id", datetime(2024, 2, 3), "has turned this id into a date"),
    "an id that was a date in a csv": ("id", "3-Feb", "has turned this id into a date"),
    "a rounded number": ("number", "3.5E+14", "has rounded this number (3.5E+14)"),
    "a rounded number cell": ("number", 3.5e17, "has rounded this number (3.5E+17)"),
    "text turned into a date": ("number", date(2024, 2, 3), "has turned this text into a date"),
    "a formula without a value": ("author", "=B2&C2", "holds a formula without a stored value"),
    "an error": ("author", "#REF!", "holds the error #REF!"),
    "a date that two people read differently": ("dated", "3/2/2019", "may be 3 February 2019 or 2 March 2019"),
    "a time of day alone": ("dated", time(14, 30), "is a time of day (14:30) without a date"),
    "a comma that may divide thousands": ("pages", "1,234", "must be a whole number"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_a_spreadsheet_program_does_to_data_is_named(kind):
    """Never mended silently."""
    name, value, expected = DAMAGE[kind]
    sheets = tables()
    row = {"id": "D9", "kind": "document"} | {name: value}
    sheets["item"] = [list(row), list(row.values())]
    for table in ("link", "relation", "custody"):
        del sheets[table]

    found = [problem.problem for problem in read_book(xlsx_bytes(sheets)).problems]

    assert 1 == len(found)
    assert expected in found[0]


DATES = {
    "a date cell": (datetime(2019, 2, 3), "yyyy-mm-dd", ("2019-02-02T22:00:00Z", "2019-02-03T21:59:59Z", "day")),
    "a date and time cell": (
        datetime(2019, 2, 3, 14, 55),
        "d/m/yyyy h:mm",
        ("2019-02-03T12:55:00Z", "2019-02-03T12:55:00Z", "minute"),
    ),
    "a cell that shows midnight": (
        datetime(2019, 2, 3),
        "m/d/yyyy h:mm AM/PM",
        ("2019-02-02T22:00:00Z", "2019-02-03T21:59:59Z", "day"),
    ),
}


@pytest.mark.parametrize("kind", DATES)
def test_a_date_cell_is_read_through_its_serial_whatever_it_shows(kind):
    """Day and month cannot be confused where the program knows the date."""
    value, shows, expected = DATES[kind]
    book = openpyxl.load_workbook(
        io.BytesIO(xlsx_bytes({"case": tables()["case"], "item": [["id", "kind", "dated"], ["D9", "document", value]]}))
    )
    book["items"]["C2"].number_format = shows
    out = io.BytesIO()
    book.save(out)

    submission = read_book(out.getvalue())
    dated = next(iter(submission.items))["dated"]

    assert ([], expected) == (submission.problems, (dated["earliest"], dated["latest"], dated["precision"]))
    assert ("shows midnight" in kind) == any("no time was typed" in warning for warning in submission.warnings)


def test_twelve_am_alone_is_no_time():
    """What a program shows where no time was typed."""
    submission = read(items="id,kind,dated\nD9,document,12:00 AM\n")

    assert [] == submission.problems
    assert "dated" not in [*submission.items][-1]
    assert "12:00 AM alone is no time" in submission.warnings[0]


def test_numbers_typed_without_quotes_are_ids_and_text():
    """A program makes a number of `12`; the id is still 12."""
    sheets = {"case": tables()["case"], "item": [["id", "kind", "number", "pages"], [12, "document", 7.0, 3.0]]}

    assert {"id": "12", "number": "7", "pages": 3} == {
        name: next(iter(read_book(xlsx_bytes(sheets)).items))[name] for name in ("id", "number", "pages")
    }


def test_labels_above_the_keys_are_passed_over():
    """As `sijill new` writes them."""
    sheets = {
        "case": tables()["case"],
        "item": [["المعرّف *", "النوع *", "# الحجم"], ["id", "kind", "# size"], ["D9", "وثيقة", 12]],
    }

    assert ([], ["D9"]) == (
        read_book(xlsx_bytes(sheets)).problems,
        [item["id"] for item in read_book(xlsx_bytes(sheets)).items],
    )


def test_a_workbook_names_sheet_row_and_column():
    """Where the person has to look."""
    sheets = tables()
    sheets["source"][2][0] = "S 2"
    sheets["case"][1][1] = ""
    sheets["strikes"] = [["label", "delivery"], ["A", "rocket"]]
    sheets["casualties"] = [["category", "min", "max"], ["children", 3, 1]]

    found = [f"{problem.where}: {problem.problem}"[:72] for problem in read_book(xlsx_bytes(sheets)).problems]

    assert "case.xlsx: sheet case: column code: is missing, and must be there" in found
    assert "case.xlsx: sheet strikes, row 2: column delivery: `rocket` is none of th" in found
    assert any(problem.startswith("case.xlsx: sheet casualties, row 2: column min") for problem in found)
    assert any(problem.startswith('case.xlsx: sheet sources, row 3 "S 2": column id') for problem in found)


def merged(areas):
    """The problems of the example with cells of its sheets merged: (sheet, area)."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes({**tables(), "item": ITEMS})))
    for title, area in areas:
        book[title].merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return [f"{problem.where}: {problem.problem}" for problem in read_book(out.getvalue()).problems]


ITEMS = [["Our items", *[None] * 3], ["id", "kind", "doc_type", "notes"], ["D1", "document", "press", "a"],
         ["D2", "document", "press", "b"], [None] * 4]  # fmt: skip


def test_a_cell_under_one_that_is_merged_over_several_rows_is_named():
    """People see its value beside each row; the file has it in the first alone, and the others would lose it unseen."""
    (problem,) = [p for p in merged([("items", "C3:C4")]) if "merged" in p]
    assert problem.startswith('case.xlsx: sheet items, row 4 "D2": column doc_type: lies under a cell that is merged over')
    (problem,) = [p for p in merged([("case", "B2:B3")]) if "merged" in p]
    assert problem.startswith("case.xlsx: sheet case, row 3: column title")


def test_merged_cells_that_hide_no_value_are_no_trouble():
    """A banner over the heads, one cell across a row, a row made two lines high, a column that nobody reads."""
    harmless = [("items", area) for area in ("A1:D1", "A4:A5", "B4:B5", "C4:C5", "D4:D5", "F3:F4")]
    assert [p for p in merged(harmless) if "merged" in p] == []


def test_a_sheet_of_another_name_is_passed_over_and_one_misspelled_is_not():
    """`Notes` is as like `items` as a slip would be, letter by letter; nobody means it."""
    found = {}
    for title in ("Notes", "itmes"):
        book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(tables())))
        book.create_sheet(title).append(["id", "kind"])
        out = io.BytesIO()
        book.save(out)
        found[title] = read_book(out.getvalue())
    assert "sheet Notes: the sheet is not read" in " ".join(found["Notes"].warnings)
    (problem,) = found["itmes"].problems
    assert ("case.xlsx: sheet itmes", "the nearest is `items`") == (problem.where, problem.problem.split("; ")[1])


def test_strikes_and_casualties_have_sheets_of_their_own():
    """A case of several strikes, and its dead by category."""
    sheets = {"case": tables()["case"]}
    sheets["strikes"] = [
        ["label", "time", "place"],
        ["A", "2019-02-03T14:30", "35.812, 36.604"],
        ["B", "2019-02-03T14:50", "north gate"],
    ]
    sheets["casualties"] = [["الفئة", "على الأقل", "على الأكثر"], ["أطفال", 1, 2]]
    case = read_book(xlsx_bytes(sheets)).case

    assert ["A", "B"] == [strike["label"] for strike in case["strikes"]]
    assert (35_812_000, "north gate") == (case["strikes"][0]["place.lat"], case["strikes"][1]["place.name.und"])
    assert (1, 2) == (case["casualties.children.min"], case["casualties.children.max"])


def test_a_workbook_is_the_whole_case_and_nothing_else():
    """Two truths about one case are refused."""
    submission = read_submission({"case.xlsx": xlsx_bytes(tables()), "links.csv": b"item\n"}, FILES, now=NOW)

    assert ["links.csv: lies beside case.xlsx; a workbook is the whole case and nothing else"] == [
        f"{p.where}: {p.problem}" for p in submission.problems
    ]


def _zip(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name.replace("__", "/"), data)
    return out.getvalue()


HOSTILE = {
    "no zip": b"not a workbook",
    "nothing": b"",
    "an old xls": bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512,
    "an empty zip": _zip(x=b""),
    "a document type": _zip(**{"[Content_Types].xml": b'<!DOCTYPE x [<!ENTITY a "aaa">]><x>&a;</x>'}),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_bytes_that_are_no_workbook_are_a_problem(kind):
    """Whatever lies under the name case.xlsx."""
    (problem,) = read_book(HOSTILE[kind]).problems

    assert problem.problem.startswith("cannot be read as a workbook: ")


def test_a_workbook_that_would_unpack_to_far_more_is_refused_unopened():
    """Twenty megabytes of nothing in twenty kilobytes."""
    good = xlsx_bytes(tables())
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("xl/media/image1.png", b"\0" * 20_000_000)

    (problem,) = read_book(out.getvalue()).problems

    assert "it would unpack to far more than its size" in problem.problem


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_workbook_gives_problems_and_never_an_exception(data):
    """Bytes changed anywhere in the file."""
    good = bytearray(_BOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))

    read_book(bytes(good[: data.draw(st.integers(len(good) // 2, len(good)))]))


_BOOK = xlsx_bytes(tables())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=8), max_size=6), max_size=6),
    st.sampled_from(["items", "sources", "links", "custody", "relations"]),
)
def test_any_csv_gives_records_or_problems(rows, table):
    """Whatever a program writes under the name of a table."""
    heads = {"items": "id", "sources": "id", "links": "item", "custody": "item", "relations": "item"}
    body = csv_bytes([[heads[table], "kind", "at"], *rows], encoding="utf-8") if rows else b""

    for problem in read(CASE, {}, **{table: body}).problems:
        assert problem.where


def test_why_a_time_is_none_is_said_in_the_readers_language():
    """Half an English sentence inside an Arabic one helps nobody who fills in a sheet."""
    from evidence.faults import Fault, Spot
    from evidence.when import read_time
    from evidence.zone import NoTime

    for text, said in (("3/2/2019", "اكتبوا أحدهما"), ("2019-02-30", "لا يوجد يوم"), ("2022-03-25T00:30", "تخطّت الساعة")):
        with pytest.raises(NoTime) as refused:
            read_time(text, zone="Asia/Damascus")
        fault = Fault(Spot("case.toml"), "not-time", {"because": refused.value.because})
        assert said in fault.sentence("ar")
        assert refused.value.message in fault.sentence("en")


def test_a_word_is_read_by_the_vocabulary_of_its_own_table():
    """A kind of source is no kind of item, though both columns are called kind."""
    told = problems(
        sources="id,kind,pseudonym\nA1,organisation,desk A\n", items="id,kind,source\nD9,organisation,A1\n"
    )

    assert len(told) == 1
    assert told[0].startswith('items.csv: row 2 "D9": column kind: `organisation` is none of the words known here')
