"""How long nothing takes: the price of an empty console script is taken off, since every installed program pays it."""

import sys

from tests.benchmarks.contract import Place, Row

# The console script itself, as the installer wrote it, with nothing to run.
_EMPTY = "sed 's/^from archive.cli import main/def main(): return 0/' $SIJILL >$W/empty"


def rows(place: Place) -> list[Row]:
    """Give the rows; `verify` is of an archive that was just made, so that only its start counts."""
    once = (
        f"{_EMPTY}; chmod +x $W/empty;"
        " [ -e $W/just-made ] || $SIJILL init $W/just-made --operator bench --no-passphrase"
    )
    sijill, nothing = place.environment["SIJILL"], (sys.executable, "-c", "pass")
    kept = str(place.root / "just-made")
    calls = [
        ("version", "--version", 1.5, (sijill, "--version")),
        ("verify", "verify of an empty archive", 3.0, (sijill, "--archive", kept, "verify")),
        ("help", "--help", 12.0, (sijill, "--help")),
        ("intake-help", "intake --help", None, (sijill, "intake", "--help")),
    ]
    return [
        Row(f"start-up-{name}", f"sijill {what}", "python -c pass", target, command, nothing, once=once,
            less=(str(place.root / "empty"),), repeat=10)
        for name, what, target, command in calls
    ]  # fmt: skip
