"""Which bearer tokens open the endpoint, and what the others are told."""

import datetime
from collections.abc import Iterator, Mapping, Set
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.test import override_settings
from oauth2_provider.models import get_access_token_model, get_application_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import generate_token
from pytest_django import Settings

from django_mcp import ToolContext
from django_mcp.asgi import Application, mount
from django_mcp.models import CallRecord
from tests.auth.conftest import Issue
from tests.calls import offering
from tests.wire import Answer, Client

AccessToken = get_access_token_model()

METADATA = 'resource_metadata="http://testserver/.well-known/oauth-protected-resource/mcp"'


def stored(token: str) -> Any:
    return AccessToken.objects.get(token=token)


def assert_sent_to_the_login(answer: Answer, *, error: str = "invalid_token") -> None:
    """401 with all that a client needs to get a token, and nothing on record."""
    assert answer.status == 401
    (challenge,) = answer.header("WWW-Authenticate")
    assert challenge.startswith("Bearer ")
    assert METADATA in challenge
    assert 'scope="notes:read"' in challenge
    assert ('error="invalid_token"' in challenge) is (error == "invalid_token")
    assert CallRecord.objects.count() == 0


def test_good_token_opens_the_endpoint_for_its_user(client: Client, issue: Issue) -> None:
    token = issue("notes:read")

    answer = client.with_token(token).call("read_notes")

    assert answer.result["structuredContent"] == {"result": ["alice"]}
    record = CallRecord.objects.get()
    application = get_application_model().objects.get()
    assert record.username == "alice"
    assert (record.client, record.client_name) == (application.client_id, "Desk")
    assert record.credential == str(stored(token).pk)
    assert token not in str(CallRecord.objects.values())


def test_no_token_is_sent_to_the_login(client: Client) -> None:
    assert_sent_to_the_login(client.call("add", a=1), error="")


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Bearer nonsense", "Bearer \xe9", "bearer x y", "Basic YTpi", "nonsense"],
)
def test_header_that_holds_no_good_token(client: Client, value: str) -> None:
    assert_sent_to_the_login(client.having(headers={"Authorization": value}).call("add", a=1))


def test_two_headers_are_no_token(client: Client, issue: Issue) -> None:
    value = f"Bearer {issue()}"

    answer = client.having(headers={"Authorization": [value, value]}).call("add", a=1)

    assert_sent_to_the_login(answer)


@pytest.mark.parametrize("place", ["query", "body", "foreign header"])
def test_token_in_any_other_place_does_not_count(client: Client, issue: Issue, place: str) -> None:
    token = issue()
    if place == "query":
        client = client.having(scope={"query_string": f"access_token={token}".encode()})
    if place == "foreign header":
        client = client.having(headers={"X-Authorization": f"Bearer {token}"})
    params = {"name": "add", "arguments": {"a": 1}}
    if place == "body":
        params["access_token"] = token

    assert_sent_to_the_login(client.send("tools/call", params), error="")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_scheme_is_spelled_in_any_case(client: Client, issue: Issue, scheme: str) -> None:
    named = client.having(headers={"Authorization": f"{scheme} {issue()}"})

    assert named.call("add", a=1).result["isError"] is False


@pytest.mark.parametrize("between", [" ", "   "], ids=len)
def test_any_number_of_spaces_may_stand_before_a_token(
    client: Client, issue: Issue, between: str
) -> None:
    named = client.having(headers={"Authorization": f"Bearer{between}{issue()}"})

    assert named.call("add", a=1).result["isError"] is False


@pytest.mark.parametrize("is_anonymous_welcome", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        "Bearer\tTOKEN",
        "Bearer \tTOKEN",
        *(
            value.replace("?", space)
            for space in "\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0"
            for value in ("Bearer ?TOKEN", "Bearer TOKEN?", "Bearer?TOKEN")
        ),
    ],
    ids=ascii,
)
def test_nothing_but_spaces_is_left_out_around_a_token(
    application: Application,
    issue: Issue,
    settings: Settings,
    value: str,
    is_anonymous_welcome: bool,
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = is_anonymous_welcome
    headers = {"Authorization": value.replace("TOKEN", issue())}

    answer = Client(application=application).having(headers=headers).call("add", a=1)

    assert_sent_to_the_login(answer)


def test_expired_token(client: Client, issue: Issue) -> None:
    token = issue(expires=-datetime.timedelta(seconds=1))

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


def test_token_revoked_between_two_calls(client: Client, issue: Issue) -> None:
    token = issue()
    holder = client.with_token(token)
    holder.call("add", a=1)
    CallRecord.objects.all().delete()

    stored(token).revoke()

    assert_sent_to_the_login(holder.call("add", a=1))


@pytest.mark.parametrize(
    "resource",
    [
        ["https://other.example/mcp"],
        ["http://testserver"],
        ["http://testserver/"],
        ["http://testserver/mcpx"],
        ["http://testserver/mcp/other"],
        ["https://testserver/mcp"],
        ["http://testserver:8000/mcp"],
        [],
        None,
    ],
    ids=str,
)
def test_token_for_another_audience_or_for_none(
    client: Client, issue: Issue, resource: list[str] | None
) -> None:
    token = issue()
    AccessToken.objects.update(resource=resource or [])

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


@pytest.mark.parametrize(
    "resource",
    [
        ["http://testserver/mcp"],
        ["http://testserver/mcp/"],
        ["https://other.example/mcp", "http://testserver/mcp"],
    ],
    ids=str,
)
def test_token_that_names_this_endpoint(client: Client, issue: Issue, resource: list[str]) -> None:
    token = issue()
    AccessToken.objects.update(resource=resource)

    assert client.with_token(token).call("add", a=1).result["isError"] is False


def test_token_without_a_user(client: Client, issue: Issue) -> None:
    token = issue()
    AccessToken.objects.update(user=None)

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


def test_token_of_an_inactive_user(client: Client, issue: Issue, alice: User) -> None:
    token = issue()
    alice.is_active = False
    alice.save()

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


def test_token_of_a_deleted_user(client: Client, issue: Issue, alice: User) -> None:
    token = issue()
    alice.delete()

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


def test_token_of_a_deleted_application(client: Client, issue: Issue) -> None:
    token = issue()
    get_application_model().objects.all().delete()

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


def test_token_of_no_application_is_its_users_all_the_same(client: Client, issue: Issue) -> None:
    token = issue()
    AccessToken.objects.update(application=None)

    assert client.with_token(token).call("add", a=1).result["isError"] is False
    assert CallRecord.objects.get().client == ""


def test_bad_token_is_refused_although_anybody_may_come(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True

    assert client.call("add", a=1).result["isError"] is False
    assert client.with_token("nonsense").call("add", a=1).status == 401


def test_missing_scope_names_every_scope_and_the_metadata(client: Client, issue: Issue) -> None:
    answer = client.with_token(issue("notes:read")).call("write_note", text="x")

    (challenge,) = answer.header("WWW-Authenticate")
    assert answer.status == 403
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="notes:read notes:write"' in challenge
    assert METADATA in challenge
    assert [r.outcome for r in CallRecord.objects.all()] == ["missing_scope"]


def test_scope_that_the_scopes_backend_does_not_know_still_counts(
    client: Client, issue: Issue, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES_BACKEND_CLASS": "oauth2_provider.scopes.SettingsScopes",
    }

    answer = client.with_token(issue("notes:read")).call("read_notes")

    assert answer.result["structuredContent"] == {"result": ["alice"]}


class StrictValidator(OAuth2Validator):  # type: ignore[misc]
    """A host's own validator, which has closed the house."""

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        return False


def test_validator_of_the_host_is_asked(client: Client, issue: Issue, settings: Settings) -> None:
    token = issue()
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.StrictValidator",
    }

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_canonical_url_is_the_audience_behind_a_proxy(
    application: Application, issue: Issue, settings: Settings, scheme: str
) -> None:
    """The proxy ends TLS and asks another host for another scheme: that changes nothing."""
    settings.ALLOWED_HOSTS = ["internal"]
    with override_settings(DJANGO_MCP_URL="https://shop.example/mcp"):
        token = issue()
        client = Client(
            application=mount(get_asgi_application()),
            headers={"Host": "internal"},
            scope={"scheme": scheme},
        )

        good = client.with_token(token).call("add", a=1)
        none = client.call("add", a=1)

    assert good.result["isError"] is False
    assert (
        'resource_metadata="https://shop.example/.well-known/oauth-protected-resource/mcp"'
        in none.header("WWW-Authenticate")[0]
    )


def test_token_of_the_hosts_own_api_does_not_work_here(client: Client, alice: User) -> None:
    """What django-oauth-toolkit issues without a `resource` is good for the host alone."""
    token = generate_token()
    AccessToken.objects.create(
        user=alice,
        application=get_application_model().objects.create(name="Host app"),
        token=token,
        expires=datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(hours=1),
        scope="notes:read",
    )

    assert_sent_to_the_login(client.with_token(token).call("add", a=1))


def test_tool_is_handed_its_caller_and_nothing_of_the_token(
    db: None, issue: Issue, alice: User
) -> None:
    handed: list[Any] = []

    def look(context: ToolContext, user: User, text: str) -> None:
        """Look at what a tool is given."""
        handed.extend([context, user, text])

    token = issue()
    with offering(look):
        client = Client(application=mount(get_asgi_application())).with_token(token)
        assert client.call("look", text="hello").result["isError"] is False

    found = list(public_parts(handed))
    assert {alice, "Desk", "hello"} <= {each for each in found if isinstance(each, User | str)}
    assert not [each for each in found if isinstance(each, str) and token in each]
    assert not [each for each in found if isinstance(each, AccessToken)]


def public_parts(found: Any) -> Iterator[Any]:
    """What can be reached from an object by elements and public attributes, if it is ours."""
    yield found
    parts: list[Any] = []
    if isinstance(found, Mapping):
        parts = [*found.keys(), *found.values()]
    elif isinstance(found, list | tuple | Set):
        parts = list(found)
    elif isinstance(found, User):
        parts = list(vars(found).values())
    elif type(found).__module__.startswith("django_mcp."):
        names = [name for name in dir(found) if not name.startswith("_")]
        parts = [value for name in names if not callable(value := getattr(found, name))]
    for part in parts:
        yield from public_parts(part)
