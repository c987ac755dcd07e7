"""Descriptor of one setting: its type and default, read from the project at every use."""

import re
from typing import Any, Generic, TypeVar, cast, overload

from django.conf import settings as django_settings

T = TypeVar("T")

PREFIX = "DJANGO_MCP_"


class Setting(Generic[T]):
    """Setting that is read from the project at every use, so `override_settings` takes effect.

    `type` is what the project's value must be; a `list` is one of `items`, a `dict` one of strings
    to strings or None, a number is positive, or 0 where that `may_be_zero`. One that `is_optional`
    may be None as well; one with a `pattern` matches it as a whole.
    """

    def __init__(
        self,
        type: type[T],
        *,
        default: T,
        help: str,
        is_optional: bool = False,
        pattern: str = "",
        may_be_zero: bool = False,
        items: Any = str,
    ) -> None:
        self.type = type
        self.default = default
        self.help = help
        self.is_optional = is_optional
        self.pattern = pattern
        self.may_be_zero = may_be_zero
        self.items = items

    def problem(self) -> str:
        """Return the fault of the project's value, as text; empty when there is none."""
        value: Any = getattr(django_settings, self.name, self.default)
        if value is None and self.is_optional:
            return ""
        if self.type is list:
            is_list = isinstance(value, list | tuple)
            is_right = is_list and all(isinstance(each, self.items) for each in value)
            return "" if is_right else f"must be a list of {self._item_word}"
        if self.type is dict:
            is_right = isinstance(value, dict) and all(
                isinstance(k, str) and isinstance(v, str | None) for k, v in value.items()
            )
            return "" if is_right else "must be a dict of strings to strings or None"
        if self.type in (int, float):
            is_number = isinstance(value, int | self.type) and not isinstance(value, bool)
            if is_number and (value > 0 or (self.may_be_zero and value == 0)):
                return ""
            return f"must be a positive {self.type.__name__}{' or 0' if self.may_be_zero else ''}"
        wanted = f"{self.type.__name__}{' or None' if self.is_optional else ''}"
        if not isinstance(value, self.type):
            return f"must be a {wanted}"
        if self.pattern and not re.fullmatch(self.pattern, str(value), re.ASCII):
            return f"must be {self.allowed_values()}"
        return ""

    def allowed_values(self) -> str:
        """Return the values that the setting takes, in words for a hint."""
        values = {
            bool: "True or False",
            int: "a positive whole number",
            float: "a positive number",
            str: "a string",
            list: f"a list of {self._item_word}",
            dict: "a dict of strings to strings or None",
        }[self.type]
        if self.pattern:
            alternatives = self.pattern.split("|")
            are_words = all(each.isalpha() for each in alternatives)
            values = f"a string such as {self.default!r}"
            values = " or ".join(map(repr, alternatives)) if are_words else values
        values += " or 0" if self.may_be_zero else ""
        return f"{values} or None" if self.is_optional else values

    @property
    def _item_word(self) -> str:
        return "strings" if self.items is str else f"{self.items.__name__}s"

    def __set_name__(self, owner: type[object], name: str) -> None:
        self.name = PREFIX + name

    @overload
    def __get__(self, instance: None, owner: type[object]) -> "Setting[T]": ...
    @overload
    def __get__(self, instance: object, owner: type[object]) -> T: ...
    def __get__(self, instance: object, owner: type[object]) -> "Setting[T] | T":
        if instance is None:
            return self
        try:
            return cast(T, getattr(django_settings, self.name))
        except AttributeError:
            # Django keeps what it has read there until that changes. It does not keep what is
            # absent, so that every use would raise an error and catch it.
            vars(django_settings)[self.name] = self.default
            return self.default
