"""How operators limit the calls of an application."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from django_mcp.models import ClientRegistration
from django_mcp.policy.snapshot import ClientPolicy, read_snapshot
from tests.admin.pages import CLIENTS, client_page, links_of, text_of

pytest.importorskip("oauth2_provider")

from tests.factories import by_hand, registered

pytestmark = pytest.mark.oauth

RATES = f"{CLIENTS}rates/"


@pytest.fixture
def controller(sign_in: Callable[..., Client]) -> Client:
    """May look at clients and judge them."""
    return sign_in("view_clientregistration", "change_clientregistration")


@pytest.fixture(params=[registered, by_hand], ids=["registered", "by_hand"])
def application(request: pytest.FixtureRequest, db: None) -> Any:
    """An application with a registration, or one that an operator has set up."""
    return request.param("Desk")


def test_rates_are_what_the_policy_reads_and_are_in_the_history(
    controller: Client, application: Any
) -> None:
    page = controller.get(RATES, {"client": application.client_id})
    saved = controller.post(
        f"{RATES}?client={application.client_id}",
        {"read_rate": "1000/m", "write_rate": ""},
        follow=True,
    )

    assert f"Desk {application.client_id}" in text_of(page)
    assert "All users of the application count together." in text_of(page)
    assert saved.redirect_chain == [(client_page(application.client_id), 302)]
    assert "Rates set: reads 1000/m, writes no limit." in text_of(saved)
    assert "Rate of reads: 1000/m" in text_of(saved)
    assert read_snapshot().clients == {application.client_id: ClientPolicy(read_rate="1000/m")}
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.get_change_message()) == (
        application.client_id,
        "Rates set: reads 1000/m, writes no limit.",
    )


def test_rates_of_a_blocked_client_leave_it_blocked(controller: Client) -> None:
    desk = registered("Desk", standing="blocked")

    controller.post(f"{RATES}?client={desk.client_id}", {"read_rate": "1/h", "write_rate": "0/m"})

    row = ClientRegistration.objects.get()
    assert (row.standing, row.read_rate, row.write_rate) == ("blocked", "1/h", "0/m")


def test_rates_are_taken_off_by_emptying_them(controller: Client) -> None:
    desk = registered("Desk")
    ClientRegistration.objects.update(read_rate="1/h")

    page = controller.get(RATES, {"client": desk.client_id})
    controller.post(f"{RATES}?client={desk.client_id}", {"read_rate": "", "write_rate": ""})

    assert b'value="1/h"' in page.content
    assert read_snapshot().clients == {}


def test_text_that_is_no_rate_is_not_saved(controller: Client) -> None:
    desk = registered("Desk")

    refused = controller.post(f"{RATES}?client={desk.client_id}", {"read_rate": "often"})

    assert "Write a number of calls and a time, such as 100/m or 5/30s" in text_of(refused)
    assert read_snapshot().clients == {}
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "Client id"),
        ("?client=", "This field is required."),
        ("?client=nobody", "There is no client of this id."),
        (f"?client={'n' * 300}", "Ensure this value has at most 255 characters"),
    ],
)
def test_client_is_asked_for_where_none_is_known(controller: Client, query: str, text: str) -> None:
    page = controller.get(f"{RATES}{query}")
    posted = controller.post(f"{RATES}{query}", {"read_rate": "1/h"})

    assert text in text_of(page)
    assert b'name="read_rate"' not in page.content
    assert posted.status_code == 200
    assert not ClientRegistration.objects.exists()


def test_pages_lead_to_it_for_those_who_may_set_rates(controller: Client) -> None:
    desk = registered("Desk")
    pages = CLIENTS, client_page(desk.client_id)

    links = [dict(links_of(controller.get(page))) for page in pages]

    assert links[0]["Rates of a client"] == RATES
    assert links[1]["Rates"] == f"{RATES}?client={desk.client_id}"


def test_who_may_only_look_reads_rates_and_sets_none(sign_in: Callable[..., Client]) -> None:
    desk = registered("Desk")
    ClientRegistration.objects.update(read_rate="1/h")
    watcher = sign_in("view_clientregistration")

    page = watcher.get(client_page(desk.client_id))
    answers = [
        watcher.get(RATES),
        watcher.post(f"{RATES}?client={desk.client_id}", {"read_rate": "2/h"}),
    ]

    assert "Rate of reads: 1/h" in text_of(page)
    assert not {"Rates", "Rates of a client"} & dict(links_of(page)).keys()
    assert [answer.status_code for answer in answers] == [403, 403]
    assert ClientRegistration.objects.get().read_rate == "1/h"
