"""`python -m tests.docs WHEEL`: follow the tutorial, the installation included.

In an empty folder and an environment of its own, with this wheel of the package and everything
else from the package index; the Inspector comes from npm.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.docs.pages import DOCS
from tests.docs.reader import Reader


def follow(wheel: Path) -> None:
    """Follow the tutorial with nothing left out. Raises when it does not do what it says."""
    names = ("HOME", "LANG", "PATH", "TMPDIR")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    configured = {n: v for n, v in os.environ.items() if n.startswith(("PIP_", "npm_config_"))}
    environment = {
        **inherited,
        **configured,
        "PYTHONUNBUFFERED": "1",
        # Where pip finds the package that the tutorial names.
        "PIP_FIND_LINKS": str(wheel.resolve().parent),
    }
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "empty")
        folder.mkdir()
        with Reader(folder, environment=environment, skip=lambda _: False) as reader:
            reader.follow(DOCS / "tutorial" / "index.md")


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
    sys.stdout.write("The tutorial ends with a connected client.\n")
