"""Leases of places: no more than there are, renewed while they are held, free when that ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from pytest_django import Settings

from django_mcp.policy.leases import Lease, Leases, Wanted
from django_mcp.threads.renewal import renewal
from tests.polls import until

KEY = "django-mcp:lease:a:0"
"""The only place of "a", where it has one."""


Process = Callable[[], Leases]


@pytest.fixture
def process() -> Iterator[Process]:
    """Makes the leases of one process more."""
    made: list[Leases] = []

    def make() -> Leases:
        made.append(Leases())
        return made[-1]

    cache.clear()
    yield make
    for each in made:
        renewal.remove(each)
    cache.clear()


def take_all(leases: Leases, name: str, places: int) -> list[Lease]:
    found = []
    while (lease := leases.take(name, places=places)) is not None:
        found.append(lease)
    return found


def test_processes_together_hold_no_more_places_than_there_are(process: Process) -> None:
    here, there = process(), process()

    first = here.take("a", places=3)
    rest = take_all(there, "a", 3)
    others = take_all(there, "b", 1)

    assert first is not None
    assert len({first.key, *(lease.key for lease in rest)}) == 3
    assert len(others) == 1
    assert here.take("a", places=3) is None
    for held, leases in ((here, [first]), (there, [*rest, *others])):
        held.give_back(leases)
    assert len(take_all(here, "a", 3)) == 3


def test_of_many_at_once_exactly_as_many_get_a_place_as_there_are(process: Process) -> None:
    processes = [process() for _ in range(8)]

    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda each: take_all(each, "a", 20), processes))

    assert sum(map(len, found)) == 20
    assert len({lease.key for leases in found for lease in leases}) == 20


def test_places_under_several_names_are_taken_until_one_has_none(process: Process) -> None:
    here = process()
    (lease,) = take_all(here, "b", 1)
    wanted = [Wanted("a", 3), Wanted("b", 1), Wanted("c", 3)]
    held: list[Lease] = []

    assert here.take_each(wanted, held) == wanted[1]
    here.give_back([lease, *held])
    free: list[Lease] = []
    assert here.take_each(wanted, free) is None

    assert [each.key.split(":")[2] for each in free] == ["a", "b", "c"]
    assert len({cache.get(each.key) for each in free}) == 3
    here.give_back(free)
    assert not any(cache.get(each.key) for each in (*free, *held, lease))


def test_who_was_refused_takes_nothing_of_what_it_shares_with_others(process: Process) -> None:
    here = process()
    take_all(here, "user", 1)
    wanted = [Wanted("user", 1), Wanted("tool", 1)]
    held: list[Lease] = []
    here.take_each(wanted, held)
    here.give_back(held)
    again: list[Lease] = []

    assert here.take_each(wanted, again) == wanted[0]

    assert again == []
    assert process().take("tool", places=1) is not None


def test_place_of_a_killed_process_is_free_after_a_while(process: Process) -> None:
    cache.set(KEY, "token of a process that is no more", 0.2)
    living = process()
    assert living.take("a", places=1) is None

    until(lambda: living.take("a", places=1) is not None)


def test_place_that_belongs_to_another_by_now_is_not_freed(
    process: Process, settings: Settings
) -> None:
    settings.DJANGO_MCP_LEASE_TIME = 0.3
    here = process()
    (lease,) = take_all(here, "a", 1)
    cache.set(lease.key, "of another", 60)
    cache.set("time-of-the-lease", "not over", 0.3)
    until(lambda: cache.get("time-of-the-lease") is None)

    here.give_back([lease])

    assert cache.get(KEY) == "of another"


def test_place_is_held_for_longer_than_a_lease_lasts(process: Process, settings: Settings) -> None:
    settings.DJANGO_MCP_LEASE_TIME = 0.3
    here = process()
    leases = take_all(here, "a", 2)
    cache.set("time-of-the-leases", "not over", 0.6)

    until(lambda: cache.get("time-of-the-leases") is None)

    assert process().take("a", places=2) is None
    here.give_back(leases)
    assert len(take_all(process(), "a", 2)) == 2


def test_place_that_the_cache_has_forgotten_is_taken_again_unless_another_has_it(
    process: Process, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DJANGO_MCP_LEASE_TIME = 0.6
    here = process()
    (first,), (second,) = take_all(here, "a", 1), take_all(here, "b", 1)

    cache.clear()  # as by a cache that was restarted
    cache.set(second.key, "of another", 60)
    until(lambda: cache.get(first.key) == first.token)

    assert process().take("a", places=1) is None
    here.give_back([first, second])
    assert cache.get(first.key) is None
    assert cache.get(second.key) == "of another"
    assert caplog.messages == [
        f"The lease {second.key} has expired, and its call goes on without it"
    ]
