"""Parser of prompt texts: it knows the names that may stand in each place."""

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Any, NoReturn

from django.template import TemplateSyntaxError
from django.template.base import Node, NodeList, Parser, Token, Variable
from django.utils.translation import gettext
from typing_extensions import override

from django_mcp.prompt_templates.nodes import BoundedExpression, BoundedNode
from django_mcp.prompt_templates.tag_library import FILTERS, TAGS

MAX_DEPTH = 20
PARTS = frozenset({"elif", "else", "empty"})
CONSTANTS = frozenset({"True", "False", "None"})
LOOP = frozenset({"counter", "counter0", "revcounter", "revcounter0", "first", "last"})
METHODS = frozenset({"split", "splitlines"})
LOOKUPS = LOOP | METHODS | {"parentloop"}
"""Names that may follow a dot, besides positions: others would open the objects behind values."""


class PromptParser(Parser):
    """Parser that refuses unknown names with their line, and makes nodes that pay.

    `names` are those of the arguments; loops and `with` add theirs inside themselves. `used_names`
    are those that the text has read.
    """

    def __init__(self, tokens: list[Token], builtins: list[Any], names: Collection[str]) -> None:
        super().__init__(tokens, builtins=builtins)
        self._scopes: list[set[str]] = [set(names) | CONSTANTS]
        self._depth = 0
        self.used_names: set[str] = set()

    @override
    def parse(self, parse_until: Iterable[str] | None = None) -> NodeList:
        if self._depth > MAX_DEPTH:
            raise TemplateSyntaxError(
                gettext("Blocks are nested more than %(limit)d deep.") % {"limit": MAX_DEPTH}
            )
        added = names_of(self.command_stack[-1][1]) if parse_until else None
        self._depth += 1
        if added:
            self._scopes.append(self._scopes[-1] | added)
        try:
            return super().parse(parse_until)
        finally:
            self._depth -= 1
            if added:
                self._scopes.pop()

    @override
    def extend_nodelist(self, nodelist: NodeList, node: Node, token: Token) -> None:
        if name := getattr(node, "asvar", None):
            self._scopes[-1].add(name)
        super().extend_nodelist(nodelist, BoundedNode(node, token), token)

    @override
    def compile_filter(self, token: str) -> BoundedExpression:
        expression = BoundedExpression(token, self)
        for variable in variables_of(expression):
            self._check(variable)
        return expression

    @override
    def find_filter(self, filter_name: str) -> Any:
        if filter_name not in self.filters:
            raise TemplateSyntaxError(
                gettext("There is no filter “%(name)s” here; these are: %(names)s.")
                % {"name": filter_name, "names": ", ".join(FILTERS)}
            )
        return super().find_filter(filter_name)

    @override
    def invalid_block_tag(self, token: Token, command: str, parse_until: Any = None) -> NoReturn:
        if command.startswith("end") or command in PARTS:
            expected = ", ".join(parse_until or ())
            reason = gettext("“%(name)s” cannot stand here.")
            if parse_until:
                reason = gettext("“%(name)s” cannot stand here; one of these can: %(names)s.")
        else:
            expected = ", ".join(TAGS)
            reason = gettext("There is no tag “%(name)s” here; these are: %(names)s.")
        raise self.error(token, TemplateSyntaxError(reason % {"name": command, "names": expected}))

    @override
    def unclosed_block_tag(self, parse_until: Iterable[str]) -> NoReturn:
        command, token = self.command_stack.pop()
        reason = gettext("“%(name)s” is not closed by “%(end)s”.")
        facts = {"name": command, "end": list(parse_until)[-1]}
        raise self.error(token, TemplateSyntaxError(reason % facts))

    def _check(self, variable: Variable) -> None:
        if variable.lookups is None:  # a number
            return
        name, *lookups = variable.lookups
        if name not in self._scopes[-1]:
            raise TemplateSyntaxError(
                gettext("“%(name)s” is no argument of this prompt.") % {"name": name}
            )
        self.used_names.add(name)
        for each in lookups:
            if each not in LOOKUPS and not each.isdecimal():
                raise TemplateSyntaxError(
                    gettext(
                        "“%(variable)s” cannot be read: a text has positions, such as “.0”, "
                        "“.splitlines” and “.split”, and nothing else."
                    )
                    % {"variable": variable.var}
                )


def variables_of(expression: BoundedExpression) -> Iterator[Variable]:
    """Yield the variables of an expression, those of its filters' arguments included."""
    if isinstance(expression.var, Variable):
        yield expression.var
    for _, arguments in expression.filters:
        yield from (each for _, each in arguments if isinstance(each, Variable))


def names_of(token: Token) -> set[str]:
    """Return the names that a tag adds inside itself."""
    command, *bits = token.split_contents()
    if command == "for":
        names = " ".join(bits[: bits.index("in")]).split(",")
        return {"forloop", *(name.strip() for name in names)}
    if command == "with":
        assigned = {bit.partition("=")[0] for bit in bits if "=" in bit}
        return assigned | {name for word, name in pairwise(bits) if word == "as"}
    return set()
