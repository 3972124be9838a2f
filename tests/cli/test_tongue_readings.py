"""What files say of themselves is recorded in English and told to people in their language, on every floor."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from archive.cli.failing import guarded
from schemas.sentences import retold
from tests import casebook
from tests.evidence.pictures import DATE_TIME, ORIENTATION, ORIGINAL, SOMEWHERE, SUBSEC_ORIGINAL, picture

ROOT = Path(__file__).parents[2]
ARABIC = re.compile("[\u0621-\u064a]")
ENGLISH = re.compile(r"(?<![\w/.])[a-z]{3,}(?![\w/.])")
READERS = ("evidence/exif.py", "evidence/exif_block.py", "evidence/clock.py", "evidence/heif.py", "evidence/imagery.py",
           "evidence/media.py", "archive/reader.py", "archive/reader_child.py")  # fmt: skip
NOT_SAID = {"_cannot_start", "answer_all", "open_regular"}  # what they say ends the command, or is another child's


def spoken(path):
    """Give every sentence and half sentence of a module's functions, with a number for each value in it."""
    for function in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name not in NOT_SAID:
            body = function.body[1:] if ast.get_docstring(function) else function.body
            for node in body:
                yield from said(node)


def said(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return  # walked on its own
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
        yield from [text] if re.search(r"[a-z)\d] [a-z]{2}", text) else []
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = "7" + node.value if node.value.startswith(" ") else node.value
        yield from [text] if re.search("[a-z)] [a-z]{2}", text) else []
    elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        yield from json.loads(node.value)["warnings"] if node.value.startswith(b'{"warnings"') else []
    else:
        for inner in ast.iter_child_nodes(node):
            yield from said(inner)


SPOKEN = sorted({sentence for path in READERS for sentence in spoken(path)} - {"7 days"})  # never said alone: see the last test


@pytest.mark.parametrize("sentence", SPOKEN)
def test_whatever_a_reader_of_files_says_is_told_in_arabic(sentence):
    """No word of the English stays; names of tags, formats and programs do."""
    told = retold(sentence, "ar")

    assert ARABIC.search(told), sentence
    assert not ENGLISH.search(told), told
    assert sentence == retold(sentence, "en")


def test_the_sources_were_looked_into():
    for known in ("points outside the EXIF block", "EXIF 7 has 7 characters; the first 7 are kept", "7 is no time",
                  "the reader failed (7); nothing is known of this file", "a box longer than what holds it",
                  "the reader said too much of this file; none of it is kept", "of no known type"):  # fmt: skip
        assert known in SPOKEN


WRONG = picture(
    image={ORIENTATION: 9, DATE_TIME: "x"},
    camera={ORIGINAL: "2019:02:31 10:00:00", SUBSEC_ORIGINAL: "12"},
    gps=SOMEWHERE | {"lat": (95.0, 0.0, 0.0)},
)
TOLD = (
    "EXIF Orientation: 9 ليس بين 1 و8؛ لم يُقرأ",
    'EXIF DateTimeOriginal: "2019:02:31 10:00:00" ليس وقتاً؛ لم يُقرأ',
    "EXIF GPSLatitude: 95 0 0 ليس موقعاً ممكناً؛ لم يُقرأ",
    "الاسم ينتهي بـ .png (image/png)، لكن البايتات image/jpeg",
)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Make an archive and a folder whose photograph says what cannot be."""
    monkeypatch.setenv("SIJILL_HOME", str(tmp_path / "home"))
    assert 0 == guarded(["init", str(tmp_path / "a"), "--operator", casebook.OPERATOR, "--no-passphrase"])
    monkeypatch.setenv("SIJILL_ARCHIVE", str(tmp_path / "a"))
    tables = casebook.case()
    tables["item"][1]["file"] = "media/v1.png"
    casebook.write(tmp_path / "in", tables, casebook.files() | {"media/v1.png": WRONG})
    return tmp_path


def test_a_photograph_is_told_in_arabic_by_read_intake_and_item_show_and_recorded_in_english(archive, monkeypatch, capsys):
    calls = [["read", str(archive / "in/media/v1.png")], ["intake", str(archive / "in")],
             ["item", "show", f"{casebook.CODE}/V1"]]  # fmt: skip
    monkeypatch.setenv("SIJILL_LANG", "ar")
    capsys.readouterr()
    for call in calls:
        assert 0 == guarded(call)
        shown = "".join(capsys.readouterr())
        assert [sentence for sentence in TOLD if f"تنبيه: {sentence}" not in shown.replace(f"{casebook.CODE}/V1: ", "")] == []
    assert 0 == guarded(["item", "show", f"{casebook.CODE}/V1", "--json"])
    recorded = json.loads(capsys.readouterr().out)["reading"]["warnings"]
    assert recorded == [
        "the name ends in .png (image/png), but the bytes are image/jpeg",
        "EXIF Orientation 9 is not 1 to 8; not read",
        'EXIF DateTimeOriginal "2019:02:31 10:00:00" is no time; not read',
        "EXIF GPSLatitude 95 0 0 is no possible position; not read",
    ]


def test_a_clock_far_from_the_satellites_is_told_with_its_span():
    said = "EXIF DateTimeOriginal 2019-02-03T14:20:00+02:00 is 2 days 3 h 05 min behind the GPS clock (2019-02-05T15:25:00Z); one of the two clocks is wrong, or the position is an older one"

    assert "ساعة الكاميرا متأخرة (عدد الأيام 2) 3 س 05 د عن ساعة GPS (2019-02-05T15:25:00Z)" in retold(said, "ar")
