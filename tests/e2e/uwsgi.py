"""uWSGI as a module that `python -m` runs: its own is compiled, and cannot be."""

import sys

from pyuwsgi import run

if __name__ == "__main__":
    sys.exit(run())
