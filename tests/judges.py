"""Programs that are not ours and judge what we write: looked for here, required wherever `CI` is set.

On a desk without one of them its tests are skipped and say so; in CI they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def judge(name: str) -> str:
    """Give the path of a judge: of this environment, of `$SIJILL_JUDGES` (a folder of environments), or of the system."""
    folders = [Path(sys.executable).parent, *sorted(Path(os.environ.get("SIJILL_JUDGES", "/nowhere")).glob("*/bin"))]
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        absent(name)
    return str(found)


def absent(name: str) -> None:
    """Fail in CI, skip elsewhere: this judge is not here."""
    if os.environ.get("CI"):
        pytest.fail(f"this judge is missing: {name}")
    pytest.skip(f"this judge is not installed here: {name}")


def run(name: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a judge; gives what it said."""
    command = [judge(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
