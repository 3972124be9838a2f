"""The guess at a file's form, and digests."""

import hashlib
import io
import zipfile

import blake3
import filetype
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evidence.digest import PIECE, digest_bytes, digest_stream
from evidence.media import UNKNOWN, media_type, name_warning
from tests.evidence.pictures import picture


def office(part):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP"])
def test_images_are_known_by_their_bytes_under_any_name(kind):
    assert media_type(picture(kind), "log.csv") == f"image/{kind.lower()}"


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"a,b\n1,2\n", "log.csv", "text/csv"),
        (b"a,b\n1,2\n", "log.txt", "text/plain"),
        (b"a,b\n1,2\n", "", "text/plain"),
        (b'{"a": 1}', "x.json", "application/json"),
        ("شهادة".encode(), "w1.txt", "text/plain"),
        ("شهادة".encode("utf-16"), "w1.txt", "text/plain"),
        ("شهادة".encode("cp1256"), "w1.txt", "text/plain"),
        (b"BM,speed\nBMW,3\n", "cars.csv", "text/csv"),
        (b"%PDF-1.7\n", "d.pdf", "application/pdf"),
        (b"%PDF-1.7\n", "d.txt", "application/pdf"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "x", "image/heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "x", "image/heic"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "x.mp4", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "x.mov", "video/quicktime"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "r.wav", "audio/x-wav"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska\0", "v.mkv", "video/x-matroska"),
        (b"\x1aE\xdf\xa3\x9fB\x82\x84webm\0", "v.webm", "video/webm"),
        (b"\0" * 50, "p.jpg", UNKNOWN),
        (b"", "p.jpg", UNKNOWN),
    ],
)
def test_media_types(head, name, expected):
    assert expected == media_type(head, name)


def test_office_files_are_told_from_other_zips():
    kind = "application/vnd.openxmlformats-officedocument."

    assert kind + "spreadsheetml.sheet" == media_type(office("xl/workbook.xml"))
    assert kind + "wordprocessingml.document" == media_type(office("word/document.xml"))
    assert media_type(office("other.xml")) == "application/zip"


def test_a_name_that_promises_something_else_is_told():
    assert name_warning("image/jpeg", "a.JPG") is None
    assert name_warning("text/plain", "notes") is None
    assert name_warning("image/heic", "a.heif") is None
    assert name_warning("image/png", "a.jpg") == "the name ends in .jpg (image/jpeg), but the bytes are image/png"


@given(st.binary(max_size=300), st.text(max_size=10))
def test_any_bytes_have_a_type(head, name):
    assert "/" in media_type(head, name)


@given(st.sampled_from([b"", b"\x1aE\xdf\xa3", b"BM", b"MZ", b"RIFF", b"OggS", b"\x7fELF", b"%PDF"]), st.binary(max_size=300))
def test_binary_files_have_the_magic_number_that_the_library_finds_among_all_it_knows(start, rest):
    head = start + rest + b"\0"
    assume(not head.startswith((b"PK", b"II", b"MM", b"\xff", b"\xfe", b"\0\0")) and head[4:8] != b"ftyp")
    guess = filetype.guess(head)

    assert media_type(head) == (guess.mime if guess else UNKNOWN)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_digests_are_over_every_byte(size):
    data = bytes(n % 251 for n in range(size))

    expected = (blake3.blake3(data).hexdigest(), hashlib.sha256(data).hexdigest(), size)
    assert expected == digest_stream(io.BytesIO(data).read) == digest_bytes(data)
