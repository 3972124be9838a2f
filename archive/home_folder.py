"""Where keys, pins and what was read again lie on this computer. Reads and makes nothing there.

Apart from `keys`, so that a command that needs no key does not load what reads keys.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def home_folder() -> Path:
    """Give `$SIJILL_HOME`, else the folder for configuration of this user."""
    from pathlib import Path

    return Path(home_path())


def home_path() -> str:
    """Give the path of `home_folder`."""
    named = os.environ.get("SIJILL_HOME")
    if named:
        return os.path.join(os.getcwd(), named)
    if sys.platform == "linux":  # what platformdirs gives in the plain case, without its start
        for base in (os.environ.get("XDG_CONFIG_HOME", ""), os.path.join(os.environ.get("HOME", ""), ".config")):
            if os.path.isabs(base):
                return os.path.join(base, "sijill")
    from platformdirs import user_config_path

    return os.path.join(os.getcwd(), user_config_path("sijill"))
