"""Check of the limits of hosts, the clients and their models, beyond the protocol's.

They are those of the function calls of models: hosts offer resources and prompts to users.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.tools.tool import Tool

PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
"""Names of properties of an input schema that Anthropic's API accepts."""

MAX_DESCRIPTION_CHARACTERS = 1024
"""The length of a description that OpenAI's API accepts."""

SHOWN_DESCRIPTION_CHARACTERS = 2048
"""The length of a description that Claude Code shows its model."""


@register
def check_hosts(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every host accepts the tools as they are declared."""
    try:
        registry = get_registry()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return []
    return list(_host_problems(registry))


def _host_problems(registry: Registry) -> Iterator[CheckMessage]:
    for tool in registry.of(Tool).values():
        yield from _name_problems(tool)
        yield from _description_problems(tool)
        yield from _definition_problems(tool)


def _name_problems(tool: Tool) -> Iterator[CheckMessage]:
    for name in tool.input_schema["properties"]:
        if not PARAMETER_NAME.fullmatch(name):
            yield Warning(
                f"{tool.located_name}: some hosts refuse the name of the parameter {name!r}, and "
                "with it every tool of the server.",
                hint="Anthropic's API takes names of 1 to 64 of the characters A-Z a-z 0-9 _ . - "
                "alone. Rename it, or annotate it as "
                f'Annotated[..., Field(alias="{_alias(name)}")].',
                id=CheckId.UNPORTABLE_PARAMETER_NAME,
            )


def _alias(name: str) -> str:
    """Return a similar name that every host accepts."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_")[:64] or "value"


def _description_problems(tool: Tool) -> Iterator[CheckMessage]:
    length = len(tool.description)
    if length > MAX_DESCRIPTION_CHARACTERS:
        is_cut = length > SHOWN_DESCRIPTION_CHARACTERS
        cut = f", and Claude Code cuts it after {SHOWN_DESCRIPTION_CHARACTERS:,}" if is_cut else ""
        yield Warning(
            f"{tool.located_name}: its description has {length:,} characters. OpenAI's API refuses "
            f"more than {MAX_DESCRIPTION_CHARACTERS:,} of a function{cut}.",
            hint='Shorten the docstring, or pass another text: @tool(description="...").',
            id=CheckId.LONG_DESCRIPTION,
        )


def _definition_problems(tool: Tool) -> Iterator[CheckMessage]:
    schemas = {"input": tool.input_schema, "output": tool.output_schema or {}}
    if named := [kind for kind, schema in schemas.items() if "$defs" in schema]:
        yield Warning(
            f"{tool.located_name}: some hosts lose the $defs of its {' and '.join(named)} schema: "
            "versions of Gemini CLI, Cursor, Kiro and GitHub Copilot do not show them to the "
            "model, or refuse the tool.",
            hint="Use types that are not recursive, and smaller ones if they are large; or, if "
            "your clients resolve $defs, SILENCED_SYSTEM_CHECKS = "
            f'["{CheckId.SCHEMA_DEFINITIONS}"].',
            id=CheckId.SCHEMA_DEFINITIONS,
        )
