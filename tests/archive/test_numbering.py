"""A court's numbers stand beside ours, whole tables or nothing, and travel with the dossier."""

from __future__ import annotations

import json

import pytest

from archive.audit import audit
from archive.dossier import verification, verify
from archive.dossier.build import Extras
from archive.numbering import number
from schemas.errors import InputError, NotFound
from tests import casebook
from tests.archive.dossier_case import archive_of, hand_over

CODE = casebook.CODE


@pytest.fixture
def archive(tmp_path):
    return archive_of(tmp_path)


def enter(archive, folder, text, scheme="Court 12/25"):
    table = folder / "map.csv"
    table.write_text(text, "utf-8")
    return number(archive, CODE, scheme, table, casebook.signers(archive))


def test_numbers_are_entered_by_ours_or_by_id_and_travel_with_the_dossier(archive, tmp_path):
    document = enter(archive, tmp_path, f"exhibit,number\r\n{CODE}-000001,P-1\r\n{CODE}/V1,P-2\r\nD1,P-3\r\n")
    assert [f"{CODE}/W1", f"{CODE}/V1", f"{CODE}/D1"] == [one["id"] for one in document["numbers"]]
    hand_over(archive, tmp_path / "d", extras=Extras(pdf=False))
    case = json.loads((tmp_path / "d/data/records/case.json").read_text("utf-8"))
    shown = {item["fields"]["id"]: [one["fields"] for one in item["numbers"]] for item in case["items"]}
    assert [{"scheme": "Court 12/25", "number": "P-2"}] == shown["V1"] and [] == shown["F1"]
    assert "Court 12/25: P-2" in (tmp_path / "d/data/index.html").read_text("utf-8")
    assert verification.check(tmp_path / "d").ok and verify.check(str(tmp_path / "d")).ok
    assert 0 == audit(archive).exit_status and verify.check(str(archive.folder)).ok


def test_a_later_number_stands_for_the_earlier_and_the_same_again_adds_nothing(archive, tmp_path):
    enter(archive, tmp_path, "exhibit,number\nV1,P-2\n")
    assert 0 == enter(archive, tmp_path, "exhibit,number\nV1,P-2\n")["entries"]["count"]
    enter(archive, tmp_path, "exhibit,number\nV1,P-7\n")
    enter(archive, tmp_path, "exhibit,number\nV1,X 9\n", "Commission")
    hand_over(archive, tmp_path / "d", extras=Extras(pdf=False))
    case = json.loads((tmp_path / "d/data/records/case.json").read_text("utf-8"))
    (item,) = [one for one in case["items"] if one["fields"]["id"] == "V1"]
    assert ["P-7", "X 9"] == [one["fields"]["number"] for one in item["numbers"]]
    assert f"{CODE}-000002" == item["bates"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exhibit,number\nV1,P-1\nV7,P-2\n", "no exhibit V7"),
        ("exhibit,number\nV1,P-1\nW1,P-1\n", "belongs to another"),
        ("exhibit,number\nV1,P-1\nV1,P-2\n", "twice"),
        ("exhibit,number\nV1,\n", "missing"),
        ("exhibit,number\nV1,P\u202e1\n", "hidden characters"),
        ("exhibit,number\nV1,P-1,x\n", "no exhibit"),
        ("a,b\nV1,P-1\n", "heads"),
        ("", "heads"),
        ('exhibit,number\n"V1,P-1\n', "no CSV"),
    ],
)
def test_a_table_with_anything_wrong_records_nothing(archive, tmp_path, text, words):
    before = (archive.folder / "checkpoint").read_bytes()
    with pytest.raises(InputError) as told:
        enter(archive, tmp_path, text)
    assert words in str(told.value) + str(told.value.problems)
    assert before == (archive.folder / "checkpoint").read_bytes()


def test_a_table_that_is_not_there(archive, tmp_path):
    with pytest.raises(NotFound):
        number(archive, CODE, "x", tmp_path / "no.csv", casebook.signers(archive))
