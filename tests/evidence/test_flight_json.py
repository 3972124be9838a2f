"""Flight logs in JSON: what receivers and their networks write, each aircraft at each time a row. All of it invented."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.flight_log import read_log
from schemas.errors import FormatError

NOON = 1_549_188_000  # 2019-02-03T10:00:00Z


def read(value, **more):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(read_log(data, **more).rows)


def lines(*values):
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in values).encode()


def told(rows, *names):
    return [tuple(row.get(name) for name in names) for row in rows]


AIRCRAFT = [
    {"hex": "abc123", "flight": "EXER1 ", "t": "SU24", "lat": 35.82, "lon": 36.51, "track": 92.5, "seen_pos": 12.0, "seen": 1.5},
    {"hex": "abc124", "t": "MI8", "alt_baro": "ground", "seen": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("shape", ["file", "lines", "alone"])
def test_what_readsb_hears_is_a_row_an_aircraft(shape):
    """A position is as old as it says: its time is that of the snapshot less its age."""
    snapshot = {"now": NOON + 12.4, "messages": 9, "aircraft": AIRCRAFT}
    data = {
        "file": json.dumps(snapshot, indent=2).encode(),
        "lines": lines(snapshot, snapshot)[: len(lines(snapshot)) + 1],
        "alone": lines(*({"now": NOON + 12.4, **one} for one in AIRCRAFT)),
    }[shape]
    rows = read(data)
    assert told(rows, "row", "earliest", "lat", "lon", "heading", "aircraft_class") == [
        (1, NOON, 35_820_000, 36_510_000, 9_250, "fixed_wing"), (2, NOON + 11, None, None, None, "rotary"),
    ]  # fmt: skip


def test_a_trace_counts_seconds_from_its_base():
    """tar1090: time, latitude, longitude, altitude, speed, track by their place."""
    trace = {"icao": "abc123", "r": "EX-1", "t": "SU24", "timestamp": NOON - 0.5, "trace": [
        [0.5, 35.1, 36.1, 12000, 400.1, 90.0, 0, None, None], [61.25, 35.2, 36.2, "ground", None, None, 1],
    ]}  # fmt: skip
    assert told(read(trace), "earliest", "latest", "lat", "heading", "aircraft_type") == [
        (NOON, NOON, 35_100_000, 9_000, "SU24"), (NOON + 60, NOON + 60, 35_200_000, None, "SU24"),
    ]  # fmt: skip


def test_opensky_states_and_paths_are_read():
    """Of a state the time of its position where it has one, else of the last contact, else of the answer."""
    state = ["abc123", "EXER1   ", "Nowhere", NOON, NOON + 5, 36.51, 35.82, 7000.0, False, 200.0, 92.5, 0.0]
    states = {"time": NOON + 9, "states": [state, [*state[:3], None, NOON + 5, None, None], [*state[:3], None, None]]}
    assert told(read(states), "earliest", "lat", "lon", "heading") == [
        (NOON, 35_820_000, 36_510_000, 9_250), (NOON + 5, None, None, None), (NOON + 9, None, None, None),
    ]  # fmt: skip
    path = {"icao24": "abc123", "callsign": "EXER1", "startTime": NOON, "path": [[NOON, 35.1, 36.1, 7000, 270, False]]}
    assert told(read(path), "earliest", "lat", "lon", "heading") == [(NOON, 35_100_000, 36_100_000, 27_000)]


@pytest.mark.parametrize("form", [lambda rows: json.dumps(rows).encode(), lambda rows: lines(*rows)])
def test_objects_of_any_other_shape_have_their_keys_as_heads(form):
    """Milliseconds since 1970, as some networks write; a key that is missing is an empty cell; a map names others."""
    rows = [
        {"timestamp": NOON * 1000, "icao24": "abc123", "latitude": 35.82, "longitude": 36.51, "heading": 92.5},
        {"timestamp": NOON * 1000 + 999, "latitude": 35.83, "longitude": 36.52, "kind": "drone"},
    ]
    found = read(form(rows), columns={"aircraft_class": "kind"}) if form(rows)[:1] == b"[" else read(form(rows))
    assert told(found, "earliest", "lat", "lon", "heading") == [
        (NOON, 35_820_000, 36_510_000, 9_250), (NOON, 35_830_000, 36_520_000, None),
    ]  # fmt: skip


def test_a_line_that_cannot_be_read_is_kept_as_it_was_written():
    """A cut line, a list, a number that JSON does not have, a key that stands twice: each its own row."""
    good = {"now": NOON, "hex": "abc123", "lat": 35.1, "lon": 36.1}
    bad = ['{"now": 1549', "[1, 2]", '{"now": NaN, "hex": "a"}', '{"now": 1, "now": 2, "hex": "a"}', '{"other": 1}']
    rows = read(lines(good, *bad, good))
    assert told(rows, "row", "text") == [(1, None), *((number, one) for number, one in enumerate(bad, 2)), (7, None)]
    assert all("why" in row for row in rows[1:-1])


def test_an_element_without_a_time_is_kept_too():
    """It is written again as JSON, since a file of one value has no lines of its own."""
    rows = read({"now": "noon", "aircraft": [AIRCRAFT[1], 7]})
    assert [json.loads(row["text"]) for row in rows] == [AIRCRAFT[1], 7]
    assert rows[0]["why"] == "its time cannot be read"


@pytest.mark.parametrize(("data", "says"), [
    (b"[]", "no time column"), (b"{}", "no time column"), (b'[{"lat": 1}]', "no time column"),
    (b'{"a":' * 100_000, "no time column"), (b'{"now": 1, "aircraft": []} {', "no time column"),
    (b"\x1f\x8b\x08\x00" + bytes(40), "gzip"), ('{"timestamp": "\ud7ff"}'.encode("utf-16"), "UTF"),
])  # fmt: skip
def test_json_that_is_no_log_is_refused(data, says):
    """With what it lacks, and never with a traceback."""
    with pytest.raises(FormatError) as caught:
        read(data)
    assert says in caught.value.message or says == "UTF"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["now", "aircraft", "trace", "timestamp", "states", "time", "path", "icao24", "hex", "lat", "lon"]),
        inner, max_size=5,
    ),
    max_leaves=15,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(["now", "aircraft", "trace", "timestamp", "states", "time", "path",
                                                 "icao24", "hex", "lat", "lon"]), _JSON, max_size=6), max_size=4),
       st.booleans())  # fmt: skip
def test_no_json_ends_in_anything_but_a_log_or_a_refusal(values, as_lines):
    """Whatever stands where a list, a number or a time should."""
    data = lines(*values) if as_lines else json.dumps(values).encode()
    try:
        log = read_log(io.BytesIO(data), zone="Asia/Damascus")
    except FormatError:
        return
    for row in log.rows:
        assert ("earliest" in row) != ("why" in row)
