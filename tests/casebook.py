"""Invented cases for the tests: folders, archives with keys of no worth, and the calls that most tests begin with.

No real name, place or person, ever. `case()` gives the tables of a small case
that may be changed before `write` puts them into a folder:

    tables = case()
    tables["item"][0]["consent"]["public"] = "yes"
    folder = write(tmp_path / "in", tables, files())
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CODE = "EX-2019-0001"
OPERATOR = "tester"
ORIGIN = "sijill.example/casebook"

_CASE: dict[str, Any] = {
    "format": "sijill-intake/1",
    "case": {
        "code": CODE,
        "title": {"en": "Air strike on the clinic at Tel Marjan", "ar": "غارة جوية على عيادة تل مرجان"},
        "exercise": True,
        "zone": "Asia/Damascus",
        "occurred": {"said": "about half past two", "earliest": "2019-02-03T14:20", "latest": "2019-02-03T14:40"},
        "place": {"name": {"en": "Tel Marjan"}, "lat": 35.812, "lon": 36.604, "accuracy_m": 100},
        "object_type": "clinic",
        "delivery": "air_fixed_wing",
        "military_presence": "none_reported",
        "actor_response": {"asked_on": "2019-03-01", "position": "no_reply"},
    },
    "source": [
        {"id": "S1", "kind": "witness", "pseudonym": "W-017"},
        {"id": "S2", "kind": "account", "pseudonym": "local media desk A"},
        {"id": "S4", "kind": "spotter_post", "pseudonym": "post 7"},
    ],
    "item": [
        {
            "id": "W1", "kind": "statement", "source": "S1", "file": "statements/w1.txt", "taken": "2019-02-20",
            "consent": {"internal": "yes", "court": "yes", "public": "no", "given": "2019-02-20"},
            "custody": [{"action": "capture", "at": "2019-02-20T10:00", "by": "I-3"}],
        },
        {
            "id": "V1", "kind": "imagery", "medium": "photo", "source": "S2", "file": "media/v1.jpg",
            "release": {"internal": "yes", "court": "yes"},
            "custody": [{"action": "capture", "at": "2019-02-03T14:55", "by": "local media desk A"}],
        },
        {
            "id": "F1", "kind": "flight_log", "source": "S4", "file": "logs/f1.csv",
            "coverage": {"from": "2019-02-03T06:00", "to": "2019-02-03T20:00"},
            "custody": [{"action": "capture", "at": "2019-02-03T20:00", "by": "post 7"}],
        },
    ],
    "link": [
        {
            "item": "W1", "facets": ["what", "when", "where"], "stance": "supports", "strength": "direct",
            "rationale": "She was there.", "assessor": "A-2", "reviewed_by": "A-5",
        },
        {
            "item": "V1", "facets": ["what", "when", "where"], "stance": "supports", "strength": "direct",
            "rationale": "It shows the place.", "assessor": "A-2", "reviewed_by": "A-5",
        },
    ],
    "relation": [],
}  # fmt: skip

FLIGHTS = (
    "Time,Lat,Lon,Aircraft,Heading,Remarks\n"
    "2019-02-03 14:19,35.8200,36.5100,Su-22,east,one jet\n"
    "2019-02-03 14:3?,35.8000,36.6000,Su-22,west,smudged\n"
    "2019-02-03 17:40,36.4000,36.1000,L-39,west,\n"
)


def case() -> dict[str, Any]:
    """Give the tables of a small case: three sources, three items, two links. Yours to change."""
    return copy.deepcopy(_CASE)


def files() -> dict[str, bytes]:
    """Give the bytes of the files that `case` names."""
    return {
        "statements/w1.txt": "Invented: I heard it at half past two. سمعت الصوت.\n".encode(),
        "media/v1.jpg": photograph(),
        "logs/f1.csv": FLIGHTS.encode(),
    }


def photograph(colour: tuple[int, int, int] = (120, 90, 60), *, taken: str | None = "2019:02:03 14:55:00") -> bytes:
    """Give a small JPEG with a camera clock (local, without offset), the same bytes for the same arguments."""
    import io

    from PIL import Image

    picture, out, exif = Image.new("RGB", (64, 48), colour), io.BytesIO(), Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def write(folder: Path, tables: Mapping[str, Any] | str | None, contents: Mapping[str, bytes | str]) -> Path:
    """Write an intake folder: `case.toml` from tables or text (None: none), and files by relative name."""
    folder.mkdir(parents=True, exist_ok=True)
    if tables is not None:
        (folder / "case.toml").write_text(tables if isinstance(tables, str) else toml(tables), "utf-8")
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def toml(tables: Mapping[str, Any]) -> str:
    """Give tables as TOML text; what is inside a table is written inline."""
    head, tail = [], []
    for key, value in tables.items():
        if isinstance(value, Mapping):
            tail += [f"[{key}]", *_pairs(value), ""]
        elif isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
            for row in value:
                tail += [f"[[{key}]]", *_pairs(row), ""]
        else:
            head.append(f"{key} = {_value(value)}")
    return "\n".join([*head, "", *tail])


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return (
        key if key.replace("_", "").replace("-", "").isascii() and key.replace("_", "").isalnum() else json.dumps(key)
    )


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def new_archive(folder: Path) -> Any:
    """Make an archive in `folder/archive` with keys in `folder/home`, without a passphrase."""
    from archive.keys import Home
    from archive.open import init

    home = Home(folder / "home")
    return init(folder / "archive", origin=ORIGIN, operator=OPERATOR, no_passphrase=True, home=home).archive


def signers(archive: Any) -> Any:
    """Give the one operator of `new_archive` as it signs."""
    from archive.keys import acting

    return acting([OPERATOR], archive.home)


def take(archive: Any, folder: Path, **options: Any) -> Any:
    """Take a folder in; gives the result of `archive.intake.intake`."""
    from archive.intake import intake

    return intake(archive, folder, signers(archive), **options)


def entries(archive: Any) -> int:
    """Give how many entries the ledger has."""
    with archive.reading() as db:
        return int(db.execute("SELECT max(size) FROM checkpoint").fetchone()[0])


def filled_archive(folder: Path) -> Any:
    """Make an archive that holds the small case."""
    archive = new_archive(folder)
    take(archive, write(folder / "in", case(), files()))
    return archive


def environment(home: Path | None = None, **more: str) -> dict[str, str]:
    """Give the environment of a command: the code of this tree, no setting of whoever runs the tests."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith("SIJILL_")}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings |= {"PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": "error", **more}
    return settings | ({"SIJILL_HOME": str(home)} if home is not None else {})


def sijill(
    *arguments: str | Path, cwd: Path | None = None, home: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own, with a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "archive.cli", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=environment(home, **more), timeout=120,
        check=False,
    )  # fmt: skip
