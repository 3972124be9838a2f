"""A long list is told line by line, and is the same as if it had been held whole."""

import json

import pytest

from archive.cli.showing import columns, each_line, show, show_each, size_in_words

CASES = [{"code": "EX-1", "title": {"ar": "غارة\nثانية"}}, {"code": "EX-2", "merged_from": [], "grade": None}]


@pytest.mark.parametrize("count", range(3))
def test_a_document_told_member_by_member_is_the_document(capsys, count):
    """Of none, one, and several."""
    head = {"format": "sijill-case-list/1"}
    show({**head, "cases": CASES[:count]}, "", as_json=True)
    whole = capsys.readouterr().out

    show_each(head, "cases", iter(CASES[:count]))

    assert capsys.readouterr().out == whole
    assert json.loads(whole)["cases"] == CASES[:count]


def test_columns_told_line_by_line_ask_for_the_rows_twice_and_hold_none():
    """The widest cell of each column is known before the first line."""
    asked = []

    def rows():
        asked.append(len(asked))
        return iter([("EX-1", 3, None), ("EX-2019-0001", 20, "a\u202etitle")])

    lines = list(each_line(rows, ("code", "items", "title")))

    assert asked == [0, 1]
    assert lines == ["code          items  title\n", "EX-1          3      -\n", "EX-2019-0001  20     a\\u{202E}title\n"]
    assert "".join(lines) == columns(list(rows()), ("code", "items", "title"))
    assert columns([]) == "" == "".join(each_line(list))


@pytest.mark.parametrize(
    ("size", "english", "arabic"),
    [(1, "1 byte", "بايت واحد"), (999, "999 bytes", "999 بايت"), (55_007, "55.0 kB", "55.0 كيلوبايت"),
     (2_500_000_000_000, "2500.0 GB", "2500.0 غيغابايت"), (None, "no file", "بلا ملف")],
)  # fmt: skip
def test_a_size_is_said_in_the_language_of_its_reader(size, english, arabic, monkeypatch):
    """Also in the table that an intake ends with."""
    monkeypatch.delenv("SIJILL_LANG", raising=False)
    assert english == size_in_words(size)
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert arabic == size_in_words(size)
