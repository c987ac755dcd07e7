"""The service functions of the deployments, called from Python."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from django_mcp import ToolError
from example_project.deployments import seed, services
from example_project.deployments.models import Environment, Health, Release, Service, UpstreamState
from example_project.deployments.services import RollBack, ServiceSummary
from example_project.deployments.upstream import Platform
from tests.wire import PATIENCE

STAGING = Environment.STAGING
PRODUCTION = Environment.PRODUCTION
FROM_THE_RECORD = "Meanwhile list_services and list_releases answer from the record."


@pytest.fixture(autouse=True)
def impatience(settings: Settings) -> None:
    settings.DEPLOYMENTS_TIMEOUT = 0.01


def versions(service: str, environment: Environment) -> list[str]:
    return [release.version for release in services.list_releases(service, environment)]


def running(service: str, environment: Environment) -> str:
    (status,) = services.get_deployment_status(environment, service)
    return status.version


@pytest.mark.usefixtures("seeded")
def test_services_are_listed_with_what_is_live_in_each_environment() -> None:
    listed = services.list_services()

    assert [service.name for service in listed] == sorted(seed.SERVICES)
    assert listed[2] == ServiceSummary(
        name="invoices",
        team="payments",
        description="Writes invoices and sends them",
        versions={
            Environment.DEVELOPMENT: "0.13.0",
            PRODUCTION: "0.12.0",
            STAGING: "0.12.0",
        },
    )


@pytest.mark.usefixtures("seeded")
def test_services_are_found_by_environment_and_name() -> None:
    Service.objects.create(name="rumour", team="nobody")

    everything = {service.name for service in services.list_services()}
    released = {service.name for service in services.list_services(STAGING)}
    named = [service.name for service in services.list_services(STAGING, "o")]

    assert everything - released == {"rumour"}
    assert named == ["accounts", "checkout", "invoices", "storefront"]


@pytest.mark.implementation
@pytest.mark.usefixtures("seeded")
def test_listing_services_takes_as_many_queries_for_one_as_for_all(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        services.list_services()


@pytest.mark.usefixtures("seeded")
def test_releases_come_newest_first_and_bounded() -> None:
    assert versions("checkout", STAGING) == ["2.4.0", "2.3.1", "2.3.0"]
    assert versions("checkout", PRODUCTION) == ["2.3.1", "2.3.0"]
    assert len(services.list_releases("checkout", STAGING, limit=2)) == 2


@pytest.mark.usefixtures("seeded")
def test_unknown_service_is_answered_with_a_guess_and_the_known_ones() -> None:
    with pytest.raises(ToolError) as caught:
        services.list_releases("chekout", STAGING)

    assert caught.value.message == "There is no service 'chekout'."
    assert caught.value.hint == (
        "Did you mean 'checkout'? The services are: accounts, checkout, invoices, search, "
        "storefront."
    )
    assert not caught.value.retryable


@pytest.mark.django_db
def test_unknown_service_without_any_known_says_so() -> None:
    with pytest.raises(ToolError) as caught:
        services.list_releases("checkout", STAGING)

    assert caught.value.hint == "The services are: none yet."


@pytest.mark.usefixtures("seeded")
def test_status_is_what_the_platform_says() -> None:
    statuses = services.get_deployment_status(STAGING)

    assert {status.service: (status.version, status.health) for status in statuses} == {
        "accounts": ("1.9.0", Health.HEALTHY),
        "checkout": ("2.4.0", Health.DEGRADED),
        "invoices": ("0.12.0", Health.HEALTHY),
        "search": ("3.1.0", Health.HEALTHY),
        "storefront": ("5.22.0", Health.HEALTHY),
    }
    assert services.get_deployment_status(STAGING, "checkout") == [statuses[1]]


@pytest.mark.usefixtures("seeded")
def test_status_of_a_service_that_does_not_run_names_those_that_do() -> None:
    Service.objects.create(name="rumour", team="nobody")

    with pytest.raises(ToolError) as caught:
        services.get_deployment_status(STAGING, "rumour")

    assert caught.value.message == "rumour does not run in staging."
    assert caught.value.hint == "There run: accounts, checkout, invoices, search, storefront."


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("condition", "message", "retry_after"),
    [
        ("down", "The deployment platform of staging is down.", 30),
        ("slow", "The deployment platform of staging did not answer within 0.01 seconds.", 10),
    ],
)
def test_platform_that_fails_is_worth_asking_again_later(
    condition: str, message: str, retry_after: int
) -> None:
    call_command("upstream", "staging", condition, verbosity=0)

    with pytest.raises(ToolError) as caught:
        services.get_deployment_status(STAGING)

    assert caught.value.message == message
    assert caught.value.hint == f"Ask again later. {FROM_THE_RECORD}"
    assert (caught.value.retryable, caught.value.retry_after) == (True, retry_after)
    assert services.get_deployment_status(PRODUCTION)
    assert services.list_services(STAGING)


def test_rolling_back_replaces_the_live_version_and_is_recorded(demo: User) -> None:
    done = services.roll_back(demo, "checkout", STAGING, "2.3.1")

    assert done == RollBack(
        service="checkout",
        environment=STAGING,
        version="2.3.1",
        previous_version="2.4.0",
        has_changed=True,
    )
    assert running("checkout", STAGING) == "2.3.1"
    release = services.list_releases("checkout", STAGING)[0]
    assert (release.version, release.released_by, release.is_roll_back, release.notes) == (
        "2.3.1",
        "demo",
        True,
        "Rolled back from 2.4.0",
    )


def test_rolling_back_heals_what_the_live_version_broke(demo: User) -> None:
    services.roll_back(demo, "checkout", STAGING, "2.3.1")

    (status,) = services.get_deployment_status(STAGING, "checkout")
    assert status.health is Health.HEALTHY


def test_rolling_back_twice_is_rolling_back_once(demo: User) -> None:
    services.roll_back(demo, "checkout", STAGING, "2.3.0")
    (before,) = services.get_deployment_status(STAGING, "checkout")

    again = services.roll_back(demo, "checkout", STAGING, "2.3.0")

    assert (again.version, again.previous_version, again.has_changed) == ("2.3.0", "2.3.0", False)
    assert services.get_deployment_status(STAGING, "checkout") == [before]
    assert versions("checkout", STAGING) == ["2.3.0", "2.4.0", "2.3.1", "2.3.0"]


@pytest.mark.parametrize("version", ["2.4.1", "2.2.0"])
def test_version_that_was_never_live_is_refused_with_those_that_were(
    version: str, demo: User
) -> None:
    with pytest.raises(ToolError) as caught:
        services.roll_back(demo, "checkout", STAGING, version)

    assert caught.value.message == (
        f"checkout cannot go back to {version} in staging, where 2.4.0 is live."
    )
    assert caught.value.hint == "It can go back to: 2.3.1, 2.3.0."
    assert running("checkout", STAGING) == "2.4.0"


def test_rolling_back_never_goes_forward(demo: User) -> None:
    services.roll_back(demo, "checkout", STAGING, "2.3.1")

    with pytest.raises(ToolError) as caught:
        services.roll_back(demo, "checkout", STAGING, "2.4.0")

    assert caught.value.hint == "It can go back to: 2.3.0."


def test_versions_compare_by_number(demo: User) -> None:
    service = Service.objects.create(name="counter", team="numbers")
    for version in ("2.9.0", "2.10.0"):
        Release.objects.create(service=service, environment=STAGING, version=version)

    assert services.roll_back(demo, "counter", STAGING, "2.9.0").previous_version == "2.10.0"
    with pytest.raises(ToolError) as caught:
        services.roll_back(demo, "counter", STAGING, "2.10.0")
    assert caught.value.hint == (
        "No earlier version was live there, so there is nothing to go back to."
    )


def test_service_that_was_never_released_there_cannot_be_rolled_back(demo: User) -> None:
    Service.objects.create(name="rumour", team="nobody")

    with pytest.raises(ToolError, match="rumour was never released to staging"):
        services.roll_back(demo, "rumour", STAGING, "1.0.0")


def test_production_is_rolled_back_by_those_with_the_permission_alone(
    demo: User, releaser: User
) -> None:
    with pytest.raises(ToolError) as caught:
        services.roll_back(demo, "checkout", PRODUCTION, "2.3.0")

    assert caught.value.message == "The user may not roll back services in production."
    assert "'Can roll back services in production'" in caught.value.hint
    assert not caught.value.retryable
    assert running("checkout", PRODUCTION) == "2.3.1"
    assert services.roll_back(releaser, "checkout", PRODUCTION, "2.3.0").has_changed
    assert running("checkout", PRODUCTION) == "2.3.0"


def test_platform_that_is_down_rolls_nothing_back(demo: User) -> None:
    call_command("upstream", "staging", "down", verbosity=0)

    with pytest.raises(ToolError) as caught:
        services.roll_back(demo, "checkout", STAGING, "2.3.1")

    assert caught.value.retryable
    assert caught.value.hint == "This call has changed nothing. Call roll_back again later."
    call_command("upstream", "staging", "ok", verbosity=0)
    assert running("checkout", STAGING) == "2.4.0"
    assert versions("checkout", STAGING)[0] == "2.4.0"


def test_roll_back_that_was_not_confirmed_in_time_is_completed_by_repeating_it(demo: User) -> None:
    call_command("upstream", "staging", "slow", verbosity=0)

    with pytest.raises(ToolError) as caught:
        services.roll_back(demo, "checkout", STAGING, "2.3.1")
    call_command("upstream", "staging", "ok", verbosity=0)
    taken = Platform(STAGING).running()[1]
    repeated = services.roll_back(demo, "checkout", STAGING, "2.3.1")

    assert caught.value.retryable
    assert "with the same arguments" in caught.value.hint
    assert (taken.service, taken.version) == ("checkout", "2.3.1")
    assert repeated.previous_version == "2.4.0"
    assert Platform(STAGING).running()[1] == taken
    assert versions("checkout", STAGING)[0] == "2.3.1"


@pytest.mark.django_db(transaction=True)
def test_roll_back_sent_several_times_at_once_is_recorded_once() -> None:
    user = User.objects.create_user("hasty")
    seed.seed()
    everybody = Barrier(3)

    def send(_: int) -> bool:
        try:
            everybody.wait(timeout=PATIENCE)
            return services.roll_back(user, "checkout", STAGING, "2.3.1").has_changed
        finally:
            connection.close()

    with ThreadPoolExecutor(everybody.parties) as threads:
        changed = sorted(threads.map(send, range(everybody.parties)))

    assert changed == [False, False, True]
    assert Release.objects.filter(is_roll_back=True).count() == 1


def test_seeding_services_again_changes_nothing(demo: User) -> None:
    before = (list(Release.objects.values()), list(UpstreamState.objects.values()))

    call_command("seed_demo", verbosity=0)

    assert (list(Release.objects.values()), list(UpstreamState.objects.values())) == before


def test_seeding_brings_back_what_was_rolled_back_and_keeps_the_history(demo: User) -> None:
    services.roll_back(demo, "checkout", STAGING, "2.3.1")
    call_command("upstream", "production", "down", verbosity=0)

    call_command("seed_demo", verbosity=0)

    (status,) = services.get_deployment_status(STAGING, "checkout")
    assert (status.version, status.health) == ("2.4.0", Health.DEGRADED)
    assert versions("checkout", STAGING) == ["2.4.0", "2.3.1", "2.4.0", "2.3.1", "2.3.0"]
    assert services.get_deployment_status(PRODUCTION)
