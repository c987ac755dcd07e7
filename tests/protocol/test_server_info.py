"""What clients are told of a server: name, title, icons, website, instructions; per endpoint."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from django import template
from django.contrib.auth.models import Group
from pytest_django import Settings

from django_mcp import Endpoint, Icon
from django_mcp.endpoints import using_endpoints
from tests.keys import PATH
from tests.protocol.tools import TOOLS
from tests.spec import ERAS, MODERN
from tests.wire import Client, serving

ICON = Icon(src="https://shop.example/icon.png", mime_type="image/png", sizes=("48x48", "any"))
WIRE_ICON = {
    "src": "https://shop.example/icon.png",
    "mimeType": "image/png",
    "sizes": ["48x48", "any"],
}

SHOP = Endpoint(
    url="http://testserver/mcp",
    server_name="shop",
    title="The shop",
    icons=(ICON,),
    website="https://shop.example/",
    instructions="Sell.",
)
STAFF = Endpoint(
    name="staff",
    url="http://testserver/staff/mcp",
    server_name="staff",
    title="Staff & co.",
    instructions_template="staff.txt",
)

register = template.Library()


@register.simple_tag
def group_names() -> str:
    """Query, as tags do."""
    return ", ".join(Group.objects.order_by("name").values_list("name", flat=True))


@register.simple_tag
def failing() -> str:
    raise RuntimeError("the-password-is-1234")


@pytest.fixture(autouse=True)
def _open(db: None, settings: Settings) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True


@pytest.fixture
def templates(settings: Settings) -> Callable[..., None]:
    """Gives the project these templates."""

    def have(**sources: str) -> None:
        named = {f"{name}.txt": source for name, source in sources.items()}
        settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", named)],
                    "libraries": {"shop": __name__},
                },
            }
        ]

    return have


@contextmanager
def clients_of(*endpoints: Endpoint, era: str) -> Iterator[list[Client]]:
    with using_endpoints(*endpoints), serving(TOOLS) as application:
        yield [
            Client(application=application, era=era, path=endpoint.path) for endpoint in endpoints
        ]


@pytest.fixture
def client(era: str) -> Iterator[Client]:
    """A client of the project's own endpoint; the settings that are fixed then are read late."""
    with serving(TOOLS) as application:
        yield Client(application=application, era=era)


def introduction(client: Client) -> tuple[dict[str, Any], str | None]:
    """What the server says of itself, and its instructions."""
    if client.era == MODERN:
        result = client.send("server/discover").result
        info = result["_meta"]["io.modelcontextprotocol/serverInfo"]
    else:
        result = client.send(
            "initialize",
            {
                "protocolVersion": client.era,
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        ).result
        info = result["serverInfo"]
    return info, result.get("instructions")


def instructions(client: Client) -> str | None:
    return introduction(client)[1]


def test_server_without_settings_has_the_name_of_its_host(client: Client) -> None:
    info, text = introduction(client)

    assert info == {"name": "testserver", "version": info["version"]}
    assert text is None


@pytest.mark.parametrize("era", ERAS)
def test_settings_say_what_clients_are_told(settings: Settings, era: str) -> None:
    settings.DJANGO_MCP_SERVER_NAME = "desk"
    settings.DJANGO_MCP_SERVER_TITLE = "The desk"
    settings.DJANGO_MCP_SERVER_VERSION = "3"
    settings.DJANGO_MCP_SERVER_ICONS = [ICON, Icon(src="data:image/svg+xml,%3Csvg/%3E")]
    settings.DJANGO_MCP_SERVER_WEBSITE = "https://desk.example"
    settings.DJANGO_MCP_INSTRUCTIONS = "Ask first."

    with serving(TOOLS) as application:
        told = introduction(Client(application=application, era=era))

    assert told == (
        {
            "name": "desk",
            "title": "The desk",
            "version": "3",
            "icons": [WIRE_ICON, {"src": "data:image/svg+xml,%3Csvg/%3E"}],
            "websiteUrl": "https://desk.example",
        },
        "Ask first.",
    )


@pytest.mark.parametrize("era", ERAS)
def test_each_endpoint_is_told_of_as_it_says(
    settings: Settings, templates: Callable[..., None], era: str
) -> None:
    settings.DJANGO_MCP_SERVER_VERSION = "3"
    settings.DJANGO_MCP_SERVER_TITLE = "Never shown"
    settings.DJANGO_MCP_SERVER_WEBSITE = "https://site.example"
    settings.DJANGO_MCP_INSTRUCTIONS = "Never read."
    templates(staff="\n{{ endpoint.title }} at {{ endpoint.path }}\n")

    with clients_of(SHOP, STAFF, era=era) as (shop, staff):
        assert introduction(shop) == (
            {
                "name": "shop",
                "title": "The shop",
                "version": "3",
                "icons": [WIRE_ICON],
                "websiteUrl": "https://shop.example/",
            },
            "Sell.",
        )
        assert introduction(staff) == (
            {
                "name": "staff",
                "title": "Staff & co.",
                "version": "3",
                "websiteUrl": "https://site.example",
            },
            "Staff & co. at /staff/mcp",
        )


@pytest.mark.parametrize("era", ERAS)
def test_endpoint_that_says_nothing_is_told_of_as_the_settings_say(
    settings: Settings, templates: Callable[..., None], era: str
) -> None:
    settings.DJANGO_MCP_SERVER_TITLE = "The site"
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "site.txt"
    templates(site="You are at {{ endpoint.url }}.")
    desk = Endpoint(name="desk", url="http://testserver/desk/mcp")

    with clients_of(SHOP, desk, era=era) as (shop, client):
        info, text = introduction(client)

        assert (info["name"], info["title"]) == ("testserver", "The site")
        assert text == "You are at http://testserver/desk/mcp."
        assert instructions(shop) == "Sell."


def test_instructions_are_rendered_each_time_and_may_query(
    client: Client, settings: Settings, templates: Callable[..., None]
) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "shop.txt"
    templates(shop="{% load shop %}Groups: {% group_names %}")

    assert instructions(client) == "Groups:"

    Group.objects.create(name="staff")
    Group.objects.create(name="<Tom & Ann>")

    assert instructions(client) == "Groups: <Tom & Ann>, staff"


def test_template_counts_where_there_is_a_text_as_well(
    client: Client, settings: Settings, templates: Callable[..., None]
) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS = "The text."
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "shop.txt"
    templates(shop="The template.")

    assert instructions(client) == "The template."


@pytest.mark.parametrize(
    ("sources", "error"),
    [
        ({}, "TemplateDoesNotExist"),
        ({"shop": "{% nonsense %}"}, "TemplateSyntaxError"),
        ({"shop": "{% load shop %}before {% failing %}"}, "the-password-is-1234"),
    ],
    ids=["missing", "malformed", "failing"],
)
def test_template_that_fails_leaves_the_instructions_out_and_is_logged(
    client: Client,
    settings: Settings,
    templates: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    sources: Mapping[str, str],
    error: str,
) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "shop.txt"
    templates(**sources)

    info, text = introduction(client)

    assert (info["name"], text) == ("testserver", None)
    assert "The instructions of the endpoint 'default' are left out: shop.txt failed" in caplog.text
    assert error in caplog.text


@pytest.mark.parametrize("source", ["", " \n ", "{% if endpoint.groups %}x{% endif %}"])
def test_empty_template_is_no_instructions(
    client: Client, settings: Settings, templates: Callable[..., None], source: str
) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "shop.txt"
    templates(shop=source)

    assert instructions(client) is None


def test_other_engines_render_instructions_too(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "shop.txt"
    settings.TEMPLATES = [
        {
            "BACKEND": f"{__name__}.PlainTemplates",
            "NAME": "plain",
            "DIRS": [],
            "APP_DIRS": False,
            "OPTIONS": {},
        }
    ]

    assert instructions(client) == "shop.txt of http://testserver/mcp"


class PlainTemplates:
    """An engine of the project's own: each template is what is said here."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.name = params["NAME"]

    def get_template(self, name: str) -> "PlainTemplates":
        self.template_name = name
        return self

    def render(self, context: Mapping[str, Any]) -> str:
        return f"{self.template_name} of {context['endpoint'].url}"


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18"])
def test_older_revisions_are_told_as_well(revision: str) -> None:
    params = {
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    with clients_of(SHOP, era="2025-11-25") as (client,):
        answer = client.send("initialize", params)

    assert answer.result["protocolVersion"] == revision
    assert answer.result["serverInfo"]["name"] == "shop"
    assert answer.result["instructions"] == "Sell."
