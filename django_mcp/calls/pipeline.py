"""The order of a call: the phases of its guards, and the run of the function between them.

The one place that knows it, for all three ways of running: `ordinary` calls on a thread or on the
event loop, the `submission` of a background call, and its `repetition` by a worker. Which guards
there are, `django_mcp.guards` lists.
"""

import logging
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from django_mcp.calls.call import Call
from django_mcp.calls.deadline import timed_out
from django_mcp.calls.guard import AnsweredByTask, Guard, WaitFor
from django_mcp.calls.run import is_cancelled, run_function
from django_mcp.calls.steps import Place, Step, Steps
from django_mcp.exceptions import (
    CallError,
    FollowUpFailedError,
    TimedOutError,
    ToolFailedError,
)
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered

T = TypeVar("T")

logger = logging.getLogger(__name__)

OURS = (Exception, SystemExit, CancelledError)
"""Exceptions of the code of a guard; a cancellation of the call is none of its own."""

Body = Callable[[], Steps[T]]
"""The steps that follow when every guard has let the call through."""


class Phase(NamedTuple):
    """One phase of one guard: the guard's position among all, and the method that it has."""

    position: int
    guard: Guard
    method: str
    is_async: bool


class Guards:
    """The guards of a process, in order.

    `before` of the first ones is called before `around` of any is entered, and that of the inner
    ones inside.
    """

    def __init__(self, *, first: Sequence[Guard], inner: Sequence[Guard]) -> None:
        self._all = (*first, *inner)
        self.first = len(first)
        before = self._phases("before")
        self.before_first = [each for each in before if each.position < self.first]
        self.before_inner = [each for each in before if each.position >= self.first]
        self.around = [each.guard for each in self._phases("around")]
        self.after = self._phases("after")[::-1]
        self.ended = self._phases("ended")[::-1]

    def __iter__(self) -> Iterator[Guard]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _phases(self, name: str) -> list[Phase]:
        """The phases of this name, of the guards that have it: those that override it."""
        return [
            Phase(position, guard, method, is_async=method != name)
            for position, guard in enumerate(self._all)
            for method in (f"a{name}", name)
            if getattr(type(guard), method, None) is not getattr(Guard, method, None)
        ]


def ordinary(call: Call, guards: Guards) -> Steps[Rendered]:
    """A call that is run where it came in: admitted, run, recorded."""
    try:
        result = yield from _run_guarded(
            call, guards, partial(run_function, call, after(call, guards))
        )
    except (WaitFor, GeneratorExit):
        raise
    except BaseException as error:
        if call.deadline.is_expired:
            yield from _late_end(call, guards, error)
            raise
        call.finish_notifications()
        yield from ended(call, guards, error)
        raise
    call.finish_notifications()
    call.result = result
    yield from ended(call, guards, None)
    return result


def submission(
    call: Call, guards: Guards, *, submit: Callable[[], T], withdraw: Callable[[], object]
) -> Steps[T | ToolTask | Rendered]:
    """A background call where it came in: admitted, and submitted in place of the run.

    It is ended here only when it is refused, or answered by a guard, by a result or by an earlier
    task, or when `submit` raises. When a hook of its commit fails, `withdraw` takes back what
    `submit` did.
    """

    def submitted() -> Steps[T]:
        task: T = yield Step(submit, Place.THREAD)
        return task

    try:
        outcome = yield from _run_guarded(call, guards, submitted)
    except (WaitFor, GeneratorExit):
        raise
    except AnsweredByTask as answer:
        call.discard_task()
        yield from ended(call, guards, None)
        return answer.task
    except BaseException as error:
        if call.deadline.is_expired:
            call.discard_task()
            yield from _late_end(call, guards, error)
            raise
        if isinstance(error, FollowUpFailedError):
            yield Step(withdraw, Place.THREAD)
        call.discard_task()
        yield from ended(call, guards, error)
        raise
    if isinstance(outcome, Rendered):
        call.discard_task()
        call.result = outcome
        yield from ended(call, guards, None)
    return outcome


def repetition(call: Call, guards: Guards, run: Body[T]) -> Steps[T | Rendered]:
    """A background call in its worker: admitted by the guards that repeat, and run.

    The transaction of `run` holds the function, `after` and the end of the task in its row, if
    they share a database. `ended` follows its commit, in whatever process has ended the task.
    """
    return _run_guarded(call, guards, run)


def enclosed(call: Call, guards: Guards, body: Body[T]) -> Steps[T]:
    """Work for a caller that is no run of the function, such as to list what could be read.

    It is done inside `around` of every guard, and no other phase is called.
    """
    return _around(call, guards.around, body)


def after(call: Call, guards: Guards) -> Callable[[Rendered], Steps[Rendered]]:
    """Return the steps of `after` of every guard that has let the call through, in reverse."""
    return partial(_after, call, guards)


def ended(call: Call, guards: Guards, error: BaseException | None) -> Steps[None]:
    """Steps of `ended` of every guard that was called, in reverse. Never raises."""
    # The guard that has refused the call is among them. The record is first, and always there.
    for phase in guards.ended:
        if phase.position <= call.passed:
            try:
                yield _step(call, phase, call, error, is_final=True)
            except OURS:
                logger.exception("%s failed at the end of call %s", _name(phase.guard), call.id)


def _run_guarded(call: Call, guards: Guards, body: Body[T]) -> Steps[T | Rendered]:
    answer = yield from _before(call, guards.before_first, guards.first)
    if answer is not None:
        return (yield from _after(call, guards, answer))
    return (yield from _around(call, guards.around, partial(_run_inside, call, guards, body)))


def _run_inside(call: Call, guards: Guards, body: Body[T]) -> Steps[T | Rendered]:
    with call.exit_stack:
        answer = yield from _before(call, guards.before_inner, len(guards))
        if answer is None:
            return (yield from body())
    return (yield from _after(call, guards, answer))


def _before(call: Call, phases: Sequence[Phase], end: int) -> Steps[Rendered | None]:
    """Call `before` of each guard up to `end` that has not passed the call; return an answer."""
    for phase in phases:
        if phase.position < call.passed:
            continue
        call.passed = phase.position
        if phase.guard.repeats_in_worker or not call.is_repeated:
            answer: Rendered | None = yield from _run_phase(call, phase, call)
            if answer is not None:
                return answer
    call.passed = max(call.passed, end)
    return None


def _after(call: Call, guards: Guards, result: Rendered) -> Steps[Rendered]:
    # A guard that has answered does not filter its own answer.
    for phase in guards.after:
        if phase.position < call.passed:
            result = yield from _run_phase(call, phase, call, result)
    return result


def _around(call: Call, guards: Sequence[Guard], body: Body[T]) -> Steps[T]:
    if not guards:
        return (yield from body())
    guard, *rest = guards
    try:
        blocking = Place.TOOL if guard.around_needs_thread_of_tool else Place.THREAD
        place = blocking if guard.may_block(call) else Place.TASK
        manager = guard.around(call)
        enter, leave = manager.__enter__, manager.__exit__
    except OURS as error:
        raise _fault(call, guard, error) from error
    yield from _checked(call, guard, Step(enter, place))
    try:
        result = yield from _around(call, rest, body)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from _exit_around(call, guard, leave, place, error)
        raise
    yield from _exit_around(call, guard, leave, place, None)
    return result


def _exit_around(
    call: Call,
    guard: Guard,
    leave: Callable[..., object],
    place: Place,
    error: BaseException | None,
) -> Steps[None]:
    """Leave `around`. The work of the function is committed by now: a fault changes nothing."""
    facts = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    try:
        yield Step(partial(leave, *facts), place, is_final=True)
    except OURS as fault:
        if fault is not error:
            logger.exception("%s failed in call %s", _name(guard), call.id)


def _run_phase(call: Call, phase: Phase, *arguments: Any) -> Steps[Any]:
    """Run `before` or `after` of a guard, which returns a result, or from `before` None."""
    try:
        step = _step(call, phase, *arguments)
    except OURS as error:
        raise _fault(call, phase.guard, error) from error
    try:
        returned = yield from _checked(call, phase.guard, step)
    except WaitFor as error:
        if phase.method not in ("before", "abefore"):
            raise _fault(call, phase.guard, error) from error
        call.has_waited = True
        raise
    if returned is None and phase.method in ("before", "abefore"):
        return None
    if not isinstance(returned, Rendered):
        wrong = f"{phase.method} returned {type(returned).__name__}, and not Rendered"
        raise _fault(call, phase.guard, TypeError(wrong))
    kind, cls = call.primitive.kind, call.primitive.content_class
    if strange := next((each for each in returned.content if not isinstance(each, cls)), None):
        wrong = f"{phase.method} returned a {type(strange).__name__} as content of a {kind}"
        raise _fault(call, phase.guard, TypeError(wrong))
    return returned


def _checked(call: Call, guard: Guard, step: Step) -> Steps[Any]:
    """Run a step of a guard. Any exception but a refusal counts as a fault of the server."""
    try:
        if step.place is Place.HERE:
            return step.run()  # the driver would do no more
        return (yield step)
    except CallError as error:
        call.refusal = error
        raise
    except (WaitFor, AnsweredByTask):
        raise
    except OURS as error:
        if isinstance(error, CancelledError) and is_cancelled(call):
            raise
        raise _fault(call, guard, error) from error


def _fault(call: Call, guard: Guard, error: BaseException) -> ToolFailedError:
    logger.error("%s failed in call %s", _name(guard), call.id, exc_info=error)
    call.refusal = ToolFailedError(call.id)
    return call.refusal


def _step(call: Call, phase: Phase, *arguments: Any, is_final: bool = False) -> Step:
    if phase.is_async:
        place = Place.LOOP
    elif phase.guard.may_block(call):
        place = Place.THREAD
    else:
        place = Place.HERE
    return Step(partial(getattr(phase.guard, phase.method), *arguments), place, is_final)


def _late_end(call: Call, guards: Guards, error: BaseException) -> Steps[None]:
    """Log that what ran a call has ended, after the call itself was answered at its deadline."""
    is_own = isinstance(error, TimedOutError | CancelledError)
    logger.warning(
        "%s of call %s ended %.1f s after it was given up",
        call.primitive.dotted_name,
        call.id,
        time.monotonic() - call.deadline.at,
        exc_info=None if is_own else error,
    )
    if call.deadline.is_deferred:
        yield from ended(call, guards, timed_out(call.primitive))


def _name(guard: Guard) -> str:
    return f"{type(guard).__module__}.{type(guard).__qualname__}"
