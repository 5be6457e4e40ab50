"""`python -m driftd`: the same program as the installed `driftd` script."""

from __future__ import annotations

import sys

from driftd.cli import main

if __name__ == "__main__":  # worker processes import this module too, under another name
    sys.exit(main())
