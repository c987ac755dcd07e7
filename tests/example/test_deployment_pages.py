"""The pages of the deployments, which show what the services answer."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from example_project.deployments.models import Release, UpstreamState

LIST = reverse("deployments:list")
CHECKOUT = reverse("deployments:releases", args=["checkout"])
ROLL_BACK = reverse("deployments:roll_back", args=["checkout"])


@pytest.fixture
def browser(demo: User) -> Client:
    return signed_in(demo)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def text_of(response: object) -> str:
    content = getattr(response, "content", b"")
    assert isinstance(content, bytes)
    return content.decode()


@pytest.mark.parametrize("page", [LIST, CHECKOUT, ROLL_BACK])
def test_page_asks_strangers_to_sign_in(page: str) -> None:
    response = Client().get(page)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


def test_list_shows_the_versions_and_the_health_of_an_environment(browser: Client) -> None:
    staging = text_of(browser.get(LIST))
    production = text_of(browser.get(LIST, {"environment": "production"}))

    assert "Services in staging" in staging
    assert '<span class="tag degraded">degraded</span>' in staging
    assert "2.4.0" in staging
    assert "Services in production" in production
    assert "degraded" not in production
    assert "2.3.1" in production


def test_list_of_an_environment_that_is_none_is_that_of_staging(browser: Client) -> None:
    assert "Services in staging" in text_of(browser.get(LIST, {"environment": "moon"}))


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("down", "The deployment platform of staging is down. Try again in 30 seconds."),
        ("slow", "did not answer within 0.01 seconds. Try again in 10 seconds."),
    ],
)
def test_list_stays_useful_while_the_platform_fails(
    condition: str, complaint: str, browser: Client, settings: Settings
) -> None:
    settings.DEPLOYMENTS_TIMEOUT = 0.01
    call_command("upstream", "staging", condition, verbosity=0)

    response = browser.get(LIST)

    assert response.status_code == 200
    assert complaint in text_of(response)
    assert "2.4.0" in text_of(response)
    assert text_of(response).count("unknown") == 5


def test_list_tells_where_something_else_runs_than_is_on_record(browser: Client) -> None:
    Release.objects.filter(environment="staging", version="2.4.0").delete()

    assert "<small>2.4.0 runs</small>" in text_of(browser.get(LIST))


@pytest.mark.implementation
def test_list_does_not_query_for_every_service(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(5):
        browser.get(LIST)


def test_history_marks_what_is_live_and_offers_what_came_before(browser: Client) -> None:
    page = text_of(browser.get(CHECKOUT))

    assert "Releases of checkout to staging" in page
    assert page.index("New payment provider") < page.index("Gift cards")
    assert page.count(">live<") == 1
    assert "<option>2.3.1</option><option>2.3.0</option>" in page


def test_history_without_anything_earlier_offers_nothing(browser: Client) -> None:
    Release.objects.filter(version__in=["2.3.0", "2.3.1"]).delete()

    assert "Roll back" not in text_of(browser.get(CHECKOUT))


def test_history_of_nothing_says_so(browser: Client) -> None:
    Release.objects.filter(environment="production").delete()

    for page in (LIST, CHECKOUT):
        response = browser.get(page, {"environment": "production"})
        assert "Nothing was released here yet." in text_of(response)


def test_service_that_does_not_exist_has_no_page(browser: Client) -> None:
    page = reverse("deployments:releases", args=["rumour"])

    assert browser.get(page).status_code == 404


def test_service_is_rolled_back_by_the_form(browser: Client) -> None:
    form = {"environment": "staging", "version": "2.3.1"}

    response = browser.post(ROLL_BACK, form, follow=True)
    again = browser.post(ROLL_BACK, form, follow=True)

    assert "checkout 2.3.1 is live in staging, 2.4.0 was before." in text_of(response)
    assert "Releases of checkout to staging" in text_of(response)
    assert "Rolled back from 2.4.0" in text_of(response)
    assert "checkout 2.3.1 is live in staging, as before." in text_of(again)


def test_refused_roll_back_is_explained(browser: Client) -> None:
    call_command("upstream", "staging", "down", verbosity=0)

    response = browser.post(ROLL_BACK, {"environment": "staging", "version": "2.3.1"}, follow=True)

    assert "is down. Try again in 30 seconds." in text_of(response)
    assert not Release.objects.filter(is_roll_back=True).exists()


def test_production_is_offered_to_those_with_the_permission_alone(
    browser: Client, releaser: User
) -> None:
    form = {"environment": "production", "version": "2.3.0"}
    place = {"environment": "production"}

    assert "Roll back" not in text_of(browser.get(CHECKOUT, place))
    refused = text_of(browser.post(ROLL_BACK, form, follow=True))
    assert "The user may not roll back services in production." in refused
    assert "Roll back" in text_of(signed_in(releaser).get(CHECKOUT, place))
    done = text_of(signed_in(releaser).post(ROLL_BACK, form, follow=True))
    assert "checkout 2.3.0 is live in production" in done


@pytest.mark.parametrize(
    "form",
    [
        {"environment": "moon", "version": "2.3.1"},
        {"environment": "staging", "version": "latest"},
        {"environment": "staging"},
    ],
)
def test_form_that_no_page_has_is_a_bad_request(form: dict[str, str], browser: Client) -> None:
    assert browser.post(ROLL_BACK, form).status_code == 400


def test_rolling_back_needs_post(browser: Client) -> None:
    assert browser.get(ROLL_BACK).status_code == 405


@pytest.mark.parametrize("model", ["service", "release", "upstreamstate"])
def test_admin_lists_what_the_application_keeps(model: str, seeded: None) -> None:
    browser = signed_in(User.objects.get(username="admin"))

    assert browser.get(reverse(f"admin:deployments_{model}_changelist")).status_code == 200
    assert browser.get(reverse(f"admin:deployments_{model}_add")).status_code == 200


def test_operator_takes_the_platform_down_in_the_admin(seeded: None) -> None:
    browser = signed_in(User.objects.get(username="admin"))
    states = UpstreamState.objects.order_by("environment")
    form = {
        "form-TOTAL_FORMS": "3",
        "form-INITIAL_FORMS": "3",
        "_save": "Save",
    }
    for number, state in enumerate(states):
        form |= {
            f"form-{number}-id": str(state.pk),
            f"form-{number}-condition": "down" if state.environment == "staging" else "ok",
            f"form-{number}-delay": "5",
        }

    browser.post(reverse("admin:deployments_upstreamstate_changelist"), form)

    assert "is down" in text_of(browser.get(LIST))
    assert "is down" not in text_of(browser.get(LIST, {"environment": "production"}))
