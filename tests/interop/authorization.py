"""The official suite's judgement of the authorization server: `conformance authorization`."""

import subprocess
import tempfile
from pathlib import Path
from threading import Timer

import httpx

from tests.e2e.user import browser_user
from tests.hosts.front_door.host import FRONT_DOOR
from tests.hosts.process import Site, serving
from tests.interop import node
from tests.ports import held_port

CALLBACK = "http://127.0.0.1:{port}/callback"
"""Where the suite waits for the answer."""


def run_suite(node_tools: node.NodeTools, directory: Path, *, time_limit: float) -> str:
    """Run the suite against a host's server, whose user signs in and consents.

    The results stand in `directory`; returns what the suite printed.
    """
    with (
        tempfile.TemporaryDirectory() as state,
        serving(FRONT_DOOR, Path(state)) as site,
        held_port() as port,
        subprocess.Popen(
            [
                *(str(node_tools.node), str(node_tools.conformance), "authorization"),
                *("--url", f"{site.home}/o", "--resource", site.url),
                *("--client-id", register(site), "--port", str(port)),
                *("--output-dir", str(directory)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as suite,
    ):
        limit = Timer(time_limit, suite.kill)
        limit.start()
        try:
            printed = url = ""
            assert suite.stdout is not None
            for line in suite.stdout:
                printed += line
                if line.startswith(f"{site.home}/o/authorize/"):
                    url = line.strip()
                elif line.startswith("Callback server started"):
                    # By now the URL has been printed, and the answer is awaited.
                    consent(url, CALLBACK.format(port=port))
        finally:
            limit.cancel()
            suite.kill()
    return printed


def register(site: Site) -> str:
    """Register the suite as programs do that get no secret; return its client id."""
    metadata = {
        "client_name": "Conformance suite",
        # Of any port, as one that is known before it runs.
        "redirect_uris": [CALLBACK.replace(":{port}", "")],
        "token_endpoint_auth_method": "none",
    }
    answer = httpx.post(f"{site.home}/o/register/", json=metadata, trust_env=False)
    client_id: str = answer.raise_for_status().json()["client_id"]
    return client_id


def consent(url: str, redirect_uri: str) -> None:
    """Do what the suite asks of whoever looks on: open this URL in a browser, and agree."""
    with browser_user() as user:
        user.browser.get(user.way_back(url, redirect_uri)).raise_for_status()
