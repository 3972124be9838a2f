"""Material for weighing and matching: an archive of cases, written through the ledger's own acts, and a log of flights.

    python -m tests.benchmarks.weighed cases FOLDER CASES [ITEMS]
    python -m tests.benchmarks.weighed flights FOLDER ROWS
    python -m tests.benchmarks.weighed stream DATABASE            the peer of check: the rows it weighs, in case order
    python -m tests.benchmarks.weighed duck DATABASE FOLDER       the tables of match, as DuckDB's own
    python -m tests.benchmarks.weighed join FOLDER                the peer of match: a range join over them

The records of sixty invented cases are read from folders as an intake reads them; each case of the archive is one of
them with a code, a day and a place of its own. About four in ten do not meet the minimum.
"""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.material import once

BEGIN, DAYS, ACT = datetime(2016, 1, 1, tzinfo=UTC), 1000, 2_500
SHAPES = 60
FACETS = (["what", "when", "where"], ["what", "where"], ["when", "where"], ["weapon"], ["what", "weapon", "actor"], ["casualties"])
TYPES = ("Su-24", "Su-34", "Su-25", "MiG-23", "L-39", "Mi-8", "Mi-17", "Mi-24", "unknown")
REMARKS = ("", "", "circling", "low altitude", "two aircraft", "طيران مروحي باتجاه الشمال", "دوران في سماء المنطقة")
HARD = 'سُمع دوي انفجار، ثم عودة "الطائرة"\nإلى القاعدة'
LOG = """format = "sijill-intake/1"
[case]
code = "EX-2015-0001"
title = { en = "[EXERCISE] A spotter's log" }
exercise = true
zone = "Asia/Damascus"
object_type = "clinic"
occurred = { earliest = "2016-02-03T12:00", latest = "2016-02-03T12:10" }
place = { lat = 35.8, lon = 36.6 }
[[source]]
id = "S1"
kind = "spotter_post"
pseudonym = "post 7"
[[item]]
id = "F1"
kind = "flight_log"
source = "S1"
file = "flights.csv"
columns = { time = "observed_at" }
"""


def cases(folder: Path, count: int = 50_000, items: int = 20) -> None:
    """Make an archive (`archive` and `home` in the folder) of `count` cases; every act is signed and committed."""
    from archive import ledger
    from archive.keys import Home, acting
    from archive.open import init

    archive = init(
        folder / "archive", origin="sijill.example/weighed", operator="bench", no_passphrase=True, home=Home(folder / "home")
    ).archive
    signers, draw = acting(["bench"], archive.home), random.Random("weighed")
    shapes = [_shape(draw, items) for _ in range(SHAPES)]
    stored = [archive.objects.put_bytes(f"item {number}\n".encode()) for number in range(items)]  # the same in every case
    archive.objects.sync()
    objects = [{"sha256": one.sha256, "blake3": one.blake3, "size": one.size, "media_type": "text/plain"} for one in stored]
    for start in range(0, count, ACT):
        with ledger.writing(archive, signers) as act:
            for number in range(start, min(count, start + ACT)):
                _write(act, draw.choice(shapes), f"EX-2019-{number + 1:06}", draw, objects)


def _shape(draw: random.Random, count: int) -> object:
    """Read one invented case as an intake does."""
    from evidence.sheet import read_submission
    from tests.casebook import case, toml

    tables = case()
    tables["case"]["delivery"] = draw.choice(("air_fixed_wing", "artillery"))
    if draw.random() < 0.08:
        del tables["case"]["actor_response"]
    kinds = ("witness", "account", "spotter_post")
    tables["source"] = [{"id": f"S{n}", "kind": draw.choice(kinds), "pseudonym": f"desk {n}"} for n in range(1, 11)]
    tables["item"] = [_item(draw, number) for number in range(1, count + 1)]
    strong = draw.random() < 0.85
    tables["link"] = [
        {
            "item": item["id"], "facets": draw.choice(FACETS), "stance": "supports" if draw.random() < 0.98 else "contradicts",
            "strength": draw.choice(("direct", "circumstantial")), "rationale": "It shows the place and what was hit.",
            "assessor": "A-2", **({"reviewed_by": "A-5"} if strong or draw.random() < 0.9 else {}),
        }
        for item in tables["item"]
    ]  # fmt: skip
    names = [item["id"] for item in tables["item"]]
    pairs = [pair for pair in ((1, 6), (5, 10)) if pair[1] < count and draw.random() < 0.5]
    tables["relation"] = [{"item": names[copy], "as": "copy_of", "of": names[of], "reason": "the same picture"} for of, copy in pairs]
    files = dict.fromkeys(["case.toml", *(item["file"] for item in tables["item"])])
    read = read_submission({"case.toml": toml(tables).encode()}, files, now=datetime.now(UTC))
    if read.problems:
        raise ValueError(read.problems[0])
    return read


def _item(draw: random.Random, number: int) -> dict[str, object]:
    item: dict[str, object] = {"source": f"S{draw.randint(1, 10)}", "custody": [{"action": "capture", "at": "2019-02-20T10:00", "by": "I-3"}]}
    if number % 5 in (0, 3):
        consent = {"internal": "yes", "court": "yes", "public": "no", "given": "2019-02-20"}
        return item | {"id": f"W{number}", "kind": "statement", "file": f"w{number}.txt", "taken": "2019-02-20", "consent": consent}
    if number % 5 == 4:
        return item | {"id": f"D{number}", "kind": "document", "file": f"d{number}.pdf"}
    return item | {"id": f"V{number}", "kind": "imagery", "medium": "photo", "file": f"v{number}.jpg", "release": {"internal": "yes", "court": "yes"}}


def _write(act: object, shape: object, code: str, draw: random.Random, objects: list[dict[str, object]]) -> None:
    """Add one case, in the order and with the fields of an intake."""
    from archive.ledger import subject

    day = BEGIN + timedelta(minutes=draw.randrange(DAYS * 1440))
    times = {"earliest": f"{day:%Y-%m-%dT%H:%M:%SZ}", "latest": f"{day + timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}"}
    place = {"place.lat": draw.randrange(33_000_000, 37_000_000), "place.lon": draw.randrange(36_000_000, 41_500_000)}
    case = {**shape.case, "code": code, "occurred": {**shape.case["occurred"], **times}, **place}
    act.add("record.add", sub=subject(), body={"kind": "case"}, fields=case)
    for source in shape.sources:
        act.add("record.add", sub=subject(), body={"kind": "source"}, fields={**source, "case": code})
    for item, events, file in zip(shape.items, shape.events(), objects, strict=True):
        sub = subject()
        act.add("record.add", sub=sub, body={"kind": "item"}, fields={**item, **file, "case": code})
        for event in events:
            act.add("custody.prior", sub=sub, fields=event)
    for kind, records in (("link", shape.links), ("relation", shape.relations)):
        for number, record in enumerate(records, 1):
            named = {**record, "case": code, "id": f"{kind[0].upper()}{number}"}
            act.add("record.link", sub=subject(), body={"kind": kind}, fields=named)


def flights(folder: Path, rows: int = 1_000_000) -> None:
    """Make a log of flights, nearly in the order of time, and the folder that hands it in."""
    draw, begin = random.Random("flights"), BEGIN.timestamp()
    times = sorted(begin + draw.randrange(DAYS * 86_400) for _ in range(rows))
    order = sorted(range(rows), key=lambda number: number + draw.gauss(0, 50))
    folder.mkdir(parents=True)
    with (folder / "flights.csv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file, lineterminator="\n")
        sheet.writerow(("observed_at", "observer", "lat", "lon", "aircraft_type", "heading", "remarks"))
        for number, place in enumerate(order):
            where = ("", "") if number % 97 == 96 else (f"{draw.uniform(32.5, 37.2):.5f}", f"{draw.uniform(35.6, 42.3):.5f}")
            remark = HARD if number % 1013 == 1012 else draw.choice(REMARKS)
            seen = f"{datetime.fromtimestamp(times[place], UTC):%Y-%m-%dT%H:%M:%SZ}"
            sheet.writerow((seen, f"post-{draw.randrange(240):03}", *where, draw.choice(TYPES), draw.randrange(360), remark))
    (folder / "case.toml").write_text(LOG, "utf-8")


def stream(database: str) -> None:
    """Read the rows that a check weighs, eight columns, in case order, and do nothing with them."""
    rows = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True).execute(
        "SELECT sub, kind, code, id, first, last, withdrawn, fields FROM record"
        " WHERE kind IN ('case','source','item','link','relation') ORDER BY code, first"
    )
    print(sum(1 for _ in rows))


def duck(database: str, folder: Path) -> None:
    """Give DuckDB the cases and the observations of an archive as tables of its own."""
    import duckdb

    from schemas.extent import bounds

    folder.mkdir(parents=True)
    db = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    with (folder / "seen.csv").open("w") as file:
        csv.writer(file).writerows(db.execute("SELECT earliest, lat / 1e6, lon / 1e6 FROM observation WHERE earliest IS NOT NULL"))
    with (folder / "cases.csv").open("w") as file:
        for (fields,) in db.execute("SELECT fields FROM record WHERE kind = 'case'"):
            record = json.loads(fields)
            first, last = (int(end.timestamp()) for end in bounds(record["occurred"]))
            csv.writer(file).writerow((record["code"], first, last, record["place.lat"] / 1e6, record["place.lon"] / 1e6))
    with duckdb.connect(str(folder / "match.duckdb")) as duck_db:
        duck_db.execute(f"CREATE TABLE seen AS FROM read_csv('{folder}/seen.csv', names = ['t', 'lat', 'lon'])")
        names = "['code', 'earliest', 'latest', 'lat', 'lon']"
        duck_db.execute(f"CREATE TABLE cases AS FROM read_csv('{folder}/cases.csv', names = {names})")


def join(folder: str) -> None:
    """Join by time, then by the great circle, and write the near pairs as JSON."""
    import duckdb

    found = duckdb.connect(f"{folder}/match.duckdb", read_only=True).execute(
        "SELECT code, t, km FROM (SELECT code, t, 2 * 6371.0088 * asin(sqrt(pow(sin(radians(s.lat - c.lat) / 2), 2)"
        " + cos(radians(c.lat)) * cos(radians(s.lat)) * pow(sin(radians(s.lon - c.lon) / 2), 2))) AS km"
        " FROM cases c JOIN seen s ON s.t BETWEEN c.earliest - 75 * 60 AND c.latest + 35 * 60 WHERE s.lat IS NOT NULL)"
        " WHERE km <= 20 ORDER BY code, t"
    )
    json.dump(found.fetchall(), sys.stdout)


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what in ("cases", "flights"):
        numbers = [int(word) for word in words[1:]]
        once(Path(words[0]), lambda part: {"cases": cases, "flights": flights}[what](part, *numbers))
    elif what == "duck":
        once(Path(words[1]), lambda part: duck(words[0], part))
    else:
        {"stream": stream, "join": join}[what](words[0])
