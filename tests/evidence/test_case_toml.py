"""The quick reading of long tables of plain lines: the standard library's tables, or nothing."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.case_toml import decode, plain_tables
from evidence.faults import Faults
from evidence.held import Held

HEAD = 'format = "sijill-intake/1"\n[case]\ncode = "EX-2019-0001"\n'
LINES = st.sampled_from([
    "[[item]]", "[[source]]", "[[link]]", "[item.claimed]", "[case]", "[[case]]", "[[other]]", "[item]", "item = 1",
    'id = "D1"', 'id = "شاهد"', 'kind="document"', 'file = "a\\\\b"', 'file = "a\\u0041"', "notes = 'as it is'", 'notes = """',
    'notes = """one"""', '"""', "'''", 'x = "a" # said', "x = 1", "x = [1,", "]", "x = [1, 2]", "x = { a = 1 }", "a.b = 1",
    "y = 2019-02-03", "y = nan1", "# a remark", "", "  ", "  z = 1", 'z = "\\t"', 'z = "\t"', 'z = "a" "b"', "z = ", "= 1",
    '"q" = 1', "z = 1\r", "z = 1 \r", "# \x01", 'z = "\x7f"', "z = 1\x0b", "x = 99999999999999999999", 'w = "}"',
])  # fmt: skip


def unpacked(document):
    return {name: [*value] if isinstance(value, Held) else value for name, value in document.items()}


@given(st.lists(LINES, max_size=8), st.lists(LINES, max_size=12), st.sampled_from(["\n", ""]))
def test_the_quick_reading_says_what_toml_says_or_nothing(before, lines, end):
    text = HEAD + "\n".join([*before, "[[item]]", *lines]) + end
    quick = plain_tables(text)
    if quick is not None:
        assert unpacked(quick) == tomllib.loads(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_tables_of_plain_lines_are_read_quickly(line_end):
    items = '[[item]]\nid = "D{}"\nkind = "document"\nclaimed = {{ time = "2019-02-03" }} # told\n\n'
    text = (HEAD + "".join(map(items.format, range(3)))).replace("\n", line_end)

    assert [item["id"] for item in plain_tables(text)["item"]] == ["D0", "D1", "D2"]
    assert unpacked(plain_tables(text)) == tomllib.loads(text)


def test_a_key_twice_in_one_table_is_told_with_its_line():
    faults = Faults()

    assert decode((HEAD + '[[item]]\nid = "D1"\nid = "D2"\n').encode(), "case.toml", faults) is None
    assert ["line 6" in fault.sentence() for fault in faults.all()] == [True]


@pytest.mark.parametrize("parts", [64, 200])
def test_a_key_of_very_many_parts_is_refused_wherever_it_stands(parts):
    deep = ".".join(["a"] * (parts + 1))
    for text in (f"{deep} = 1\n", HEAD + f"[[item]]\nx = {{ {deep} = 1 }}\n"):
        faults = Faults()

        assert decode(text.encode(), "case.toml", faults) is None
        assert [fault.code for fault in faults.all()] == ["too-deep"]
