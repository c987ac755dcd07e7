"""How the TypeScript SDK v1 gets in, which refreshes when it is refused and registers by itself."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("oauth2_provider")

from tests.client_documents import EDITOR, TERMINAL
from tests.e2e.user import BrowserUser, NothingToDecideError, browser_user
from tests.hosts.front_door.host import FRONT_DOOR
from tests.hosts.process import Site, serving
from tests.interop.node import NodeTools

pytestmark = [pytest.mark.node, pytest.mark.oauth]

SCRIPT = Path(__file__).with_name("typescript_v1_login.mjs")
REDIRECT_URI = "http://127.0.0.1:33333/callback"
EXPIRE = (
    "from django.utils import timezone; "
    "from oauth2_provider.models import AccessToken; "
    "AccessToken.objects.update(expires=timezone.now())"
)


@pytest.fixture(scope="module")
def site(node_tools: NodeTools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(FRONT_DOOR, tmp_path_factory.mktemp("front-door")) as site:
        yield site


@pytest.fixture
def user() -> Iterator[BrowserUser]:
    with browser_user() as somebody:
        yield somebody


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running program, and its user; `told` is what pages said on which nothing was decided."""

    process: "subprocess.Popen[str]"
    user: BrowserUser
    redirect_uri: str
    told: list[str] = field(default_factory=list)

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """What became of a call, after all visits of the user that it took."""
        self._write({"call": [name, arguments]})
        while True:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            assert line, "the program has ended"
            message: dict[str, Any] = json.loads(line)
            if "visit" not in message:
                return message
            try:
                self._write(self.user.answer(message["visit"], self.redirect_uri))
            except NothingToDecideError as error:
                self.told.append(str(error))
                self._write({"error": "nobody came back"})

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


@contextmanager
def running(
    node_tools: NodeTools,
    site: Site,
    user: BrowserUser,
    *more: str,
    redirect_uri: str = REDIRECT_URI,
) -> Iterator[Program]:
    with subprocess.Popen(
        [node_tools.node, SCRIPT, node_tools.modules, site.url, redirect_uri, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Program(process=process, user=user, redirect_uri=redirect_uri)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("document", "redirect_uri"),
    [
        ([], REDIRECT_URI),
        ([TERMINAL], "http://localhost:40001/callback"),
        ([EDITOR], "http://127.0.0.1:33418/"),
    ],
    ids=["registers itself", "terminal", "editor"],
)
def test_v1_client_gets_in_and_refreshes_when_its_token_has_expired(
    node_tools: NodeTools, site: Site, user: BrowserUser, document: list[str], redirect_uri: str
) -> None:
    with running(node_tools, site, user, *document, redirect_uri=redirect_uri) as program:
        first = program.call("next_free_day")
        site.manage("shell", "--no-imports", "--command", EXPIRE)
        second = program.call("next_free_day")

    assert first["result"]["structuredContent"] == {"result": "Friday"}
    assert second["result"]["structuredContent"] == {"result": "Friday"}
    assert first["client_id"] == second["client_id"]
    assert document in ([], [first["client_id"]])
    assert len(user.decided) == 1


def test_v1_client_whose_access_was_taken_back_asks_its_user_again(
    node_tools: NodeTools, site: Site, user: BrowserUser
) -> None:
    with running(node_tools, site, user) as program:
        first = program.call("next_free_day")
        site.manage("mcp_clients", "block", first["client_id"])
        site.manage("mcp_clients", "unblock", first["client_id"])
        second = program.call("next_free_day")

    assert second["result"]["structuredContent"] == {"result": "Friday"}
    assert first["client_id"] == second["client_id"]
    assert len(user.decided) == 2


def test_v1_client_that_is_blocked_does_not_come_back_as_another(
    node_tools: NodeTools, site: Site, user: BrowserUser
) -> None:
    with running(node_tools, site, user) as program:
        first = program.call("next_free_day")
        site.manage("mcp_clients", "block", first["client_id"])
        second = program.call("next_free_day")

    assert "nobody came back" in second["error"]
    assert first["client_id"] == second["client_id"]
    (told,) = program.told
    assert "have blocked this application" in told
    assert len(user.decided) == 1


def test_v1_client_that_lacks_a_scope_says_so_and_keeps_what_it_has(
    node_tools: NodeTools, site: Site, user: BrowserUser
) -> None:
    """It refreshes where it should ask its user; no refresh brings more scopes (RFC 6749, 6)."""
    with running(node_tools, site, user) as program:
        program.call("next_free_day")
        refused = program.call("file_note", text="Call the printer")
        served = program.call("next_free_day")

    assert "403" in refused["error"]
    assert served["result"]["structuredContent"] == {"result": "Friday"}
    assert len(user.decided) == 1
