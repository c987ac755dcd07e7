"""A project with a few tools, and the people who look after it."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings
from typing_extensions import TypedDict

from django_mcp import prompt, resource, tool
from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry, build, using_registry
from tests.background import backends


class Choice(TypedDict):
    owner: str


def choose_owner(year: int) -> Choice:
    return {"owner": "ann"}


@pytest.fixture
def registry(db: None) -> Iterator[Registry]:
    """The groups `stock` and `reports`, with their rows; nothing else is declared."""
    with collecting() as declared:

        @tool(group="stock", title="Count", scopes=["stock:read"], read_only=True)
        def count_stock(sku: str) -> int:
            """Count the pieces of one article.

            Args:
                sku: The article's number, as on the <label>.
            """
            return len(sku)

        @tool(
            group="stock",
            scopes=["stock:write"],
            permissions=["shop.change_product"],
            destructive=True,
            idempotent=False,
            open_world=False,
        )
        def write_off(sku: str) -> None:
            """Write an article off, even when <b>some</b>
            are left."""

        @tool(group="reports", read_only=True)
        def report(year: int) -> str:
            """Report on one year."""
            return str(year)

        ToolGroup.objects.all().delete()
        with using_registry(build(declared)) as built:
            sync_groups()
            yield built


@pytest.fixture
def papers(db: None) -> Iterator[ToolGroup]:
    """A group with every kind; nothing else is declared."""
    with collecting() as declared:

        @tool(group="papers", read_only=True, scopes=["papers:read"])
        def list_papers() -> str:
            """List the papers."""
            return ""

        @resource(
            "paper://{number}{?page}",
            group="papers",
            title="A paper",
            mime_type="application/pdf",
            scopes=["papers:read"],
            permissions=["shop.view_order"],
        )
        def paper(number: int, page: int = 1) -> bytes:
            """A paper by its number."""
            return b""

        @resource("paper://index", group="papers")
        def index() -> str:
            """The index of all papers."""
            return ""

        @prompt(group="papers")
        def review(month: Literal["May", "June"], tone: str = "kind") -> str:
            """Review the papers of a month.

            Args:
                month: Its name.
            """
            return month

        @prompt(group="papers")
        def summary() -> str:
            """Sum all papers up."""
            return ""

        ToolGroup.objects.all().delete()
        with using_registry(build(declared)):
            sync_groups()
            ToolGroup.objects.update(enabled=True)
            forget_snapshot()
            yield ToolGroup.objects.get()
    forget_snapshot()


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    """Signs a member of staff in who holds these permissions on the package's models."""

    def sign_in(*codenames: str, is_superuser: bool = False) -> Client:
        user = User.objects.create_user("olga", is_staff=True, is_superuser=is_superuser)
        user.user_permissions.set(
            Permission.objects.filter(content_type__app_label="django_mcp", codename__in=codenames)
        )
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def operator(sign_in: Callable[..., Client]) -> Client:
    """May look at groups, change and delete them."""
    return sign_in("view_toolgroup", "change_toolgroup", "delete_toolgroup")


@pytest.fixture
def onlooker(sign_in: Callable[..., Client]) -> Client:
    """May look at everything and change nothing."""
    return sign_in("view_toolgroup", "view_callrecord")


@pytest.fixture
def watcher(sign_in: Callable[..., Client]) -> Client:
    """May look at tasks, and at nothing else."""
    return sign_in("view_tooltask")


@pytest.fixture
def controller(sign_in: Callable[..., Client]) -> Client:
    """May look at tasks and records, cancel tasks and run them again."""
    return sign_in("view_tooltask", "change_tooltask", "view_callrecord")


@pytest.fixture
def background(db: None, settings: Settings) -> Iterator[None]:
    """Background tools that everybody may call, and workers that never come."""
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    with collecting() as declared:

        @tool(group="reports", background=True, read_only=True)
        def build_report(year: int, password: str = "") -> str:
            """Report on one year."""
            return str(year)

        @tool(group="reports", background=True)
        def import_rows(file: str) -> int:
            """Import the rows of a file."""
            return len(file)

        @tool(group="reports", background=True, prepare=choose_owner, read_only=True)
        def report_on(year: int, owner: str) -> str:
            """Report on one year of one owner."""
            return owner

        @tool(group="reports", read_only=True)
        def count_rows() -> int:
            """Count the rows."""
            return 0

        ToolGroup.objects.all().delete()
        with using_registry(build(declared)):
            sync_groups()
            ToolGroup.objects.update(enabled=True)
            forget_snapshot()
            backends.held.clear()
            yield
        forget_snapshot()


@pytest.fixture
def superuser(sign_in: Callable[..., Client]) -> Client:
    return sign_in(is_superuser=True)


@pytest.fixture
def writer(sign_in: Callable[..., Client]) -> Client:
    """May look at prompts, write, change and delete them."""
    return sign_in(*(f"{each}_prompttemplate" for each in ("view", "add", "change", "delete")))
