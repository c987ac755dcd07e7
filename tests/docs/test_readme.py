"""The README's lines, followed in a project that `startproject` has just made."""

import json
from collections.abc import Iterator

import pytest

from tests.docs.conftest import Shell
from tests.docs.reader import Reader
from tests.docs.readme import Readme
from tests.markers import unavailable

pytestmark = [pytest.mark.slow, pytest.mark.oauth]

CONSENT = """
import json
from django.contrib.auth.models import User
from django.test import Client

client = Client(SERVER_NAME="127.0.0.1")
redirect = "http://127.0.0.1:9999/callback"
registration = {"client_name": "Helper", "redirect_uris": [redirect],
                "token_endpoint_auth_method": "none"}
registered = client.post("/o/register/", json.dumps(registration), "application/json").json()
client.force_login(User.objects.get(username="ada"))
print(client.get("/o/authorize/", {
    "client_id": registered["client_id"], "redirect_uri": redirect, "response_type": "code",
    "code_challenge": "x" * 43, "code_challenge_method": "S256", "scope": "notes:read",
}).content.decode())
"""


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Iterator[Reader]:
    """Somebody who has done what the README says, up to the running server and the token."""
    folder = tmp_path_factory.mktemp("readme")
    with Reader(folder, environment=shell.environment, skip=shell.skips) as reader:
        readme = Readme(reader.port)
        reader.run("django-admin startproject project .")
        reader.run("python manage.py startapp notes")
        # As large projects have it; the tutorial leaves it a list.
        settings = folder / "project/settings.py"
        settings.write_text(f"{settings.read_text()}\nINSTALLED_APPS = tuple(INSTALLED_APPS)\n")
        readme.edit(folder)
        printed = reader.run(readme.command("manage.py check"))
        assert printed == "System check identified no issues (0 silenced).\n"
        reader.run(readme.command("migrate"))
        reader.run("export DJANGO_SUPERUSER_PASSWORD=only-for-tests")
        reader.run(f"{readme.command('createsuperuser')} --noinput --email ada@example.com")
        reader.start(
            f"{readme.command('uvicorn')} --port {reader.port}",
            until=lambda printed: "Uvicorn running on" in printed,
        )
        reader.run(readme.command("mcp_token"))
        yield reader


def test_readme_ends_with_the_tools_in_the_inspector(newcomer: Reader, shell: Shell) -> None:
    if shell.no_inspector:
        unavailable(shell.no_inspector)
    printed = newcomer.run(Readme(newcomer.port).command("npx"))

    (listed,) = json.loads(printed)["tools"]
    assert listed["name"] == "greet"
    assert listed["inputSchema"]["required"] == ["name"]


def test_first_consent_page_reads_as_the_readme_has_it(newcomer: Reader) -> None:
    (newcomer.folder / "consent.py").write_text(CONSENT)

    page = newcomer.run("python manage.py shell --verbosity 0 < consent.py")

    assert "<strong>Notes</strong>" in page
    assert "Read your notes" in page
    assert "Default (" not in page
