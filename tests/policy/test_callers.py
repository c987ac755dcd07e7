"""Keys of the callers that limits count."""

import pytest
from django.contrib.auth.models import User

from django_mcp.policy.callers import caller_key, digest
from tests.calls import caller

ADDRESS = "203.0.113.9"


def test_user_is_one_caller_through_every_client_and_from_everywhere() -> None:
    ada = User(pk=7)

    keys = {
        caller_key(caller(ada, client_id=client), address)
        for client in ("", "one", "two")
        for address in (ADDRESS, "203.0.113.10")
    }

    assert len(keys) == 1


def test_anonymous_caller_is_its_client_and_else_its_address() -> None:
    through_client = [caller_key(caller(client_id="one"), each) for each in (ADDRESS, "")]
    without = [caller_key(caller(), each) for each in (ADDRESS, "203.0.113.10", "")]

    assert len({*through_client}) == 1
    assert len({*through_client, *without}) == 4


@pytest.mark.parametrize(
    ("address", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2::ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("no address", "no other", False),
    ],
)
def test_ipv6_network_is_one_caller(address: str, other: str, is_same: bool) -> None:
    assert (caller_key(caller(), address) == caller_key(caller(), other)) is is_same


def test_no_caller_has_the_key_of_another_by_what_it_calls_itself() -> None:
    keys = [
        caller_key(caller(User(pk=7)), ADDRESS),
        caller_key(caller(client_id="7"), ADDRESS),
        caller_key(caller(client_id='7", "'), ADDRESS),
        caller_key(caller(), "7"),
    ]

    assert len({*keys}) == len(keys)
    assert digest("a", "bc") != digest("ab", "c")
    assert all(len(key) == 64 and key.isalnum() for key in keys)
