"""Dates of ISO 8601-2, the small subset, against the real calendar."""

from __future__ import annotations

from datetime import date

import pytest

from evidence.edtf import Edtf, read_edtf
from schemas.errors import FormatError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1985-04-12", Edtf(date(1985, 4, 12), date(1985, 4, 12), "day")),
        ("1985-04", Edtf(date(1985, 4, 1), date(1985, 4, 30), "month")),
        ("1985", Edtf(date(1985, 1, 1), date(1985, 12, 31), "year")),
        ("2004-02-29", Edtf(date(2004, 2, 29), date(2004, 2, 29), "day")),
        ("2004-06-11%", Edtf(date(2004, 6, 11), date(2004, 6, 11), "day", "%")),
        ("1984?", Edtf(date(1984, 1, 1), date(1984, 12, 31), "year", "?")),
        ("2004-06~", Edtf(date(2004, 6, 1), date(2004, 6, 30), "month", "~")),
        ("201X", Edtf(date(2010, 1, 1), date(2019, 12, 31), "interval")),
        ("20XX", Edtf(date(2000, 1, 1), date(2099, 12, 31), "interval")),
        ("2004-XX", Edtf(date(2004, 1, 1), date(2004, 12, 31), "year")),
        ("1985-04-XX", Edtf(date(1985, 4, 1), date(1985, 4, 30), "month")),
        ("1985-XX-XX", Edtf(date(1985, 1, 1), date(1985, 12, 31), "year")),
        ("1964/2008", Edtf(date(1964, 1, 1), date(2008, 12, 31), "interval")),
        ("2004-02-01/2005", Edtf(date(2004, 2, 1), date(2005, 12, 31), "interval")),
        ("1985-04-12/..", Edtf(date(1985, 4, 12), None, "interval")),
        ("../1985-04-12", Edtf(None, date(1985, 4, 12), "interval")),
        ("1985-04/", Edtf(date(1985, 4, 1), None, "interval")),
        ("/1985", Edtf(None, date(1985, 12, 31), "interval")),
        ("1984-06-02?/2004-08-08~", Edtf(date(1984, 6, 2), date(2004, 8, 8), "interval", "%")),
        ("1984~/2004-06", Edtf(date(1984, 1, 1), date(2004, 6, 30), "interval", "~")),
    ],
)
def test_a_date_is_read(text, expected):
    assert expected == read_edtf(text)


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29", "2100-02-29", "2005/2004", "2019-13", "2019-00", "2019-04-31", " 2019-02-03", "2019-02-03 ",
        "2019-02-03\n", "2019-2-3", "201", "0000", "-1985", "Y170000002", "2001-21", "2001-34", "2004-XX-05", "201X-05",
        "2X19", "XXXX", "2004-0X", "2004-06-1X", "?2004-06", "2004?-06", "[1667,1668]", "{1960,1961}", "1985-04-12T23:20:30",
        "..", "../..", "/", "../", "a/b", "1/2/3", "", "٢٠١٩", "2019-02-03~~",
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused(text):
    with pytest.raises(FormatError):
        read_edtf(text)
