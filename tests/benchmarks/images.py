"""What a camera wrote into its pictures, read by limited child processes, beside exiftool in one batch."""

from tests.benchmarks.contract import Place, Row

TAGS = "-DateTimeOriginal -OffsetTimeOriginal -GPSLatitude -GPSLongitude -GPSAltitude -Make -Model -Software -Orientation"
OURS = """
import sys
from pathlib import Path
from archive.reader import Reader
from evidence.imagery import no_facts
files = [(p, p, "image/jpeg") for p in sorted(Path(sys.argv[1]).glob("*.jpg"))]
with Reader() as reader:
    for path, reading in reader.read(files):
        assert reading.facts["captured"] and reading.facts["gps"], path
"""


def rows(place: Place) -> list[Row]:
    """Give the rows: the readers alone, as an intake uses them, and the whole `read` command, which hashes too."""
    many = place.of(2000, 100)
    once, peer = f"$MAKE photos $W/photos {many}", "exiftool -fast2, nine tags, one batch"
    theirs = f"exiftool -q -json -n -fast2 {TAGS} $W/photos"
    return [
        Row("images-facts", f"facts of {many:,} photographs, children with limits", peer, 0.10,
            f"$PY -c '{OURS}' $W/photos", theirs, ("exiftool",), once),
        Row("images-read", f"sijill read of {many:,} photographs, with both hashes", peer, None,
            "$SIJILL --json read $W/photos/*.jpg", theirs, ("exiftool",), once),
    ]  # fmt: skip
