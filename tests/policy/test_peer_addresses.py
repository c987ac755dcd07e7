"""The address of a client, by the setting that django-ratelimit reads for it."""

import logging
from typing import Any

import pytest
from django.http import HttpRequest
from pytest_django import Settings

from django_mcp.policy.peer_addresses import peer_address

META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "2001:db8::1"}


def last_hop(request: HttpRequest) -> str:
    return str(request.META["HTTP_X_FORWARDED_FOR"]).rpartition(",")[2].strip()


@pytest.mark.parametrize("source", [last_hop, f"{__name__}.last_hop"], ids=["callable", "path"])
def test_function_of_the_project_finds_the_address(settings: Settings, source: Any) -> None:
    settings.RATELIMIT_IP_META_KEY = source

    found = peer_address({**META, "HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.9"})

    assert found == "203.0.113.9"


def test_function_that_fails_finds_none_and_is_logged(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.RATELIMIT_IP_META_KEY = last_hop

    assert peer_address(META) == ""
    assert [each.levelno for each in caplog.records] == [logging.ERROR]


def test_header_that_is_missing_is_no_reason_to_take_the_address_of_the_proxy(
    settings: Settings,
) -> None:
    assert peer_address(META) == "127.0.0.1"
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
    assert peer_address(META) == "2001:db8::1"
    assert peer_address({"REMOTE_ADDR": "127.0.0.1"}) == ""
