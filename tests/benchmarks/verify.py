"""Reading stored evidence again: both hashes beside bagit, b3sum and openssl; BLAKE3 alone beside b3sum."""

from tests.benchmarks.contract import Place, Row

HASH_TWICE = (
    "find . -type f -print0 | xargs -0 b3sum --no-mmap >$W/b3.txt & one=$!;"
    " find . -type f -print0 | xargs -0 openssl dgst -sha256 -r >$W/sha.txt & wait $one; wait $!"
)
TAKEN = "[ -e $W/kept-{name} ] || {{ $SIJILL init $W/kept-{name} --operator bench --no-passphrase; $SIJILL --archive $W/kept-{name} intake $W/{name}; }}"


def taken(name: str) -> str:
    """Give shell text that has an archive `$W/kept-NAME` with the material NAME in it."""
    return TAKEN.format(name=name)


def rows(place: Place) -> list[Row]:
    """Give the rows of this subject."""
    files, mib, many = place.of(4, 4), place.of(256, 8), place.of(10_000, 400)
    bag = "[ -e $W/bag-large ] || { cp -r $W/large $W/bag-large; bagit.py --quiet --sha256 $W/bag-large; }"
    sums = "[ -e $W/small.b3 ] || { cd $W/small; find . -type f -print0 | xargs -0 b3sum >$W/small.b3; }"
    of_large, of_small = f"{files} x {mib} MiB", f"{many:,} files of 4 to 64 KiB"
    make_large, make_small = f"$MAKE large $W/large {files} {mib}", f"$MAKE small $W/small {many}"
    return [
        Row("verify-large", f"verify, both hashes, {of_large}", "bagit.py --validate, 2 processes, SHA-256 alone", 1.15,
            "$SIJILL --archive $W/kept-large verify", "bagit.py --quiet --validate --processes 2 $W/bag-large",
            needs=("bagit.py",), once=f"{make_large}; {taken('large')}; {bag}"),
        Row("verify-small", f"verify, both hashes, {of_small}", "b3sum and openssl in parallel, nothing compared", 1.0,
            "$SIJILL --archive $W/kept-small verify", f"cd $W/kept-small/objects; {HASH_TWICE}",
            needs=("b3sum", "openssl"), once=f"{make_small}; {taken('small')}"),
        Row("verify-quick-small", f"verify --quick, {of_small}", "b3sum --check", 0.65,
            "$SIJILL --archive $W/kept-small verify --quick", "cd $W/small; b3sum --quiet --check $W/small.b3",
            needs=("b3sum",), once=f"{make_small}; {taken('small')}; {sums}"),
    ]  # fmt: skip
