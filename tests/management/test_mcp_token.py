"""`manage.py mcp_token`."""

import datetime
import re
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import modify_settings
from django.utils import timezone
from pytest_django import Settings

from django_mcp import Peer
from django_mcp.endpoints import get_endpoints
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from tests.calls import offering
from tests.commands import RunCommand

pytestmark = pytest.mark.oauth

oauth_models = pytest.importorskip("oauth2_provider.models")


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_token")


def test_the_token_opens_the_endpoint(ann: User, run: RunCommand) -> None:
    from django_mcp.auth.oauth.authenticator import OAuthAuthenticator

    printed = run("--user", "ann", "--scopes", "shop:read shop:write").stdout

    endpoint = get_endpoints().default
    principal = OAuthAuthenticator().authenticate(
        Peer(headers={"Authorization": f"Bearer {printed.strip()}"}), endpoint
    )
    assert principal is not None
    assert principal.user == ann
    assert principal.scopes == {"shop:read", "shop:write"}
    assert principal.client_name == "mcp_token"
    assert principal.endpoint == endpoint


def test_the_token_stands_alone_on_the_output(ann: User, run: RunCommand) -> None:
    printed = run("--user", "ann", "--scopes", "shop:read").stdout

    assert printed == f"{printed.strip()}\n"
    assert len(printed.split()) == 1


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        ("enabled", 'under "Tool groups", or run python manage.py mcp_catalog enable stock\n'),
        ("read_only", " python manage.py mcp_catalog --user NAME says why\n"),
    ],
)
def test_scopes_that_open_nothing_to_the_user_are_told_beside_the_token(
    ann: User, refused: str, reason: str, run: RunCommand
) -> None:
    def write_off(sku: str) -> None:
        """Write it off."""

    group = ToolGroup.objects.create(name="stock", enabled=True)
    with offering(write_off, group="stock", scopes=["stock:write"]):
        good = run("--user", "ann", "--scopes", "stock:write")
        setattr(group, refused, refused == "read_only")
        group.save()
        forget_snapshot()
        warned = run("--user", "ann", "--scopes", "stock:write")

    assert good.stderr == ""
    assert len(warned.text.split()) == 1
    assert warned.stderr.startswith(
        f"Nothing that the user ann ({ann.pk}) sees needs: stock:write. "
    )
    assert warned.stderr.endswith(reason)


def test_it_lives_as_long_as_was_asked(ann: User, run: RunCommand) -> None:
    assert run("--user", "ann", "--scopes", "shop:read", "--expires", "60").exit_code == 0

    left = oauth_models.get_access_token_model().objects.get().expires - timezone.now()
    assert datetime.timedelta(0) < left <= datetime.timedelta(seconds=60)


def test_tokens_of_one_client_share_its_application(ann: User, run: RunCommand) -> None:
    for _ in range(2):
        assert run("--user", "ann", "--scopes", "shop:read", "--client", "My laptop").exit_code == 0

    assert oauth_models.get_access_token_model().objects.count() == 2
    assert oauth_models.get_application_model().objects.get().name == "My laptop"


def application(name: str, **facts: Any) -> Any:
    model = oauth_models.get_application_model()
    return model.objects.create(
        name=name,
        client_type=model.CLIENT_CONFIDENTIAL,
        authorization_grant_type=model.GRANT_AUTHORIZATION_CODE,
        **facts,
    )


@pytest.mark.parametrize("source", ["dcr", "cimd"])
def test_no_application_that_registered_itself_gets_the_token(
    ann: User, source: str, run: RunCommand
) -> None:
    for _ in range(2):
        application("mcp_token", registration_source=source)

    assert run("--user", "ann", "--scopes", "shop:read").exit_code == 0

    made = oauth_models.get_access_token_model().objects.get().application
    assert made.registration_source == "manual"


def test_no_application_of_a_users_own_gets_the_token(ann: User, run: RunCommand) -> None:
    of_a_user = application("mcp_token", user=ann)

    assert run("--user", "ann", "--scopes", "shop:read").exit_code == 0

    assert oauth_models.get_access_token_model().objects.get().application != of_a_user


def test_of_several_applications_the_first_that_was_made_gets_every_token(
    ann: User, run: RunCommand
) -> None:
    first, _second = application("twin"), application("twin")

    for _ in range(2):
        assert run("--user", "ann", "--scopes", "shop:read", "--client", "twin").exit_code == 0

    tokens = oauth_models.get_access_token_model().objects.all()
    assert [token.application for token in tokens] == [first, first]


def test_a_token_may_hold_no_scope(ann: User, run: RunCommand) -> None:
    assert run("--user", "ann", "--scopes", "").stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "bob", "--scopes", "shop:read"], "There is no user 'bob'"),
        (["--user", "gone", "--scopes", "shop:read"], r"The user gone \(\d+\) is not active"),
        (
            ["--user", "ann", "--scopes", "shop:read nope"],
            "No tool, resource or prompt asks for: nope",
        ),
        (["--user", "ann", "--scopes", "shop:read", "--expires", "0"], "1 to"),
        (["--user", "ann", "--scopes", "shop:read", "--expires", "-5"], "1 to"),
        (["--user", "ann", "--scopes", "shop:read", "--expires", "9" * 12], "1 to"),
        (["--user", "ann", "--scopes", "shop:read", "--expires", "9" * 30], "1 to"),
        (["--user", "ann", "--scopes", "shop:read", "--expires", "soon"], "invalid int"),
        (["--user", "ann", "--scopes", "shop:read", "--client", "x" * 300], "255"),
        (["--user", "ann", "--scopes", "shop:read", "--client", ""], "255"),
        (["--user", "ann"], "--scopes"),
        (["--scopes", "shop:read"], "--user"),
    ],
)
def test_what_is_wrong_is_told_and_no_token_is_made(
    ann: User, arguments: list[str], message: str, run: RunCommand
) -> None:
    User.objects.create_user("gone", is_active=False)

    assert re.search(message, run(*arguments).error)

    assert not oauth_models.get_access_token_model().objects.exists()


def test_an_endpoint_without_a_url_is_told(ann: User, settings: Settings, run: RunCommand) -> None:
    settings.DJANGO_MCP_URL = ""

    assert "Set DJANGO_MCP_URL" in run("--user", "ann", "--scopes", "shop:read").error


def test_a_project_without_the_toolkit_is_told(ann: User, run: RunCommand) -> None:
    with modify_settings(INSTALLED_APPS={"remove": ["oauth2_provider"]}):
        assert "not installed" in run("--user", "ann", "--scopes", "shop:read").error
