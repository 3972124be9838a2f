"""How the frozen archive of a format version was made: once, when that version was finished, and never again.

    python -m tests.frozen.make FOLDER

What it left stands under tests/frozen/archive-1, without the pages that `init`
lays beside an archive. Its case is invented, an exercise; its keys were thrown
away. Every later Sijill must find that it holds.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests import casebook
from tests.archive.authority import Authority
from tests.tamper import honest as making


def make(folder: Path) -> Path:
    """Make a small archive in which every kind of act was done; gives what is kept of it."""
    honest = making.make(folder, many=2)

    def do(*arguments: str | Path) -> None:
        status, said = making.run(honest.home, "--archive", honest.archive, *arguments)
        assert status == 0, (arguments, said)

    chief, item = ("--as", casebook.OPERATOR), f"{casebook.CODE}/V1"
    do("operator", "grant", "lena", "custodian", "anchor", "auditor", *chief)
    do("custody", "transfer", item, "--to", "lena", "--purpose", "moves to the second office", *chief)
    do("custody", "accept", item, "--as", "lena")
    authority = Authority(folder / "authority")
    do("anchor", "request", "--out", folder / "asked.tsq")
    answer = authority.answer(folder / "asked.tsq", folder / "answer.tsr")
    do("anchor", "attach", answer, "--ca", authority.roots, "--as", "lena")
    do("seal", f"{casebook.CODE}/S1", "--again", *chief)
    do("item", "withdraw", f"{making.SECOND}/M1", "--reason", "told twice", *chief)
    do("erase", f"{making.SECOND}/M0", "--reason", "by order", *chief, "--as", "lena")
    do("audit", "--note", "nothing found", "--as", "lena")
    kept = folder / "frozen"
    for name in ("sijill.toml", "sijill.db", "checkpoint", "objects"):
        copy = shutil.copytree if (honest.archive / name).is_dir() else shutil.copy
        kept.mkdir(exist_ok=True)
        copy(honest.archive / name, kept / name)
    return kept


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
