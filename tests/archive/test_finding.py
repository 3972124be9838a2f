"""The findings an audit may give: one table in the code, the same in the format document, and none that is not in it."""

import re

from archive.database import TABLES
from archive.finding import CODES, MOST_ALIKE, Findings
from tests.casebook import ROOT

PAGE = (ROOT / "docs" / "format.md").read_text("utf-8")


def test_the_page_shows_the_table_of_the_code():
    """Code, severity, meaning and what to do, in the same order."""
    chapter = PAGE[PAGE.index("What an audit may find") :]
    shown = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.*) \| (.*) \|$", chapter, re.MULTILINE)
    assert [(code, *one) for code, one in CODES.items()] == shown


def test_every_code_that_is_reported_is_in_the_table():
    """And every code of the table is reported somewhere."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / "archive").rglob("*.py") if path.name != "finding.py")
    reported = set(re.findall(r"""report\(\s*"([a-z-]+)",""", text))
    reported |= {"object-damaged", "object-missing", "object-unlisted", "object-alien", "checkpoint-file", "against"}
    assert reported == set(CODES)


def test_the_page_shows_the_tables_of_the_database():
    """Enough to read an archive without Sijill."""
    shown = PAGE[PAGE.index("```sql\n") + 7 :].partition("\n```")[0].split("\n")
    assert [statement + ";" for statement in TABLES.values()] == shown


def test_of_many_alike_a_hundred_are_told_and_the_rest_counted():
    """A report of a million broken rows can still be read."""
    found = Findings()
    for index in range(1_000_000):
        found.add("chain", f"entry {index}", "it names another", None)
    found.add("pin-none", "this computer", "it has no pin", None)
    told = found.closed()
    assert (MOST_ALIKE + 2, 1_000_000) == (len(told), found.grave)
    assert "999900 more of the same" == told[MOST_ALIKE].what
