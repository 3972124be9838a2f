"""Run the benchmarks: `.venv/bin/python -m tests.benchmarks --help`."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests import benchmarks
from tests.benchmarks import table
from tests.benchmarks.contract import Growth, Place, Row
from tests.benchmarks.rounds import Failed, Grown, Outcome, grow, measure, run

ROOT = Path(__file__).resolve().parents[2]
DISK_GIB = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 0 all targets met or not judged, 1 one is missed or a command failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Ratios to named peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="a subject, or the beginning of a row's name; all if none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", choices=("small", "full"), default="full", help="small only shows that it runs")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the tables there, and the plot beside it")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep material in DIR (in memory: /dev/shm/…), use it again")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    said = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was mounted is taken away
    with _place(said.keep, full=said.scale == "full") as place:
        rows, growths = _asked(place, said.rows)
        if said.list:
            for one in (*rows, *growths):
                print(f"{one.name:24} {one.work}")
            return 0
        outcomes = [_told(measure(row, place, said.rounds)) for row in rows]
        grown = [_told(grow(growth, place, min(said.rounds, 3))) for growth in growths]
    text = _markdown(outcomes, grown, place, said)
    if said.out is not None:
        said.out.write_text(text, "utf-8")
        if grown:
            said.out.with_suffix(".svg").write_text(table.plot(grown), "utf-8")
    else:
        print(text)
    missed = any(one.row.target is not None and one.ratio > one.row.target for one in outcomes)
    return int(missed or any(one.said.startswith("failed") for one in outcomes) or any(one.said for one in grown))


def _asked(place: Place, wanted: Sequence[str]) -> tuple[list[Row], list[Growth]]:
    """Gather the rows of every module of this package that are asked for by subject or by name."""
    rows: list[Row] = []
    growths: list[Growth] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(benchmarks.__path__)):
        if module == "__main__":
            continue
        subject = importlib.import_module(f"tests.benchmarks.{module}")

        def asked(one: Row | Growth, module: str = module) -> bool:
            return not wanted or module in wanted or any(one.name.startswith(word) for word in wanted)

        rows += filter(asked, subject.rows(place) if hasattr(subject, "rows") and module != "table" else ())
        growths += filter(asked, subject.growths(place) if hasattr(subject, "growths") else ())
    if not place.full:
        rows = [replace(row, target=None) for row in rows]
    return rows, growths


def _told(one: Outcome | Grown) -> Outcome | Grown:
    """Say on stderr what was measured, as it comes."""
    text = table.rows([one]) if isinstance(one, Outcome) else table.growth([one])
    print("\n".join(text.splitlines()[2:]), file=sys.stderr, flush=True)
    return one


def _markdown(outcomes: Sequence[Outcome], grown: Sequence[Grown], place: Place, said: argparse.Namespace) -> str:
    parts = [f"{table.machine()}; {said.rounds} rounds, scale {said.scale}; written to {_disk_words(place)}.\n"]
    if outcomes:
        parts.append(table.rows(outcomes))
    if grown:
        parts.append(table.growth(grown))
    return "\n".join(parts)


def _disk_words(place: Place) -> str:
    return "a file system in memory (tmpfs)" if place.disk.is_relative_to(place.root) else "ext4 made afresh each time, in memory"


@contextmanager
def _place(keep: Path | None, *, full: bool) -> Iterator[Place]:
    """Make the folders of a run: material in memory, and a file system that is remade before whatever writes.

    Deleting many files and making others on the same ext4 spoils what is measured next; so nothing is deleted there.
    """
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    root = Path(tempfile.mkdtemp(prefix="sijill-bench-", dir=base)) if keep is None else keep.resolve()
    root.mkdir(parents=True, exist_ok=True)
    place = Place(root, root / "disk", full, _environment(root, root / "disk"))
    loop = Path(tempfile.mkdtemp(prefix="sijill-bench-disk-", dir=base))
    try:
        yield _with_loop(place, loop) or place
    finally:
        subprocess.run(["umount", "-q", str(loop / "mount")], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(loop, ignore_errors=True)
        if keep is None:
            shutil.rmtree(root, ignore_errors=True)


def _environment(root: Path, disk: Path) -> dict[str, str]:
    scripts = Path(sys.executable).parent
    # Bytecode is kept, as wherever a package was installed: compiling every module again would be most of a start.
    settings = {
        key: value for key, value in os.environ.items() if not key.startswith(("SIJILL", "PYTHONDONTWRITE"))
    }
    return settings | {
        "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]]),
        "W": str(root), "D": str(disk), "PY": sys.executable, "SIJILL": str(scripts / "sijill"),
        "MAKE": f"{sys.executable} -m tests.benchmarks.material", "PYTHONPATH": str(ROOT),
        "FRESH": f"rm -rf {disk}; mkdir -p {disk}", "SIJILL_HOME": str(root / "home"),
        "BORG_BASE_DIR": str(root / "borg"), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes", "RESTIC_PASSWORD": "bench", "XDG_CACHE_HOME": str(root / "cache"),
    }  # fmt: skip


def _with_loop(place: Place, loop: Path) -> Place | None:
    """Give the place with an ext4 of its own under `$D`, where this machine lets us mount one."""
    image, mount = loop / "image", loop / "mount"
    mount.mkdir()
    fresh = (
        f"umount -q {mount} 2>/dev/null || true; rm -f {image}; truncate -s {DISK_GIB}G {image};"
        f" mkfs.ext4 -q -F -E lazy_itable_init=0,nodiscard {image}; mount -o loop {image} {mount}"
    )
    environment = {**place.environment, "D": str(mount), "FRESH": fresh}
    try:
        run(fresh, environment)
    except Failed:
        return None
    return replace(place, disk=mount, environment=environment)


if __name__ == "__main__":
    sys.exit(main())
