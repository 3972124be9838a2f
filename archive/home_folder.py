"""Where keys, pins and what was read again lie on this computer. Reads and makes nothing there.

Apart from `keys`, so that a command that needs no key does not load what reads keys.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home_folder() -> Path:
    """Give `$SIJILL_HOME`, else the folder for configuration of this user."""
    named = os.environ.get("SIJILL_HOME")
    if named:
        return Path(named).absolute()
    if sys.platform == "linux":  # what platformdirs gives in the plain case, without its start
        for base in (os.environ.get("XDG_CONFIG_HOME", ""), os.path.join(os.environ.get("HOME", ""), ".config")):
            if os.path.isabs(base):
                return Path(base, "sijill")
    from platformdirs import user_config_path

    return user_config_path("sijill").absolute()
