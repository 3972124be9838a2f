"""A dossier of many exhibits for a court, beside copying, hashing and thumbnailing the same pictures with Pillow."""

from tests.benchmarks.contract import Growth, Place, Row
from tests.benchmarks.verify import taken

PILLOW = """
import hashlib, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from PIL import Image
out = Path(sys.argv[2]); out.mkdir()
def one(path):
    data = path.read_bytes()
    (out / path.name).write_bytes(data)
    with Image.open(path) as picture:
        picture.thumbnail((320, 320))
        picture.save(out / (path.name + ".thumb.jpg"), "JPEG", quality=75)
    return hashlib.sha256(data).hexdigest()
with ThreadPoolExecutor(2) as pool:
    list(pool.map(one, sorted(Path(sys.argv[1]).glob("*.jpg"))))
"""


def command(kept: str) -> str:
    """Give the export of the case of that archive, copied to `$D` before."""
    return f"SIJILL_HOME=$D/home $SIJILL --archive $D/{kept} dossier export EX-2019-0001 --for court --purpose bench --no-pdf --out $D/dossier"


def rows(place: Place) -> list[Row]:
    """Give the row of this subject."""
    many = place.of(2000, 100)
    return [
        Row("dossier", f"dossier export of {many:,} photographs for court, without the PDF",
            "copying, hashing and thumbnailing with Pillow on two threads, sync", 2.0,
            command("kept-photos"), f"$PY -c '{PILLOW}' $W/photos $D/plain; sync -f $D",
            once=f"$MAKE photos $W/photos {many}; {taken('photos')}",
            before_ours=_fresh("kept-photos"), before_theirs='eval "$FRESH"'),
    ]  # fmt: skip


def growths(place: Place) -> list[Growth]:
    """Give what grows with the exhibits."""
    sizes = (20, 200, 2_000) if place.full else (10, 100)
    return [
        Growth("growth-dossier", "dossier export of photographs for court, without the PDF", "exhibits", sizes, command("kept-photos-$N"),
               f"$MAKE photos $W/photos-$N $N; {taken('photos-$N')}", _fresh("kept-photos-$N")),
    ]  # fmt: skip


def _fresh(kept: str) -> str:
    return f'eval "$FRESH"; cp -r $W/{kept} $D/; cp -r $W/home $D/home'
