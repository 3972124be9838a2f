"""The match over an archive's logs against the rule in its own words: every case with every row, without an index."""

import json
import sqlite3

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import stretches
from archive.cli.near import in_words
from archive.database import INDEXES, TABLES
from archive.flights import Limits, Logs, match, written
from archive.log_rows import insert
from evidence.match import SEEN
from tests.archive.test_assess_many import archive  # noqa: F401

NOON = 1_549_200_000
SPEEDS = {"fixed_wing": (250, 1200), "rotary": (60, 330), "drone": (80, 400), "unknown": (60, 1200)}
PLACES = [(35_812_000, 36_604_000), (0, 179_990_000), (-17_000_000, -179_999_999), (89_990_000, 10_000_000), (-90_000_000, 0),
          (60_000_000, 180_000_000), (82_000_000, -60_000_000)]  # fmt: skip


def _near(draw, place):
    """Somewhere from 0 to 1,700 km from a place; sometimes nowhere."""
    if draw.random() < 0.1:
        return None, None
    end = Geodesic.WGS84.Direct(
        place[0] / 1e6, place[1] / 1e6, draw.uniform(0, 360), draw.choice([5, 19, 25, 300, 1700]) * draw.random() * 1000
    )
    return round(end["lat2"] * 1e6), round(end["lon2"] * 1e6)


def _rows(draw, place):
    for number in range(1, 61):
        first = NOON + draw.randint(-6000, 4000)
        last = first + draw.choice([0, 0, 0, 0, 600, 86_399])
        lat, lon = _near(draw, place)
        heading = draw.choice([None, draw.randrange(36_000)])
        times = (None, None) if draw.random() < 0.05 else (first, last)
        yield (draw.choice("abw"), number, *times, lat, lon, heading, draw.choice([*SPEEDS, None]))


def _expected(rows, place, earliest, latest, within, before, after):
    for log, row, first, last, lat, lon, heading, kind in rows:
        if log == "w" or None in (first, last, lat, lon):  # w was withdrawn
            continue
        if last < earliest - before * 60 or first > latest + after * 60:
            continue
        line = Geodesic.WGS84.Inverse(lat / 1e6, lon / 1e6, place[0] / 1e6, place[1] / 1e6)
        offset = min(last - earliest, 0) or max(first - latest, 0)
        if line["s12"] <= within * 1000:
            yield log, row, "near"
        elif offset < 0:
            low, high = SPEEDS[kind or "unknown"]
            turned = 0 if heading is None else abs((heading / 100 - line["azi1"] + 180) % 360 - 180)
            if low <= line["s12"] / -offset * 3.6 <= high and turned <= 45:
                yield log, row, "en_route"


@settings(max_examples=120, deadline=None)
@given(
    st.randoms(use_true_random=False), st.sampled_from(PLACES), st.integers(0, 3000),
    st.sampled_from([(20, 75, 35), (0, 0, 0), (5, 100, 10), (300, 30, 90), (2500, 75, 35)]),
)  # fmt: skip
def test_the_index_finds_what_looking_at_every_row_finds(draw, place, lasts, window):
    """Date line, poles, rows without position or time, whole days, withdrawn logs, every class."""
    db = sqlite3.connect(":memory:")
    for statement in (*TABLES.values(), *INDEXES.values()):
        db.execute(statement)
    for number, sub in enumerate("abw"):
        fields = json.dumps({"kind": "flight_log", "id": f"F{number}"})
        db.execute(
            "INSERT INTO record(first, last, withdrawn, sub, kind, code, id, fields) VALUES (?,0,?,?,'item','EX-1',?,?)",
            (number, 9 if sub == "w" else None, sub, f"F{number}", fields),
        )
        db.execute("INSERT INTO act VALUES (?,'reading.add',?,'','','{}','{\"rows_root\":\"00\"}')", (number, sub))
    rows = list(_rows(draw, place))
    for log, row, *seen in rows:
        db.execute(insert("abw".index(log)), (row, *seen[:4], json.dumps(dict(zip(SEEN, seen, strict=True)))))
    when = (float(NOON), float(NOON + lasts), place)
    logs = Logs(db)
    names = {sub: logs.names.get(number) for number, sub in enumerate("abw")}
    expected = sorted((names[log], *rest) for log, *rest in _expected(rows, place, NOON, NOON + lasts, *window))

    found = sorted((one.log, one.row, one.kind) for one in logs.matches(when, *window))
    near = sorted((one.log, one.row, one.kind) for one in logs.matches(when, *window, en_route=False))

    assert found == expected
    assert near == [one for one in expected if one[2] == "near"]


@pytest.mark.parametrize("many", [0, 400])
@pytest.mark.parametrize("codes", [[], ["EX-2019-0003"]])
def test_pieces_are_the_document(archive, monkeypatch, many, codes):  # noqa: F811
    """Whether one process or two tell them, in JSON and in words."""
    monkeypatch.setattr(stretches, "LENGTH", 2)
    monkeypatch.setattr(stretches, "MANY", many)
    document = match(archive, codes, Limits(within_km=40))

    assert any(case["matches"] for case in document["cases"])
    text = "".join(written(archive, codes, Limits(within_km=40), None))
    assert text == json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    words = "".join(written(archive, codes, Limits(within_km=40), in_words))
    assert words == "\n\n".join(map(in_words, document["cases"])) + "\n"


def test_near_alone_leaves_out_what_was_on_its_way(archive):  # noqa: F811
    """And nothing else."""
    every, near = (match(archive, [], Limits(en_route=en_route))["cases"] for en_route in (True, False))

    for one, other in zip(every, near, strict=True):
        assert other == {**one, "matches": [found for found in one["matches"] if found["kind"] == "near"]}
