"""Invented material for the benchmarks, the same bytes for the same arguments; run as a program, one thing a call.

    python -m tests.benchmarks.material NAME FOLDER [NUMBERS…]

Does nothing where FOLDER is there already: it is made under another name and renamed when whole. All places and
events are invented.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MIB = 1 << 20
_CASE = """format = "sijill-intake/1"
[case]
code = "EX-{year}-{number:04}"
title = {{ en = "[EXERCISE] {title}" }}
exercise = true
zone = "Asia/Damascus"
occurred = {{ earliest = "{year}-02-03T14:20", latest = "{year}-02-03T14:40" }}
place = {{ name = {{ en = "Tel Marjan" }}, lat = 35.812, lon = 36.604, accuracy_m = 100 }}
object_type = "clinic"

[[source]]
id = "S1"
kind = "organisation"
pseudonym = "desk A"

"""
_ITEM = """[[item]]
id = "D{number}"
kind = "{kind}"
{more}source = "S1"
file = "{file}"
custody = [{{ action = "receive", at = "2019-02-04", by = "desk A", to = "I-3" }}]
release = {{ court = "yes" }}

"""


def case_toml(files: Iterable[str], *, kind: str = "document", year: int = 2019, number: int = 1) -> str:
    """Give a `case.toml` that names every file as one item, with a source, a custody event and a release."""
    more = 'medium = "photo"\n' if kind == "imagery" else ""
    items = (_ITEM.format(number=n, kind=kind, more=more, file=file) for n, file in enumerate(files, 1))
    return _CASE.format(year=year, number=number, title="Material of a benchmark") + "".join(items)


def large(folder: Path, files: int = 4, mib: int = 256) -> None:
    """Make large incompressible files and their case."""
    folder.mkdir(parents=True)
    names = [f"video_{number:03}.mp4" for number in range(files)]
    for number, name in enumerate(names):
        draw = random.Random(f"large {number}")
        with (folder / name).open("wb") as file:
            for _ in range(mib):
                file.write(draw.randbytes(MIB))
    (folder / "case.toml").write_text(case_toml(names), "utf-8")


def small(folder: Path, files: int = 10_000, least: int = 4096, most: int = 65536) -> None:
    """Make many small incompressible files, 500 to a folder, and their case."""
    folder.mkdir(parents=True)
    draw = random.Random("small")
    names = []
    for number in range(files):
        shelf = f"box_{number // 500:04}"
        (folder / shelf).mkdir(exist_ok=True)
        names.append(f"{shelf}/item_{number:06}.bin")
        (folder / names[-1]).write_bytes(draw.randbytes(draw.randint(least, most)))
    (folder / "case.toml").write_text(case_toml(names), "utf-8")


def photos(folder: Path, files: int = 2000, width: int = 1280, height: int = 960) -> None:
    """Make JPEGs of about 200 KB with camera clock, offset, position, make and model, and their case."""
    from PIL import Image

    folder.mkdir(parents=True)
    draw = random.Random("photos")
    noise = [Image.frombytes("RGB", (width // 12, height // 12), draw.randbytes(width // 12 * (height // 12) * 3)) for _ in range(16)]
    grain = Image.frombytes("L", (width, height), draw.randbytes(width * height)).convert("RGB")
    bases = [Image.blend(one.resize((width, height), Image.Resampling.BICUBIC), grain, 0.04) for one in noise]
    names = [f"IMG_{number:05}.jpg" for number in range(files)]
    for number, name in enumerate(names):
        picture = bases[number % 16].copy()
        picture.paste(Image.frombytes("RGB", (32, 32), draw.randbytes(3072)), (draw.randrange(width - 32), draw.randrange(height - 32)))
        picture.save(folder / name, "JPEG", quality=75, exif=_exif(draw))
    (folder / "case.toml").write_text(case_toml(names, kind="imagery"), "utf-8")


def _exif(draw: random.Random) -> object:
    from PIL import ExifTags, Image
    from PIL.TiffImagePlugin import IFDRational

    def parts(degrees: float) -> tuple[object, ...]:
        whole, rest = divmod(degrees, 1)
        minutes, rest = divmod(rest * 60, 1)
        return IFDRational(int(whole), 1), IFDRational(int(minutes), 1), IFDRational(round(rest * 60_000), 1000)

    stamp = f"2019:02:{draw.randint(1, 28):02} {draw.randrange(24):02}:{draw.randrange(60):02}:{draw.randrange(60):02}"
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = draw.choice((("Invented", "Camera 1"), ("Invented", "Telephone 2")))
    exif[ExifTags.Base.Software] = "camera 1.0"
    exif[ExifTags.Base.Orientation] = 1
    exif[ExifTags.Base.DateTime] = stamp
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = inner[ExifTags.Base.DateTimeDigitized] = stamp
    inner[ExifTags.Base.OffsetTimeOriginal] = draw.choice(("+03:00", "+02:00"))
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLongitudeRef] = "N", "E"
    gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLongitude] = parts(draw.uniform(35, 36)), parts(draw.uniform(36, 37))
    gps[ExifTags.GPS.GPSAltitudeRef], gps[ExifTags.GPS.GPSAltitude] = b"\x00", IFDRational(draw.randint(50, 900), 1)
    return exif


_WITNESS = """[[item]]
id = "W{number}"
kind = "statement"
source = "S1"
title = {{ en = "statement {number}" }}
taken = "2019-02-20"
consent = {{ internal = "yes", court = "yes", given = "2019-02-20" }}
custody = [{{ action = "receive", at = "2019-02-21", by = "desk A", to = "I-3" }}]

"""
_LINK = """[[link]]
item = "W{number}"
facets = ["what", "when"]
stance = "supports"
strength = "direct"
rationale = "Invented."
assessor = "A-2"
reviewed_by = "A-1"

"""


def entries(folder: Path, count: int = 1_000_000, act: int = 10_000) -> None:
    """Make an archive (`archive` and `home` in the folder) of about `count` entries through the ledger's own acts.

    Cases of twenty statements, as an intake's reader of sheets gives them, each with an event of custody and a link;
    every act of `act` entries is signed and committed. Only the code of a case differs from that of the one before.
    """
    from archive import ledger
    from archive.keys import Home, acting
    from archive.open import init

    archive = init(
        folder / "archive", origin="sijill.example/benchmark", operator="bench", no_passphrase=True, home=Home(folder / "home")
    ).archive
    signers, case = acting(["bench"], archive.home), _a_case()
    done = number = 0
    while done < count:
        with ledger.writing(archive, signers) as writing:
            while writing.count < min(act, count - done) - 1:
                number += 1
                _add(writing, case, f"EX-{1000 + number % 9000}-{number:06}")
        done += writing.count + 1


def _a_case() -> Any:
    """Give the records of a case of twenty statements, read as an intake reads them."""
    from evidence.sheet import read_submission

    text = case_toml(()) + "".join(one.format(number=n) for one in (_WITNESS, _LINK) for n in range(1, 21))
    submission = read_submission(
        {"case.toml": text.encode()}, {"case.toml": None}, now=datetime(2025, 1, 1, tzinfo=UTC), registered=lambda _: (set(), set(), {})
    )
    if submission.problems:
        raise ValueError(submission.problems)
    return submission


def _add(writing: Any, case: Any, code: str) -> None:
    """Add the entries of one case, as an intake does: a record each, what was told of custody, links."""
    from archive.ledger import subject

    writing.add("record.add", sub=subject(), body={"kind": "case"}, fields={**case.case, "code": code})
    for source in case.sources:
        writing.add("record.add", sub=subject(), body={"kind": "source"}, fields={**source, "case": code})
    for item, events in zip(case.items, case.events(), strict=True):
        sub = subject()
        writing.add("record.add", sub=sub, body={"kind": "item"}, fields={**item, "case": code})
        for event in events:
            writing.add("custody.prior", sub=sub, fields=event)
    for number, link in enumerate(case.links, 1):
        fields = {"id": f"L{number}", **link, "case": code}
        writing.add("record.link", sub=subject(), body={"kind": "link"}, fields=fields)


MAKERS: dict[str, Callable[..., None]] = {"large": large, "small": small, "photos": photos, "entries": entries}


def once(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder that is whole or not there."""
    if folder.exists():
        return
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    make(part)
    os.replace(part, folder)


if __name__ == "__main__":
    name, target, *numbers = sys.argv[1:]
    once(Path(target), lambda part: MAKERS[name](part, *map(int, numbers)))
