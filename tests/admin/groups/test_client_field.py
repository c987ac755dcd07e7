"""Choice of the applications that a tool group allows."""

import pytest
from django.test import Client

from django_mcp.models import ToolGroup
from django_mcp.primitives.registry import Registry
from tests.admin.pages import GROUPS, group_page, submission, text_of

pytest.importorskip("oauth2_provider")

from tests.applications import Application
from tests.factories import by_hand, registered

pytestmark = pytest.mark.oauth


@pytest.fixture
def stock(registry: Registry) -> ToolGroup:
    group = ToolGroup.objects.get(name="stock")
    group.allowed_clients = ["left-the-site"]
    group.save()
    return group


@pytest.fixture
def desktop(db: None) -> str:
    """The client id of an application."""
    application = Application.objects.create(
        name="Desktop <b>assistant</b>",
        client_id="desktop-1",
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris="http://127.0.0.1/callback",
    )
    return str(application.client_id)


def test_applications_are_chosen_by_name(operator: Client, stock: ToolGroup, desktop: str) -> None:
    page = operator.get(group_page(stock))
    operator.post(group_page(stock), submission(page, allowed_clients=[desktop]))
    chosen = operator.get(group_page(stock))

    assert "Desktop <b>assistant</b> (desktop-1)" in text_of(chosen)
    assert "<b>assistant</b>" not in chosen.content.decode()
    stock.refresh_from_db()
    assert stock.allowed_clients == ["desktop-1"]


def test_client_id_whose_application_is_gone_is_shown_and_kept(
    operator: Client, stock: ToolGroup, desktop: str
) -> None:
    page = operator.get(group_page(stock))
    operator.post(group_page(stock), submission(page, allowed_clients=["left-the-site", desktop]))

    assert "left-the-site (no such application)" in text_of(page)
    stock.refresh_from_db()
    assert stock.allowed_clients == ["left-the-site", "desktop-1"]


@pytest.mark.parametrize("unknown", ["invented", "invented\0"])
def test_unknown_client_id_is_refused(operator: Client, stock: ToolGroup, unknown: str) -> None:
    page = operator.get(group_page(stock))
    refused = operator.post(group_page(stock), submission(page, allowed_clients=[unknown]))

    assert f"{unknown} is not one of the available choices" in text_of(refused)
    stock.refresh_from_db()
    assert stock.allowed_clients == ["left-the-site"]


def test_no_choice_allows_every_application(operator: Client, stock: ToolGroup) -> None:
    page = operator.get(group_page(stock))
    operator.post(group_page(stock), submission(page, allowed_clients=None))

    stock.refresh_from_db()
    assert stock.allowed_clients == []


@pytest.mark.parametrize("stored", ["text", {"a": 1}, [1, "b"]])
def test_page_works_whatever_was_stored(operator: Client, stock: ToolGroup, stored: object) -> None:
    ToolGroup.objects.filter(pk=stock.pk).update(allowed_clients=stored)

    assert operator.get(group_page(stock)).status_code == 200


SEARCH = f"{GROUPS}applications/"


def found(client: Client, **asked: str) -> list[tuple[str, str]]:
    results = client.get(SEARCH, asked).json()["results"]
    return [(each["id"], each["text"]) for each in results]


@pytest.fixture
def applications(db: None) -> None:
    """One of each kind."""
    registered("Blocked", client_id="b", standing="blocked")
    registered("Known", client_id="k", standing="approved", source="cimd")
    registered("New", client_id="n")
    registered("Z\u202eoe\x9b", client_id="a")
    registered("", client_id="-")
    by_hand("Own", client_id="o")


def test_search_says_which_registered_themselves_and_has_the_approved_first(
    operator: Client, applications: None
) -> None:
    assert found(operator) == [
        ("k", "Known (k): registered itself, approved"),
        ("o", "Own (o)"),
        ("-", "-: registered itself"),
        ("n", "New (n): registered itself"),
        ("a", "Z\\u202eoe\\x9b (a): registered itself"),
        ("b", "Blocked (b): registered itself, blocked"),
    ]


@pytest.mark.parametrize(
    ("term", "ids"),
    [
        ("now", ["k"]),
        ("OWN", ["k", "o"]),
        ("-", ["-"]),
        ("nothing", []),
        ("\0now", ["k"]),
        ("n" * 51_000, []),
    ],
    ids=["name", "any_case", "id", "nothing", "nul", "too_long"],
)
def test_search_finds_parts_of_names_and_ids(
    operator: Client, applications: None, term: str, ids: list[str]
) -> None:
    assert [client for client, _ in found(operator, term=term)] == ids


@pytest.mark.implementation
def test_search_goes_on_where_a_page_ends(
    operator: Client, applications: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_mcp.admin.groups.client_field.PAGE_SIZE", 4)

    pages = [operator.get(SEARCH, {"page": page}).json() for page in ("1", "2", "x")]

    assert [[each["id"] for each in page["results"]] for page in pages] == [
        ["k", "o", "-", "n"],
        ["a", "b"],
        ["k", "o", "-", "n"],
    ]
    assert [page["pagination"]["more"] for page in pages] == [True, False, True]


def test_search_is_for_those_who_may_change_groups(onlooker: Client, applications: None) -> None:
    assert onlooker.get(SEARCH).status_code == 403
    assert Client().get(SEARCH).status_code == 302


def test_onlooker_reads_which_applications_are_allowed(
    onlooker: Client, stock: ToolGroup, desktop: str
) -> None:
    stock.allowed_clients = [desktop, "gone"]
    stock.save()

    text = text_of(onlooker.get(group_page(stock)))

    assert "Desktop <b>assistant</b> (desktop-1)gone (no such application)" in text
