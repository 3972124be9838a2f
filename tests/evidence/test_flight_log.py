"""Flight logs: every row is read, or kept as it was written with its number and why."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import flight_table
from evidence.flight_log import read_log
from schemas import canonical
from schemas.aircraft import class_of, compass_heading
from schemas.errors import FormatError
from schemas.sentences import NUMBERS, READINGS, retold, say, table

DAMASCUS = "Asia/Damascus"
NOON = 1_549_188_000  # 2019-02-03T10:00:00Z


def rows_of(text, *, zone=DAMASCUS, encoding="utf-8", **more):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return list(read_log(data, zone=zone, **more).rows)


def refusal(text, **more):
    with pytest.raises(FormatError) as caught:
        rows_of(text, **more)
    return caught.value.message


def workbook(*rows, sheet="log"):
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_a_row_is_read_whole():
    text = (
        "Time,Lat,Lon,Aircraft,Heading,Number,Event,Remarks\n"
        '2019-02-03T12:00:00Z,35.812,36.604,Su-24,NE,2,circling,"low, ""twice""\nround"\n'
    )

    assert rows_of(text) == [{
        "row": 1, "said": "2019-02-03T12:00:00Z", "earliest": NOON + 7200, "latest": NOON + 7200, "lat": 35_812_000,
        "lon": 36_604_000, "aircraft_type": "Su-24", "aircraft_class": "fixed_wing", "heading": 4500, "count": 2,
        "activity": "circling", "remarks": 'low, "twice"\nround',
    }]  # fmt: skip


def test_arabic_heads_digits_and_words_are_read():
    text = (
        "التاريخ;الوقت;خط العرض;خط الطول;نوع الطائرة;الاتجاه;العدد;النشاط;ملاحظات\n"
        "٢٠١٩-٠٢-٠٣;١٢:٠٠;٣٥٫٨١٢;٣٦٫٦٠٤;طائرة مروحية;باتجاه الشمال الشرقي;٢;قصف;منخفضة\n"
    )

    assert rows_of(text) == [{
        "row": 1, "said": "٢٠١٩-٠٢-٠٣ ١٢:٠٠", "earliest": NOON, "latest": NOON, "lat": 35_812_000, "lon": 36_604_000,
        "aircraft_type": "طائرة مروحية", "aircraft_class": "rotary", "heading": 4500, "count": 2, "activity": "strike",
        "remarks": "منخفضة",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2019-02-03T10:00:00Z", (NOON, NOON)),
        ("2019-02-03T12:00", (NOON, NOON)),
        ("2019-02-03 12:00:20", (NOON + 20, NOON + 20)),
        ("2019-02-03T13:00:00+03:00", (NOON, NOON)),
        ("2019-02-03T10:00Z", (NOON, NOON)),
        ("2019/02/03 12:00", (NOON, NOON)),
        ("2019-02-03 12:00 PM", (NOON, NOON)),
        ("2019-02-03 1:05 م", (NOON + 3900, NOON + 3900)),
        ("2019-02-03", (1_549_144_800, 1_549_231_199)),
        ("2019-02-03 12:00:00 AM", (1_549_144_800, 1_549_231_199)),  # a program wrote that: no time was given
    ],
)
def test_a_time_is_an_instant_and_a_date_the_whole_local_day(cell, expected):
    (row,) = rows_of(f"Time\n{cell}\n")

    assert expected == (row["earliest"], row["latest"])
    assert cell == row["said"]


def test_without_a_zone_a_local_time_is_26_hours_wide():
    (row,) = rows_of("Time\n2019-02-03T12:00\n", zone=None)

    assert 26 * 3600 == row["latest"] - row["earliest"]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("yesterday", "cannot be read"),
        ("14:38", "no date"),
        ("2019-02-30T10:00", "no such day"),
        ("2019-02-03T24:00", "24:00"),
        ("2019-02-03T24:00:00Z", "24:00"),
        ("2019-02-03T14:61:00Z", "no such time"),
        ("2019-W05-7T14:00:00Z", "cannot be read"),
        ("2022-03-25T00:30", "skipped"),
        ("2021-10-28T23:30:00", "twice"),
        ("1549188000", "cannot be read"),
        ("0019-02-03T14:00:00Z", "year"),
    ],
)
def test_a_row_without_a_readable_time_is_kept_as_it_was_written(cell, why):
    good, bad, after = rows_of(
        f'Time,Lat,Remarks,Lon\n2019-02-03T12:00,,,\n{cell},35.8,"a,b",36.6\n2019-02-03T12:00,,,\n'
    )

    assert {"row": 2, "text": f'{cell},35.8,"a,b",36.6', "why": bad["why"]} == bad
    assert why in bad["why"]
    assert (1, 3) == (good["row"], after["row"])


def test_a_row_without_any_time_is_unreadable_and_a_blank_one_is_only_numbered():
    first, second = rows_of("Time,Remarks\n\n,seen\n,\n2019-02-03T12:00,\n")

    assert {"row": 2, "text": ",seen", "why": "it has no time"} == first
    assert 4 == second["row"]


@pytest.mark.parametrize(
    ("lat", "lon", "warned"),
    [
        ("", "", ""), ("0", "0", "placeholder"), ("0.0", "0.000000", "placeholder"), ("91.5", "36.6", "position"), ("nan", "36.6", "position"),
        ("35.8", "", "position"), ("1e1", "36.6", "position"), ("1_0.5", "36.6", "position"), ("--5.1", "36.6", "position"), ("35.8", "180.00001", "position"),
    ],
)  # fmt: skip
def test_a_position_that_cannot_be_read_is_left_out_with_a_warning_and_the_row_stays(lat, lon, warned):
    log = read_log(f"Time,Lat,Lon\n2019-02-03T12:00,{lat},{lon}\n".encode(), zone=DAMASCUS)
    (row,) = log.rows

    assert {"row", "said", "earliest", "latest"} == row.keys()
    assert bool(warned) == bool(log.warnings)
    assert warned in "".join(log.warnings)


@pytest.mark.parametrize(
    ("lat", "expected"),
    [
        ("35.812", 35_812_000),
        ("-35.812", -35_812_000),
        ("35", 35_000_000),
        ("35.8120005", 35_812_000),
        ("35.8120015", 35_812_002),
        ("35°48'43.2\"N", 35_812_000),
        ("90.0", 90_000_000),
        (" 35.812 ", 35_812_000),
        ("٣٥٫٨١٢", 35_812_000),
    ],
)
def test_a_latitude_is_whole_micro_degrees(lat, expected):
    (row,) = rows_of(f"Time\tLat\tLon\n2019-02-03T12:00\t{lat}\t36.604\n")

    assert (expected, 36_604_000) == (row["lat"], row["lon"])


def test_a_position_in_one_cell_is_read():
    (row,) = rows_of(
        'Timestamp,UTC,Callsign,Position,Altitude,Speed,Direction\n1549188000,2019-02-03T10:00:00Z,X,"35.812,36.604",100,200,90\n'
    )

    assert (NOON, 35_812_000, 36_604_000, 9000) == (row["earliest"], row["lat"], row["lon"], row["heading"])


def test_seconds_since_1970_are_read_under_heads_that_say_so():
    assert [NOON, NOON] == [row["earliest"] for row in rows_of("timestamp\n1549188000\n1549188000000\n")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("90", 9000),
        ("٩٠", 9000),
        ("92.5", 9250),
        ("360", 0),
        ("0", 0),
        ("270°", 27000),
        ("SSW", 20250),
        ("south-west", 22500),
        ("شمال", 0),
        ("غرباً", 27000),
        ("towards Idlib", None),
        ("361", None),
        ("-5", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_heading_is_degrees_or_a_compass_word(cell, expected):
    (row,) = rows_of(f"Time,Heading\n2019-02-03T12:00,{cell}\n")

    assert expected == row.get("heading")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Su-24", "fixed_wing"), ("SU24M2", "fixed_wing"), ("MiG-23", "fixed_wing"), ("L-39ZA", "fixed_wing"), ("Mi-8", "rotary"), ("Ka 52", "rotary"),
        ("drone", "drone"), ("UAV (small)", "drone"), ("سوخوي 24", "fixed_wing"), ("ميغ-23", "fixed_wing"), ("مروحيّة", "rotary"), ("طائرة مسيّرة", "drone"),
        ("unknown", "unknown"), ("Su-24 and Mi-8", "unknown"), ("Military plane", "unknown"), ("Suez", "unknown"), ("10 mi", "unknown"), ("", "unknown"),
    ],
)  # fmt: skip
def test_a_type_tells_its_class_or_nothing(written, expected):
    assert expected == class_of(written)


def test_all_sixteen_winds_are_known():
    winds = "n nne ne ene e ese se sse s ssw sw wsw w wnw nw nnw".split()

    assert [2250 * at for at in range(16)] == [compass_heading(wind) for wind in winds]


def test_a_class_of_its_own_goes_before_the_type():
    first, second, third = rows_of(
        "Time,Aircraft,Class\n" + "".join(f"2019-02-03T12:00,Su-24,{word}\n" for word in ("rotary", "", "??"))
    )

    assert ["rotary", "fixed_wing", "fixed_wing"] == [row["aircraft_class"] for row in (first, second, third)]


def test_columns_are_mapped_by_their_heads():
    log = read_log(
        b"Zeit,B,L\n2019-02-03T12:00,35.8,36.6\n",
        zone=DAMASCUS,
        columns={"time": "zeit", "lat": "B", "lon": "L"},
    )
    (row,) = log.rows

    assert {"time": "Zeit", "lat": "B", "lon": "L"} == log.columns
    assert 35_800_000 == row["lat"]


def test_columns_that_are_neither_mapped_nor_known_are_not_read():
    (row,) = rows_of("Time,Name of the spotter\n2019-02-03T12:00,somebody\n")

    assert "somebody" not in str(row)


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("A,B\n1,2\n", None, "no time column: the heads are A, B"),
        ("", None, "no rows"),
        ("Time,B\n1,2\n", {"time": "Tme"}, "nearest is 'Time'"),
        ("Time,B\n1,2\n", {"tim": "Time"}, "nearest is `time`"),
        ("Time,Time\n1,2\n", {"time": "Time"}, "2 columns"),
        ("Time,Width\n1,2\n", {"lat": "Width"}, "go together"),
    ],
)
def test_a_log_whose_columns_are_not_sure_is_refused(text, columns, says):
    assert says in refusal(text, columns=columns)


@pytest.mark.parametrize("heads", ["Time,Lat", "Time,Y", "Time,Longitude"])
def test_half_a_position_is_not_read_and_the_log_is(heads):
    log = read_log(f"{heads}\n2019-02-03T12:00,35.8\n".encode(), zone="Asia/Damascus")
    (row,) = log.rows

    assert NOON == row["earliest"]
    assert "lat" not in row
    assert any("go together" in warning for warning in log.warnings)


def test_the_order_of_day_and_month_is_proved_by_the_file():
    first, second = rows_of("Date,Time\n3/2/2019,12:00\n23/2/2019,12:00\n")

    assert NOON == first["earliest"]
    assert 20 * 86_400 == second["earliest"] - first["earliest"]


def test_the_order_is_proved_also_where_the_slashed_dates_come_late():
    rows = rows_of("Time\n" + "2019-02-03 12:00\n" * 1500 + "3/2/2019 12:00\n" + "broken\n" + "23/2/2019 12:00\n")

    assert NOON == rows[1500]["earliest"]
    assert {"row": 1502, "text": "broken", "why": "its time cannot be read"} == rows[1501]


def test_an_order_that_nothing_proves_is_refused_unless_it_is_given():
    text = "Time\n3/2/2019 12:00\n"

    assert "may be day-month-year or month-day-year" in refusal(text)
    assert NOON == rows_of(text, date_order="dmy")[0]["earliest"]
    assert "both orders" in refusal("Time\n3/23/2019 12:00\n23/3/2019 12:00\n")
    assert "does not begin with the year" in rows_of(text, date_order="ymd")[0]["why"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("divider", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_is_read_in_utf_8_and_utf_16_with_each_divider(encoding, divider, ending):
    text = ending.join([divider.join(["الوقت", "Remarks"]), divider.join(["2019-02-03T12:00", "ملاحظة"]), ""])
    mark = "\ufeff" if encoding.endswith("e") else ""

    assert "ملاحظة" == rows_of(mark + text, encoding=encoding)[0]["remarks"]


@pytest.mark.parametrize("encoding", ["cp1256", "utf-32", "utf-16-le"])
def test_another_encoding_is_refused_with_what_to_do(encoding):
    with pytest.raises(FormatError) as caught:
        rows_of("الوقت,ملاحظات\n2019-02-03T12:00,ملاحظة\n", encoding=encoding)

    assert ".xlsx" in caught.value.message + caught.value.hint


def test_an_open_quotation_mark_costs_its_own_row_alone():
    text = 'Time,Remarks\n2019-02-03T12:00,ok\n2019-02-03T12:01,"open\n' + "2019-02-03T12:02,fine\n" * 500

    rows = rows_of(text)

    assert 502 == len(rows)
    assert {"row": 2, "text": '2019-02-03T12:01,"open', "why": rows[1]["why"]} == rows[1]
    assert [row["row"] for row in rows] == list(range(1, 503))


def test_many_open_quotation_marks_cost_no_more_than_their_rows():
    text = "Time,Remarks\n" + '2019-02-03T12:01,"open\n2019-02-03T12:02,fine\n2019-02-03T12:03,"a ""b"""\n' * 300

    rows = rows_of(text)

    assert 300 == sum("why" in row for row in rows)
    assert 300 == sum(row.get("remarks") == 'a "b"' for row in rows)


def test_a_row_with_more_cells_than_heads_is_not_guessed_at():
    (row,) = rows_of("Time,Lat,Lon\n2019-02-03T12:00,35,812,36,604\n")

    assert "5 cells under 3 heads" in row["why"]


def test_a_row_with_a_nul_is_kept_in_a_form_that_can_be_recorded():
    rows = rows_of("Time,Remarks\n2019-02-03T12:00,a\0b\n2019-02-03T12:00,c\n")

    assert "NUL" in rows[0]["why"]
    assert "2019-02-03T12:00,a\\u{0000}b" == rows[0]["text"]
    assert "c" == rows[1]["remarks"]


def test_titles_above_the_heads_are_passed_over():
    (row,) = rows_of("Post 7\n\nTime,Remarks\n2019-02-03T12:00,x\n")

    assert 1 == row["row"]


def test_a_workbook_is_read_with_its_real_dates():
    data = workbook(
        ["Date", "Clock", "Lat", "Lon", "Aircraft", "Heading"],
        [date(2019, 2, 3), time(12, 0), 35.812, 36.604, "Mi-8", 90],
        [datetime(2019, 2, 3), None, None, None, None, None],
        [None] * 6,
        ["3 Feb", None, 1, 2, None, None],
    )
    rows = rows_of(data, columns={"date": "Date", "time": "Clock"})

    assert (NOON, 35_812_000, 36_604_000, 9000) == tuple(rows[0][key] for key in ("earliest", "lat", "lon", "heading"))
    assert 86_399 == rows[1]["latest"] - rows[1]["earliest"]
    assert (4, "3 Feb\t\t1\t2") == (rows[2]["row"], rows[2]["text"])


def test_a_sheet_more_that_holds_a_log_is_named_and_not_read():
    """One sheet a day is how many keep their log; what is not read must not seem to be."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(["Time", "Lat", "Lon"], [datetime(2019, 2, 3, 12), 35.8, 36.6])))
    for title, head in (("4 Feb", "Time"), ("Notes", "Who wrote")):
        book.create_sheet(title).append([head])
    held = io.BytesIO()
    book.save(held)
    log = read_log(io.BytesIO(held.getvalue()), name="log")

    assert 1 == len(list(log.rows))
    assert ("further sheets hold a log and are not read: '4 Feb'; save each as a file of its own",) == log.warnings


def test_a_damaged_workbook_is_refused():
    data = workbook(["Time"], [datetime(2019, 2, 3, 12)])

    assert "cannot be read" in refusal(data[: len(data) // 2])
    assert "old .xls" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def test_a_receivers_lines_without_heads_are_read():
    line = "MSG,3,1,1,738065,1,2019/02/03,12:00:00.250,2019/02/03,12:00:00.250,,31000,,90,35.812,36.604,,,0,0,0,0\n"
    (row,) = rows_of(line)

    assert (1, NOON, 35_812_000, 9000) == (row["row"], row["earliest"], row["lat"], row["heading"])


def test_rows_can_be_read_again():
    log = read_log(b"Time\n2019-02-03T12:00\nx\n", zone=DAMASCUS)

    assert list(log.rows) == list(log.rows)
    assert 1 == log.unreadable


def test_a_zone_or_order_that_is_not_known_is_refused():
    assert "Asia/Damascus" in refusal("Time\n1\n", zone="Asia/Damasc")
    assert "date_order" in refusal("Time\n1\n", date_order="ddmmyy")


HEADS = ("Date", "Lat", "Lon", "Heading", "Type", "Class", "Count", "Activity", "Remarks")
CELLS = st.sampled_from(
    ["", "2019-02-03T12:00", "2019-02-03T12:00:01Z", "12:00", "2019-02-03", "35.8", "36.61", "0", "NE", "L-39", "Mi-8",
     "rotary", "2", "landing", "\\", "},{", "سُمع", "\u2028", "\x1f"]
) | st.text(st.characters(codec="utf-8"), max_size=5)  # fmt: skip


@given(st.lists(st.sampled_from(HEADS), unique=True), st.lists(st.lists(CELLS, min_size=10, max_size=10), max_size=4))
def test_what_is_told_of_a_row_is_canonical_and_agrees_with_what_stands_beside_it(heads, rows):
    """A value is written from pieces, and must be what the encoder gives."""
    text = io.StringIO()
    csv.writer(text).writerows([["Time", *heads], *(row[: len(heads) + 1] for row in rows)])
    try:
        told = list(read_log(text.getvalue().encode(), zone=DAMASCUS, date_order="dmy").told)
    except FormatError:
        return
    for *beside, value in told:
        read = canonical.decode(value.encode())
        assert beside == [read.get(name) for name in ("row", "earliest", "latest", "lat", "lon")]
        assert None not in read.values() and "" not in read.values()


@given(st.text(max_size=200), st.sampled_from([DAMASCUS, None]))
def test_no_cells_end_in_anything_but_observations_and_unreadable_rows(text, zone):
    try:
        log = read_log(("Time,Lat,Lon,Heading,Remarks\n" + text).encode("utf-8", "replace"), zone=zone)
        rows = list(log.rows)
    except FormatError:
        return
    assert all(("why" in row and "text" in row) != ("earliest" in row and "latest" in row) for row in rows)
    assert sorted({row["row"] for row in rows}) == [row["row"] for row in rows]


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_log_or_a_refusal(data):
    for start in (b"", b"PK\x03\x04", b"Time\n", b"\xff\xfeT\0i\0m\0e\0\n\0"):
        try:
            list(read_log(start + data).rows)
        except FormatError:
            pass


@given(st.lists(st.lists(st.text('ab\n\r",;é ', max_size=8), min_size=2, max_size=2), max_size=20))
def test_every_row_written_by_a_csv_program_is_read(cells):
    import csv

    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(["Time", "Remarks", "Type"])
    writer.writerows(["2019-02-03T12:00", *row] for row in cells)

    rows = rows_of(held.getvalue())

    assert [a for a, _ in cells] == [row.get("remarks", "") for row in rows]


def divided(text, run):
    """Give number, cells (None where it could not be divided) and text of each row, so many characters together."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flight_table, "_RUN", run)
        table = flight_table.open_table(io.BytesIO(text.encode()), lambda cells: cells[:1] == ["Time"])
        return [(at, cells if type(cells) is list else None, table.text()) for at, cells in table.rows()]


@given(st.text('ab\n\r",é ', max_size=80), st.integers(1, 30))
def test_rows_are_the_same_however_many_lines_are_divided_together(text, run):
    """Lines among which no quotation mark is are divided together: as the csv module would, and a fault costs the same."""
    found = divided("Time,Remarks\n" + text, run)

    assert found == divided("Time,Remarks\n" + text, 1 << 20)
    with contextlib.suppress(csv.Error):  # it gives up where a quotation mark does not close
        every = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert [(at, cells) for at, cells in enumerate(every, 1) if cells] == [row[:2] for row in found]


def test_a_row_that_makes_the_file_prove_its_order_is_kept_as_it_was_written():
    rows = rows_of("Time\n" + "2019-02-03 12:00\n" * 1500 + "3/2/2019 25:00\n23/2/2019 12:00\n3/2/2019 12:00\n")

    assert (1501, "3/2/2019 25:00") == (rows[1500]["row"], rows[1500]["text"])


# -- what is wrong, in the reader's language


@pytest.mark.parametrize("code", [code for code in table() if code.startswith(READINGS)])
def test_a_sentence_recorded_in_english_is_told_in_arabic_with_what_filled_it(code):
    """A record is in English for ever; whoever reads Arabic is told the same, with the same names and numbers."""
    asked = re.findall(r"(?<!\{)\{(\w+)\}", table()[code]["en"])
    names = {name: str(number) if name in NUMBERS else f"X{number}" for number, name in enumerate(asked)}

    assert say(code, "ar", **names) == retold(say(code, **names), "ar")
    assert say(code, **names) == retold(say(code, **names), "en")


def test_a_sentence_within_a_sentence_is_told_too_and_what_is_not_ours_stays():
    warned = "heading cannot be read: 12 rows, 1, 2, 3, …"

    assert retold(warned, "ar") == "تعذرت قراءة الاتجاه: عدد الصفوف 12، منها 1, 2, 3, …"
    assert retold("as somebody wrote it", "ar") == "as somebody wrote it"


@given(st.text(max_size=60))
def test_no_text_ends_in_anything_but_a_text(text):
    assert isinstance(retold(text, "ar"), str)
