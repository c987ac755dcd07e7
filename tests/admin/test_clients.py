import pytest
from django.test import Client

from django_mcp.models import ToolGroup
from django_mcp.tools.registry import Registry
from tests.admin.pages import group_page, submission, text_of

pytest.importorskip("oauth2_provider")

from tests.applications import Application, by_hand, registered


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

    assert "Desktop <b>assistant</b> (desktop-1)" in text_of(page)
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


def test_unknown_client_id_is_refused(operator: Client, stock: ToolGroup) -> None:
    page = operator.get(group_page(stock))
    refused = operator.post(group_page(stock), submission(page, allowed_clients=["invented"]))

    assert "invented is not one of the available choices" in text_of(refused)
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


def test_choice_of_applications_says_which_registered_themselves_and_has_the_approved_first(
    operator: Client, stock: ToolGroup
) -> None:
    registered("Blocked", client_id="b", standing="blocked")
    registered("Known", client_id="k", standing="approved", source="cimd")
    registered("New", client_id="n")
    registered("Z\u202eoe\x9b", client_id="a")
    registered("", client_id="-")
    by_hand("Own", client_id="o")
    stock.allowed_clients = ["n", "gone"]
    stock.save()

    page = operator.get(group_page(stock))
    widget = page.context["adminform"].form.fields["allowed_clients"]

    assert [(value, str(label)) for value, label in widget.choices] == [
        ("k", "Known (k): registered itself, approved"),
        ("o", "Own (o)"),
        ("-", "-: registered itself"),
        ("n", "New (n): registered itself"),
        ("a", "Z\\u202eoe\\x9b (a): registered itself"),
        ("b", "Blocked (b): registered itself, blocked"),
        ("gone", "gone (no such application)"),
    ]
