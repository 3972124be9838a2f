"""Where telephones put EXIF in a HEIC: in the file, inside its boxes, in pieces, beside that of a thumbnail."""

import struct

import pytest

from evidence.imagery import read_image
from tests.evidence.pictures import ascii_tag, tiff_block

OTHER, WANTED = 3, 7  # numbers of EXIF items; the primary image is item 1


def box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I", 8 + len(data)) + kind + data


def full(kind, version, *parts):
    return box(kind, bytes([version, 0, 0, 0]), *parts)


def exif_item(make, before=0):
    """An EXIF item: four bytes that say how far on the block begins, what stands before it, the block."""
    return struct.pack(">I", before) + b"Exif\0\0"[:before] + tiff_block([[ascii_tag(0x010F, make)]])


def location(version, item, method, pieces):
    wide = ">I" if version == 2 else ">H"
    head = struct.pack(wide, item) + (struct.pack(">H", method) if version else b"") + b"\0\0"
    return head + struct.pack(">H", len(pieces)) + b"".join(struct.pack(">II", *piece) for piece in pieces)


def heic(*, located, inside=b"", after=b"", version=1, described=WANTED, items=(OTHER, WANTED)):
    """A HEIC of boxes alone. `located` has (item, method, pieces), with offsets in the file, or in `inside` (idat)."""
    kinds = [full(b"infe", 2, struct.pack(">HH", 1, 0), b"hvc1\0")]
    kinds += [full(b"infe", 2, struct.pack(">HH", item, 0), b"Exif\0") for item in items]
    wide = ">I" if version == 2 else ">H"
    places = b"".join(location(version, *one) for one in located)
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + full(
        b"meta",
        0,
        full(b"pitm", 0, struct.pack(">H", 1)),
        full(b"iinf", 0, struct.pack(">H", len(kinds)), *kinds),
        full(b"iref", 0, box(b"cdsc", struct.pack(">HHH", described, 1, 1))),
        full(b"iloc", version, b"\x44\x00", struct.pack(wide, len(located)), places),
        box(b"iprp", box(b"ipco", full(b"ispe", 0, struct.pack(">II", 40, 30)))
            + full(b"ipma", 0, struct.pack(">IHBB", 1, 1, 1, 1))),
        box(b"idat", inside),
    ) + after  # fmt: skip


def in_the_file(version, pieces, data, **more):
    """A HEIC whose EXIF lies behind its boxes, cut as `pieces` says."""
    empty = heic(version=version, located=[(WANTED, 0, pieces)], **more)
    moved = [(len(empty) + offset, length) for offset, length in pieces]
    return heic(version=version, located=[(WANTED, 0, moved)], after=data, **more)


def make_and_warnings(data):
    reading = read_image(data, "image/heic")
    assert (reading.facts["width"], reading.facts["height"]) == (40, 30)
    return reading.facts["camera"]["make"], reading.warnings


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("before", [0, 6])
def test_exif_behind_the_boxes(version, before):
    data = exif_item("Telephone", before)

    assert make_and_warnings(in_the_file(version, [(0, len(data))], data)) == ("Telephone", ())


def test_exif_inside_the_boxes():
    data = exif_item("Camera")
    found = heic(located=[(OTHER, 1, [(0, 4)]), (WANTED, 1, [(0, len(data))])], inside=data)

    assert make_and_warnings(found) == ("Camera", ())


def test_exif_in_two_pieces():
    data = exif_item("Camera")

    assert make_and_warnings(in_the_file(1, [(0, 20), (20, len(data) - 20)], data)) == ("Camera", ())


def test_of_two_exif_items_the_one_that_describes_the_picture():
    thumbnail, picture = exif_item("Thumbnail"), exif_item("Camera")
    places = [(OTHER, 1, [(0, len(thumbnail))]), (WANTED, 1, [(len(thumbnail), len(picture))])]

    assert make_and_warnings(heic(located=places, inside=thumbnail + picture)) == ("Camera", ())


def test_a_block_that_begins_elsewhere_than_is_said():
    data = b"\0\0\0\x06" + exif_item("Camera")[4:]

    assert make_and_warnings(in_the_file(1, [(0, len(data))], data)) == ("Camera", ())


def test_no_exif_item_is_no_exif():
    assert make_and_warnings(heic(located=[], items=())) == (None, ())


def test_an_exif_item_that_lies_nowhere_is_unreadable_not_absent():
    make, warnings = make_and_warnings(heic(located=[(OTHER, 1, [(0, 4)])]))

    assert make is None
    assert warnings == ("HEIF boxes do not fit together (an item that lies nowhere); EXIF was not looked for",)


def test_an_exif_item_that_is_cut_short_is_told():
    data = exif_item("Camera")
    make, warnings = make_and_warnings(in_the_file(1, [(0, len(data))], data[:-4]))

    assert make is None
    assert "HEIF EXIF item is cut short" in warnings
