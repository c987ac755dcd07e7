"""Renderers that write JSON in other ways than REST framework's own, and a parser."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str


class MoneyEncoder(JSONEncoder):
    """Writes money in cents."""

    def default(self, obj: Any) -> Any:
        if isinstance(obj, Money):
            return {"cents": int(obj.amount * 100), "currency": obj.currency}
        return super().default(obj)


class MoneyRenderer(JSONRenderer):
    encoder_class = MoneyEncoder


class CamelCaseRenderer(JSONRenderer):
    """Writes keys as JavaScript has them."""

    def render(self, data: Any, *arguments: Any, **options: Any) -> Any:
        return super().render(_renamed(data, _camel_case), *arguments, **options)


class CamelCaseParser(JSONParser):
    """Reads what `CamelCaseRenderer` writes."""

    def parse(self, *arguments: Any, **options: Any) -> Any:
        return _renamed(super().parse(*arguments, **options), _snake_case)


def _renamed(data: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(data, Mapping):
        return {rename(key): _renamed(value, rename) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_renamed(value, rename) for value in data]
    return data


def _camel_case(key: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key)


def _snake_case(key: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key)
