"""Redaction of a call's arguments: secrets removed, sizes bounded, storable by any database."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from django_mcp.conf import settings
from django_mcp.db.text import storable_text

REDACTED = "[redacted]"
UNDECLARED = "[not a declared argument]"
UNKNOWN = "[not kept: called by an unknown name]"

MAX_STRING_CHARACTERS = 1000
MAX_ITEMS = 50
MAX_KEY_CHARACTERS = 100
MAX_DEPTH = 10

Schema = Mapping[str, Any]


def redact(arguments: Mapping[str, Any], schema: Schema | None = None) -> dict[str, Any]:
    """Return a JSON object with as much of the arguments as may be stored.

    Left out are values whose name holds a word of `DJANGO_MCP_REDACT`, at any depth, and, where
    the input `schema` is given, values that it marks `writeOnly` or does not know. The result's
    JSON is at most `DJANGO_MCP_RECORD_MAX_BYTES` long; whatever is cut says so.
    """
    redaction = _Redaction(schema or {})
    positions = (schema,) if schema else ()
    return _bounded(redaction.of_object(arguments, positions, depth=0), settings.RECORD_MAX_BYTES)


def argument_names(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON object with the names of the arguments, for a call by an unknown name.

    Without a schema nothing says which values are secret, and nested keys may be data. Bounded as
    the result of `redact`.
    """
    redacted = {
        _storable_text(name, MAX_KEY_CHARACTERS): UNKNOWN for name in islice(arguments, MAX_ITEMS)
    }
    if len(arguments) > MAX_ITEMS:
        redacted["..."] = f"[{len(arguments) - MAX_ITEMS} more]"
    return _bounded(redacted, settings.RECORD_MAX_BYTES)


def secret_arguments(arguments: Mapping[str, Any], schema: Schema) -> frozenset[str]:
    """Return the names of the arguments that hold, or may hold, what `redact` removes as secret."""
    redaction = _Redaction(schema)
    return frozenset(
        name for name, value in arguments.items() if redaction.may_hold_secret(name, value)
    )


class _Redaction:
    """Walk over a value, along with every part of the schema that describes it."""

    def __init__(self, root: Schema) -> None:
        self._words = _secret_words(tuple(settings.REDACT))
        self._root = root
        self._definitions: Schema = root.get("$defs", {})

    def may_hold_secret(self, name: str, value: Any) -> bool:
        """Return whether an argument is secret in any part, by the schema or by any key's name."""
        if self._hold_secret(_property_schemas([self._root], name)):
            return True
        pending: list[Any] = [{name: value}]
        while pending:
            part = pending.pop()
            if isinstance(part, Mapping):
                if any(map(self._is_secret_name, part)):
                    return True
                pending.extend(part.values())
            elif isinstance(part, list):
                pending.extend(part)
        return False

    def of_value(self, value: Any, positions: Sequence[Schema], *, depth: int) -> Any:
        schemas = self._expanded(positions)
        if any(schema.get("writeOnly") for schema in schemas):
            return REDACTED
        if isinstance(value, dict):
            if self._hold_secret([s["propertyNames"] for s in schemas if "propertyNames" in s]):
                return REDACTED
            if depth >= MAX_DEPTH:
                return f"[{len(value)} entries]"
            return self.of_object(value, schemas, depth=depth)
        if isinstance(value, list):
            if depth >= MAX_DEPTH:
                return f"[{len(value)} items]"
            redacted = [
                self._of_part(item, _item_schemas(schemas, index), schemas, depth=depth)
                for index, item in enumerate(value[:MAX_ITEMS])
            ]
            return (
                [*redacted, f"[{len(value) - MAX_ITEMS} more]"]
                if len(value) > MAX_ITEMS
                else redacted
            )
        return REDACTED if self._hold_secret(schemas) else _storable(value)

    def of_object(
        self, value: Mapping[str, Any], positions: Sequence[Schema], *, depth: int
    ) -> dict[str, Any]:
        schemas = self._expanded(positions)
        redacted: dict[str, Any] = {}
        for key, item in list(value.items())[:MAX_ITEMS]:
            name = _storable_text(key, MAX_KEY_CHARACTERS)
            declared = _property_schemas(schemas, key)
            if self._is_secret_name(key):
                redacted[name] = REDACTED
            elif not declared and any(s.get("additionalProperties") is False for s in schemas):
                redacted[name] = UNDECLARED
            else:
                redacted[name] = self._of_part(item, declared, schemas, depth=depth)
        if len(value) > MAX_ITEMS:
            redacted["..."] = f"[{len(value) - MAX_ITEMS} more]"
        return redacted

    def _is_secret_name(self, name: str) -> bool:
        plain = _plain(name)
        return any(word in plain for word in self._words)

    def _of_part(
        self, part: Any, declared: Sequence[Schema], whole: Sequence[Schema], *, depth: int
    ) -> Any:
        if not declared and self._hold_secret(whole):
            # Something of another shape was sent in place of what was declared to hold a secret:
            # it may well be the secret itself.
            return REDACTED
        return self.of_value(part, declared, depth=depth + 1)

    def _expanded(self, positions: Sequence[Schema]) -> list[Schema]:
        """Return the schemas and every alternative that they offer for the same value."""
        return list(self._reached(positions, _alternatives))

    def _hold_secret(self, schemas: Sequence[Schema]) -> bool:
        """Return whether a value that these describe, or any part of it, is secret."""
        return any(s.get("writeOnly") for s in self._reached(schemas, _inner))

    def _reached(
        self, start: Sequence[Schema], step: Callable[[Schema], Iterable[Any]]
    ) -> Iterator[Schema]:
        pending: list[Any] = list(start)
        seen = set()
        while pending:
            current = pending.pop()
            if not isinstance(current, Mapping):  # `true` and `false` are schemas too
                continue
            yield current
            reference = current.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                pending.append(self._definitions.get(reference.rpartition("/")[2], {}))
            pending.extend(step(current))


@cache
def _secret_words(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, map(_plain, words)))


def _alternatives(schema: Schema) -> Iterator[Any]:
    for keyword in ("anyOf", "oneOf", "allOf"):
        yield from schema.get(keyword, ())


def _inner(schema: Schema) -> Iterator[Any]:
    yield from _alternatives(schema)
    yield from schema.get("prefixItems", ())
    for keyword in ("properties", "patternProperties"):
        yield from schema.get(keyword, {}).values()
    for keyword in ("items", "additionalProperties", "propertyNames", "contentSchema"):
        yield schema.get(keyword)


def _property_schemas(schemas: Sequence[Schema], key: str) -> list[Schema]:
    """Yield the schemas of a property; each alternative of a union has its own rules for it."""
    found = []
    for schema in schemas:
        if key in schema.get("properties", {}):
            found.append(schema["properties"][key])
        elif isinstance(schema.get("additionalProperties"), dict):
            found.append(schema["additionalProperties"])
        # Which pattern a name matches is left open: each of them may be the one.
        found += schema.get("patternProperties", {}).values()
    return found


def _item_schemas(schemas: Sequence[Schema], index: int) -> list[Schema]:
    found = []
    for schema in schemas:
        prefix = schema.get("prefixItems", ())
        if index < len(prefix):
            found.append(prefix[index])
        elif isinstance(schema.get("items"), dict):
            found.append(schema["items"])
    return found


def _plain(name: str) -> str:
    """Return the letters and digits alone, so that `apiKey`, `API-Key` and `api_key` are one."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _storable_text(value, MAX_STRING_CHARACTERS)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "[a number too large to keep]"
    return value


def _storable_text(value: str, limit: int) -> str:
    text = storable_text(value, limit)
    return f"{text}… [{len(value) - limit} more characters]" if len(value) > limit else text


def _bounded(arguments: dict[str, Any], limit: int) -> dict[str, Any]:
    """Drop the largest arguments until the whole is at most `limit` bytes of JSON."""
    # The braces of each entry make up for the separator and the braces around them all.
    entries = {name: len(json.dumps({name: value})) for name, value in arguments.items()}
    size = sum(entries.values())
    if size <= limit:
        return arguments
    sizes = {name: length - len(json.dumps({name: 0})) + 1 for name, length in entries.items()}
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if size <= limit:
            return arguments
        arguments[name] = f"[{sizes[name]} bytes left out]"
        size += len(json.dumps(arguments[name])) - sizes[name]
    return arguments if size <= limit else {"...": f"[{len(arguments)} arguments left out]"}
