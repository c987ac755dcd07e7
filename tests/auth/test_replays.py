"""Codes and refresh tokens that come twice, too late, or at the same time."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)
from pytest_django import Settings

from django_mcp.auth.clients.decisions import block
from tests.auth import validators
from tests.auth.oauth_client import OAuthClient, error_of, registered
from tests.auth.validators import (
    AfterChallengeWasSeen,
    AfterCodeWasSeen,
    AfterRefreshTokenWasSeen,
    AfterTokensWereStored,
    BeforeTokensAreStored,
)
from tests.wire import PATIENCE, Client

AccessToken = get_access_token_model()
Grant = get_grant_model()
RefreshToken = get_refresh_token_model()
Applications = get_application_model()

pytestmark = pytest.mark.usefixtures("application")

Configure = Callable[..., None]


@pytest.fixture
def oauth_client(alice: User) -> OAuthClient:
    return OAuthClient(client_id=registered().client_id, user=alice)


@pytest.fixture
def own(alice: User) -> OAuthClient:
    """An application of the host's own."""
    manual = Applications.RegistrationSource.MANUAL
    application = registered(registration_source=manual)
    return OAuthClient(client_id=application.client_id, user=alice, scope="expense:read")


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Change settings of django-oauth-toolkit."""

    def configure(**values: Any) -> None:
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **values}

    return configure


@pytest.fixture
def during(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let something happen at one step of every request to the token endpoint."""

    def during(step: type, event: Callable[[], object]) -> None:
        monkeypatch.setattr(validators, "meanwhile", event)
        configure(
            OAUTH2_VALIDATOR_CLASS=f"{step.__module__}.{step.__name__}",
            ALWAYS_RELOAD_OAUTHLIB_CORE=True,
        )

    return during


def let_the_grace_pass() -> None:
    RefreshToken.objects.exclude(revoked=None).update(
        revoked=timezone.now() - datetime.timedelta(hours=1)
    )


def opens(client: Client, tokens: dict[str, Any]) -> bool:
    return client.with_token(tokens["access_token"]).call("add", a=1).status == 200


# Refresh tokens


@pytest.mark.parametrize("rotates", [True, False])
def test_refresh_token_is_replaced_at_every_use(
    oauth_client: OAuthClient, client: Client, configure: Configure, rotates: bool
) -> None:
    configure(ROTATE_REFRESH_TOKEN=rotates)
    first = oauth_client.log_in()

    second = oauth_client.refresh(first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert (opens(client, first), opens(client, second)) == (False, True)


@pytest.mark.parametrize("is_protected", [True, False])
@pytest.mark.parametrize("is_hashed", [True, False])
def test_used_refresh_token_that_comes_again_ends_the_whole_family(
    oauth_client: OAuthClient,
    client: Client,
    configure: Configure,
    is_protected: bool,
    is_hashed: bool,
) -> None:
    configure(
        REFRESH_TOKEN_REUSE_PROTECTION=is_protected,
        COMPLIANT_BCP_RFC9700_TOKEN_STORAGE=is_hashed,
    )
    other = oauth_client.log_in()
    first = oauth_client.log_in()
    second = oauth_client.refresh(first["refresh_token"]).json()
    third = oauth_client.refresh(second["refresh_token"]).json()
    let_the_grace_pass()

    assert error_of(oauth_client.refresh(first["refresh_token"])) == "invalid_grant"

    assert not opens(client, third)
    assert error_of(oauth_client.refresh(third["refresh_token"])) == "invalid_grant"
    assert opens(client, other)
    assert oauth_client.refresh(other["refresh_token"]).status_code == 200


def test_client_that_did_not_hear_the_answer_gets_it_again(
    oauth_client: OAuthClient, client: Client
) -> None:
    first = oauth_client.log_in()
    second = oauth_client.refresh(first["refresh_token"]).json()

    again = oauth_client.refresh(first["refresh_token"]).json()

    assert again["access_token"] == second["access_token"]
    assert again["refresh_token"] == second["refresh_token"]
    assert opens(client, again)


@pytest.mark.parametrize("is_hashed", [True, False])
@pytest.mark.parametrize("grace", [0, 60])
@pytest.mark.parametrize("is_protected", [True, False])
@pytest.mark.parametrize("rotates", [True, False])
@pytest.mark.parametrize("whose", ["oauth_client", "own"])
def test_replay_is_answered_whatever_the_settings(
    request: pytest.FixtureRequest,
    configure: Configure,
    whose: str,
    rotates: bool,
    is_protected: bool,
    grace: int,
    is_hashed: bool,
) -> None:
    configure(
        ROTATE_REFRESH_TOKEN=rotates,
        REFRESH_TOKEN_REUSE_PROTECTION=is_protected,
        REFRESH_TOKEN_GRACE_PERIOD_SECONDS=grace,
        COMPLIANT_BCP_RFC9700_TOKEN_STORAGE=is_hashed,
    )
    asking: OAuthClient = request.getfixturevalue(whose)
    tokens = asking.log_in()
    assert asking.refresh(tokens["refresh_token"]).status_code == 200

    replayed = asking.refresh(tokens["refresh_token"])

    if whose == "own" and not rotates:
        assert replayed.status_code == 200
    elif grace and not is_hashed:
        assert replayed.json()["access_token"]
    else:
        assert error_of(replayed) == "invalid_grant"


def test_grace_that_cannot_be_kept_ends_nothing(
    oauth_client: OAuthClient, client: Client, configure: Configure
) -> None:
    configure(COMPLIANT_BCP_RFC9700_TOKEN_STORAGE=True)
    first = oauth_client.log_in()
    second = oauth_client.refresh(first["refresh_token"]).json()

    assert error_of(oauth_client.refresh(first["refresh_token"])) == "invalid_grant"

    assert opens(client, second)
    assert oauth_client.refresh(second["refresh_token"]).status_code == 200


def test_refresh_token_of_somebody_else_ends_nothing(
    oauth_client: OAuthClient, client: Client, alice: User
) -> None:
    tokens = oauth_client.log_in()
    used = tokens["refresh_token"]
    tokens = oauth_client.refresh(used).json()
    thief = OAuthClient(client_id=registered().client_id, user=alice)

    assert error_of(thief.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert error_of(thief.refresh(used)) == "invalid_grant"

    assert opens(client, tokens)


def block_it(oauth_client: OAuthClient) -> Callable[[], object]:
    return lambda: block(oauth_client.client_id)


def end_its_families(oauth_client: OAuthClient) -> Callable[[], object]:
    def end() -> None:
        for token in RefreshToken.objects.filter(application__client_id=oauth_client.client_id):
            RefreshToken.revoke_family(token.token_family)

    return end


def forget_its_access_tokens(oauth_client: OAuthClient) -> Callable[[], object]:
    tokens = AccessToken.objects.filter(application__client_id=oauth_client.client_id)
    return lambda: tokens.delete()


@pytest.mark.parametrize("withdraw", [block_it, end_its_families])
@pytest.mark.parametrize("is_replay", [False, True])
def test_refresh_token_that_is_withdrawn_while_it_is_exchanged_brings_nothing(
    oauth_client: OAuthClient,
    during: Callable[..., None],
    withdraw: Callable[[OAuthClient], Callable[[], object]],
    is_replay: bool,
) -> None:
    tokens = oauth_client.log_in()
    if is_replay:
        oauth_client.refresh(tokens["refresh_token"])

    during(AfterRefreshTokenWasSeen, withdraw(oauth_client))

    assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()


def test_access_token_that_vanishes_while_it_is_replaced(
    own: OAuthClient, configure: Configure, during: Callable[..., None]
) -> None:
    configure(ROTATE_REFRESH_TOKEN=False)
    tokens = own.log_in()

    during(AfterRefreshTokenWasSeen, forget_its_access_tokens(own))

    assert error_of(own.refresh(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize("grant", ["code", "refresh token"])
def test_token_that_is_withdrawn_before_it_is_handed_out(
    oauth_client: OAuthClient, during: Callable[..., None], grant: str
) -> None:
    tokens = oauth_client.log_in()
    code = oauth_client.ask()["code"]

    during(AfterTokensWereStored, forget_its_access_tokens(oauth_client))

    exchanged = (
        oauth_client.redeem(code)
        if grant == "code"
        else oauth_client.refresh(tokens["refresh_token"])
    )
    assert error_of(exchanged) == "invalid_grant"


@pytest.mark.parametrize("is_hashed", [True, False])
@pytest.mark.parametrize("grace", [0, 60])
def test_refresh_token_that_is_used_twice_at_once_leaves_one_pair(
    transactional_db: None,
    oauth_client: OAuthClient,
    client: Client,
    configure: Configure,
    during: Callable[..., None],
    is_hashed: bool,
    grace: int,
) -> None:
    configure(
        COMPLIANT_BCP_RFC9700_TOKEN_STORAGE=is_hashed, REFRESH_TOKEN_GRACE_PERIOD_SECONDS=grace
    )
    tokens = oauth_client.log_in()
    during(AfterRefreshTokenWasSeen, meeting_of_two())

    answers = at_once(lambda: oauth_client.refresh(tokens["refresh_token"]))

    got = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [error_of(answer) for answer in answers if answer.status_code != 200]
    assert len({pair["access_token"] for pair in got}) == 1
    assert refused == (["invalid_grant"] if is_hashed else [])
    assert AccessToken.objects.count() == 1
    assert opens(client, got[0])


# Codes


def test_code_that_comes_again_ends_what_it_brought_forth(
    oauth_client: OAuthClient, client: Client
) -> None:
    other = oauth_client.log_in()
    code = oauth_client.ask()["code"]
    first = oauth_client.redeem(code).json()
    second = oauth_client.refresh(first["refresh_token"]).json()

    assert error_of(oauth_client.redeem(code, code_verifier="whatever")) == "invalid_grant"

    assert not opens(client, second)
    assert error_of(oauth_client.refresh(second["refresh_token"])) == "invalid_grant"
    assert opens(client, other)


def test_code_that_another_client_brings_ends_nothing(
    oauth_client: OAuthClient, client: Client, alice: User
) -> None:
    code = oauth_client.ask()["code"]
    tokens = oauth_client.redeem(code).json()
    thief = OAuthClient(client_id=registered().client_id, user=alice)

    assert error_of(thief.redeem(code)) == "invalid_grant"

    assert opens(client, tokens)


def test_code_of_the_hosts_own_application_comes_again_in_vain(own: OAuthClient) -> None:
    code = own.ask()["code"]
    own.redeem(code)

    assert error_of(own.redeem(code)) == "invalid_grant"

    assert AccessToken.objects.count() == 1


def test_code_is_good_until_somebody_has_the_verifier(oauth_client: OAuthClient) -> None:
    code = oauth_client.ask()["code"]

    assert error_of(oauth_client.redeem(code, code_verifier="x" * 43)) == "invalid_grant"

    assert oauth_client.redeem(code).status_code == 200


@pytest.mark.parametrize("step", [AfterCodeWasSeen, AfterChallengeWasSeen, BeforeTokensAreStored])
@pytest.mark.parametrize("whose", ["oauth_client", "own"])
def test_code_that_vanishes_while_it_is_redeemed_brings_nothing(
    request: pytest.FixtureRequest, during: Callable[..., None], step: type, whose: str
) -> None:
    asking: OAuthClient = request.getfixturevalue(whose)
    code = asking.ask()["code"]

    during(step, lambda: Grant.objects.all().delete())

    assert error_of(asking.redeem(code)) == "invalid_grant"
    assert not AccessToken.objects.exists()


def test_code_that_is_redeemed_twice_at_once_brings_one_pair_at_most(
    transactional_db: None, oauth_client: OAuthClient, during: Callable[..., None]
) -> None:
    code = oauth_client.ask()["code"]
    during(BeforeTokensAreStored, meeting_of_two())

    answers = at_once(lambda: oauth_client.redeem(code))

    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert [error_of(a) for a in answers if a.status_code == 400] == ["invalid_grant"]
    assert AccessToken.objects.count() == 1


def meeting_of_two() -> Callable[[], object]:
    """A step that nobody leaves before both requests have come to it."""
    barrier = Barrier(2)
    return lambda: barrier.wait(PATIENCE)


def at_once(ask: Callable[[], Any]) -> list[Any]:
    def asking() -> Any:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(asking) for _ in range(2)]
        return [each.result(PATIENCE) for each in both]
