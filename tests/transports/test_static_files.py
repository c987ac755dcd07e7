"""Static files of a site under development: styled under any ASGI server, as under `runserver`."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from pytest_django import Settings

from django_mcp.asgi import mount
from tests.wire import Client

pytestmark = pytest.mark.django_db

INNER = b"the inner application"
CSS = "admin/css/base.css"


@pytest.fixture(autouse=True)
def debug(settings: Settings) -> None:
    settings.DEBUG = True


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """Stands where Django stands, and says so."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": INNER})


def get(path: str, application: Any = inner, **scope: Any) -> Any:
    client = Client(application=mount(application), path=path, scope=scope)
    return client.post(http_method="GET")


def test_admin_is_styled_under_debug() -> None:
    answer = get(f"/static/{CSS}")

    assert answer.status == 200
    assert answer.header("content-type") == ["text/css"]
    assert b"--body-fg" in answer.body


def test_file_that_is_not_there_is_404() -> None:
    assert get("/static/admin/css/nothing.css").status == 404


def test_other_paths_are_the_applications() -> None:
    assert get("/staticx").body == INNER


def without_debug(settings: Settings) -> None:
    settings.DEBUG = False


def without_staticfiles(settings: Settings) -> None:
    apps = [app for app in settings.INSTALLED_APPS if app != "django.contrib.staticfiles"]
    settings.INSTALLED_APPS = apps


def without_url(settings: Settings) -> None:
    settings.STATIC_URL = None


def with_files_of_another_host(settings: Settings) -> None:
    settings.STATIC_URL = "https://cdn.example/static/"


@pytest.mark.parametrize(
    "site", [without_debug, without_staticfiles, without_url, with_files_of_another_host]
)
def test_application_is_left_alone_where_runserver_would_serve_nothing(
    settings: Settings, site: Any
) -> None:
    site(settings)

    assert get(f"/static/{CSS}").body == INNER


def test_whitenoise_serves_its_files_itself_where_it_does_under_runserver(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = tmp_path / "whitenoise" / "runserver_nostatic"
    app.mkdir(parents=True)
    (app / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "whitenoise.runserver_nostatic"]

    assert get(f"/static/{CSS}").body == INNER


@pytest.mark.parametrize(
    ("forced", "scope"),
    [("/app", {}), (None, {"root_path": "/app"})],
    ids=["FORCE_SCRIPT_NAME", "root_path"],
)
def test_files_are_where_links_below_a_prefix_lead(
    settings: Settings, forced: str | None, scope: dict[str, str]
) -> None:
    settings.FORCE_SCRIPT_NAME = forced
    # Overriding it makes Django forget the prefix of an earlier test.
    settings.STATIC_URL = "static/"

    answer = get(f"/app/static/{CSS}", **scope)

    assert answer.status == 200
    assert django_settings.STATIC_URL == "/app/static/"


def test_login_page_links_to_a_style_that_is_there(settings: Settings) -> None:
    application = get_asgi_application()

    page = get("/admin/login/", application)

    assert f'href="/static/{CSS}"' in page.text
    assert get(f"/static/{CSS}", application).status == 200


def test_websockets_pass_through() -> None:
    seen: list[str] = []

    async def note(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])

    async def connect() -> None:
        await mount(note)({"type": "websocket", "path": "/static/x"}, inner, inner)

    asyncio.run(connect())

    assert seen == ["/static/x"]


def test_endpoint_answers_as_before(client: Client) -> None:
    mounted = client.having(application=mount(get_asgi_application()))

    assert mounted.call("add", a=1, b=2).result["structuredContent"] == {"result": 3}
