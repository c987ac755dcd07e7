"""What a docstring says about a tool and its parameters, in Google, NumPy or reST style."""

from collections.abc import Mapping
from dataclasses import dataclass

import docstring_parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The description without its sections, and the description of each parameter."""

    description: str
    parameters: Mapping[str, str]


def read_docstring(docstring: str | None) -> Documentation:
    """Read a docstring; an absent one documents nothing."""
    parsed = docstring_parser.parse(docstring or "")
    return Documentation(
        description=(parsed.description or "").strip(),
        parameters={
            name: " ".join(parameter.description.split())
            for parameter in parsed.params
            if parameter.description
            for name in parameter.arg_name.split(", ")  # NumPy documents several at once
        },
    )
