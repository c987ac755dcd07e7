"""A site behind OAuth, its users and their tokens."""

import datetime
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("oauth2_provider")

from django.contrib.auth.models import User
from django.core.cache import cache

from django_mcp.asgi import Application
from django_mcp.auth.tokens.development import issue_token
from django_mcp.endpoints import Endpoint, get_endpoints
from django_mcp.models import ToolGroup
from tests.markers import mark_folder
from tests.spec import ERAS
from tests.transports.tools import TOOLS
from tests.wire import Client, serving

pytest_collection_modifyitems = mark_folder(__file__, "oauth")

Issue = Callable[..., str]


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    """Nobody has registered within the hour, and no document was found wanting."""
    cache.clear()


@pytest.fixture
def application(db: None) -> Iterator[Application]:
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(TOOLS) as application:
        yield application


@pytest.fixture(params=ERAS)
def client(application: Application, request: pytest.FixtureRequest) -> Client:
    """A client without a token, of each era in turn."""
    return Client(application=application, era=request.param)


@pytest.fixture
def issue(alice: User) -> Issue:
    """Issues tokens: alice's, good for an hour at this endpoint, unless told otherwise."""

    def issue(
        *scopes: str,
        user: User = alice,
        url: str = "",
        expires: datetime.timedelta = datetime.timedelta(hours=1),
        client: str = "Desk",
    ) -> str:
        endpoint = Endpoint(url=url) if url else get_endpoints().default
        return issue_token(
            user=user, scopes=scopes, endpoint=endpoint, expires=expires, client=client
        )

    return issue
