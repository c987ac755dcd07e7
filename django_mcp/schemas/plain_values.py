"""Conversion of Python values of any class to plain values that JSON can represent."""

import io
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.files import File
from django.db.models import Manager, Model
from django.db.models.fields.files import FieldFile
from django.http.response import HttpResponseBase
from django.utils.functional import Promise

from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.field_values import stored_value
from django_mcp.schemas.object_fields import field_names, with_fields
from django_mcp.schemas.result_limits import bounded

NOT_LISTS = (str, bytes, bytearray, memoryview, File, io.IOBase, type)
"""Iterables that are not converted to lists."""

CONTAINERS = (dict, list, tuple)
MAX_DEPTH, DEEP = 256, 16  # pydantic serialises nothing that is nested deeper than the first


class Row:
    """Proxy of a model instance that reads only the attributes that a type requests.

    It has no form in JSON by itself, so that no field leaks that no type names.
    """

    __slots__ = ("_conversion", "_instance", "_read")

    # That of the instance, for the validators of an author who looks at it.
    __class__ = property(lambda self: type(self._instance))

    def __init__(self, instance: Model, conversion: "Conversion") -> None:
        self._instance = instance
        self._conversion = conversion
        self._read: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        try:
            if name not in self._read:  # it may take a query
                self._read[name] = self._conversion.attribute(self._instance, name)
            return self._read[name]
        except AttributeError:
            raise
        except Exception as error:
            self._conversion.failure = error
            raise


class Conversion:
    """Conversion of one value. `failure` is the exception of a row, which pydantic hides."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    def plain(self, value: Any) -> Any:
        """Convert lazy texts to text, enum members to values, iterables to lists, at any depth.

        Model instances become `Row`s. May query the database. Raises `ResultTooLargeError`, and
        `InvalidResultError` for an iterator, of which nothing may be left.
        """
        if type(value) is Row:
            return value
        match value:
            case Promise():
                return str(value)
            case Enum():
                return self.plain(value.value)
            case Model():
                return Row(value, self)
            case Manager():
                return self.plain(value.all())
            case Mapping():
                return {self.plain(key): self.plain(item) for key, item in value.items()}
            case _ if field_names(value) is not None:
                return with_fields(value, self.plain)
            case tuple() if hasattr(value, "_fields"):
                return type(value)(*map(self.plain, value))
            case list() | tuple():
                return [self.plain(item) for item in value]
            case File() | io.IOBase() if not isinstance(value, FieldFile):
                raise InvalidResultError("the result holds a file")  # or pydantic would list it
            case HttpResponseBase():  # or its bytes would be listed
                raise InvalidResultError(
                    "the result holds an HTTP response: return data instead, or a FileResponse"
                    " that is the whole result or an item of it"
                )
            case Iterable() if not isinstance(value, NOT_LISTS):
                if isinstance(value, Iterator):
                    raise InvalidResultError("the result holds an iterator: return a list")
                return [self.plain(item) for item in bounded(value)]
        return value

    def attribute(self, instance: Model, name: str) -> Any:
        """Return a converted attribute of an instance; None for an empty relation."""
        try:
            value = getattr(instance, name)
        except ObjectDoesNotExist:  # the empty reverse side of a one-to-one relation
            return None
        return self.plain(without_iterators(stored_value(instance, name, value)))


def holds_iterators(value: Any) -> bool:
    """Return whether lists, tuples and dicts contain an iterator, at any depth.

    A list that iterates in its own way counts as one, such as the errors of a form: pydantic would
    read what it stores. Every result is looked through before it is serialised: by the classes of
    all that is on one level, and not item by item.
    """
    level = [value]
    for depth in range(MAX_DEPTH):
        kinds = set(map(type, level))
        if any(issubclass(kind, Iterator) and not issubclass(kind, NOT_LISTS) for kind in kinds):
            return True
        if any(issubclass(kind, (list, tuple)) and not _is_plain(kind) for kind in kinds):
            return True
        if not any(issubclass(kind, CONTAINERS) for kind in kinds):
            return False
        inside: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inside += each.values()
            elif isinstance(each, list | tuple):
                inside += each
        # What holds itself would grow for ever.
        level = inside if depth < DEEP else list({id(each): each for each in inside}.values())
    return False


def _is_plain(kind: type[list[Any] | tuple[Any, ...]]) -> bool:
    return kind.__iter__ in (list.__iter__, tuple.__iter__)


def without_iterators(value: Any) -> Any:
    """Return a copy with lists in place of iterators. Raises `ResultTooLargeError`."""
    match value:
        case Iterator() if not isinstance(value, NOT_LISTS):
            return [without_iterators(item) for item in bounded(value)]
        case dict():
            return {key: without_iterators(item) for key, item in value.items()}
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*map(without_iterators, value))
        case list() | tuple():
            return [without_iterators(item) for item in value]
    return value
