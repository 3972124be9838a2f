"""A redacted copy stands for its original before one audience, and is refused where it still holds what was to go."""

from __future__ import annotations

import io
import json
import zipfile
import zlib

import pytest
from PIL import Image, ImageOps

from archive.dossier import verification, verify
from archive.redact import cover, replace
from schemas.errors import InputError, IntegrityError, NotFound
from tests import casebook
from tests.archive.dossier_case import hand_over
from tests.archive.test_dossier_audiences import YES, items_of, with_position

CODE = casebook.CODE


def pdf(*texts: str, author: str = "", packed: bool = True, boxed: bool = False) -> bytes:
    """Give a PDF of one page that shows `texts`, with a black box over them if `boxed`."""
    shown = "".join(f"BT /F1 12 Tf 72 {700 - 20 * n} Td ({text}) Tj ET\n" for n, text in enumerate(texts))
    content = (shown + ("0 0 0 rg 60 600 300 120 re f\n" if boxed else "")).encode()
    data, name = (zlib.compress(content), "/Filter/FlateDecode") if packed else (content, "")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(data)}{name}>>\nstream\n".encode() + data + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", f"<</Author({author})/Producer(x)>>".encode(),
    ]  # fmt: skip
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(objects, 1))
    return body + b"trailer<</Root 1 0 R/Info 6 0 R/Size 7>>\n%%EOF\n"


def docx(text: str, author: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", f"<w:document><w:t>{text}</w:t></w:document>")
        packed.writestr("docProps/core.xml", f"<cp:coreProperties><dc:creator>{author}</dc:creator></cp:coreProperties>")
    return out.getvalue()


LETTER = ("The ward round began at nine.", "Doctor Canary signed it.")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redact")
    tables, files = casebook.case(), casebook.files()
    by_id = {item["id"]: item for item in tables["item"]}
    by_id["V1"] |= {"release": YES, "persons_visible": "yes"}
    by_id["W1"]["consent"] = dict(YES, given="2019-02-20")
    tables["item"] += [
        {"id": "V2", "kind": "imagery", "medium": "photo", "file": "media/v2.jpg", "release": YES},
        {"id": "V3", "kind": "imagery", "medium": "photo", "file": "media/v3.png", "release": YES},
        {"id": "D1", "kind": "document", "file": "d/letter.pdf", "doc_type": "press", "release": YES},
        {"id": "D2", "kind": "document", "file": "d/letter.docx", "doc_type": "press", "release": YES},
        {"id": "D3", "kind": "document", "doc_type": "press"},
    ]  # fmt: skip
    tables["relation"] += [{"item": "V2", "as": "copy_of", "of": "V1"}]
    picture = io.BytesIO()
    with Image.open(io.BytesIO(with_position())) as same:
        ImageOps.exif_transpose(same).resize((60, 80)).save(picture, "PNG", exif=b"")
    files |= {
        "media/v1.jpg": with_position(), "media/v2.jpg": casebook.photograph((1, 2, 3)), "media/v3.png": picture.getvalue(),
        "d/letter.pdf": pdf(*LETTER, author="Canary"), "d/letter.docx": docx(" ".join(LETTER), "Canary"),
    }  # fmt: skip
    archive = casebook.new_archive(folder)
    casebook.take(archive, casebook.write(folder / "in", tables, files))
    return archive


def redact(archive, name, path, data, **options):
    path.write_bytes(data)
    return replace(archive, f"{CODE}/{name}", "public", path, "names", casebook.signers(archive), **options)


def head(archive):
    return (archive.folder / "checkpoint").read_bytes()


def test_a_covered_picture_leaves_upright_black_where_it_is_covered_and_bare(archive, tmp_path):
    document = cover(archive, f"{CODE}/V1", "public", [(10, 8, 12, 12)], "box", "a face", casebook.signers(archive))
    assert ("sijill-redact/1", "yes") == (document["format"], document["answer"])
    hand_over(archive, tmp_path / "d", "public")
    item = items_of(tmp_path / "d")["V1"]
    assert ("redacted", f"derived/{CODE}-000002-r1.jpg") == (item["form"], item["path"])
    assert not {"sha256", "blake3", "size"} & item["fields"].keys()
    with Image.open(tmp_path / "d/data" / item["path"]) as copy:
        assert (48, 64) == copy.size and {} == dict(copy.getexif())
        assert max(copy.getpixel((15, 13))) < 12 and min(copy.getpixel((40, 50))) > 20
    entry = json.loads((tmp_path / f"d/data/proof/entries/{item['rendition']['entry']}.json").read_text())
    assert "blob.add" == entry["t"] and {"role": "rendition"} == entry["body"]
    assert document["rendition"]["sha256"] == item["rendition"]["fields"]["sha256"]
    assert "reason" not in item["rendition"]["fields"]  # it may say what is covered
    assert verification.check(tmp_path / "d").ok, verification.check(tmp_path / "d").findings
    assert verify.check(str(tmp_path / "d")).ok


def test_what_shows_the_same_uncovered_is_withheld_and_what_looks_like_it_is_told(archive, tmp_path):
    document = hand_over(archive, tmp_path / "d", "public")
    shown = items_of(tmp_path / "d")
    assert "V2" not in shown and "V3" in shown
    assert any(w.startswith(f"{CODE}-000005: it looks like {CODE}-000002") for w in document["warnings"])


def test_other_audiences_still_get_the_original(archive, tmp_path):
    hand_over(archive, tmp_path / "d", "court")
    assert "original" == items_of(tmp_path / "d")["V1"]["form"]


def test_the_copy_is_kept_audited_and_read_again(archive):
    from archive.audit import audit
    from archive.verify import object_rows, verify_objects

    assert [] == [f for f in audit(archive).document()["findings"] if f["severity"] == "finding"]
    with archive.reading() as db:
        assert verify_objects(object_rows(db), archive.objects)["ok"]


def test_a_redacted_document_leaves_where_the_original_could_not(archive, tmp_path):
    redact(archive, "D1", tmp_path / "letter.pdf", pdf(LETTER[0], "XXXXXX"))
    hand_over(archive, tmp_path / "d", "public")
    item = items_of(tmp_path / "d")["D1"]
    assert "redacted" == item["form"] and item["path"].endswith(".pdf")
    assert verify.check(str(tmp_path / "d")).ok


def test_a_redaction_never_overrules_a_no(archive, tmp_path):
    archive = casebook.filled_archive(tmp_path)
    document = cover(archive, f"{CODE}/V1", "public", [(0, 0, 4, 4)], "blur", "x", casebook.signers(archive))
    assert "missing" == document["answer"]
    hand_over(archive, tmp_path / "d", "public")
    assert "V1" not in items_of(tmp_path / "d")


REFUSED = {
    "the original's bytes": ("V1", with_position, "the original itself"),
    "the original with bytes behind it": ("V1", lambda: with_position() + b"x", "within it"),
    "the same picture without metadata": ("V3", None, "pixel by pixel"),
    "a picture with EXIF": ("V2", with_position, "metadata"),
    "a covered PDF with its text": ("D1", lambda: pdf(*LETTER, boxed=True), "every word"),
    "a covered PDF, not packed": ("D1", lambda: pdf(*LETTER, packed=False, boxed=True), "every word"),
    "a PDF that shows less and keeps an older page": (
        "D1", lambda: pdf("XXXX") + pdf(*LETTER)[9:], "every word",
    ),
    "a PDF that names its author": ("D1", lambda: pdf("XXXX", author="Canary"), "Author"),
    "an encrypted PDF": ("D1", lambda: pdf("XXXX").replace(b"/Root", b"/Encrypt 9 0 R/Root"), "cannot be told"),
    "a letter with its author": ("D2", lambda: docx("XXXX", "Canary"), "authors"),
    "a letter that lost nothing": ("D2", lambda: docx(" ".join(LETTER)), "every word"),
    "a statement that lost nothing": ("W1", lambda: casebook.files()["statements/w1.txt"] + b" XXX", "within it"),
    "a file that cannot be looked into": ("D1", lambda: b"\0\1\2" * 50, "cannot be told"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_copy_that_still_holds_what_was_to_go_is_refused(archive, tmp_path, name):
    item, make, words = REFUSED[name]
    if make is None:
        with archive.reading() as db:
            (digest,) = db.execute("SELECT blake3 FROM object JOIN record USING (sub) WHERE id = 'V3'").fetchone()
        out = io.BytesIO()
        with Image.open(archive.objects.path(digest)) as picture:
            picture.convert("RGB").save(out, "PNG", compress_level=1)
        data = out.getvalue()
    else:
        data = make()
    before, objects = head(archive), sorted(one.where for one in archive.objects.names())
    with pytest.raises(InputError, match=words):
        redact(archive, item, tmp_path / "copy", data)
    assert (before, objects) == (head(archive), sorted(one.where for one in archive.objects.names()))


def test_words_that_must_be_gone_are_looked_for(archive, tmp_path):
    with pytest.raises(InputError, match="1 of the 2 texts"):
        redact(archive, "D1", tmp_path / "c.pdf", pdf("Doctor Canary was there."), gone=["Doctor  Canary", "nurse"])


@pytest.mark.parametrize(
    ("name", "boxes", "error", "words"),
    [
        ("V1", [(40, 0, 20, 10)], InputError, "48 x 64 upright"),
        ("V1", [(0, 0, 0, 10)], InputError, "whole pixels"),
        ("D1", [(0, 0, 4, 4)], InputError, "--with FILE|no picture"),
        ("D3", [(0, 0, 4, 4)], NotFound, "no file"),
        ("V9", [(0, 0, 4, 4)], NotFound, "did you mean"),
    ],
)
def test_boxes_must_lie_in_a_picture(archive, name, boxes, error, words):
    before = head(archive)
    with pytest.raises(error, match=words):
        cover(archive, f"{CODE}/{name}", "public", boxes, "box", "x", casebook.signers(archive))
    assert before == head(archive)


def test_a_damaged_original_is_not_redacted(tmp_path):
    archive = casebook.filled_archive(tmp_path)
    with archive.reading() as db:
        (digest,) = db.execute("SELECT blake3 FROM object JOIN record USING (sub) WHERE id = 'V1'").fetchone()
    path = archive.objects.path(digest)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IntegrityError, match="stored bytes"):
        cover(archive, f"{CODE}/V1", "public", [(0, 0, 4, 4)], "box", "x", casebook.signers(archive))


def test_no_row_of_a_log_leaves_beside_the_copy_in_which_it_is_covered(tmp_path):
    archive = casebook.filled_archive(tmp_path)
    (tmp_path / "log.csv").write_bytes(casebook.files()["logs/f1.csv"].replace(b"smudged", b"covered"))
    signers, words = casebook.signers(archive), ["smudged"]
    replace(archive, f"{CODE}/F1", "court", tmp_path / "log.csv", "a remark", signers, gone=words)
    hand_over(archive, tmp_path / "court", "court")
    hand_over(archive, tmp_path / "internal", "internal")
    assert "redacted" == items_of(tmp_path / "court")["F1"]["form"]
    assert not (tmp_path / "court/data/records/flights.csv").exists()
    assert not [path for path in (tmp_path / "court").rglob("*") if path.is_file() and b"smudged" in path.read_bytes()]
    assert b"smudged" in (tmp_path / "internal/data/records/flights.csv").read_bytes()
    for name in ("court", "internal"):
        assert verification.check(tmp_path / name).ok, verification.check(tmp_path / name).findings
        assert verify.check(str(tmp_path / name)).ok
