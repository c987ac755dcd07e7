"""Code of the methods of a view: what they name, which says whether they read a body."""

import dis
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from django.views import View
from rest_framework.generics import GenericAPIView
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

FRAMEWORK = (GenericAPIView, APIView, View, ViewSetMixin, object)
"""Classes whose methods every view has: what those name says nothing of one."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names that a method uses, and the other methods of its view that it calls.

    `of_request` are the attributes that it reads of the request, and `*` stands for all: the
    request is passed on to what is no method of the view. `serializers` are the classes of
    serializers that are given `data`.
    """

    all: set[str] = field(default_factory=set)
    of_request: set[str] = field(default_factory=set)
    serializers: dict[str, type] = field(default_factory=dict)

    @property
    def reads_body(self) -> bool:
        """True if it reads what was sent in the body."""
        return not self.of_request.isdisjoint(("data", "POST", "FILES", "body"))


def names_in(view: type, method: str) -> Names:
    """Return the names in a method of a view class; none of what is not written in Python."""
    names = Names()
    _collect(view, method, names, set())
    return names


def _collect(view: type, method: str, names: Names, seen: set[tuple[type, str]]) -> None:
    for cls in view.__mro__:
        if cls in FRAMEWORK or method not in vars(cls):
            continue
        if (cls, method) in seen:
            return
        seen.add((cls, method))
        attribute = vars(cls)[method]
        function = _function(attribute)
        if function is None:
            return
        is_method = function is not _viewed(attribute)
        found = set(_names_of(function, names, is_method=is_method))
        # Not the names of globals: `list` is no call of the action.
        called = {name for each in _codes(function.__code__) for name in _attributes_of(each)}
        for name in called - {method}:
            _collect(view, name, names, seen)
        if "super" not in found:
            return


def _function(attribute: Any) -> FunctionType | None:
    if isinstance(attribute, property):
        attribute = attribute.fget
    elif isinstance(attribute, classmethod | staticmethod):
        attribute = attribute.__func__
    function = _viewed(attribute) or (inspect.unwrap(attribute) if callable(attribute) else None)
    return function if isinstance(function, FunctionType) else None


def _viewed(attribute: Any) -> Any:
    """Return the function that `@api_view` has made this method of; None for any other method."""
    module = getattr(attribute, "__module__", "")
    if not isinstance(attribute, FunctionType) or module != "rest_framework.decorators":
        return None
    return inspect.unwrap(inspect.getclosurevars(attribute).nonlocals.get("func") or attribute)


def _names_of(function: FunctionType, names: Names, *, is_method: bool) -> Iterator[str]:
    code = function.__code__
    position = 1 if is_method else 0
    parameter = code.co_varnames[position] if code.co_argcount > position else "request"
    for each in _codes(code):
        named = {*each.co_names, *each.co_freevars}
        names.all.update(named)
        yield from named
        names.of_request.update(_of_request(each, {"request", parameter}))
        for name in named if _passes_data(each) else ():
            value = function.__globals__.get(name)
            if isinstance(value, type) and issubclass(value, BaseSerializer):
                names.serializers[name] = value


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _passes_data(code: CodeType) -> bool:
    """Return whether something is called with the keyword `data`, as a serializer of input is."""
    return any(isinstance(names, tuple) and "data" in names for names in code.co_consts)


def _attributes_of(code: CodeType) -> Iterator[str]:
    """Yield the names of the attributes that are read, of whatever object."""
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER")):
            yield str(instruction.argval)


def _of_request(code: CodeType, spelled: set[str]) -> Iterator[str]:
    """Yield the attributes that are read of what is called `request`."""
    is_request = False
    for instruction in dis.get_instructions(code):
        value = instruction.argval
        is_attribute = instruction.opname in ("LOAD_ATTR", "LOAD_METHOD")
        if is_request:
            yield value if is_attribute else "*"
        # Some instructions load two variables at once.
        last = value[-1] if isinstance(value, tuple) and value else value
        is_load = "LOAD_" in instruction.opname  # of a variable, perhaps after a store
        is_request = is_load and isinstance(last, str) and last in spelled
