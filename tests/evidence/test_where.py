"""Places as people write them: what is read to the micro-degree, and what is refused."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import distance
from evidence.distance import bearing_deg, distance_km
from evidence.where import read_coordinate, read_place, read_position
from schemas import canonical
from schemas.errors import FormatError

points = st.tuples(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))


@pytest.mark.parametrize(
    "text",
    [
        "35.812", "+35.812", "٣٥٫٨١٢", "۳۵٫۸۱۲", "35,812", "٣٥،٨١٢", "35°48'43.2\"N", "35° 48′ 43.2″ N", "N 35 48 43.2",
        "35:48:43.2", "35° 48.72' N", "٣٥°٤٨'٤٣٫٢\"ش", "35.812 N", "35.812°", "35.812 شمالاً", "35°48'43,2\"", "35º48’43.2”n",
        "\u200e35.812\u200f",
    ],
)  # fmt: skip
def test_a_latitude_is_read_in_any_of_its_spellings(text):
    assert 35_812_000 == read_coordinate(text, "lat")


@pytest.mark.parametrize(
    "text",
    [
        "", "nan", "inf", "1e1", "3.5E+14", "0x10", "1_0", "91", "-90.0000001", "35°61'", "35°48'60\"", "-35 N", "36.6 E",
        "35.812, 36.604", "35°48.5'43\"", "N35S", "٣٥٬٨١٢", "35.8.1", "--35", "1,2,3", "²", "35" * 80, "٣٥؛٣٦",
    ],
)  # fmt: skip
def test_what_is_no_latitude_is_refused(text):
    with pytest.raises(FormatError):
        read_coordinate(text, "lat")


@pytest.mark.parametrize(
    "text",
    [
        "35.812, 36.604", "35.812,36.604", "35.812 36.604", "35,812 36,604", "35,812; 36,604", "35,812, 36,604",
        "35,812,36,604", "٣٥٫٨١٢، ٣٦٫٦٠٤", "٣٥٫٨١٢،٣٦٫٦٠٤", "35.812N 36.604E", "36.604E 35.812N", "36.604E, 35.812",
        "N35.812 E36.604", "(35.812, 36.604)", "35.812/36.604", "35°48'43.2\"N 36°36'14.4\"E", "35°48'43.2\"N36°36'14.4\"E",
        "شمال 35.812 شرق 36.604", "35 48 43.2 N 36 36 14.4 E", "35.812;36.604",
    ],
)  # fmt: skip
def test_both_coordinates_in_one_cell_are_read(text):
    assert (35_812_000, 36_604_000) == read_position(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0,0",
        "0.0; 0.0",
        "35.812",
        "35.8, 36.6, 120",
        "99, 36",
        "36N, 35N",
        "a, b",
        "35 48 43 36 36 14",
        "35.812;",
        ", ,",
    ],
)
def test_a_cell_without_two_sure_coordinates_is_refused(text):
    with pytest.raises(FormatError):
        read_position(text)


def test_a_place_is_flat_whole_and_canonical():
    place = read_place(
        {"name": {"en": "Tel Marjan", "ar": "تل مرجان"}, "lat": 35.812, "lon": 36.604, "accuracy_m": 100}
    )

    assert {
        "name.en": "Tel Marjan", "name.ar": "تل مرجان", "lat": 35_812_000, "lon": 36_604_000, "accuracy_m": "100",
    } == place  # fmt: skip
    canonical.encode(place, booleans=True)


@pytest.mark.parametrize(
    "value",
    [
        {}, {"lat": 1.0}, {"lon": 1.0, "accuracy_m": 5}, {"lat": math.nan, "lon": 1}, {"lat": math.inf, "lon": 1},
        {"lat": True, "lon": 1}, {"lat": 90.0000001, "lon": 1}, {"lat": 1, "lon": 180.1}, {"latt": 1}, {"lat": None, "lon": 1},
        {"lat": 1, "lon": 1, "accuracy_m": -1}, {"lat": 1, "lon": 1, "accuracy_m": math.nan}, {"name": 3}, {"name": {"fr": "x"}},
        {"accuracy_m": 10, "name": "x"}, {"name": " "},
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused(value):
    with pytest.raises(FormatError):
        read_place(value)


def test_a_zero_point_is_called_a_placeholder():
    with pytest.raises(FormatError, match="placeholder") as caught:
        read_place({"lat": 0, "lon": 0.0})

    assert caught.value.hint


@given(st.decimals(-90, 90, places=9))
def test_micro_degrees_are_rounded_half_to_even(degrees):
    expected = int((degrees * 1_000_000).to_integral_value(ROUND_HALF_EVEN))

    assert expected == read_coordinate(format(degrees, "f"), "lat")


@given(st.floats(-180, 180))
def test_a_number_means_the_digits_it_shows(degrees):
    expected = int((Decimal(repr(degrees)) * 1_000_000).to_integral_value(ROUND_HALF_EVEN))

    assert {"lat": 1_000_000, "lon": expected} == read_place({"lat": 1, "lon": degrees})


@given(points, points)
def test_distance_is_symmetric_and_agrees_with_geographiclib(here, there):
    there = (there[0], here[1] + (there[1] - here[1]) // 20)

    assert distance_km(here, there) == pytest.approx(distance_km(there, here), abs=1e-6)
    if here != there:
        length, bearing = distance._karney(here, there)
        assert length == pytest.approx(distance_km(here, there), abs=1e-6)
        if length > 0.1:
            assert abs((bearing - bearing_deg(here, there) + 180) % 360 - 180) < 1e-5


def test_a_bearing_is_from_the_observation_to_the_place():
    here = (35_000_000, 36_000_000)

    assert pytest.approx(90, abs=0.1) == bearing_deg(here, (35_000_000, 36_100_000))
    assert pytest.approx(0) == bearing_deg(here, (35_100_000, 36_000_000))
    assert pytest.approx(180) == bearing_deg(here, (34_900_000, 36_000_000))


def test_the_date_line_is_no_distance():
    assert 22.3 > distance_km((0, 179_900_000), (0, -179_900_000))


@given(st.text(max_size=60))
def test_no_text_ends_in_anything_but_a_point_or_a_refusal(text):
    for read in (read_position, lambda cell: read_coordinate(cell, "lat"), lambda cell: read_coordinate(cell, "lon")):
        try:
            read(text)
        except FormatError:
            pass


@given(st.text("0123456789.,;NSEWشق°'\" -", max_size=30))
def test_no_text_of_the_right_letters_does_either(text):
    try:
        lat, lon = read_position(text)
    except FormatError:
        return
    assert abs(lat) <= 90_000_000
    assert abs(lon) <= 180_000_000
