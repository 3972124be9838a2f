"""A soak: several processes run mixed commands on one archive, some are stopped in the middle, and an audit judges the end.

    python -m tests.soak --seconds 3600

Every command must end in a status that its help names (or by the signal that
stopped it), say what a person can use, and leave nothing half done. At the end
the audit finds nothing, every object holds, what each intake told of is there,
and what stopped writers left can be tidied away. The ordinary suite runs some
seconds of it (`tests/tamper/test_soak.py`).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import casebook

STOPPED = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 130}  # by Ctrl-C itself, where all but Python had ended
BUSY = ("another process wrote", "another process is writing", "keeps writing", "went from the store meanwhile",
        "was recorded about")  # fmt: skip


class Soak:
    """One archive, and what its processes were told."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self.archive = casebook.filled_archive(folder)
        self.taken: list[str] = []
        self.ended: Counter[str] = Counter()
        self.wrong: list[str] = []

    def worker(self, number: int, until: float) -> None:
        """Run one command after another until the time is up."""
        chance = random.Random(f"{self.seed} {number}")
        turn = 0
        while time.monotonic() < until or turn == 0:
            turn += 1
            self._one(chance, f"EX-{2000 + number}-{turn:04}")

    def _one(self, chance: random.Random, code: str) -> None:
        out = self.folder / f"out-{code}"
        kind = chance.choices(list(COMMANDS), [weight for weight, _ in COMMANDS.values()])[0]
        if kind == "intake":
            self._folder(chance, code)
        words = [word.format(case=casebook.CODE, out=out, folder=self.folder / code) for word in COMMANDS[kind][1]]
        stopped_by = chance.choice((signal.SIGKILL, signal.SIGINT)) if chance.random() < 0.15 else None
        status, said = self._run(words, stopped_by, chance.uniform(0.05, 0.8))
        self.ended[f"{kind} {status}"] += 1
        bad = "Traceback" in said or "fault in Sijill" in said
        allowed = {0, 1} if kind == "check" else {0}
        busy = status in (3, 4) and any(word in said for word in BUSY)
        if bad or not (status in allowed or busy or (stopped_by is not None and status in STOPPED)):
            self.wrong.append(f"{' '.join(words)}: exit {status}\n{said}")
        if kind == "intake" and status == 0:
            self.taken.append(code)
        for made in (out, self.folder / code):  # an hour of them is more than a disk should be asked for
            shutil.rmtree(made, ignore_errors=True)

    def _folder(self, chance: random.Random, code: str) -> None:
        tables = casebook.case()
        tables["case"]["code"] = code
        contents = dict(casebook.files())
        contents["statements/w1.txt"] = chance.randbytes(chance.choice((10, 5_000, 3_000_000)))
        casebook.write(self.folder / code, tables, contents)

    def _run(self, words: list[str], stopped_by: signal.Signals | None, moment: float) -> tuple[int, str]:
        started = subprocess.Popen(
            [sys.executable, "-m", "archive.cli", "--archive", str(self.archive.folder), "--as", casebook.OPERATOR, *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=casebook.ROOT,
            env=casebook.environment(self.archive.home.folder, PYTHONWARNINGS="default", PYTHONFAULTHANDLER="0"),
        )  # fmt: skip
        if stopped_by is not None:
            try:
                said, _ = started.communicate(timeout=moment)
                return started.returncode, said
            except subprocess.TimeoutExpired:
                started.send_signal(stopped_by)
        said, _ = started.communicate(timeout=300)
        if stopped_by is not None and _not_begun(said):
            return 130, ""
        return started.returncode, said

    def judged(self) -> list[str]:
        """Say everything that is wrong at the end; nothing is left to tidy after this."""
        wrong = list(self.wrong)
        for words in (["objects", "tidy", "--yes"], ["verify"], ["audit"]):
            status, said = self._run(words, None, 0)
            if status != 0:
                wrong.append(f"at the end, {' '.join(words)}: exit {status}\n{said}")
        status, said = self._run(["case", "list", "--json"], None, 0)
        listed = {case["code"] for case in json.loads(said)["cases"]}
        wrong += [f"{code} was taken in and is not there" for code in self.taken if code not in listed]
        left = [found.where for found in self.archive.objects.names() if found.what != "object"]
        return wrong + [f"left in the store: {where}" for where in left]


COMMANDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "intake": (6, ("intake", "{folder}")),
    "verify": (2, ("verify",)),
    "part": (2, ("verify", "--for", "1s")),
    "sample": (1, ("verify", "--sample", "5")),
    "recorded": (1, ("verify", "--record")),
    "audit": (2, ("audit",)),
    "check": (2, ("check", "{case}")),
    "match": (1, ("match", "{case}")),
    "show": (2, ("case", "show", "{case}")),
    "consent": (2, ("consent", "{case}/W1", "--for", "court", "--answer", "no", "--reason", "asked again")),
    "tidy": (1, ("objects", "tidy", "--yes")),
    "copy": (1, ("copy", "{out}")),
    "dossier": (1, ("dossier", "export", "{case}", "--for", "internal", "--out", "{out}", "--no-pdf")),
}


def _not_begun(said: str) -> bool:
    """Tell whether Ctrl-C came while Python itself was starting, before a line of ours could run."""
    return "KeyboardInterrupt" in said and ("in main" not in said or "init_import_site" in said)


def soak(folder: Path, *, seconds: float, processes: int, seed: int) -> Soak:
    """Run mixed commands by several processes for so many seconds."""
    one = Soak(folder, seed)
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(processes) as crew:
        for done in [crew.submit(one.worker, number, until) for number in range(processes)]:
            done.result()
    return one


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=3600)
    asked.add_argument("--processes", type=int, default=4)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="sijill-soak-") as where:
        run = soak(Path(where), seconds=given.seconds, processes=given.processes, seed=given.seed)
        wrong = run.judged()
        for kind, times in sorted(run.ended.items()):
            print(f"{times:6} {kind}")
        print(f"seed {given.seed}: {len(run.taken)} cases taken in; {len(wrong)} things wrong")
        print("\n".join(wrong))
    sys.exit(1 if wrong else 0)
