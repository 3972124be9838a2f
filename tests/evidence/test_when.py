"""Times as people give them: what is read, what is refused with both readings, and how wide doubt is."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.when import read_time
from evidence.zone import bounds_of, day_bounds
from schemas import canonical
from schemas.errors import FormatError

DAMASCUS = "Asia/Damascus"


def read(value, zone=DAMASCUS):
    extent = read_time(value, zone=zone)
    return extent.get("earliest"), extent.get("latest"), extent["precision"]


def refusal(value, zone=DAMASCUS):
    with pytest.raises(FormatError) as caught:
        read_time(value, zone=zone)
    return caught.value.message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2019-02-03T14:55", ("2019-02-03T12:55:00Z", "2019-02-03T12:55:00Z", "minute")),
        ("2019-02-03 14:55:20", ("2019-02-03T12:55:20Z", "2019-02-03T12:55:20Z", "second")),
        ("2019-02-03T14:55:20.25", ("2019-02-03T12:55:20.25Z", "2019-02-03T12:55:20.25Z", "second")),
        ("2019-02-03T14:55Z", ("2019-02-03T14:55:00Z", "2019-02-03T14:55:00Z", "minute")),
        ("2019-02-03T14:55+03:00", ("2019-02-03T11:55:00Z", "2019-02-03T11:55:00Z", "minute")),
        ("٢٠١٩-٠٢-٠٣ ١٤:٥٥", ("2019-02-03T12:55:00Z", "2019-02-03T12:55:00Z", "minute")),
        ("2019-02-03", ("2019-02-02T22:00:00Z", "2019-02-03T21:59:59Z", "day")),
        ("2019/2/3", ("2019-02-02T22:00:00Z", "2019-02-03T21:59:59Z", "day")),
        ("23/2/2019", ("2019-02-22T22:00:00Z", "2019-02-23T21:59:59Z", "day")),
        ("2019-02", ("2019-01-31T22:00:00Z", "2019-02-28T21:59:59Z", "month")),
        ("2019-02-03T14:20/2019-02-03T14:40", ("2019-02-03T12:20:00Z", "2019-02-03T12:40:00Z", "interval")),
        ("2019-02-03T14:20/14:40", ("2019-02-03T12:20:00Z", "2019-02-03T12:40:00Z", "interval")),
        ("2019-02-03T14:20/..", ("2019-02-03T12:20:00Z", None, "interval")),
        (date(2019, 2, 3), ("2019-02-02T22:00:00Z", "2019-02-03T21:59:59Z", "day")),
        (datetime(2019, 2, 3, 14, 55), ("2019-02-03T12:55:00Z", "2019-02-03T12:55:00Z", "second")),
        ({"said": "after two", "earliest": "2019-02-03T14:20"}, ("2019-02-03T12:20:00Z", None, "interval")),
        ({"earliest": "2019-02-03", "latest": "2019-02-03"}, ("2019-02-02T22:00:00Z", "2019-02-03T21:59:59Z", "day")),
        ({"said": "after the night prayer"}, (None, None, "unknown")),
        ({"said": "٢٠١٩-٠٢-٠٣ ١٤:٢٠"}, ("2019-02-03T12:20:00Z", "2019-02-03T12:20:00Z", "minute")),
    ],
)
def test_a_time_is_read_in_the_zone_in_force(given, expected):
    assert expected == read(given)


def test_what_is_kept_is_canonical_and_has_the_words_as_given():
    """A record holds no local time, no float and no null."""
    extent = read_time("٢٠١٩-٠٢-٠٣ ١٤:٥٥", zone=DAMASCUS, basis="clock")

    canonical.encode(extent)
    assert ("٢٠١٩-٠٢-٠٣ ١٤:٥٥", DAMASCUS, "clock") == (extent["said"], extent["zone"], extent["basis"])


def test_toml_dates_and_offsets_are_read_as_they_stand():
    table = tomllib.loads("a = 2019-02-03T14:55:00+03:00\nb = 2019-02-03\nc = 2019-02-03T14:55:00")

    extents = {key: read_time(value, zone=None) for key, value in table.items()}

    assert "2019-02-03T11:55:00Z" == extents["a"]["earliest"] == extents["a"]["latest"]
    assert "zone" not in read_time(table["a"], zone=DAMASCUS)
    assert ("2019-02-02T10:00:00Z", "2019-02-04T11:59:59Z") == (extents["b"]["earliest"], extents["b"]["latest"])
    assert ("2019-02-03T00:55:00Z", "2019-02-04T02:55:00Z") == (extents["c"]["earliest"], extents["c"]["latest"])


def test_a_zone_in_the_table_goes_before_the_zone_in_force():
    assert (
        "2019-02-03T14:00:00Z" == read_time({"earliest": "2019-02-03T14:00", "zone": "UTC"}, zone=DAMASCUS)["earliest"]
    )


def test_a_time_that_the_zone_skipped_is_refused_with_both_readings():
    message = refusal("2022-03-25T00:30")

    assert "skipped" in message
    assert "2022-03-24T22:30:00Z" in message
    assert "2022-03-24T21:30:00Z" in message
    assert "2022-03-24T21:30:00Z" == read_time("2022-03-25T00:30+03:00", zone=DAMASCUS)["earliest"]


def test_a_time_that_the_zone_had_twice_is_refused_with_both_readings():
    message = refusal({"said": "x", "earliest": "2021-10-28T23:30", "latest": "2021-10-29T01:00"})

    assert "twice" in message
    assert "2021-10-28T20:30:00Z" in message
    assert "2021-10-28T21:30:00Z" in message


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (DAMASCUS, "2022-03-25", ("2022-03-24T22:00:00Z", "2022-03-25T20:59:59Z")),  # midnight skipped: 23 hours
        (DAMASCUS, "2021-10-28", ("2021-10-27T21:00:00Z", "2021-10-28T21:59:59Z")),  # its last hour twice: 25 hours
        ("Africa/Cairo", "2024-04-26", ("2024-04-25T22:00:00Z", "2024-04-26T20:59:59Z")),
        ("Asia/Beirut", "2019-03-31", ("2019-03-30T22:00:00Z", "2019-03-31T20:59:59Z")),
        ("America/Havana", "2023-11-05", ("2023-11-05T04:00:00Z", "2023-11-06T04:59:59Z")),  # midnight twice
    ],
)
def test_a_date_is_the_whole_local_day_also_where_midnight_was_skipped_or_doubled(zone, day, expected):
    assert expected == read(day, zone)[:2]


def test_a_day_that_a_zone_left_out_is_refused():
    assert "left this day out" in refusal("2011-12-30", "Pacific/Apia")


def test_a_zone_that_is_not_known_is_refused_with_the_nearest():
    assert "Asia/Damascus" in refusal("2019-02-03T14:55", "Asia/Damscus")


@pytest.mark.parametrize(
    "zone", ["", "../../etc/passwd", "/etc/localtime", "right/UTC", "Asia", "localtime", "\0", "ش"]
)
def test_a_zone_is_never_a_path(zone):
    assert "no time zone" in refusal("2019-02-03T14:55", zone)


def test_a_slashed_date_is_refused_with_both_readings():
    message = refusal("3/2/2019")

    assert "3 February 2019" in message
    assert "2 March 2019" in message


@pytest.mark.parametrize(
    "junk",
    [
        "", " ", "14:55", "2019-02-03T24:00", "2019-02-03T14:60", "2023-02-29", "2019-02-30T10:00", "0000-01-01",
        "9999-12-31", "1440-05-28", "10000-01-01", "35.812", "35.812, 36.604", "yesterday", "2019-W05-7", "2019-034",
        "3/2/19", "2019-02-03T14", "2019-02-03T14:55+15:00", "2019-02-03T14:55:60", "a/b", "/", "../..", "1/2/3/4",
        "2019-02-03T14:40/2019-02-03T14:20", "x" * 5000, True, 20190203, 3.5, None, [], time(3, 4),
        {}, {"erliest": "2019-02-03"}, {"zone": DAMASCUS}, {"earliest": "2019-02-04", "latest": "2019-02-03"},
        {"edtf": "2019-02-03", "earliest": "2019-02-05T10:00"}, {"said": 3}, {"said": "x", "basis": "hearsay"},
        {"earliest": "2019-02-03T14:40", "latest": "2019-02-03T14:20", "zone": "Nowhere/At_All"},
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_sentence(junk):
    assert len(refusal(junk)) > 10
    refusal(junk, None)


def test_ends_in_the_wrong_order_are_refused_also_where_no_zone_is_known():
    """Bounds 26 hours wide must not hide that the end comes first."""
    assert "before" in refusal({"earliest": "2019-02-03T14:40", "latest": "2019-02-03T14:20"}, None)


def test_a_qualifier_is_kept_and_widens_nothing():
    about = read_time({"said": "around then", "edtf": "2019-02-03~"}, zone=DAMASCUS)

    assert ("~", "2019-02-03~") == (about["qualifier"], about["edtf"])
    assert read("2019-02-03") == (about["earliest"], about["latest"], about["precision"])


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from([DAMASCUS, "Africa/Cairo", "Asia/Beirut", "UTC"]),
)
def test_a_local_time_comes_back_from_utc_or_is_refused(moment, zone):
    moment = moment.replace(microsecond=0)
    try:
        first, last = bounds_of(moment, zone)
    except FormatError:
        folds = {moment.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)}
        assert len(folds) == 2
    else:
        assert first == last
        assert moment == first.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@given(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.sampled_from([DAMASCUS, "Africa/Cairo", "Asia/Beirut", "America/Havana"]),
)
def test_a_day_runs_from_its_first_second_to_its_last(day, zone):
    first, last = day_bounds(day, zone)
    place = ZoneInfo(zone)

    assert day == first.astimezone(place).date() == last.astimezone(place).date()
    assert day != (first - timedelta(seconds=1)).astimezone(place).date()
    assert day != (last + timedelta(seconds=1)).astimezone(place).date()


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from([DAMASCUS, "Asia/Kolkata", "Pacific/Kiritimati"]),
)
def test_without_a_zone_the_extent_holds_every_zones_reading(moment, zone):
    first, last = bounds_of(moment, None)

    assert timedelta(hours=26) == last - first
    assert first <= moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) <= last


@given(st.text(max_size=40))
def test_no_text_ends_in_anything_but_a_time_or_a_refusal(text):
    for value in (text, {"edtf": text}, {"earliest": text, "zone": text}):
        try:
            read_time(value, zone=None)
        except FormatError:
            pass
