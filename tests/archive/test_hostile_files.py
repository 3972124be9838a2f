"""Files with a damaged beginning, as they come off broken cards and out of unfriendly hands.

    SIJILL_LONG=1 python -m pytest -m long tests/archive/test_hostile_files.py

Pictures, PDFs, films and sound whose first bytes were changed, by seeds: whoever
reads them stays within its limits, the file before and the file after are read
as ever, and nothing ends in a traceback.
"""

import io
import os
import random
import struct
import wave

import pytest

from archive.limited import NoAnswer
from archive.pictures import Pictures
from archive.read import read_files
from evidence.media import media_type
from evidence.pdf_text import CannotTell, pdf_metadata, pdf_text
from tests.archive.test_redact import pdf
from tests.evidence.pictures import MAKE, ORIGINAL, SOMEWHERE, exif_of, picture
from tests.evidence.test_heif import in_the_file

LONG = pytest.mark.skipif("SIJILL_LONG" not in os.environ, reason="a long sweep: SIJILL_LONG=1 pytest -m long")
SAID = "2019:02:03 14:55:10"
PICTURES = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "MPO")
REACH = 600  # bytes of a file's beginning that are changed
HARSH = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\x08", b"\xff\xd8", b"\0\0\0\x01")


def sound():
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(4000))
    return out.getvalue()


def film():
    """The boxes of an MP4 that a parser would follow: a brand, a movie with a header, and data."""

    def box(name, *inside):
        body = b"".join(inside)
        return struct.pack(">I4s", 8 + len(body), name) + body

    header = box(b"mvhd", bytes(100))
    return box(b"ftyp", b"isom\0\0\0\1isommp42") + box(b"moov", header, box(b"trak", box(b"tkhd", bytes(84)))) + box(b"mdat", bytes(500))


def heic():
    """A HEIC as a telephone writes it: boxes, and EXIF behind them."""
    item = bytes(4) + exif_of(camera={ORIGINAL: SAID}, gps=SOMEWHERE).tobytes().removeprefix(b"Exif\0\0")
    return in_the_file(1, [(0, len(item))], item)


def big_tiff():
    """A grey BigTIFF of one strip."""
    entries = [(256, 64), (257, 48), (258, 8), (259, 1), (262, 1), (273, 16 + 8 + 20 * 8 + 8), (278, 48), (279, 64 * 48)]
    directory = b"".join(struct.pack("<HHQQ", tag, 16, 1, value) for tag, value in entries)
    return struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(entries)) + directory + bytes(8) + bytes(64 * 48)


def originals():
    exif = {"image": {MAKE: "Exercise"}, "camera": {ORIGINAL: SAID}, "gps": SOMEWHERE}
    made = {kind: picture(kind, size=(64, 48), **exif) for kind in PICTURES}
    return {**made, "HEIC": heic(), "BigTIFF": big_tiff(), "PDF": pdf("Invented: the roof of the clinic.", author="A-2"), "MP4": film(), "WAV": sound()}


def damaged(data, chance):
    """Change a file's beginning: a byte, a length, a stretch doubled or left out, an end that is missing."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(min(REACH, len(data) or 1))
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                harsh = chance.choice(HARSH)
                data[at : at + len(harsh)] = harsh
            case 2:
                del data[at : at + chance.randrange(1, 40)]
            case 3:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
            case _:
                if chance.random() < 0.1:
                    del data[chance.randrange(len(data) or 1) :]
    return bytes(data)


def scattered(folder, number):
    """Write `number` damaged files of every kind, and an honest one at either end; gives their paths in order."""
    chance, paths = random.Random(number), []
    every = originals()
    for count in range(number):
        kind = list(every)[count % len(every)]
        paths.append(folder / f"{count:06}.{kind.lower()}")
        paths[-1].write_bytes(damaged(every[kind], chance))
    ends = [folder / "first.jpg", folder / "last.jpg"]
    for end in ends:
        end.write_bytes(every["JPEG"])
    return [ends[0], *paths, ends[1]]


SWEEP = pytest.mark.parametrize(
    "number", [pytest.param(220, id="sample"), pytest.param(22_000, marks=[pytest.mark.long, LONG], id="many")]
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "MPO", "HEIC"])
def test_what_is_damaged_has_facts_to_lose(tmp_path, kind):
    (tmp_path / "whole").write_bytes(originals()[kind])
    (one,) = read_files([tmp_path / "whole"])["files"]
    assert (35.812, 36.604) == (one["facts"]["gps"]["lat"], one["facts"]["gps"]["lon"])
    assert SAID[:10].replace(":", "-") == one["facts"]["captured"]["local"][:10]


@pytest.mark.parametrize("entry", [(256, 16, 2**63), (256, 5, 1), (256, 2, 0x41)], ids=["a giant", "a fraction", "a letter"])
def test_a_width_that_is_no_number_of_pixels_is_not_read(tmp_path, entry):
    whole, tag = big_tiff(), struct.pack("<HHQ", 256, 16, 1)
    assert tag in whole
    at = whole.index(tag)
    (tmp_path / "odd.tif").write_bytes(whole[:at] + struct.pack("<HHQQ", *entry[:2], 1, entry[2]) + whole[at + 20 :])
    (one,) = read_files([tmp_path / "odd.tif"])["files"]
    assert (None, None) == (one["facts"]["width"], one["facts"]["height"])
    assert one["warnings"] and "form of a reading" not in str(one["warnings"])


@SWEEP
def test_damaged_files_are_read_within_the_limits_and_harm_no_other(tmp_path, number):
    paths = scattered(tmp_path, number)
    document = read_files(paths)
    assert [str(path) for path in paths] == [one["path"] for one in document["files"]]
    lost = [
        (one["path"], said) for one in document["files"] for said in one["warnings"]
        if "the reader was" in said or "the reader ended" in said or "form of a reading" in said
    ]  # fmt: skip
    assert [] == lost, "a reader died of it"
    for facts in (one["facts"] for one in document["files"]):
        gps = facts.get("gps")
        assert gps is None or gps["lat"] or gps["lon"], "what could not be read is no place off the coast of Africa"
        assert 0 not in (facts.get("width"), facts.get("height"))
    for end in (document["files"][0], document["files"][-1]):
        assert (64, SAID[:10].replace(":", "-")) == (end["facts"]["width"], end["facts"]["captured"]["local"][:10])
        assert [] == end["warnings"]


@SWEEP
def test_copies_of_damaged_files_are_made_or_refused_and_the_next_is_made_as_ever(tmp_path, number):
    number //= 2
    paths = scattered(tmp_path, number)
    with Pictures() as pictures:
        for path in paths:
            kind = media_type(path.read_bytes()[:8192], path.name)
            for make in (
                lambda: pictures.clean(path, kind),  # noqa: B023
                lambda: pictures.mark(path, kind),  # noqa: B023
                lambda: pictures.refusals((paths[0], "image/jpeg"), (path, kind), ()),  # noqa: B023
            ):
                try:
                    make()
                except NoAnswer as error:
                    assert str(error), path.name
        assert pictures.small(paths[-1]) is not None


@pytest.mark.parametrize("number", [pytest.param(150, id="sample"),
                                    pytest.param(20_000, marks=[pytest.mark.long, LONG], id="many")])  # fmt: skip
def test_a_damaged_pdf_gives_what_text_it_has_or_cannot_be_told(number):
    chance, whole = random.Random(number), originals()["PDF"]
    for _ in range(number):
        data = damaged(whole, chance)
        for reading, kind in ((pdf_text, str), (pdf_metadata, dict)):
            try:
                assert isinstance(reading(data), kind)
            except CannotTell as error:
                assert str(error)
