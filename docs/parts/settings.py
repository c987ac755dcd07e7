"""The settings."""

from collections.abc import Iterator
from typing import Any

from django_mcp.conf import declared_settings
from django_mcp.setting import Setting
from docs.parts.markdown import code, table

KIB, MIB = 1024, 1024**2


def setting_lines() -> Iterator[str]:
    """A table of every setting."""
    rows = [
        (code(setting.name), _type(setting), _value(setting.default), setting.help)
        for setting in declared_settings()
    ]
    yield from table(("setting", "type", "default", "meaning"), rows)


def _type(setting: Setting[Any]) -> str:
    containers = {
        "list": f"list of {code(setting.items.__name__)}",
        "dict": "dict of `str` to `str` or `None`",
    }
    written = containers.get(setting.type.__name__, code(setting.type.__name__))
    return f"{written} or `None`" if setting.is_optional else written


def _value(value: Any) -> str:
    match value:
        case bool():
            return code(str(value))
        case int() if value and value % MIB == 0:
            return f"`{value}` ({value // MIB} MiB)"
        case int() if value and value % KIB == 0:
            return f"`{value}` ({value // KIB} KiB)"
        case list() if len(value) > 2:
            return ", ".join(map(code, value))
    return code(repr(value).replace("'", '"'))
