"""Guards of a project, and the tools that they are put around."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.utils import timezone

from django_mcp.exceptions import CallRejectedError
from django_mcp.guards import Call, Guard, Rendered, WaitFor

HERE = "tests.guards.examples"

events: list[str] = []
"""The phases that were run, in order, as `First.before`."""

threads: dict[str, int] = {}
"""The thread of each phase."""

tenant: ContextVar[str] = ContextVar("tests_tenant", default="")


class ClosedError(CallRejectedError):
    """A refusal of the project's own: nothing else says so."""

    outcome = "switched_off"
    retryable = True
    retry_after = 60
    hint = "Try again tomorrow."

    def __init__(self) -> None:
        super().__init__("The office is closed.")


class Noting(Guard):
    """Notes every phase."""

    def note(self, phase: str) -> None:
        events.append(f"{type(self).__name__}.{phase}")
        threads[events[-1]] = threading.get_ident()

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        self.note("enter")
        try:
            yield
        finally:
            self.note("leave")

    def before(self, call: Call) -> Rendered | None:
        self.note("before")
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        self.note("after")
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        self.note("ended" if error is None else f"ended by {type(error).__name__}")


class First(Noting):
    pass


class Second(Noting):
    pass


class Asynchronous(Guard):
    """Every phase on the event loop."""

    async def abefore(self, call: Call) -> Rendered | None:
        await asyncio.sleep(0)
        self.note("abefore")
        return None

    async def aafter(self, call: Call, result: Rendered) -> Rendered:
        await asyncio.sleep(0)
        self.note("aafter")
        return result

    async def aended(self, call: Call, error: BaseException | None) -> None:
        await asyncio.sleep(0)
        self.note("aended")

    def note(self, phase: str) -> None:
        events.append(f"Asynchronous.{phase}")
        threads[events[-1]] = threading.get_ident()


class Quick(Noting):
    """Needs no thread."""

    def may_block(self, call: Call) -> bool:
        return False


class Closed(Noting):
    def before(self, call: Call) -> Rendered | None:
        super().before(call)
        raise ClosedError


class ClosedLater(Noting):
    """Open where the request comes in, and closed when the worker asks."""

    repeats_in_worker = True

    def before(self, call: Call) -> Rendered | None:
        super().before(call)
        if call.is_repeated:
            raise ClosedError
        return None


class Cache(Noting):
    def before(self, call: Call) -> Rendered | None:
        super().before(call)
        return Rendered(content=(), structured={"result": "from the cache"})


class Upper(Guard):
    """Results in capital letters."""

    def after(self, call: Call, result: Rendered) -> Rendered:
        assert result.structured is not None
        return replace(result, structured={"result": result.structured["result"].upper()})


class Filter(Guard):
    def after(self, call: Call, result: Rendered) -> Rendered:
        raise ClosedError


class Faulty(Guard):
    """Fails in the phase that `phase` names."""

    phase: ClassVar[str] = ""
    SECRET: ClassVar[str] = "hunter2"

    def fail(self, phase: str) -> None:
        if phase == self.phase:
            raise ValueError(self.SECRET)

    def may_block(self, call: Call) -> bool:
        self.fail("may_block")
        return True

    def before(self, call: Call) -> Rendered | None:
        self.fail("before")
        return None

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        self.fail("enter")
        yield
        self.fail("leave")

    def after(self, call: Call, result: Rendered) -> Rendered:
        self.fail("after")
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        self.fail("ended")


class Tenant(Guard):
    """A context variable, and a time zone, for the run; `blocks` says where they are set."""

    blocks: ClassVar[bool] = True

    def may_block(self, call: Call) -> bool:
        return self.blocks

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        threads["Tenant.enter"] = threading.get_ident()
        before = tenant.get()
        tenant.set("acme")
        try:
            with timezone.override("Asia/Tokyo"):
                yield
        finally:
            threads["Tenant.leave"] = threading.get_ident()
            tenant.set(before)


class Counter(Guard):
    """Keeps a number of its own of each call."""

    def before(self, call: Call) -> Rendered | None:
        call.state[type(self)] = {"before": 1}
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        call.state[type(self)]["after"] = 1
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        events.append(f"{call.state[type(self)]}")


class Patient(Guard):
    """Lets a call wait for a while."""

    wanted: ClassVar[threading.Event] = threading.Event()
    asked: ClassVar[threading.Event] = threading.Event()
    timeout: ClassVar[float] = 30
    repeats_in_worker = True

    def before(self, call: Call) -> Rendered | None:
        self.asked.set()
        if call.invocation.arguments.get("word") == "wait" and not self.wanted.is_set():
            raise WaitFor("patient", timeout=self.timeout)
        return None


class Waiting(Guard):
    """Has every call wait, in a worker alone if `in_worker`."""

    in_worker: ClassVar[bool] = False
    repeats_in_worker = True

    def before(self, call: Call) -> Rendered | None:
        if self.in_worker and not call.is_repeated:
            return None
        events.append("waits")
        raise WaitFor("for ever", timeout=60)


class Hesitant(Guard):
    """Has each call wait once."""

    def before(self, call: Call) -> Rendered | None:
        if type(self) not in call.state:
            call.state[type(self)] = True
            raise WaitFor("hesitant", timeout=30)
        return None


def shout(word: str) -> str:
    """Give a word back, after a note of it."""
    events.append("run")
    Group.objects.create(name=word)
    return f"{word} {tenant.get()} {timezone.get_current_timezone_name()}"


async def ashout(word: str) -> str:
    """Give a word back, after a note of it, on the loop."""
    events.append("run")
    threads["function"] = threading.get_ident()
    threads["query"] = await sync_to_async(_query)(word)
    return f"{word} {tenant.get()} {timezone.get_current_timezone_name()}"


def _query(word: str) -> int:
    Group.objects.create(name=f"{word} {tenant.get()}")
    return threading.get_ident()


def options(**facts: Any) -> dict[str, Any]:
    """The options of `tool` for one way of running."""
    return {"name": "shout", **facts}
