"""A folder handed in as TOML: what becomes of it, and every way it is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_example import CASE, FILES, NOW, WHOLE, problems, read

from evidence.sheet import read_submission


def test_the_example_of_the_format_is_taken_in_whole():
    """Nothing of the published example is refused, and nothing of it is lost."""
    submission = read()

    assert [] == submission.problems
    assert ["W1", "V1", "F1", "R1", "D1", "D2"] == [item["id"] for item in submission.items]
    assert (6, 1, 1) == (len(submission.sources), len(submission.links), len(submission.relations))
    assert [] == submission.warnings


def test_a_record_is_flat_and_holds_coordinates_in_micro_degrees():
    """Places and groups become dotted names; no float is left anywhere."""
    photo = [*read().items][1]

    assert (35_812_100, 36_604_300) == (photo["claimed.lat"], photo["claimed.lon"])
    assert "A-5" == photo["geolocation.signed_off_by"]


def test_a_local_time_is_read_in_the_zone_of_the_case():
    """Damascus was two hours ahead of UTC in February 2019; the words as given are kept."""
    occurred = read().case["occurred"]

    assert ("2019-02-03T12:20:00Z", "2019-02-03T12:40:00Z") == (occurred["earliest"], occurred["latest"])
    assert "about half past two in the afternoon" == occurred["said"]


def test_the_zone_of_an_item_goes_before_that_of_the_case():
    """A log kept in UTC beside statements in local time."""
    _, _, log, *_ = read(
        WHOLE.replace("coverage = {", 'zone = "UTC"\ncoverage = {').replace(
            'zone = "Asia/Damascus"\n\n[[item]]\nid = "R1"', '\n[[item]]\nid = "R1"'
        )
    ).items

    assert "2019-02-03T06:00:00Z" == log["coverage.from"]["earliest"]


def test_custody_before_the_archive_stands_beside_the_items():
    """Events go to the ledger as acts of their own, oldest first."""
    submission = read()

    assert ["capture", "transfer"] == [event["action"] for event in list(submission.events())[1]]
    assert "custody" not in [*submission.items][1]


def test_an_identity_file_leaves_no_name_in_the_record():
    """The path of a true name is for sealing alone."""
    submission = read()

    assert {"S1": "sealed/w-017.txt"} == submission.identity_files
    assert all("identity_file" not in source for source in submission.sources)


def test_a_document_of_no_told_type_and_rank_is_unknown():
    """Nothing is guessed from the name of a file."""
    report = [*read().items][5]

    assert ("unknown", "unknown") == (report["doc_type"], report["rank"])


BROKEN = {
    "a file that is not there is named with its item": (
        "IMG_2041.jpg", "IMG_2040.jpg",
        'case.toml: item 2 "V1": file: media/IMG_2040.jpg is not there; the nearest is media/IMG_2041.jpg'),
    "an unknown key is refused, the nearest named": (
        "witness_role = ", "witnes_role = ", 'case.toml: item 1 "W1": witnes_role: is no known key; the nearest is `witness_role`'),
    "a key of another kind of item is refused": (
        'rank = "primary"', 'rank = "primary"\ntaken = "2019-02-20"',
        'case.toml: item 5 "D1": taken: does not belong to an item of kind document; it belongs to statement'),
    "a word outside its vocabulary is refused, the nearest named": (
        '"clinic"', '"clinik"', "case.toml: case: object_type: `clinik` is none of the words known here; the nearest is `clinic`; known: hospital"),
    "a required key that is missing is named": (
        'medium = "photo"\n', "", 'case.toml: item 2 "V1": medium: is missing, and must be there'),
    "a required text that is empty is named": (
        'pseudonym = "R-2"', 'pseudonym = " "', 'case.toml: source 4 "S5": pseudonym: is empty, and must be filled in'),
    "an id with a blank is refused": (
        'item = "F1"', 'id = "L 1"\nitem = "F1"', "case.toml: link 1: id: must be 1 to 64 Latin letters"),
    "an id is given once": (
        'id = "S6"\nkind', 'id = "S6"\nkind = "sensor"\npseudonym = "x"\n[[source]]\nid = "S6"\nkind',
        'case.toml: source 6 "S6": id: the id is taken by case.toml: source 5 "S6"'),
    "a source is declared": (
        'source = "S4"', 'source = "S44"', 'case.toml: item 3 "F1": source: `S44` is no source of this case; the nearest is `S4`'),
    "a parent is declared": (
        'part_of = "S9"', 'part_of = "S8"', 'case.toml: source 2 "S2": part_of: `S8` is no source of this case'),
    "a source is no part of itself": (
        'part_of = "S9"', 'part_of = "S2"', 'case.toml: source 2 "S2": part_of: goes round in a circle: S2 -> S2'),
    "a link names an item": (
        'item = "F1"', 'item = "F2"', "case.toml: link 1: item: `F2` is no item of this case"),
    "a reviewer is a second person": (
        'reviewed_by = "A-5"', 'reviewed_by = "a-2 "', "case.toml: link 1: reviewed_by: the reviewer is the assessor"),
    "a relation has one end": (
        'of = "D1"', 'of = "D1"\nexternal = "report"', "case.toml: relation 1: exactly one of `of` and `external` must be there; both are"),
    "a relation has an end": (
        'of = "D1"\n', "", "case.toml: relation 1: exactly one of `of` and `external` must be there; neither is"),
    "an item is not related to itself": ('of = "D1"', 'of = "D2"', "case.toml: relation 1: of: names the item itself"),
    "a range runs upward": ("{ min = 2, max = 3 }", "{ min = 4, max = 3 }", "case.toml: case: killed: the smallest number (4) is larger"),
    "a number of dead is whole": ("{ min = 2, max = 3 }", "{ min = 2.5, max = 3 }", "case.toml: case: killed.min: must be a whole number"),
    "a zone is an IANA zone": ('zone = "Asia/Damascus"\nocc', 'zone = "Asia/Damaskus"\nocc', "case.toml: case: zone: is no IANA time zone; the nearest is `Asia/Damascus`"),
    "a time may not be ambiguous": ('taken = "2019-02-20"', 'taken = "3/2/2019"', 'case.toml: item 1 "W1": taken: cannot be read as a time: 3/2/2019 may be'),
    "an hour that the zone skipped is refused": (
        'recorded = "2019-02-03T14:31:20"', 'recorded = "2019-03-29T00:30"', 'case.toml: item 4 "R1": recorded: cannot be read as a time'),
    "coverage ends after it begins": ("T20:00", "T05:00", 'case.toml: item 3 "F1": coverage.from: `coverage.from` is after `coverage.to`'),
    "a latitude has a longitude": (", lon = 36.6043", "", 'case.toml: item 2 "V1": claimed.lat: a latitude and a longitude go together; `claimed.lon` is missing'),
    "a latitude is no more than ninety": ("lat = 35.8121", "lat = 95.8", 'case.toml: item 2 "V1": claimed.lat: must be degrees'),
    "a position is not zero": ("lat = 35.8121, lon = 36.6043", "lat = 0, lon = 0.0", 'case.toml: item 2 "V1": claimed: 0, 0 is what devices write'),
    "an absolute path is refused": ("documents/admissions", "/etc/admissions", 'case.toml: item 5 "D1": file: is an absolute path'),
    "a drive letter is refused": ("documents/admissions", "C:/x/admissions", 'case.toml: item 5 "D1": file: is an absolute path'),
    "a path does not climb": ("documents/admissions", "documents/../../admissions", 'case.toml: item 5 "D1": file: leads outside the folder'),
    "a key inside custody is told with its event": ('purpose = "handed', 'purpos = "handed', 'case.toml: item 2 "V1": custody 2: purpos: is no known key; the nearest is `purpose`'),
    "an event has an actor": ('by = "local media desk A", to', "to", 'case.toml: item 2 "V1": custody 2: by: is missing'),
    "the format is stated": ('"sijill-intake/1"', '"sijill-intake/2"', 'case.toml: format: must be "sijill-intake/1"'),
    "an unknown table is refused": ("[[relation]]", "[[relations]]", "case.toml: relations: is no known key; the nearest is `relation`"),
    "a list is a list": ('["saw", "heard"]', '"saw"', 'case.toml: item 1 "W1": knowledge_basis: must be a list of text'),
    "text is text": ('pseudonym = "R-2"', "pseudonym = 2", 'case.toml: source 4 "S5": pseudonym: must be text, in quotes; this is a number'),
    "a NUL is refused": ('pseudonym = "R-2"', 'pseudonym = "R\\u00002"', 'case.toml: source 4 "S5": pseudonym: holds a NUL'),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_one_fault_is_one_problem_with_its_place(fault):
    """Each fault alone, in an otherwise whole folder."""
    right, wrong, expected = BROKEN[fault]
    assert right in WHOLE

    found = problems(WHOLE.replace(right, wrong, 1))

    assert [expected] == [problem[: len(expected)] for problem in found]


def test_everything_wrong_is_told_at_once():
    """A person corrects a folder once."""
    text = WHOLE
    for right, wrong, _ in (
        BROKEN[fault]
        for fault in (
            "an unknown key is refused, the nearest named",
            "a reviewer is a second person",
            "a range runs upward",
        )
    ):
        text = text.replace(right, wrong, 1)

    assert 3 == len(problems(text))


def test_a_circle_of_citations_is_refused():
    """Two reports that rest on each other rest on nothing."""
    circle = '[[relation]]\nitem = "D1"\nas = "derived_from"\nof = "D2"\n'

    assert ["case.toml: relation 2: of: goes round in a circle: D2 -> D1 -> D2"] == problems(WHOLE + circle)


def test_a_chain_of_a_hundred_thousand_items_needs_no_deep_stack():
    """A hostile chain is walked, not recursed into."""
    rows = "item,as,of\n" + "".join(f"D{i},cites,D{i + 1}\n" for i in range(100_000))
    items = "id,kind\n" + "".join(f"D{i},document\n" for i in range(100_001))

    assert (
        []
        == read_submission(
            {"case.toml": CASE.encode(), "relations.csv": rows.encode(), "items.csv": items.encode()}, {}, now=NOW
        ).problems
    )


@pytest.mark.parametrize("value", ['"maybe"', '"SECRET-NAME"', "7", "{ a = 1 }"])
def test_a_refusal_never_repeats_a_value_of_consent(value):
    """What a witness allowed is not for an error message."""
    (problem,) = problems(WHOLE.replace('public = "no"', f"public = {value}"))

    assert (
        'case.toml: item 1 "W1": consent.public: cannot be read (the value is not shown); expected: yes, no, ask_first'
        == problem
    )


def test_a_refusal_never_repeats_the_name_of_an_identity_file():
    """The name of such a file may be the name of the person."""
    (problem,) = problems(WHOLE.replace("sealed/w-017.txt", "sealed/true-name.txt"))

    assert "true-name" not in problem
    assert problem.startswith('case.toml: source 1 "S1": identity_file: no such regular file')


def test_a_file_that_identifies_a_source_is_never_an_item():
    """What is sealed is not also stored open."""
    found = problems(WHOLE.replace("statements/w1.txt", "sealed/w-017.txt"))

    assert [
        'case.toml: source 1 "S1": identity_file: an item names the same file; what identifies a source is sealed, never stored open'
    ] == found


def test_a_file_that_is_no_regular_file_is_told_with_its_reason():
    """A FIFO is not read, and not mistaken for a missing file."""
    found = problems(WHOLE, FILES | {"radio/1434.wav": "is a FIFO"})

    assert ['case.toml: item 4 "R1": file: radio/1434.wav is a FIFO'] == found


def test_two_unicode_forms_of_one_name_are_two_files():
    """Names are kept as bytes were given; the other form is only a hint."""
    composed, decomposed = "documents/r\u00e9port.pdf", "documents/re\u0301port.pdf"
    files = {name: None for name in FILES if name != "documents/report.pdf"} | {decomposed: None}

    (problem,) = problems(WHOLE.replace("documents/report.pdf", composed), files)

    assert "another Unicode form is there, and is another file" in problem


def test_a_file_used_twice_is_no_fault():
    """Two items may be two readings of one file."""
    assert [] == problems(WHOLE.replace("documents/report.pdf", "documents/admissions.pdf"))


def test_files_that_no_item_names_are_warned_of_and_system_files_are_not():
    """Nothing handed in is overlooked; what systems leave behind is."""
    left = ["media/other.jpg", "~$case.xlsx", "media/Thumbs.db", "desktop.ini", ".DS_Store", "manifest-sha256.txt"]

    assert ["media/other.jpg: no item names this file"] == read(WHOLE, FILES | dict.fromkeys(left)).warnings


def test_a_statement_without_consent_is_taken_in_with_a_warning():
    """It leaves for nobody but internal use."""
    lines = [line for line in WHOLE.splitlines() if not line.startswith("consent")]
    submission = read("\n".join(lines))

    assert [] == submission.problems
    assert [
        'case.toml: item 1 "W1": no consent is recorded; the statement leaves for nobody but `internal`'
    ] == submission.warnings


def test_custody_out_of_order_and_a_date_to_come_are_warnings():
    """Clocks are wrong in the field; that is told, not refused."""
    submission = read(
        WHOLE.replace("2019-02-04T09:10", "2019-02-02T09:10").replace('asked_on = "2019', 'asked_on = "2029')
    )

    assert [] == submission.problems
    assert [
        "actor_response.asked_on: `actor_response.asked_on` lies in the future",
        "custody: event 2 is earlier than event 1; the oldest comes first",
    ] == [
        warning.split(": ", 2)[2 if "case: " in warning else 1] if "case: " in warning else warning.split(": ", 2)[2]
        for warning in submission.warnings
    ]


def test_a_latitude_and_longitude_that_look_swapped_are_a_warning():
    """North of Syria the two numbers are nearly alike: only the place of the case tells."""
    submission = read(WHOLE.replace("lat = 35.8121, lon = 36.6043", "lat = 36.6043, lon = 35.8121"))

    assert [] == submission.problems
    assert "latitude and longitude look swapped" in submission.warnings[0]


def test_a_link_told_twice_is_taken_once_and_told_otherwise_is_refused():
    """A row that was pasted twice, and one that was half changed."""
    link = WHOLE[WHOLE.index("[[link]]") : WHOLE.index("[[relation]]")]

    assert 1 == len(read(WHOLE + link).links)
    assert [
        "case.toml: link 2: says again what case.toml: link 1 says, in other words; give each an id of its own, or keep one"
    ] == problems(WHOLE + link.replace("nine kilometres", "ten kilometres"))


def test_a_byte_order_mark_is_accepted():
    """Notepad writes one."""
    assert [] == problems("\ufeff" + WHOLE)


HOSTILE = {
    "deep arrays": "x = " + "[" * 100_000,
    "deep tables": "x = " + "{a=" * 50_000,
    "a huge number": "[case]\nkilled = " + "9" * 5_000,
    "a key of many parts": "a." * 200_000 + "a = 1",
    "a quoted key of many parts": '"a".' * 200_000 + "a = 1",
    "ten megabytes": "x = '" + "y" * 10_000_000 + "'",
    "a line cut short": '[case]\ncode = "EX',
    "nothing": "",
    "a month that is none": "[case]\noccurred = 2019-13-01",
    "infinite degrees": WHOLE.replace("lat = 35.8121", "lat = inf"),
    "no degrees": WHOLE.replace("lat = 35.8121", "lat = nan"),
    "a case that is a list": '[[case]]\ncode = "X"',
    "items that are numbers": WHOLE.replace("[[item]]", "[[thing]]") + "\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_a_problem_and_never_an_exception(kind):
    """Whatever stands in a case.toml, the answer is a sentence."""
    assert problems(HOSTILE[kind])


def test_a_syntax_error_is_told_with_its_line_and_never_repeats_it():
    """A line that cannot be parsed may hold anything."""
    (problem,) = problems(WHOLE.replace('pseudonym = "W-017"', 'pseudonym = "TRUE NAME'))

    assert "at line 23, column" in problem
    assert "TRUE" not in problem


def test_bytes_that_are_not_utf8_are_told_with_their_line():
    """A file saved in an old Arabic code page."""
    submission = read_submission({"case.toml": "a = 1\nb = 'غارة'".encode("cp1256")}, {}, now=NOW)

    assert ["cannot be read as TOML at line 2, column 1: not UTF-8"] == [
        problem.problem for problem in submission.problems
    ]


def test_a_folder_without_a_case_and_one_with_two_are_refused():
    """A folder has either case.toml or case.xlsx."""
    none = read_submission({}, {"a.jpg": None}, now=NOW)
    misnamed = read_submission({}, {"Case.TOML": None}, now=NOW)
    both = read_submission({"case.toml": WHOLE.encode(), "case.xlsx": b""}, FILES, now=NOW)

    assert ["there is neither a case.toml nor a case.xlsx here"] == [p.problem for p in none.problems]
    assert "is not read; rename it case.toml" in [p.problem for p in misnamed.problems]
    assert "there are both case.toml and case.xlsx; a folder has one of them" in [p.problem for p in both.problems]


def test_sentences_are_given_in_arabic_where_asked():
    """Codes stay; words follow the reader."""
    submission = read_submission(
        {"case.toml": WHOLE.replace('medium = "photo"\n', "").encode()}, FILES, now=NOW, lang="ar"
    )

    assert "medium: غير موجود، وهو مطلوب" == submission.problems[0].problem


def test_many_alike_faults_are_counted_and_not_listed():
    """A table of a million wrong rows gives a page, not a million lines."""
    rows = "item,facets,stance,strength,rationale,assessor\n" + "F1,when,supports,direct,,A-1\n" * 5_000

    found = problems(WHOLE, links=rows)

    assert 101 == len(found)
    assert "4900 more of the same kind" in found[-1]


VALUES = st.recursive(
    st.one_of(
        st.text(max_size=20),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.dates(),
        st.times(),
        st.datetimes(),
        st.none(),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "en", "lat", "lon", "min", "max", "said", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_value_under_any_key_gives_records_or_problems(data):
    """Values of every type in every place: never an exception, and no float is ever kept."""
    from evidence.faults import Faults, Spot
    from evidence.heads import FIELDS
    from evidence.records import Context, Row, read_row, spread

    table = data.draw(st.sampled_from(sorted(FIELDS)))
    keys = st.sampled_from([entry.name for entry in FIELDS[table]])
    faults, spot = Faults(), Spot("case.toml")
    cells = spread(FIELDS[table], data.draw(st.dictionaries(keys, VALUES, max_size=4)), spot, faults)
    record = read_row(
        Row(spot, cells, sheet=data.draw(st.booleans())), FIELDS[table], Context(NOW, "Asia/Damascus"), faults
    )

    assert not any(isinstance(value, float) for value in record.values())
    assert all(fault.line("ar") for fault in faults.all())


def _in_custody(at):
    """What is read of three documents that were received `at` one time; the last has a zone of its own."""
    items = (
        f'[[item]]\nid = "D{number}"\nkind = "document"\n{zone}custody = [{{ action = "receive", at = "{at}", by = "desk A" }}]\n\n'
        for number, zone in ((7, ""), (8, ""), (9, 'zone = "UTC"\n'))
    )
    return read(f"{CASE}\n{''.join(items)}", {})


def test_the_same_custody_of_many_items_is_read_in_the_zone_of_each():
    """A box is handed over once; what was read of one item stands for the next where it means the same."""
    one, other, utc = _in_custody("2019-02-04T10:00").events()

    assert one == other
    assert ("2019-02-04T08:00:00Z", "2019-02-04T10:00:00Z") == (one[0]["at"]["earliest"], utc[0]["at"]["earliest"])


def test_what_is_odd_in_the_same_custody_of_many_items_is_told_of_each():
    assert 3 == len([line for line in _in_custody("2027-02-04").warnings if "custody 1: at" in line])
    assert 3 == len([one for one in _in_custody("then").problems if "custody 1: at" in one.problem])
