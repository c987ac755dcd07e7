"""The host `front_door`, and what tests ask of it besides the official client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from tests.e2e.servers import nowhere, worded
from tests.hosts.process import Site
from tests.spec import MODERN
from tests.wire import PATIENCE, Client

SHELL = ("shell", "--no-imports", "--command")


def get(site: Site, path: str, token: str) -> httpx.Response:
    """Show a token to a page of the host."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{site.home}{path}", headers=headers, timeout=PATIENCE, trust_env=False)


def post(
    site: Site,
    path: str,
    form: Mapping[str, str] | None = None,
    *,
    json: Mapping[str, Any] | None = None,
) -> httpx.Response:
    """Send something to a page of the host."""
    return httpx.post(f"{site.home}{path}", data=form, json=json, timeout=PATIENCE, trust_env=False)


def send(
    site: Site, token: str, method: str, params: Mapping[str, Any] | None = None
) -> httpx.Response:
    """Send one request with a token, as a client that takes tasks."""
    client = Client(application=nowhere, era=MODERN).with_token(token).with_tasks()
    return httpx.post(site.url, **worded(client, method, params), timeout=PATIENCE, trust_env=False)


@contextmanager
def listening(site: Site, token: str, params: Mapping[str, Any]) -> Iterator[httpx.Response]:
    """Open a stream of `subscriptions/listen` with a token, as a client that takes tasks."""
    client = Client(application=nowhere, era=MODERN).with_token(token).with_tasks()
    sent = worded(client, "subscriptions/listen", params)
    with (
        httpx.Client(timeout=PATIENCE, trust_env=False) as http,
        http.stream("POST", site.url, **sent) as answer,
    ):
        yield answer


def is_open(site: Site, token: str) -> bool:
    """Whether the endpoint takes a token."""
    answer = send(site, token, "tools/list")
    assert answer.status_code in (200, 401)
    return answer.status_code == 200
