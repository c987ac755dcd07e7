"""Pipeline of a call: the phases of its guards, and the run of the function between them.

The one place that knows their order, for all ways of running: `ordinary` calls on a thread or the
event loop, the `submission` of a background call, and its `repetition` by a worker. Which guards
there are, `django_mcp.guards` lists.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard, WaitFor
from django_mcp.calls.run import run_function
from django_mcp.calls.steps import Place, Step, Steps
from django_mcp.exceptions import CallError, FollowUpFailedError, ToolFailedError
from django_mcp.schemas.output.output import Rendered

T = TypeVar("T")

logger = logging.getLogger(__name__)

_phases: dict[tuple[type[Guard], str], str] = {}

Body = Callable[[], Steps[T]]
"""Steps that follow when every guard has let the call through."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Guards of a process, in order.

    `before` of the first ones is called before `around` of any is entered, and that of the inner
    ones inside.
    """

    first: tuple[Guard, ...]
    inner: tuple[Guard, ...]

    def __iter__(self) -> Iterator[Guard]:
        yield from self.first
        yield from self.inner

    def __len__(self) -> int:
        return len(self.first) + len(self.inner)


def ordinary(call: Call, guards: Guards) -> Steps[Rendered]:
    """Steps of a call that is run where it came in: authorized, run, recorded."""
    try:
        result = yield from _run_guarded(
            call, guards, partial(run_function, call, after(call, guards))
        )
    except (WaitFor, GeneratorExit):
        raise
    except BaseException as error:
        call.finish_progress()
        yield from ended(call, guards, error)
        raise
    call.finish_progress()
    call.result = result
    yield from ended(call, guards, None)
    return result


def submission(
    call: Call, guards: Guards, *, submit: Callable[[], T], withdraw: Callable[[], object]
) -> Steps[T | Rendered]:
    """Steps of a background call where it came in: authorized, and submitted in place of the run.

    It is ended here only when it is refused, or answered by a guard, or when `submit` raises. When
    a hook of its commit fails, `withdraw` takes back what `submit` did.
    """

    def submitted() -> Steps[T]:
        task: T = yield Step(submit, Place.THREAD)
        return task

    try:
        outcome = yield from _run_guarded(call, guards, submitted)
    except (WaitFor, GeneratorExit):
        raise
    except BaseException as error:
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
    """Steps of a background call in its worker: authorized by the guards that repeat, and run.

    `ended` follows when the end of the task is in its row, in whatever process writes it.
    """
    return _run_guarded(call, guards, run)


def after(call: Call, guards: Guards) -> Callable[[Rendered], Steps[Rendered]]:
    """Return the steps of `after` of every guard that has let the call through, in reverse."""
    return partial(_after, call, guards)


def ended(call: Call, guards: Guards, error: BaseException | None) -> Steps[None]:
    """Steps of `ended` of every guard that was called, in reverse. Never raises."""
    # The guard that has refused the call is among them. The record is first, and always there.
    for guard in reversed([*guards][: call.passed + 1]):
        if name := _phase(guard, "ended"):
            try:
                yield _step(call, guard, name, call, error)
            except Exception:
                logger.exception("%s failed at the end of call %s", _name(guard), call.id)


def _run_guarded(call: Call, guards: Guards, body: Body[T]) -> Steps[T | Rendered]:
    answer = yield from _before(call, guards.first, 0)
    if answer is not None:
        return (yield from _after(call, guards, answer))
    around = [guard for guard in guards if _phase(guard, "around")]
    inside = partial(_run_inside, call, guards, body)
    return (yield from _around(call, around, inside))


def _run_inside(call: Call, guards: Guards, body: Body[T]) -> Steps[T | Rendered]:
    with call.exit_stack:
        answer = yield from _before(call, guards.inner, len(guards.first))
        if answer is None:
            return (yield from body())
    return (yield from _after(call, guards, answer))


def _before(call: Call, guards: Sequence[Guard], position: int) -> Steps[Rendered | None]:
    """Call `before` of each guard that has not let the call through; return the first answer."""
    for number, guard in enumerate(guards, start=position):
        if number < call.passed:
            continue
        name = _phase(guard, "before")
        if name and (guard.repeats_in_worker or not call.is_repeated):
            answer: Rendered | None = yield from _run_phase(call, guard, name, call)
            if answer is not None:
                return answer
        call.passed = number + 1
    return None


def _after(call: Call, guards: Guards, result: Rendered) -> Steps[Rendered]:
    # A guard that has answered does not filter its own answer.
    for guard in reversed([*guards][: call.passed]):
        if name := _phase(guard, "after"):
            result = yield from _run_phase(call, guard, name, call, result)
    return result


def _around(call: Call, guards: Sequence[Guard], body: Body[T]) -> Steps[T]:
    if not guards:
        return (yield from body())
    guard, *rest = guards
    try:
        place = Place.TOOL if guard.may_block(call) else Place.TASK
        manager = guard.around(call)
    except Exception as error:
        raise _fault(call, guard, error) from error
    yield from _checked(call, guard, Step(manager.__enter__, place))
    try:
        result = yield from _around(call, rest, body)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from _exit_around(call, guard, manager, place, error)
        raise
    yield from _exit_around(call, guard, manager, place, None)
    return result


def _exit_around(
    call: Call,
    guard: Guard,
    manager: AbstractContextManager[Any],
    place: Place,
    error: BaseException | None,
) -> Steps[None]:
    """Leave `around`. What the function did is committed by now, so a fault changes nothing."""
    facts = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    try:
        yield Step(partial(manager.__exit__, *facts), place)
    except Exception as fault:
        if fault is not error:
            logger.exception("%s failed in call %s", _name(guard), call.id)


def _run_phase(call: Call, guard: Guard, name: str, *arguments: Any) -> Steps[Any]:
    """Run one phase of a guard. Any exception but a refusal counts as a fault of the server."""
    try:
        step = _step(call, guard, name, *arguments)
    except Exception as error:
        raise _fault(call, guard, error) from error
    return (yield from _checked(call, guard, step))


def _checked(call: Call, guard: Guard, step: Step) -> Steps[Any]:
    try:
        return (yield step)
    except CallError as error:
        call.refusal = error
        raise
    except WaitFor:
        raise
    except Exception as error:
        raise _fault(call, guard, error) from error


def _fault(call: Call, guard: Guard, error: Exception) -> ToolFailedError:
    logger.error("%s failed in call %s", _name(guard), call.id, exc_info=error)
    call.refusal = ToolFailedError(call.id)
    return call.refusal


def _step(call: Call, guard: Guard, name: str, *arguments: Any) -> Step:
    if name.startswith("a") and name != "after":
        place = Place.LOOP
    elif guard.may_block(call):
        place = Place.THREAD
    else:
        place = Place.HERE
    return Step(partial(getattr(guard, name), *arguments), place)


def _phase(guard: Guard, name: str) -> str:
    """Return the name of the method by which a guard has a phase; empty if it has none."""
    key = type(guard), name
    found = _phases.get(key)
    if found is None:
        defined = (
            each
            for each in (f"a{name}", name)
            if getattr(type(guard), each, None) is not getattr(Guard, each, None)
        )
        found = _phases[key] = next(defined, "")
    return found


def _name(guard: Guard) -> str:
    return f"{type(guard).__module__}.{type(guard).__qualname__}"
