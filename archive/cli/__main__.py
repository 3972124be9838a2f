"""`python -m archive.cli`: the same door as the command `sijill`."""

import sys

from archive.cli import main

sys.exit(main())
