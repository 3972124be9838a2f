"""Auditing a large ledger, beside hashing the same leaves into their tree in plain Python."""

from tests.benchmarks.contract import Place, Row

LEAVES = """
import hashlib, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}/sijill.db?mode=ro", uri=True)
edge, size = [], 0
for (leaf,) in db.execute("SELECT leaf FROM ledger ORDER BY idx"):
    hashed, left = hashlib.sha256(b"\\0" + leaf).digest(), size
    while left & 1:
        hashed, left = hashlib.sha256(b"\\1" + edge.pop() + hashed).digest(), left >> 1
    edge.append(hashed)
    size += 1
"""
HOME = "SIJILL_HOME=$W/entries-{n}/home"


def rows(place: Place) -> list[Row]:
    """Give the rows of this subject."""
    n = place.of(1_000_000, 20_000)
    home, kept = HOME.format(n=n), f"$W/entries-{n}/archive"
    peer, theirs = "hashing the same leaves in plain Python", f"$PY -c '{LEAVES}' {kept}"
    once = f"$MAKE entries $W/entries-{n} {n}"
    return [
        Row("audit-ledger-only", f"audit --ledger-only, {n:,} entries, every rule and signature", peer, 4.0,
            f"{home} $SIJILL --archive {kept} audit --ledger-only", theirs, once=once),
        Row("audit-whole", f"audit, all of it, {n:,} entries", peer, 30.0,
            f"{home} $SIJILL --archive {kept} audit", theirs, once=once),
    ]  # fmt: skip
