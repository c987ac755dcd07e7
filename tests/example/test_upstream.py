"""The simulated platform, and the command that makes it fail."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from example_project.deployments.models import Environment, Health, UpstreamState
from example_project.deployments.upstream import (
    DEFAULT_TIMEOUT,
    Platform,
    UpstreamDownError,
    UpstreamTimeoutError,
)

pytestmark = pytest.mark.django_db


def test_platform_that_nobody_has_set_up_runs_nothing() -> None:
    assert Platform(Environment.STAGING).running() == []
    assert not UpstreamState.objects.exists()


def test_what_was_deployed_runs_healthily_in_that_environment_alone() -> None:
    before = timezone.now()

    deployed = Platform(Environment.STAGING).deploy("search", "1.0.0")

    assert (deployed.service, deployed.version) == ("search", "1.0.0")
    assert deployed.health is Health.HEALTHY
    assert before <= deployed.since <= timezone.now()
    assert Platform(Environment.STAGING).running() == [deployed]
    assert Platform(Environment.PRODUCTION).running() == []


def test_version_that_runs_already_is_left_alone() -> None:
    first = Platform(Environment.STAGING).deploy("search", "1.0.0")

    assert Platform(Environment.STAGING).deploy("search", "1.0.0") == first


def test_platform_that_is_down_neither_answers_nor_acts() -> None:
    call_command("upstream", "staging", "down", verbosity=0)

    with pytest.raises(UpstreamDownError):
        Platform(Environment.STAGING).running()
    with pytest.raises(UpstreamDownError):
        Platform(Environment.STAGING).deploy("search", "1.0.0")
    call_command("upstream", "staging", "ok", verbosity=0)
    assert Platform(Environment.STAGING).running() == []


def test_slow_platform_is_not_waited_for_beyond_the_timeout() -> None:
    call_command("upstream", "staging", "slow", delay=3600, verbosity=0)
    before = timezone.now()

    with pytest.raises(UpstreamTimeoutError) as caught:
        Platform(Environment.STAGING, timeout=0.05).running()

    assert caught.value.timeout == 0.05
    assert timezone.now() - before < timedelta(seconds=60)


def test_slow_platform_carries_out_what_it_did_not_confirm_in_time() -> None:
    call_command("upstream", "staging", "slow", delay=3600, verbosity=0)

    with pytest.raises(UpstreamTimeoutError):
        Platform(Environment.STAGING, timeout=0).deploy("search", "1.0.0")

    call_command("upstream", "staging", "ok", verbosity=0)
    (running,) = Platform(Environment.STAGING).running()
    assert running.version == "1.0.0"


def test_slow_platform_that_keeps_within_the_timeout_is_waited_for() -> None:
    call_command("upstream", "staging", "slow", delay=0.02, verbosity=0)
    before = timezone.now()

    deployed = Platform(Environment.STAGING, timeout=60).deploy("search", "1.0.0")

    assert deployed.version == "1.0.0"
    assert timezone.now() - before >= timedelta(seconds=0.02)


def test_timeout_comes_from_the_settings_unless_it_is_named(settings: Settings) -> None:
    call_command("upstream", "staging", "slow", delay=3600, verbosity=0)
    settings.DEPLOYMENTS_TIMEOUT = 0.01

    with pytest.raises(UpstreamTimeoutError, match=r"within 0\.01 seconds"):
        Platform(Environment.STAGING).running()

    assert DEFAULT_TIMEOUT <= 5


def test_command_says_how_the_platform_is_and_keeps_what_it_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deployed = Platform(Environment.PRODUCTION).deploy("search", "1.0.0")

    call_command("upstream", "production", "slow", delay=7.5)
    call_command("upstream", "production", "ok")

    assert capsys.readouterr().out.splitlines() == [
        "The platform of production answers late.",
        "The platform of production answers at once.",
    ]
    assert UpstreamState.objects.get().delay == 7.5
    assert Platform(Environment.PRODUCTION).running() == [deployed]


@pytest.mark.parametrize("words", [("moon", "ok"), ("staging", "tired")])
def test_command_refuses_what_there_is_not(words: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("upstream", *words)
