"""Nodes, expressions and context of a bounded rendering."""

from typing import Any

from django.template.base import FilterExpression, Node, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from typing_extensions import override

from django_mcp.prompt_templates.budget import spend
from django_mcp.prompt_templates.errors import PromptTextError

MAX_REASON_CHARACTERS = 200
"""Python's own errors may repeat a value of any length."""


class BoundedContext(Context):
    """Context whose every read and write has its price. A name without a value is an empty text.

    So no look-up goes on to the attributes of the context itself, as Django's does.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values, autoescape=False, use_l10n=False, use_tz=False)

    @override
    def __getitem__(self, key: Any) -> Any:
        spend()
        return self.get(key, "")

    @override
    def __setitem__(self, key: Any, value: Any) -> None:
        spend()
        super().__setitem__(key, value)


class BoundedExpression(FilterExpression):
    """Expression that pays for its value; its filters pay for theirs."""

    __slots__ = ()

    @override
    def resolve(self, context: Any, ignore_failures: bool = False) -> Any:
        value = super().resolve(context, ignore_failures)
        spend(value)
        return value


class BoundedNode(Node):
    """Node that pays for the text of another, and adds its line to what goes wrong in it."""

    def __init__(self, node: Node, token: Token) -> None:
        self.node = node
        self.line = token.lineno

    @override
    def render(self, context: Any) -> SafeString:
        try:
            text = SafeString(self.node.render_annotated(context))
            spend(text)
        except PromptTextError as error:
            error.line = error.line or self.line
            raise
        except Exception as error:
            # Whatever a text makes Django's own tags and filters raise is its writer's to correct.
            reason = f"{type(error).__name__}: {error}"[:MAX_REASON_CHARACTERS]
            raise PromptTextError(reason, line=self.line) from error
        return text
