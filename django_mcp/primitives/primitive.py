"""Frozen base class of tools, resources and prompts, made from a resolved declaration."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django_mcp.conf import settings
from django_mcp.content import Block, Icon
from django_mcp.context import ToolContext
from django_mcp.exceptions import InvalidArgumentsError
from django_mcp.invocation import Invocation
from django_mcp.kinds import Key, Kind
from django_mcp.primitives.breaker import Breaker
from django_mcp.primitives.raises import Raises
from django_mcp.primitives.requirement import Requirement
from django_mcp.primitives.result_cache.policy import CachePolicy
from django_mcp.primitives.retry import Retry
from django_mcp.rate import Rate
from django_mcp.schemas.callables import located_name_of
from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.input.strings import from_strings
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.output import Output, Rendered

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Primitive:
    """Base class of everything that an endpoint serves; it does not change between calls.

    The policy reads these fields alone.
    `read_only` means that it changes nothing, so that read-only groups keep it. `atomic` is the
    alias of the database whose transaction a run takes place in, or None. `rates` limit the calls
    of each caller. `cache` is the policy by which results are kept, or None. `place` is that of the
    call that has declared it, where a call has, and not a decorator.
    """

    kind: ClassVar[Kind]
    takes_strings: ClassVar[bool] = False
    """True if clients send all arguments as strings, whatever their types are."""

    content_class: ClassVar[Any] = Block
    """Class of the content of its results, by which guards are held to it as well."""

    function: Callable[..., Any]
    dotted_name: str
    name: str
    title: str | None
    description: str
    group: str
    scopes: frozenset[str]
    permissions: tuple[str, ...]
    requires: Requirement | None
    breaker: Breaker | None = None
    read_only: bool
    icons: tuple[Icon, ...]
    is_async: bool
    signature: Signature
    output: Output
    raises: Raises
    timeout: float | None = None
    retry: Retry | None = None
    max_concurrent: int | None = None
    atomic: str | None = None
    rates: tuple[Rate, ...] = ()
    cache: CachePolicy | None = None
    place: str | None = None

    @property
    def key(self) -> Key:
        """Kind and name, the unique key."""
        return self.kind, self.name

    @property
    def located_name(self) -> str:
        """Dotted name with file and line, for messages to the author."""
        return located_name_of(self.function) if self.place is None else self.place

    @property
    def time_limit(self) -> float:
        """Seconds that a call may take within its request."""
        return settings.TIMEOUT if self.timeout is None else self.timeout

    @property
    def is_repeatable(self) -> bool:
        """True if a second run with the same arguments does no harm."""
        return self.read_only

    @property
    def requires_user(self) -> bool:
        """True if anonymous callers cannot call it."""
        return self.signature.requires_user

    @property
    def may_report(self) -> bool:
        """True if a call can send messages before its result, such as progress."""
        return self.signature.context_parameter is not None

    @property
    def input_schema(self) -> JSONSchema:
        """JSON Schema of the arguments that clients send."""
        return self.signature.input_schema

    @property
    def argument_schema(self) -> JSONSchema:
        """JSON Schema of all arguments of a run; clients send fewer where the server adds some."""
        return self.signature.input_schema

    @property
    def argument_names(self) -> Collection[str]:
        """Names of all arguments of a run, as clients know them."""
        names: Mapping[str, Any] = self.argument_schema.get("properties", {})
        return names.keys()

    def bind(self, invocation: Invocation, context: ToolContext) -> dict[str, Any]:
        """Validate a call's arguments and add what the server fills in; see `Signature.bind`."""
        return self.bind_to(self.signature, invocation, context)

    def bind_to(
        self, signature: Signature, invocation: Invocation, context: ToolContext
    ) -> dict[str, Any]:
        """Validate a call's arguments as `bind` does, against this signature."""
        arguments = invocation.arguments
        if self.takes_strings:
            arguments = from_strings(arguments, signature.input_schema)
        try:
            bound = signature.bind(arguments)
        except InvalidArgumentsError as refused:
            if refused.__cause__ is not None:
                logger.error(
                    "A validator of %s failed in call %s",
                    self.dotted_name,
                    invocation.id,
                    exc_info=refused.__cause__,
                )
            raise
        if signature.user_parameter is not None:
            bound[signature.user_parameter] = invocation.principal.user
        if signature.context_parameter is not None:
            bound[signature.context_parameter] = context
        return bound

    def render(self, invocation: Invocation, value: Any, context: ToolContext) -> Rendered:
        """Return the result of a call whose function returned `value`; see `Output.render`."""
        return self.output.for_call(context).render(value)

    def render_at_once(self, invocation: Invocation, value: Any) -> Rendered | None:
        """Return the result of a call without a query, if it can; see `Output.render_at_once`."""
        return self.output.render_at_once(value)
