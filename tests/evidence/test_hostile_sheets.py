"""Workbooks made to eat a reader: each ends in a sentence, within a gigabyte of memory and some seconds of processor.

They are read in one process under the system's own limits, which would end it.
"""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evidence.date_order import ORDERS
from evidence.flight_log import read_log
from evidence.workbook import new_book
from schemas.errors import FormatError

ROOT = Path(__file__).parents[2]
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
CASE, ITEMS, SHARED = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "lol">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]>"  # fmt: skip
ASIDE = b'<!DOCTYPE l [<!ENTITY j SYSTEM "file:///etc/hostname">]>'
SAYING = b'<row r="1"><c t="inlineStr"><is><t>&j;</t></is></c></row>'
MOST_BYTES, MOST_SECONDS = 1 << 30, 40

READ = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
from evidence.faults import Faults
from evidence import workbook_cells
workbook_cells.MOST_ROWS, workbook_cells.LAST_ROW = 3_000, 20_000
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]),) * 2)
for path in sys.argv[4:]:
    faults = Faults()
    with open(path, "rb") as file:
        read = workbook_cells.tables(file.read(), "case.xlsx", faults)
    rows = {table: sum(1 for _ in found) for table, found in read.items()}
    print(json.dumps({"path": path, "rows": rows, "said": [one.problem().problem for one in faults.all()]}))
"""


def cell(text):
    return b'<c t="inlineStr"><is><t>%s</t></is></c>' % text


def rows(number, filled):
    return HEAD + SHEET + b"".join(b'<row r="%d">%s</row>' % (n, filled(n)) for n in range(1, number + 1)) + END


HOSTILE = {
    "twenty megabytes of blanks": ({CASE: HEAD + SHEET + b" " * 20_000_000 + END}, "far more than its size"),
    "a cell of twenty megabytes": ({CASE: HEAD + SHEET + b'<row r="1">' + cell(b"a" * 20_000_000) + b"</row>" + END}, "far more than"),
    "a million shared strings": ({SHARED: HEAD + b"<sst>" + b"<si><t>string</t></si>" * 1_000_000 + b"</sst>"}, "far more than"),
    "a million elements deep": ({CASE: HEAD + SHEET + b"<a>" * 300_000 + b"</a>" * 300_000 + END}, ""),
    "entities of entities": ({CASE: HEAD + LAUGHS + SHEET + SAYING + END}, "declares a document type"),
    "entities in the list of sheets": ({"xl/workbook.xml": HEAD + LAUGHS + SHEET + SAYING + END}, "declares a document type"),
    "an entity from another file": ({CASE: HEAD + ASIDE + SHEET + SAYING + END}, "declares a document type"),
    "more parts than a workbook has": ({f"x/{n}": b"" for n in range(5_000)}, "far more than its size"),
    "a row beyond the last": ({CASE: HEAD + SHEET + b'<row r="9999999999"><c r="A9999999999"><v>1</v></c></row>' + END}, "more than 1,000"),
    "a case of thousands of keys": ({CASE: rows(3_000, lambda n: cell(b"k%d" % n))}, "more than 1,000 rows are filled in"),
    "items without end": ({ITEMS: rows(5_000, lambda n: cell(b"id") + cell(b"kind") if n == 1 else cell(b"V%d" % n))}, "more than 3,000 rows"),
    "XML that ends in the middle": ({CASE: HEAD + SHEET + b"<row><c"}, "cannot be read as a workbook"),
    "no XML": ({CASE: b"\x00\xff" * 1_000}, "cannot be read as a workbook"),
}  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_every_hostile_workbook_ends_in_a_sentence_within_its_limits(tmp_path):
    with zipfile.ZipFile(io.BytesIO(new_book([], "en"))) as honest:
        parts = {name: honest.read(name) for name in honest.namelist()}
    paths = {}
    for number, (name, (over, _)) in enumerate(HOSTILE.items()):
        paths[str(tmp_path / f"{number}.xlsx")] = name
        with zipfile.ZipFile(tmp_path / f"{number}.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
            for part, data in {**parts, **over}.items():
                book.writestr(part, data)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(ROOT), str(MOST_BYTES), str(MOST_SECONDS), *paths],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    told = {paths[one["path"]]: one for one in map(json.loads, done.stdout.splitlines())}

    assert 0 == done.returncode, done.stderr[-2000:]
    assert HOSTILE.keys() == told.keys()
    for name, (_, says) in HOSTILE.items():
        if not says:  # read as what it is: a sheet with nothing where something must be
            assert {"case"} <= told[name]["rows"].keys()
        else:
            assert any(says in one for one in told[name]["said"]), (name, told[name]["said"][:3])


@pytest.mark.parametrize("name", ["twenty megabytes of blanks", "entities of entities", "more parts than a workbook has"])
def test_a_flight_log_in_such_a_workbook_is_refused_before_it_is_unpacked(name):
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(new_book([], "en"))) as honest, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for part in honest.namelist():
            book.writestr(part, honest.read(part)) if part not in HOSTILE[name][0] else None
        for part, data in HOSTILE[name][0].items():
            book.writestr(part, data)
    packed.seek(0)
    with pytest.raises(FormatError, match=HOSTILE[name][1]) as refused:
        read_log(packed, date_order=ORDERS[0], name="log.xlsx")
    assert "save the log as CSV" in refused.value.message
