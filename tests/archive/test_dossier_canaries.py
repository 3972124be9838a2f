"""What of every field of a case leaves for each audience, looked for in all that leaves: pages, papers, tables, proofs, names."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import zlib

import pytest

from archive.dossier import pdf, verification, verify
from archive.dossier.build import Extras
from tests import casebook
from tests.archive.canary_case import Aviary
from tests.archive.dossier_case import hand_over
from tests.judges import judge

EVERYBODY = {
    "case.title", "case.occurred", "case.place_public", "case.alleged_actor.actor", "case.actor_response.asked_on",
    "case.actor_response.replied_on",
}  # fmt: skip
OWN = {  # beyond that, what partner and public see of what its owner gave them, and of nothing else
    "item.title", "item.language", "item.dated", "item.imagery.provider", "item.imagery.sensor",
    "item.imagery.product_id", "item.imagery.pair_id", "item.intercept.recorded", "item.intercept.transcript",
    "item.intercept.translation", "item.intercept.spoken_lang", "row.remarks", "bytes",
}  # fmt: skip
THE_HOUSES_OWN = {  # what nobody outside sees, whoever answers what
    "case.other_codes", "source.place", "source.notes", "item.notes", "item.statement.vantage", "item.flight_log.post",
    "item.intercept.receiver", "item.imagery.captured_by", "custody.place",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder, aviary = tmp_path_factory.mktemp("aviary"), Aviary()
    tables, files = aviary.tables()
    archive = casebook.new_archive(folder)
    casebook.take(archive, casebook.write(folder / "in", tables, files))
    return archive, aviary.canaries


@pytest.fixture(scope="module", params=["public", "partner", "court", "un_body"])
def left(request, house, tmp_path_factory):
    """Give the audience, its dossier, and what of every canary is in it: (answer, field) by file."""
    archive, canaries = house
    out = tmp_path_factory.mktemp(request.param) / "d"
    papers = pdf.available() and request.param in ("public", "court")
    hand_over(archive, out, request.param, zipped=True, extras=Extras(pdf=papers, case_uco=True, load_file=True))
    found = {}
    for path in [*out.rglob("*"), out.with_name("d.zip")]:
        told = path.name.encode() + (text_of(path) if path.is_file() else b"")
        for text in set(re.findall(rb"Qz\d{4}zQ", told)):
            found.setdefault(canaries[text.decode()], set()).add(path.name)
    return request.param, out, found


def text_of(path):
    """Give a file as it lies, and what is packed or coded in it."""
    data = path.read_bytes()
    if path.name == "disclosures.txt":
        data += b"".join(base64.urlsafe_b64decode(line + b"=" * (-len(line) % 4)) for line in data.split())
    if path.suffix == ".pdf" and path.parent.name == "data":
        for packed in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                data += zlib.decompressobj().decompress(packed)
            except zlib.error:
                continue
        judge("pdftotext")
        told = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, timeout=60).stdout
        data += told + told.replace(b"\n", b"")
    return data


def test_both_find_it_sound(left):
    _, out, _ = left
    assert verification.check(out).ok
    assert verify.check(str(out)).ok


def test_partner_and_public_see_what_the_table_says_and_not_a_word_more(left):
    audience, _, found = left
    if audience in ("public", "partner"):
        assert {name for answer, name in found if answer == ""} == EVERYBODY
        assert {name for answer, name in found if answer == "yes"} == OWN
        assert {one: files for one, files in found.items() if one[0] in ("none", "ask")} == {}


def test_what_is_the_houses_own_leaves_for_nobody(left):
    _, _, found = left
    assert {one: files for one, files in found.items() if one[1] in THE_HOUSES_OWN} == {}


def test_of_what_is_to_be_asked_first_nothing_leaves_for_a_court_either(left):
    _, _, found = left
    assert {one: files for one, files in found.items() if one[0] == "ask"} == {}


def test_a_statement_without_consent_leaves_for_nobody(left, house):
    _, out, found = left
    assert {name for answer, name in found if answer == "none" and name.startswith("item.statement")} == set()
    shown = {item["fields"]["id"] for item in json.loads((out / "data/records/case.json").read_text("utf-8"))["items"]}
    assert "Wnone" not in shown


def test_a_court_sees_what_it_needs_to_weigh(left):
    audience, _, found = left
    if audience == "court":
        assert {
            "link.rationale", "link.assessor", "custody.by", "source.pseudonym", "item.statement.interviewer",
            "item.source_url", "item.file", "item.intercept.callsigns", "case.summary", "case.place", "exif.artist",
        } <= {name for answer, name in found if answer in ("", "yes")}  # fmt: skip


def test_no_canary_was_forgotten(house):
    """Every field of words in the tables has one, so that a new one cannot slip past this."""
    _, canaries = house
    assert len(canaries) > 600
    assert {answer for answer, _ in canaries.values()} == {"", "yes", "none", "ask"}


def test_no_other_record_tells_a_withheld_files_name_or_digest(tmp_path):
    """An analyst wrote both beside another exhibit; a spotter named the witness in the remarks of a row."""
    import hashlib

    tables, files = casebook.case(), casebook.files()
    statement = tables["item"][0]
    statement["consent"], statement["file"] = {"internal": "yes"}, "statements/tape-forty.txt"
    files["statements/tape-forty.txt"] = files.pop("statements/w1.txt")
    digest = hashlib.sha256(files["statements/tape-forty.txt"]).hexdigest()
    tables["item"][1]["custody"] += [{"action": "derive", "at": "2019-02-04", "by": "I-3", "sha256": digest}]
    tables["link"][1]["rationale"] = "It agrees with tape-forty.txt."
    tables["item"][2]["release"] = {"internal": "yes", "public": "yes", "court": "yes"}
    files["logs/f1.csv"] = files["logs/f1.csv"].replace(b"one jet", b"W-017 heard it too")
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", tables, files))
    for audience in ("court", "public"):
        out = tmp_path / audience
        hand_over(archive, out, audience, extras=Extras(pdf=False))
        for path in (p for p in out.rglob("*") if p.is_file() and p.parent.name != "items"):
            told = text_of(path)
            assert [word for word in (b"tape-forty", digest.encode(), b"W-017") if word in told] == [], path
        assert verification.check(out).ok
        assert verify.check(str(out)).ok


def test_words_are_found_as_words_however_many_there_are():
    from archive.unsaid import Hidden

    hidden = Hidden(["W1", "EX-2/", "=cmd.txt", "…", "شاهد ٧", *(f"id-{n}" for n in range(5000))])
    for said in ("W1", "see W1.", "(W1)", "EX-2/P9", "a =cmd.txt", "well …", "قال شاهد ٧ ذلك", "id-4999!", ["x", {"y": "W1"}]):
        assert hidden.spoken_in(said), said
    for said in ("W12", "xW1", "EX-2", "=cmd.txts", "id-5000", "id-49990", "شاهد", 7, None, {"W1": "a key is no value"}):
        assert not hidden.spoken_in(said), said
