"""Taking a folder in, all of it: objects, records, custody, ledger, view, signed commit, durable when it ends."""

from tests.benchmarks.contract import Place, Row
from tests.benchmarks.verify import HASH_TWICE

FRESH_ARCHIVE = 'eval "$FRESH"; $SIJILL init $D/archive --operator bench --no-passphrase'


def rows(place: Place) -> list[Row]:
    """Give the rows of this subject; every one writes to a file system made for it."""
    files, mib, many = place.of(4, 4), place.of(256, 8), place.of(10_000, 400)
    kinds = [
        ("large", f"intake, {files} x {mib} MiB", f"$MAKE large $W/large {files} {mib}", 0.75, None, None),
        ("small", f"intake, {many:,} files of 4 to 64 KiB", f"$MAKE small $W/small {many}", 1.0, 0.6, 0.25),
    ]
    rows = []
    for name, work, once, by_hand, borg, restic in kinds:
        source, ours = f"$W/{name}", f"$SIJILL --archive $D/archive intake $W/{name}"
        rows += [
            Row(f"intake-{name}", work, "cp -r, then b3sum and openssl in parallel, sync", by_hand, ours,
                f"cp -r {source} $D/copy; cd $D/copy; {HASH_TWICE}; sync -f $D",
                ("b3sum", "openssl"), once, FRESH_ARCHIVE, 'eval "$FRESH"'),
            Row(f"intake-{name}-borg", work, "borg create, uncompressed, sync", borg, ours,
                f"borg create --compression none $D/borg::a {source}; sync -f $D",
                ("borg",), once, FRESH_ARCHIVE, 'eval "$FRESH"; rm -rf $W/borg $W/cache; borg init -e none $D/borg'),
            Row(f"intake-{name}-restic", work, "restic backup, uncompressed, sync", restic, ours,
                f"restic -q -r $D/restic backup --compression off {source}; sync -f $D",
                ("restic",), once, FRESH_ARCHIVE, 'eval "$FRESH"; rm -rf $W/cache; restic init -q -r $D/restic'),
        ]  # fmt: skip
    return rows
