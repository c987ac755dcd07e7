import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.markers import mark_folder

pytest_collection_modifyitems = mark_folder(__file__, "wheel")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution: the one that WHEEL names, else built from this checkout."""
    if built := os.environ.get("WHEEL"):
        return Path(built).resolve()
    folder = tmp_path_factory.mktemp("wheel")
    build = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    [path] = folder.glob("*.whl")
    return path
