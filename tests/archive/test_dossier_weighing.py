"""What stands beside the result travels with it: waivers, and what does not fit together, but for what is withheld."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from archive.assess import check
from archive.dossier import verification, verify
from archive.dossier.wording import facts, in_directions, when
from archive.operators import add
from archive.redact import cover
from archive.waiver import waive
from schemas.standard import load, packaged_bytes
from tests import casebook
from tests.archive.dossier_case import hand_over
from tests.archive.test_dossier_audiences import YES, with_position
from tests.archive.test_operators import key
from tests.judges import run

REASON = "The hospital's records burnt"
TITLES = {"index.html": "What does not fit together", "index.ar.html": "ما لا يتوافق"}


@pytest.fixture
def archive(tmp_path):
    """A photograph claimed 11 km from where its camera was, statements two hours apart, and a rule set aside."""
    tables, files = casebook.case(), casebook.files()
    tables["item"][1] |= {"release": YES, "claimed": {"lat": 35.912, "lon": 36.604}}
    tables["item"][0]["claimed"] = {"time": "2019-02-03T14:30"}
    tables["item"].append({
        "id": "W2", "kind": "statement", "source": "S2", "taken": "2019-02-21", "claimed": {"time": "2019-02-03T17:30"},
        "consent": {"internal": "yes", "court": "no", "given": "2019-02-21"},
    })  # fmt: skip
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", tables, files | {"media/v1.jpg": with_position()}))
    add(archive, casebook.signers(archive), "lena", key(tmp_path, "lena"), roles=["registrar"])
    two = [*casebook.signers(archive), archive.home.signer("lena")]
    until = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    waive(archive, two, casebook.CODE, "custody", load(packaged_bytes("sijill-minimum")), REASON, until)
    return archive


def handed(archive, out, audience):
    hand_over(archive, out, audience)
    assert verification.check(out).ok
    assert verify.check(str(out)).ok
    return json.loads((out / "data/records/corroboration.json").read_text("utf-8"))["case"]


def test_the_house_itself_sees_all_of_it_on_page_and_paper(archive, tmp_path):
    case = handed(archive, tmp_path / "d", "internal")
    assert case["consistency"] == check(archive).document()["cases"][0]["consistency"]
    assert [one["kind"] for one in case["consistency"]] == ["exif-place", "testimony-times", "testimony-times"]
    for name, title in TITLES.items():
        page = (tmp_path / "d/data" / name).read_text("utf-8")
        assert title in page
        assert ("11.1 كم" if name == "index.ar.html" else "11.1 km") in page
        assert REASON.replace("'", "&#39;") in page
    told = run("pdftotext", "-layout", tmp_path / "d/data/dossier.pdf", "-").stdout
    assert "What does not fit together" in told
    assert "11.1 km" in told
    assert "The hospital" in told


def test_a_court_learns_nothing_of_a_statement_that_is_withheld(archive, tmp_path):
    """Not even by the difference to what another said."""
    case = handed(archive, tmp_path / "d", "court")
    assert [one["kind"] for one in case["consistency"]] == ["exif-place"]
    assert REASON in case["waivers"][0]["reason"]
    told = b"".join(path.read_bytes() for path in (tmp_path / "d/data").rglob("*") if path.suffix in (".html", ".json"))
    assert b"15:30:00Z" not in told


def test_nothing_is_told_of_the_file_of_an_exhibit_that_leaves_covered(archive, tmp_path):
    cover(archive, f"{casebook.CODE}/V1", "court", [(0, 0, 16, 16)], "box", "a face", casebook.signers(archive))
    case = handed(archive, tmp_path / "d", "court")
    assert case["consistency"] == []
    assert "What does not fit together" not in (tmp_path / "d/data/index.html").read_text("utf-8")


def test_the_public_hears_that_a_rule_was_waived_and_not_why(archive, tmp_path):
    case = handed(archive, tmp_path / "d", "public")
    assert case["waivers"] == [{"rule": "custody", "reason": ""}]
    assert not case.get("consistency")
    page = (tmp_path / "d/data/index.html").read_text("utf-8")
    assert "The reasons are not among what this audience sees" in page
    assert "What it asks: <bdi>Every item relied on came by an unbroken custody" in page


def test_a_waiver_is_told_in_the_language_of_the_page(archive, tmp_path):
    """Its reason stays as it was written; until when it counts and who set it aside are our words."""
    hand_over(archive, tmp_path / "d", "internal")
    page = re.sub(r"<[^>]+>", "", (tmp_path / "d/data/index.ar.html").read_text("utf-8"))
    until = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert f"custody: {REASON.replace(chr(39), '&#39;')} (حتى {until}؛ {casebook.OPERATOR} و lena)" in page
    assert "(until" not in page


def test_a_date_in_an_arabic_sentence_is_not_turned_round(archive, tmp_path):
    """Behind an Arabic letter hyphens between digits run from right to left, unless the date is isolated."""
    hand_over(archive, tmp_path / "d", "internal")
    page = (tmp_path / "d" / "data" / "index.ar.html").read_text("utf-8")
    assert '<bdi class="alone" dir="ltr">2019-02-03T12:30:00Z</bdi>' in page
    sentence = "ساعة 2025-03-09T15:21:40 ثم 2025-03 و14 إلى 2025-03-09T12:20:00+03:00"
    clocks = [piece for piece, clock in in_directions(sentence, "ar") if clock]
    assert clocks == ["2025-03-09T15:21:40", "2025-03", "2025-03-09T12:20:00+03:00"]
    assert "".join(piece for piece, _ in in_directions(sentence, "ar")) == sentence
    assert list(in_directions(sentence, "en")) == [(sentence, False)]


def test_a_month_and_a_number_with_one_bound_are_told_as_people_say_them():
    month = {"said": "2025-04", "precision": "month", "zone": "Asia/Damascus",
             "earliest": "2025-03-31T21:00:00Z", "latest": "2025-04-30T20:59:59Z"}  # fmt: skip
    assert when(month) == "2025-04-01 – 2025-04-30 (Asia/Damascus)"
    known = {"killed.min": 2, "injured.max": 9, "language": "ar"}
    names = ("killed", "injured", "language")
    assert ["at least 2", "at most 9", "Arabic"] == [lines[0][0][1] for _, lines in facts("en", known, names)]
    assert "2 على الأقل" == facts("ar", known, names)[0][1][0][0][1]
