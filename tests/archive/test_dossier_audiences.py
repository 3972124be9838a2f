"""What each audience gets: partner and public see coarser places, copies without metadata, and no word too many."""

from __future__ import annotations

import base64
import csv
import io
import json
import re

import pytest
from PIL import Image

from archive import operators, transfer
from archive.dossier import verification, verify
from archive.erasure import erase
from archive.handed_over import Request
from archive.pictures import Copies
from archive.release import gather
from schemas.errors import InputError, NotFound, RefusedError
from tests import casebook
from tests.archive.dossier_case import SECRET, archive_of, contents, hand_over, tables
from tests.archive.test_operators import key

CODE = casebook.CODE
YES = {"internal": "yes", "partner": "yes", "un_body": "yes", "court": "yes", "public": "yes"}
GPS = {1: "N", 2: (35.0, 48.0, 43.2), 3: "E", 4: (36.0, 36.0, 14.4)}


def with_position(orientation: int = 6) -> bytes:
    """Give a photograph that says where and when it was taken, lying on its side."""
    from math import cos, sin

    out, exif = io.BytesIO(), Image.Exif()
    tones = (int(128 + 100 * sin(x / 9) * cos(y / 7)) for y in range(48) for x in range(64))
    picture = Image.merge("RGB", [Image.frombytes("L", (64, 48), bytes(tones))] * 3)
    exif.get_ifd(0x8825).update(GPS)
    exif[0x0112], exif[0x010F] = orientation, "CANARY-Maker"
    exif.get_ifd(0x8769)[0x9003] = "2019:02:03 14:55:00"
    picture.save(out, "JPEG", exif=exif, comment=b"CANARY-comment")
    return out.getvalue()


def wave() -> bytes:
    """Give a short sound with a chunk that names who recorded it."""
    fmt = b"fmt " + (16).to_bytes(4, "little") + b"\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0"
    info = b"LIST" + (22).to_bytes(4, "little") + b"INFOIART" + (10).to_bytes(4, "little") + b"CANARY-Art"
    body = b"WAVE" + fmt + info + b"data" + (4).to_bytes(4, "little") + b"\x80\x81\x82\x83"
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def open_case():
    """Give the tables of a case whose witness and owners said yes to everybody."""
    found = tables()
    by_id = {item["id"]: item for item in found["item"]}
    found["case"]["summary"] = {"en": f"{SECRET} told it."}
    by_id["W1"]["consent"] = dict(YES, given="2019-02-20")
    by_id["W1"] |= {"interviewer": "I-77", "witness_role": "medic", "vantage": {"lat": 35.7001, "lon": 36.7001}}
    by_id["V1"] |= {"release": YES, "persons_visible": "no", "claimed": {"lat": 35.8123, "lon": 36.6034}}
    by_id["V2"] |= {"persons_visible": "no"}
    by_id["V3"] |= {"persons_visible": "no"}
    by_id["F1"] |= {"release": YES, "post": "post-CANARY"}
    found["item"] += [
        {"id": "D3", "kind": "document", "file": "documents/a.pdf", "doc_type": "press", "release": YES},
        {"id": "D4", "kind": "document", "file": "documents/b.txt", "doc_type": "press", "release": YES},
        {"id": "R1", "kind": "intercept", "source": "S4", "file": "radio/r.wav", "recorded": "2019-02-03T14:19",
         "transcript": "Four.", "release": YES},
        {"id": "R2", "kind": "intercept", "source": "S4", "file": "radio/r2.wav", "recorded": "2019-02-03T14:20",
         "transcript": SECRET},
    ]  # fmt: skip
    found["link"][0]["rationale"] = f"{SECRET} was there."
    return found


def bytes_of():
    pdf = b"%PDF-1.4\n1 0 obj<</Author(CANARY-Author)>>endobj\ntrailer<</Info 1 0 R>>\n%%EOF\n"
    return contents() | {
        "media/v1.jpg": with_position(), "documents/a.pdf": pdf, "documents/b.txt": b"plain words",
        "radio/r.wav": wave(), "radio/r2.wav": wave() + b"",
    }  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    archive = casebook.new_archive(folder)
    files = bytes_of()
    files["radio/r2.wav"] = wave().replace(b"\x83", b"\x84")
    casebook.take(archive, casebook.write(folder / "in", open_case(), files))
    return archive


@pytest.fixture(scope="module", params=["public", "partner"])
def strict(request, archive, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param) / "d"
    hand_over(archive, out, request.param)
    return out


def case_of(folder):
    return json.loads((folder / "data/records/case.json").read_text("utf-8"))


def items_of(folder):
    return {item["fields"]["id"]: item for item in case_of(folder)["items"]}


def rows_of(folder, name):
    return list(csv.DictReader(io.StringIO((folder / "data" / name).read_text("utf-8-sig"), newline="")))


def test_both_verifiers_find_a_dossier_for_the_strict_sound(strict):
    found = verification.check(strict)
    assert found.ok, found.findings
    assert verify.check(str(strict)).ok


def test_no_word_file_or_position_too_many_leaves(strict):
    needles = [
        SECRET, "CANARY", "I-77", ">A-5<", '"A-2"', "35.81", "35812", "36.60", "366034", "35.7001", "357001", "W-017", "post 7",
        "v1.jpg", "She was there", "smudged", "local media desk",
    ]  # fmt: skip
    for path in strict.rglob("*"):
        if not path.is_file() or "entries" in path.parts or path.name == "verify.py":
            continue
        data = path.read_bytes()
        if path.name == "disclosures.txt":
            data += b"".join(base64.urlsafe_b64decode(line + b"=" * (-len(line) % 4)) for line in data.split())
        if path.name == "flights.csv":
            data = data.replace(b"35.8200", b"").replace(b"35.8", b"").replace(b"36.6", b"")  # where aircraft were seen
        data = re.sub(rb"[0-9a-f]{64,}", b"", data)  # digits of a digest are no position
        assert [] == [word for word in needles if word.encode() in data], path


def test_a_photograph_leaves_as_a_copy_that_says_nothing_but_what_it_shows(strict):
    item = items_of(strict)["V1"]
    assert ("stripped", "derived/EX-2019-0001-000002-s1.jpg") == (item["form"], item["path"])
    assert not {"sha256", "blake3", "size"} & item["fields"].keys()
    with Image.open(strict / "data" / item["path"]) as copy:
        assert (48, 64) == copy.size  # upright
        assert {} == dict(copy.getexif())
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(copy.info)
    row = next(row for row in rows_of(strict, "exhibits.csv") if row["bates"].endswith("000002"))
    assert "yes" == row["redacted"]


def test_sound_leaves_without_the_chunks_that_are_not_heard(strict):
    item = items_of(strict)["R1"]
    data = (strict / "data" / item["path"]).read_bytes()
    assert b"LIST" not in data and data.endswith(b"data\4\0\0\0\x80\x81\x82\x83")
    assert "Four." == item["fields"]["transcript"]


def test_plain_text_leaves_as_it_is_where_its_owner_said_yes(strict):
    assert "original" == items_of(strict)["W1"]["form"]
    assert b"plain words" == (strict / "data" / items_of(strict)["D4"]["path"]).read_bytes()


def test_files_that_cannot_be_stripped_are_withheld_with_their_numbers(strict):
    reasons = {one["bates"][-1]: one["reason"] for one in case_of(strict)["withheld"]}
    assert "cannot be taken out" in reasons["9"]  # the PDF
    assert "cannot be taken out" in reasons["8"]  # the photograph that no decoder reads
    assert reasons.keys() >= {"4", "5", "6", "8", "9"}


def test_without_an_answer_only_a_picture_of_nobody_leaves(strict):
    """V2 has no release and shows no person; D1 and R2 have none either, and are words and sound."""
    shown = items_of(strict)
    assert "V2" in shown and not {"D1", "R2", "V3", "W9", "D2"} & shown.keys()
    assert "title.ar" not in shown["V2"]["fields"]


def test_the_log_stays_and_its_mapped_columns_leave(strict):
    item = items_of(strict)["F1"]
    assert "none" == item["form"] and "path" not in item
    rows = rows_of(strict, "records/flights.csv")
    assert ["1", "2", "3"] == [row["row"] for row in rows]
    assert ["", "", ""] == [row["text"] for row in rows]
    assert "Su-22" == rows[0]["aircraft_type"]


def test_reasons_of_the_weighing_stay_its_answers_leave(strict):
    found = json.loads((strict / "data/records/corroboration.json").read_text("utf-8"))["case"]
    assert found["rules"] and all("" == rule["because"] for rule in found["rules"])
    assert all(rule["answer"] for rule in found["rules"])


def test_the_court_still_gets_the_originals(archive, tmp_path):
    hand_over(archive, tmp_path / "d")
    shown = items_of(tmp_path / "d")
    assert with_position() == (tmp_path / "d/data" / shown["V1"]["path"]).read_bytes()
    assert "original" == shown["F1"]["form"]


def test_a_release_without_an_answer_for_an_audience_is_no_answer(archive, tmp_path):
    found = tables()
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", found, contents()))
    hand_over(archive, tmp_path / "d", "un_body")
    assert "V1" not in items_of(tmp_path / "d")  # released for the team and courts alone


def test_an_omission_is_stated_with_its_reason(archive, tmp_path):
    document = hand_over(archive, tmp_path / "d", withhold={"V2": "under seal, order 4"}, recipient="Registry B")
    case = case_of(tmp_path / "d")
    (one,) = [w for w in case["withheld"] if w["bates"].endswith("000007")]
    assert "withheld on request: under seal, order 4" == one["reason"]
    assert "under seal, order 4" in (tmp_path / "d/data/index.html").read_text("utf-8")
    assert "Registry B" == case["dossier"]["recipient"]
    assert 1 == case["not_shown"]["contradicting"]
    assert any("contradict a claim" in warning for warning in document["warnings"])
    assert verification.check(tmp_path / "d").ok and verify.check(str(tmp_path / "d")).ok


def test_only_what_was_asked_for_leaves_and_the_rest_is_stated(archive, tmp_path):
    document = hand_over(archive, tmp_path / "d", items=frozenset(("V1", "W1")))
    assert {"V1", "W1"} == items_of(tmp_path / "d").keys()
    assert 10 == document["withheld"]
    assert verification.check(tmp_path / "d").ok and verify.check(str(tmp_path / "d")).ok


def test_what_is_asked_for_must_be_there(archive):
    with Copies() as copies, pytest.raises(NotFound, match="no item VI"):
        gather(archive, CODE, Request("court", "x", items=frozenset(("VI",))), copies, date="2026-01-01T00:00:00Z")


def test_what_is_erased_while_a_dossier_is_made_does_not_leave(tmp_path):
    """Values leave with the entries that prove them; where the order came in between, nothing half proved is written."""
    archive = archive_of(tmp_path / "kept")
    operators.add(archive, casebook.signers(archive), "karim", key(tmp_path, "karim"), roles=["root", "guardian"])
    both = [*casebook.signers(archive), archive.home.signer("karim")]
    with pytest.raises(RefusedError, match="erased meanwhile"):
        hand_over(archive, tmp_path / "out/d", tell=lambda _: erase(archive, both, f"{CODE}/S1", "she asked"))
    assert [] == list((tmp_path / "out").iterdir())


def test_an_omission_without_a_reason_is_refused(archive, tmp_path):
    with pytest.raises(InputError, match="needs a reason"):
        hand_over(archive, tmp_path / "d", withhold={"V2": " "})
    assert [] == list(tmp_path.iterdir())


def test_an_encrypted_dossier_leaves_nothing_in_the_clear(archive, tmp_path):
    import zipfile

    import pyrage

    identity = pyrage.x25519.Identity.generate()
    document = hand_over(archive, tmp_path / "d", encrypt_to=[str(identity.to_public())])
    assert ["d.zip.age"] == [path.name for path in tmp_path.iterdir()]
    assert document["out"] is None
    plain = pyrage.decrypt((tmp_path / "d.zip.age").read_bytes(), [identity])
    with zipfile.ZipFile(io.BytesIO(plain)) as packed:
        packed.extractall(tmp_path / "opened")
    (folder,) = (tmp_path / "opened").iterdir()
    assert verification.check(folder).ok


def test_a_recipient_that_is_none_is_refused_before_anything_is_written(archive, tmp_path):
    with pytest.raises(InputError, match="age X25519"):
        hand_over(archive, tmp_path / "d", encrypt_to=["age1nobody"])
    assert [] == list(tmp_path.iterdir())


def test_a_text_that_names_a_person_who_stays_unnamed_is_warned_of_before_anything_leaves(tmp_path):
    """In a title, in the words a time was told in, in a file; never repeated; no word where the name leaves itself."""
    found, contents = casebook.case(), casebook.files()
    found["case"]["occurred"] = {"said": "when Zaynun Azraq called", "earliest": "2019-02-03T14:20", "latest": "2019-02-03T14:40"}
    found["item"][0]["interviewer"] = "Dalla Khayal"
    found["item"] += [
        {"id": "D7", "kind": "document", "title": {"en": "Sheet of Zaynun Azraq"}, "file": "d7.txt", "doc_type": "log_sheet"},
        {"id": "W8", "kind": "statement", "file": "w8.txt", "interviewer": "Zaynun Azraq",
         "consent": {"internal": "yes", "court": "no", "given": "2019-02-20"}},
    ]  # fmt: skip
    contents |= {"d7.txt": "Written down by Zaynun\nAzraq, beside Dalla Khayal.", "w8.txt": "I saw it."}
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", found, contents))
    warned = hand_over(archive, tmp_path / "d", dry_run=True)["warnings"]
    named = [one for one in warned if "names somebody" in one]
    assert [one.partition(" names ")[0].rpartition(": its ")[::2] for one in named] == [
        ("the case", "occurred"), (f"{CODE}-000004", "title.en"), (f"{CODE}-000004", "text"),
    ]  # fmt: skip
    assert "Azraq" not in str(warned) and "Khayal" not in str(warned)
    assert not [one for one in hand_over(archive, tmp_path / "i", "internal", dry_run=True)["warnings"] if "somebody" in one]


@pytest.mark.parametrize("audience", ["internal", "partner", "court", "public"])
def test_a_holder_whose_name_does_not_leave_makes_no_gap(tmp_path, audience):
    """Custody that was handed on without a break is told so to everybody; a gap that is one is told to everybody too."""
    found = tables()
    by_id = {item["id"]: item for item in found["item"]}
    for name in ("V1", "F1"):
        by_id[name] |= {"release": YES}
    by_id["V1"]["persons_visible"] = "no"
    handed = {"action": "transfer", "at": "2019-02-04T09:00", "by": "desk-CANARY", "to": "registry-CANARY"}
    by_id["V1"]["custody"] = [{"action": "capture", "at": "2019-02-03T14:55", "by": "desk-CANARY"}, handed]
    by_id["F1"]["custody"] = [{"action": "capture", "at": "2019-02-03T14:55", "by": "post-CANARY"}, handed]
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", found, contents()))
    operators.add(archive, casebook.signers(archive), "lena", key(tmp_path, "lena"), roles=["custodian"])
    transfer.hand_over(archive, casebook.signers(archive), f"{CODE}/V1", "lena", "to be read")
    transfer.accept(archive, [archive.home.signer("lena")], f"{CODE}/V1")
    with Copies() as copies:
        dossier = gather(archive, CODE, Request(audience, purpose="x"), copies, date="2026-11-22T12:00:00Z")
    gaps = {e.name: [str(gap["what"]) for gap in e.gaps] for e in dossier.exhibits}
    assert [] == gaps[f"{CODE}/V1"]
    (gap,) = gaps[f"{CODE}/F1"]
    assert ("CANARY" in gap) == (audience in ("internal", "court"))
