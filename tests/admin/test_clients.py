import pytest
from django.test import Client

from django_mcp.models import ToolGroup
from django_mcp.tools.registry import Registry
from tests.admin.pages import group_page, submission, text_of

oauth2_models = pytest.importorskip("oauth2_provider.models")


@pytest.fixture
def stock(registry: Registry) -> ToolGroup:
    group = ToolGroup.objects.get(name="stock")
    group.allowed_clients = ["left-the-site"]
    group.save()
    return group


@pytest.fixture
def desktop(db: None) -> str:
    """The client id of an application."""
    application = oauth2_models.get_application_model().objects.create(
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
