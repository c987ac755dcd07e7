"""Tools with `requires`: who sees them, and how often their predicates are called."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection

from django_mcp import Principal, tool
from django_mcp.catalog import Entry, survey, visible
from django_mcp.exceptions import UnknownToolError
from django_mcp.models import CallRecord
from django_mcp.policy import snapshot
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.policy.visibility import Denial
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.calls import caller, offering, serving_declared
from tests.latch import Latch

Asked = list[Any]


@pytest.fixture
def _long_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second that does not end during the test, however slow the machine is."""
    monkeypatch.setattr(snapshot, "MAX_AGE_SECONDS", 3600.0)


def act() -> str:
    """Act."""
    return "done"


async def aact() -> str:
    """Act, without a thread."""
    return "done"


def entry_of(function: Callable[..., Any], principal: Principal) -> Entry:
    return next(entry for entry in survey(principal) if entry.primitive.function is function)


def is_staff(user: User) -> bool:
    return user.is_staff


def may_write(*, principal: Principal) -> bool:
    return "shop:write" in principal.scopes


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("function", [act, aact])
def test_tool_exists_for_those_alone_for_whom_its_predicate_holds(
    ann: User, function: Callable[..., Any], background: bool
) -> None:
    with offering(function, requires=is_staff, background=background):
        client = MCPClient(ann)
        with pytest.raises(UnknownToolError):
            client.call(function.__name__)
        hidden = client.list_tools()
        ann.is_staff = True
        ann.save()

        assert client.call(function.__name__).data == "done"
        assert hidden == []
        assert [each.name for each in client.list_tools()] == [function.__name__]
        assert [each.outcome for each in CallRecord.objects.order_by("id")] == [
            "unknown_tool",
            "ok",
        ]


def test_predicate_may_judge_the_whole_principal(ann: User) -> None:
    with offering(act, requires=may_write):
        assert entry_of(act, caller(ann)).denial is None
        assert entry_of(act, caller(None)).denial is None
        assert entry_of(act, caller(ann, scopes=[])).denial is Denial.REQUIREMENT_UNMET


def test_predicate_of_users_is_never_asked_about_anonymous_callers(db: None) -> None:
    asked: Asked = []

    def accepts_all(user: User | None) -> bool:
        asked.append(user)
        return True

    with offering(act, requires=accepts_all):
        denial = entry_of(act, caller(None)).denial
        with pytest.raises(UnknownToolError):
            MCPClient().call("act")

    assert denial is Denial.REQUIREMENT_UNMET
    assert asked == []


def test_permissions_and_requirement_must_both_be_met(db: None) -> None:
    root = User.objects.create(username="root", is_superuser=True)
    staff = User.objects.create_user("staff", is_staff=True)

    with offering(act, requires=is_staff, permissions=["shop.add_order"]):
        found = [entry_of(act, caller(each)).denial for each in (root, staff)]

    assert found == [Denial.REQUIREMENT_UNMET, Denial.PERMISSION_MISSING]


def test_operators_are_told_the_name_of_the_predicate(
    ann: User, capsys: pytest.CaptureFixture[str]
) -> None:
    with offering(act, requires=is_staff):
        reasons = entry_of(act, caller(ann)).reasons
        call_command("mcp_catalog", "--user=ann")
        call_command("mcp_catalog")

    assert reasons == ("its requirement is not met: is_staff",)
    out = capsys.readouterr().out
    assert "  act (default): its requirement is not met: is_staff\n" in out
    assert "    scopes: none, permissions: none, requires: is_staff\n" in out


def in_group(name: str, user: User) -> bool:
    return user.groups.filter(name=name).exists()


@dataclass
class InGroup:
    """Compared by its fields, so it has no hash."""

    name: str

    def __call__(self, *, user: User) -> bool:
        return in_group(self.name, user)


@pytest.mark.parametrize(
    ("predicate", "name"),
    [
        (partial(in_group, "clerks"), "in_group"),
        (InGroup("clerks"), "InGroup"),
        (lambda user: user.groups.filter(name="clerks"), "<lambda>"),
    ],
)
def test_any_callable_is_a_predicate(ann: User, predicate: Callable[..., Any], name: str) -> None:
    with offering(act, requires=predicate):
        hidden = entry_of(act, caller(ann))
        ann.groups.add(Group.objects.create(name="clerks"))
        forget_snapshot()

        assert hidden.reasons == (f"its requirement is not met: {name}",)
        assert entry_of(act, caller(ann)).denial is None


class TestOnceASecond:
    """All predicates are asked together, once per principal and second."""

    pytestmark = pytest.mark.usefixtures("_long_second")

    @pytest.fixture
    def asked(self) -> Asked:
        return []

    @pytest.fixture(autouse=True)
    def _tools(self, asked: Asked) -> Iterator[None]:
        def is_first(user: User) -> bool:
            asked.append(("first", user.pk))
            return False

        def is_second(principal: Principal) -> bool:
            asked.append(("second", principal.client_id))
            return True

        with collecting() as declared:
            for name, predicate in (("a", is_first), ("b", is_first), ("c", is_second)):
                tool(name=name, requires=predicate)(act)
            tool(name="d", permissions=["shop.add_order"])(act)
            tool(name="e")(act)
        with serving_declared(declared):
            yield

    def names(self, principal: Principal) -> list[str]:
        return [each.name for each in visible(Tool, principal)]

    def test_lists_of_one_second_ask_once(self, ann: User, asked: Asked) -> None:
        lists = [
            self.names(caller(User.objects.get(pk=ann.pk), client_id="till")) for _ in range(3)
        ]

        assert lists == [["c", "e"]] * 3
        assert asked == [("first", ann.pk), ("second", "till")]

    def test_next_second_asks_again(self, ann: User, asked: Asked) -> None:
        self.names(caller(ann))
        forget_snapshot()
        self.names(caller(ann))

        assert len(asked) == 4

    def test_other_users_clients_scopes_and_credentials_are_other_principals(
        self, ann: User, asked: Asked
    ) -> None:
        bob = User.objects.create_user("bob")
        ordinary = caller(ann)
        others = [
            caller(bob),
            caller(ann, client_id="till"),
            caller(ann, scopes=[]),
            replace(ordinary, credential="another token"),
            replace(ordinary, endpoint=replace(ordinary.endpoint, name="another")),
        ]
        for principal in (ordinary, *others):
            self.names(principal)

        assert len(asked) == 2 * (1 + len(others))

    def test_attributes_that_an_authenticator_gives_a_user_are_told_apart(
        self, ann: User, asked: Asked
    ) -> None:
        for tenant in ("north", "south", "south"):
            user: Any = User.objects.get(pk=ann.pk)
            user.tenant = tenant
            self.names(caller(user))

        assert len(asked) == 4

    def test_many_principals_leave_a_bounded_number_of_verdicts(
        self, ann: User, asked: Asked
    ) -> None:
        for number in range(1500):
            self.names(caller(ann, client_id=str(number)))
        asked.clear()
        self.names(caller(ann, client_id="1499"))
        self.names(caller(ann, client_id="0"))

        assert asked == [("first", ann.pk), ("second", "0")]


@pytest.mark.implementation
@pytest.mark.usefixtures("_long_second")
def test_user_without_a_key_is_judged_every_time(db: None) -> None:
    users = [User(username="new", is_staff=is_staff) for is_staff in (True, False)]

    with offering(act, requires=is_staff):
        denials = [entry_of(act, caller(user)).denial for user in users]

    assert denials == [None, Denial.REQUIREMENT_UNMET]


@pytest.mark.implementation
@pytest.mark.usefixtures("_long_second")
def test_requests_at_the_same_time_wait_for_one_verdict(ann: User) -> None:
    latch, asked = Latch(), []

    def is_slow(user: User) -> bool:
        asked.append(user)
        latch.wait("predicate")
        return True

    def names(_: int) -> list[str]:
        return [each.name for each in visible(Tool, caller(ann))]

    with offering(act, requires=is_slow), latch.closed(), ThreadPoolExecutor(4) as threads:
        snapshot.current_snapshot()
        lists = [threads.submit(names, number) for number in range(4)]
        asyncio.run(latch.arrival())
        latch.open()

        assert [each.result() for each in lists] == [["act"]] * 4
    assert asked == [ann]


class TestFailure:
    """A predicate that fails hides its tools, and is logged."""

    @pytest.mark.implementation
    @pytest.mark.usefixtures("_long_second")
    @pytest.mark.parametrize("error", [LookupError, SystemExit])
    def test_predicate_that_raises_hides_its_tools_and_is_logged_once(
        self, ann: User, caplog: pytest.LogCaptureFixture, error: type[BaseException]
    ) -> None:
        def is_broken(user: User) -> bool:
            raise error("no such plan")

        with offering(act, aact, requires=is_broken):
            assert visible(Tool, caller(ann)) == []
            entry = entry_of(act, caller(ann))

        assert entry.denial is Denial.REQUIREMENT_UNMET
        assert entry.reasons == ("its requirement is not met: is_broken failed, see the log",)

        (record,) = [each for each in caplog.records if each.name.startswith("django_mcp")]
        assert record.levelno == logging.ERROR
        assert "is_broken" in record.getMessage()
        assert record.exc_info is not None
        assert "no such plan" in str(record.exc_info[1])

    def test_other_predicates_are_asked_all_the_same(self, ann: User) -> None:
        def is_broken(user: User) -> bool:
            raise LookupError

        with collecting() as declared:
            tool(requires=is_broken)(act)
            tool(requires=may_write)(aact)
        with serving_declared(declared):
            assert [each.name for each in visible(Tool, caller(ann))] == ["aact"]

    def test_predicate_whose_verdict_cannot_be_judged_hides(
        self, ann: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Vague:
            def __bool__(self) -> bool:
                raise TypeError("vague")

        with offering(act, requires=lambda user: Vague()):
            assert visible(Tool, caller(ann)) == []
        assert "vague" in caplog.text

    def test_coroutine_behind_a_sync_decorator_shows_nothing(
        self, ann: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def holds(user: User) -> bool:
            return False

        @wraps(holds)
        def decorated(**keywords: Any) -> Any:
            return holds(**keywords)

        with offering(act, requires=decorated):
            assert visible(Tool, caller(ann)) == []
        assert "must be sync" in caplog.text


@pytest.mark.implementation
def test_project_without_requirements_pays_nothing(
    ann: User, django_assert_num_queries: Any
) -> None:
    with offering(act):
        snapshot.current_snapshot()
        with django_assert_num_queries(0, connection=connection):
            assert [each.name for each in visible(Tool, caller(ann))] == ["act"]
