"""What is read from images: absent, damaged and present stay apart, and nothing a file says can stop the reader."""

import io
import struct
import zlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from evidence import second_reader
from evidence.exif_block import find_block
from evidence.imagery import IMAGE_TYPES, canonical_facts, facts_for_people, no_facts, read_image
from evidence.media import media_type
from evidence.second_reader import second_values
from schemas.canonical import encode
from tests.evidence.pictures import (
    DATE_TIME,
    DIGITIZED,
    MAKE,
    MODEL,
    OFFSET_ORIGINAL,
    ORIENTATION,
    ORIGINAL,
    SOFTWARE,
    SOMEWHERE,
    SUBSEC_ORIGINAL,
    ascii_tag,
    picture,
    png_chunk,
    rationals_tag,
    tiff_block,
    with_block,
)

SAID = "2019:02:03 14:55:10"


def read(data):
    reading = read_image(data, media_type(data[:8192]))
    assert facts_for_people(canonical_facts(reading.facts)) == reading.facts
    encode(canonical_facts(reading.facts), booleans=True)
    return reading


def gps(**changes):
    tags = {name: value for name, value in (SOMEWHERE | changes).items() if value is not None}
    reading = read(picture(gps=tags))
    return reading.facts["gps"], reading.warnings


def test_an_image_without_exif_has_a_size_and_no_warning():
    """Nothing is missing that was ever there."""
    reading = read(picture(size=(8, 6)))

    assert no_facts() | {"width": 8, "height": 6} == reading.facts
    assert reading.warnings == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "MPO"])
def test_exif_is_read_alike_from_every_container(kind):
    """The container is packaging; the facts are the same."""
    data = picture(
        kind,
        (16, 12),
        image={
            MAKE: "Canon",
            MODEL: "EOS 90D",
            SOFTWARE: "camera 1.0",
            ORIENTATION: 6,
            DATE_TIME: "2019:02:04 09:00:00",
        },
        camera={ORIGINAL: SAID, OFFSET_ORIGINAL: "+02:00", SUBSEC_ORIGINAL: "25", DIGITIZED: SAID},
        gps=SOMEWHERE,
    )

    reading = read(data)

    assert reading.warnings == ()
    assert reading.facts == {
        "width": 16,
        "height": 12,
        "orientation": 6,
        "captured": {
            "local": "2019-02-03T14:55:10.25",
            "offset": "+02:00",
            "earliest": "2019-02-03T12:55:10.25Z",
            "latest": "2019-02-03T12:55:10.25Z",
        },
        "other_times": {"DateTimeDigitized": SAID, "DateTime": "2019:02:04 09:00:00"},
        "gps": {"lat": 35.812, "lon": 36.604, "altitude_m": None, "time_utc": None},
        "camera": {"make": "Canon", "model": "EOS 90D", "software": "camera 1.0"},
    }


def short(tag, value):
    return tag, 3, 1, struct.pack("<H", value)


def test_a_tiff_is_its_own_exif_block_and_its_size_is_the_stored_one():
    """Width and height are as stored, in every format, and orientation stands beside them."""
    image = [short(0x0100, 16), short(0x0101, 12), short(0x0102, 8), short(0x0103, 1), short(0x0106, 1)]
    image += [short(0x0111, 8), short(ORIENTATION, 6), (0x0117, 4, 1, struct.pack("<I", 192)), ascii_tag(MAKE, "Canon")]
    position = [ascii_tag(1, "S"), rationals_tag(2, (35, 1), (48, 1), (432, 10))]
    position += [ascii_tag(3, "W"), rationals_tag(4, (36, 1), (36, 1), (144, 10))]
    reading = read(tiff_block([sorted(image), [ascii_tag(ORIGINAL, SAID)], position]))

    assert reading.warnings == ()
    assert (16, 12, 6) == tuple(reading.facts[name] for name in ("width", "height", "orientation"))
    assert reading.facts["captured"]["local"] == "2019-02-03T14:55:10"
    assert (-35.812, -36.604) == (reading.facts["gps"]["lat"], reading.facts["gps"]["lon"])
    assert reading.facts["camera"]["make"] == "Canon"


@pytest.mark.parametrize("kind", ["GIF", "BMP"])
def test_formats_without_exif_have_a_size(kind):
    reading = read(picture(kind, (5, 7)))

    assert (5, 7) == (reading.facts["width"], reading.facts["height"])
    assert reading.warnings == ()


def test_an_unzoned_camera_clock_is_twenty_six_hours_wide():
    """EXIF time without an offset could be any civil zone, so it is kept as an extent."""
    facts = read(picture(camera={ORIGINAL: SAID})).facts["captured"]

    assert facts == {
        "local": "2019-02-03T14:55:10",
        "offset": None,
        "earliest": "2019-02-03T00:55:10Z",
        "latest": "2019-02-04T02:55:10Z",
    }
    span = datetime.fromisoformat(facts["latest"]) - datetime.fromisoformat(facts["earliest"])
    assert timedelta(hours=26) == span


@pytest.mark.parametrize(
    ("offset", "utc"),
    [("+03:00", "11:55:10"), ("-05:30", "20:25:10"), ("+00:00", "14:55:10"), ("+12:45", "02:10:10")],
)
def test_an_offset_makes_an_instant(offset, utc):
    facts = read(picture(camera={ORIGINAL: SAID, OFFSET_ORIGINAL: offset})).facts["captured"]

    assert offset == facts["offset"]
    assert f"2019-02-03T{utc}Z" == facts["earliest"] == facts["latest"]


def test_digits_of_a_fraction_are_kept_as_written():
    reading = read(picture(camera={ORIGINAL: SAID, SUBSEC_ORIGINAL: "00"}))

    assert reading.facts["captured"]["local"] == "2019-02-03T14:55:10.00"
    assert reading.facts["captured"]["earliest"] == "2019-02-03T00:55:10Z"


@pytest.mark.parametrize("blank", ["                   ", "    :  :     :  :  ", ""])
def test_a_blank_time_is_exifs_word_for_unknown(blank):
    reading = read(picture(camera={ORIGINAL: blank}))

    assert reading.facts["captured"] is None
    assert reading.warnings == ()


@pytest.mark.parametrize("wrong", ["0000:00:00 00:00:00", "2019:13:03 14:55:10", "2019:02:30 14:55:10", "yesterday"])
def test_a_time_that_is_none_is_null_with_the_tag_named(wrong):
    reading = read(picture(camera={ORIGINAL: wrong}))

    assert reading.facts["captured"] is None
    assert reading.warnings == (f'EXIF DateTimeOriginal "{wrong}" is no time; not read',)


@pytest.mark.parametrize("wrong", ["+25:00", "+03:99", "CET", "3"])
def test_a_wrong_offset_leaves_the_time_unzoned(wrong):
    reading = read(picture(camera={ORIGINAL: SAID, OFFSET_ORIGINAL: wrong}))

    assert reading.facts["captured"]["offset"] is None
    assert reading.facts["captured"]["earliest"] == "2019-02-03T00:55:10Z"
    assert [f'EXIF OffsetTimeOriginal "{wrong}" is no offset from UTC; not read'] == list(reading.warnings)


def test_other_times_never_become_the_capture_time():
    reading = read(picture(image={DATE_TIME: "2019:02:04 09:00:00"}, camera={DIGITIZED: SAID}))

    assert reading.facts["captured"] is None
    assert reading.facts["other_times"] == {"DateTimeDigitized": SAID, "DateTime": "2019:02:04 09:00:00"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation):
    assert read(picture(image={ORIENTATION: orientation})).facts["orientation"] == orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none(orientation):
    reading = read(picture(image={ORIENTATION: orientation}))

    assert reading.facts["orientation"] is None
    assert reading.warnings == (f"EXIF Orientation {orientation} is not 1 to 8; not read",)


def test_south_and_west_are_negative_and_below_the_sea_too():
    position, warnings = gps(lat_ref="S", lon_ref="W", alt_ref=b"\x01", alt=12.5)

    assert position == {"lat": -35.812, "lon": -36.604, "altitude_m": -12.5, "time_utc": None}
    assert warnings == ()


def test_gps_time_is_utc():
    position, _ = gps(date="2019:02:03", time=(12.0, 55.0, IFDRational(724, 100)))

    assert position["time_utc"] == "2019-02-03T12:55:07.24Z"


def test_a_gps_time_without_its_date():
    position, warnings = gps(time=(12.0, 55.0, 7.0))

    assert position["time_utc"] is None
    assert warnings == ("EXIF GPSTimeStamp 12:55:07 has no date; no GPS time was read",)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"lat": (0.0, 0.0, 0.0), "lon": (0.0, 0.0, 0.0)}, "GPSLatitude and GPSLongitude are 0,0"),
        ({"lat": (91.0, 0.0, 0.0)}, "GPSLatitude 91 0 0 is no possible position"),
        ({"lat": (35.0, 61.0, 0.0)}, "GPSLatitude 35 61 0 is no possible position"),
        ({"lon": (180.0, 0.0, 1.0)}, "GPSLongitude 180 0 1 is no possible position"),
        ({"lat_ref": None}, "GPSLatitude has no GPSLatitudeRef"),
        ({"lon_ref": "X"}, 'GPSLongitudeRef "X" is neither E nor W'),
        ({"lon": None}, "GPSLatitude stands without its other half"),
    ],
)
def test_a_position_that_is_none_is_null_with_the_tag_named(changes, named):
    position, warnings = gps(**changes)

    assert position is None
    assert any(named in warning for warning in warnings), warnings


def test_a_denominator_of_zero_is_no_position():
    directories = [
        [],
        [],
        [
            ascii_tag(1, "N"),
            rationals_tag(2, (35, 1), (48, 1), (0, 0)),
            ascii_tag(3, "E"),
            rationals_tag(4, (36, 1), (36, 1), (0, 1)),
            rationals_tag(6, (1, 0)),
        ],
    ]
    reading = read(with_block(tiff_block(directories)))

    assert reading.facts["gps"] is None
    assert "EXIF GPSLatitude divides by zero; not read" in reading.warnings
    assert "EXIF GPSAltitude divides by zero; not read" in reading.warnings


def test_a_camera_clock_that_no_zone_explains_is_told_with_both_clocks():
    """As in a well-known series of sample photographs, whose camera clock is 22 hours behind its GPS clock."""
    data = picture(
        camera={ORIGINAL: "2008:10:22 16:28:39"},
        gps=SOMEWHERE | {"date": "2008:10:23", "time": (14.0, 27.0, IFDRational(724, 100))},
    )
    reading = read(data)

    assert reading.facts["captured"]["local"] == "2008-10-22T16:28:39"
    assert reading.facts["gps"]["time_utc"] == "2008-10-23T14:27:07.24Z"
    assert "21 h 58 min behind the GPS clock" in reading.warnings[0]


@pytest.mark.parametrize(
    ("offset", "utc", "told"),
    [
        (None, (12, 55, 8), False),
        (None, (9, 10, 8), False),  # Nepal, +05:45
        (None, (12, 40, 0), True),  # 2 h 15 min: nobody's zone
        ("+02:00", (12, 55, 8), False),
        ("+03:00", (12, 55, 8), True),
    ],
)
def test_camera_clock_against_gps_clock(offset, utc, told):
    camera = {ORIGINAL: SAID} | ({OFFSET_ORIGINAL: offset} if offset else {})
    reading = read(picture(camera=camera, gps=SOMEWHERE | {"date": "2019:02:03", "time": tuple(map(float, utc))}))

    assert told == bool(reading.warnings), reading.warnings


def test_a_file_cut_short_in_its_pixels_owes_no_warning():
    whole = picture(size=(64, 64), camera={ORIGINAL: SAID})
    reading = read(whole[:-40])

    assert reading == read(whole)


def test_a_file_cut_short_in_its_exif_is_told():
    whole = picture(image={MAKE: "Canon"}, camera={ORIGINAL: SAID})
    reading = read(whole[: whole.index(SAID.encode()) + 4])

    assert reading.facts["captured"] is None
    assert any("DateTimeOriginal" in warning for warning in reading.warnings), reading.warnings
    assert any("cut short" in warning for warning in reading.warnings)


def test_a_value_outside_the_block_is_unreadable_not_absent():
    reading = read(with_block(tiff_block([[], [(ORIGINAL, 2, 20, 60000)], []])))

    assert reading.facts["captured"] is None
    assert reading.warnings == ("EXIF DateTimeOriginal points outside the EXIF block; not read",)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_block_by_hand_in_both_byte_orders(order):
    block = tiff_block([[ascii_tag(MAKE, "Canon")], [ascii_tag(ORIGINAL, SAID)], []], order)
    reading = read(with_block(block))

    assert reading.facts["camera"]["make"] == "Canon"
    assert reading.facts["captured"]["local"] == "2019-02-03T14:55:10"
    assert reading.warnings == ()


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (b"", "EXIF header is damaged"),
        (b"XX*\0\x08\0\0\0", "EXIF header is damaged"),
        (b"II*\0\xff\xff\0\0", "EXIF IFD0 lies outside"),
        (b"II*\0\x08\0\0\0\x05\0", "EXIF IFD0 says it has 5 entries, 0 were read"),
    ],
)
def test_a_damaged_block_is_told(block, told):
    reading = read(with_block(block))

    assert (8, 6) == (reading.facts["width"], reading.facts["height"])
    assert any(told in warning for warning in reading.warnings), reading.warnings


def test_a_tag_that_stands_twice_with_different_values_is_not_chosen_from():
    block = tiff_block([[], [ascii_tag(ORIGINAL, SAID), ascii_tag(ORIGINAL, "2011:01:01 00:00:00")], []])
    reading = read(with_block(block))

    assert reading.facts["captured"] is None
    assert any("DateTimeOriginal stands twice" in warning for warning in reading.warnings)


def test_entries_that_became_nothing_are_told():
    """Whatever tags they were: a directory whose middle was overwritten is damaged, not short."""
    block = bytearray(tiff_block([[ascii_tag(MAKE, "Canon"), ascii_tag(MODEL, "EOS 90D")], [], []]))
    block[10:34] = bytes(24)
    reading = read(with_block(bytes(block)))

    assert reading.facts["camera"]["make"] is None
    assert reading.warnings == ("EXIF IFD0 has 2 more entries that are damaged; what they were is not known",)


def test_an_exif_segment_that_lost_its_name_is_told():
    data = picture(camera={ORIGINAL: SAID}).replace(b"Exif\0\0", b"E\xffif\0\0", 1)

    assert "of no known kind; if it held EXIF, it is damaged" in read(data).warnings[0]


def test_a_tag_of_the_wrong_type_is_told():
    reading = read(with_block(tiff_block([[], [(ORIGINAL, 4, 1, struct.pack("<I", 7))], []])))

    assert reading.facts["captured"] is None
    assert reading.warnings == ("EXIF DateTimeOriginal has type 4, which is no text; not read",)


def test_directories_that_point_at_each_other_end():
    block = tiff_block([[], [(0x8769, 4, 1, struct.pack("<I", 8))], []])

    assert read(with_block(block)).facts["captured"] is None


def test_long_and_odd_texts_are_kept_short_and_whole_in_utf8():
    block = tiff_block(
        [[ascii_tag(MAKE, "x" * 5000), ascii_tag(MODEL, b"Caf\xe9\0"), ascii_tag(SOFTWARE, "x" * 300)], [], []]
    )
    reading = read(with_block(block))

    assert reading.facts["camera"] == {"make": None, "model": "Caf\\xe9", "software": "x" * 256}
    assert "EXIF Make is 5001 bytes long; not read" in reading.warnings


def test_a_huge_number_of_entries_is_capped():
    block = b"II*\0\x08\0\0\0\xff\xff" + b"\x0f\x01\x02\0\x04\0\0\0abc\0" * 5300
    reading = read(with_block(block))

    assert reading.facts["camera"]["make"] == "abc"
    assert any("65535 entries, 1000 were read" in warning for warning in reading.warnings)


def test_a_bomb_tells_its_size_and_is_not_decoded():
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    reading = read(bomb)

    assert (60000, 60000) == (reading.facts["width"], reading.facts["height"])
    assert "more than is safe to decode" in reading.warnings[0]


def test_png_exif_after_the_pixels_is_found_and_its_check_sum_counts():
    plain = picture("PNG")
    chunk = png_chunk(b"eXIf", tiff_block([[], [ascii_tag(ORIGINAL, SAID)], []]))
    end = plain.rindex(b"IEND") - 4
    damaged = chunk[:-4] + b"\0\0\0\0"

    assert read(plain[:end] + chunk + plain[end:]).facts["captured"]["local"] == "2019-02-03T14:55:10"
    reading = read(plain[:end] + damaged + plain[end:])
    assert reading.facts["captured"] is None
    assert "PNG eXIf chunk is damaged" in reading.warnings[0]


@pytest.mark.parametrize("kind", sorted(IMAGE_TYPES))
def test_bytes_that_are_no_image_are_told(kind):
    for data in (b"", b"no image at all", b"\0" * 4000):
        reading = read_image(data, kind)
        assert reading.facts["width"] is None
        assert reading.warnings


def test_a_video_is_read_by_nobody():
    reading = read_image(b"\0\0\0\x18ftypmp42", "video/mp4")

    assert reading.tool == ""
    assert no_facts() == reading.facts
    assert reading.warnings == ()


@pytest.mark.parametrize("size", [(16, 12), (640, 481), (3000, 7)])
def test_a_heic_is_read_by_its_boxes(size):
    """HEIC and AVIF have the same boxes, and Pillow writes only AVIF."""
    avif = picture("AVIF", size, image={MAKE: "Apple"}, camera={ORIGINAL: SAID}, gps=SOMEWHERE)
    reading = read(avif.replace(b"ftypavif", b"ftypheic", 1))

    assert size == (reading.facts["width"], reading.facts["height"])
    assert reading.facts["captured"]["local"] == "2019-02-03T14:55:10"
    assert reading.facts["gps"]["lat"] == 35.812
    assert reading.facts["camera"]["make"] == "Apple"
    assert reading.warnings == ()


def test_a_heic_whose_boxes_tell_no_size():
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x0cmeta\0\0\0\0"
    reading = read_image(heic, "image/heic")

    assert reading.facts["captured"] is None
    assert any("width and height: the HEIC boxes do not tell them" in warning for warning in reading.warnings)


@given(st.binary(max_size=400), st.sampled_from(sorted(IMAGE_TYPES)))
@settings(max_examples=300, deadline=None)
def test_random_bytes_never_stop_the_reader(data, kind):
    reading = read_image(data, kind)

    assert facts_for_people(canonical_facts(reading.facts)) == reading.facts


WHOLE = {
    kind: picture(
        kind,
        image={MAKE: "Canon", ORIENTATION: 6, DATE_TIME: SAID},
        camera={ORIGINAL: SAID, OFFSET_ORIGINAL: "+02:00", SUBSEC_ORIGINAL: "25"},
        gps=SOMEWHERE | {"alt_ref": b"\x01", "alt": 12.5, "date": "2019:02:03", "time": (12.0, 55.0, 8.0)},
    )
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
}


@given(st.sampled_from(sorted(WHOLE)), st.data())
@settings(max_examples=400, deadline=None)
def test_changed_bytes_never_stop_the_reader_and_its_facts_can_be_recorded(kind, data):
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(whole), 900) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    whole = whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole
    reading = read_image(bytes(whole), f"image/{kind.lower()}")

    encode(canonical_facts(reading.facts), booleans=True)
    assert facts_for_people(canonical_facts(reading.facts)) == reading.facts


@given(
    lat=st.floats(-90, 90, allow_nan=False),
    lon=st.floats(-180, 180, allow_nan=False),
    altitude=st.none() | st.floats(-9999, 9999),
)
def test_facts_come_back_from_the_record_as_they_were_read(lat, lon, altitude):
    position = {"lat": round(lat, 6) + 0.0, "lon": round(lon, 6) + 0.0, "time_utc": None}
    position["altitude_m"] = None if altitude is None else round(altitude, 3) + 0.0
    facts = no_facts() | {"gps": position}

    assert facts == facts_for_people(canonical_facts(facts))


def test_a_tag_on_which_the_two_readers_differ_is_not_used(monkeypatch):
    """A wrong date is worse than none."""
    data = picture(image={MAKE: "Canon"}, camera={ORIGINAL: SAID})
    other = {"Image Make": "Canon", "EXIF DateTimeOriginal": "2011:01:01 00:00:00"}
    monkeypatch.setattr(second_reader, "second_values", lambda *_: other)
    reading = read(data)

    assert reading.facts["captured"] is None
    assert reading.facts["camera"]["make"] == "Canon"
    assert "EXIF DateTimeOriginal is read differently by ExifRead" in reading.warnings[0]


def test_a_second_reader_that_fails_is_told_and_takes_nothing_away(monkeypatch):
    def fail(*_):
        raise IndexError

    monkeypatch.setattr(second_reader, "second_values", fail)
    reading = read(picture(camera={ORIGINAL: SAID}))

    assert reading.facts["captured"]["local"] == "2019-02-03T14:55:10"
    assert "failed on this EXIF block (IndexError)" in reading.warnings[0]


def test_the_second_reader_reads_every_tag_that_is_read_here():
    data = WHOLE["JPEG"]
    found = second_values(find_block(io.BytesIO(data), "image/jpeg", len(data)).block, range(65536))

    assert found["EXIF DateTimeOriginal"] == SAID
    assert found["Image Make"] == "Canon"
    assert [value.num for value in found["GPS GPSLatitude"]][:2] == [35, 48]
    assert found["GPS GPSAltitudeRef"] == [1]


def test_a_png_has_its_size_where_pillow_refuses_the_rest():
    png = picture("PNG", (8, 6))
    broken = png[:33] + struct.pack(">I", 5) + b"iCCP" + b"a\0\1xy" + b"\0\0\0\0" + png[33:]
    reading = read_image(broken, "image/png")

    assert (reading.facts["width"], reading.facts["height"]) == (8, 6)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_exif_in_the_text_of_an_older_png(kind):
    block = b"Exif\0\0" + tiff_block([[ascii_tag(MAKE, "Camera")]])
    text = b"\nexif\n" + str(len(block)).encode().rjust(8) + b"\n" + block.hex().encode() + b"\n"
    chunk = b"Raw profile type exif\0" + (b"\0" + zlib.compress(text) if kind == b"zTXt" else text)
    png = picture("PNG")
    chunk = struct.pack(">I", len(chunk)) + kind + chunk + struct.pack(">I", zlib.crc32(kind + chunk))
    reading = read_image(png[:33] + chunk + png[33:], "image/png")

    assert reading.facts["camera"]["make"] == "Camera"
    assert reading.warnings == ()


@pytest.mark.parametrize(("head", "size"), [("<Iii", (7, 5)), ("<Iii", (7, -5)), ("<IHH", (7, 5))])
def test_a_bmp_has_its_size_in_all_its_forms(head, size):
    length = 12 if head == "<IHH" else 40
    bmp = b"BM" + bytes(12) + struct.pack(head, length, *size) + bytes(40)

    assert (read_image(bmp, "image/bmp").facts["width"], read_image(bmp, "image/bmp").facts["height"]) == (7, 5)


def test_a_bigtiff_has_a_size_and_says_that_its_exif_was_not_looked_for():
    out = io.BytesIO()
    Image.new("L", (8, 6)).save(out, "TIFF", big_tiff=True)
    reading = read(out.getvalue())

    assert (reading.facts["width"], reading.facts["height"]) == (8, 6)
    assert reading.warnings == ("TIFF is a BigTIFF; only its size was read, EXIF was not looked for",)


@pytest.mark.parametrize("kind", ["image/x-canon-cr3", "image/jxl", "image/vnd.adobe.photoshop"])
def test_an_image_that_nobody_reads_is_not_taken_for_one_without_exif(kind):
    assert read_image(b"anything", kind).warnings[0].startswith(f"{kind} has no reader here")


def test_an_avif_is_turned_by_its_exif_else_by_its_boxes():
    by_boxes = picture("AVIF", image={ORIENTATION: 6, MAKE: "Camera"})
    compression = 0x0103  # Pillow takes Orientation out of the EXIF that it writes; it is put back in its place here
    other = picture("AVIF", image={compression: 3, MAKE: "Camera"})
    by_exif = other
    for order in "<>":
        by_exif = by_exif.replace(
            struct.pack(order + "HHI", compression, 3, 1), struct.pack(order + "HHI", ORIENTATION, 3, 1)
        )

    assert by_exif != other
    assert read(by_boxes).facts["orientation"] == 6
    assert read(by_exif).facts["orientation"] == 3
