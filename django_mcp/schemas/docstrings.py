"""Parser of docstrings in Google, NumPy or reST style: descriptions of function and parameters."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass

import docstring_parser
from docstring_parser import DocstringStyle

FIELDS = re.compile(
    r"^[:@](?:param|parameter|arg|argument|key|keyword|type)\b.*\n?"
    r"(?:[ \t]+\S.*\n?|\n(?=[ \t]+\S))*",
    re.MULTILINE,
)
PARAMETERS: Mapping[DocstringStyle | None, re.Pattern[str]] = {
    DocstringStyle.GOOGLE: re.compile(
        r"^(?:Arguments|Args|Parameters|Params):[ \t]*\n(?:[ \t]+\S.*\n?|\n)*", re.MULTILINE
    ),
    DocstringStyle.NUMPYDOC: re.compile(
        r"^(?:Other )?(?:Arguments|Args|Parameters|Params)[ \t]*\n-{2,}[ \t]*$"
        r"(?:\n(?!\S.*\n-{2,}[ \t]*$).*)*\n?",
        re.MULTILINE,
    ),
    DocstringStyle.REST: FIELDS,
    DocstringStyle.EPYDOC: FIELDS,
}
"""Patterns of the parameter sections of each style, which are cut from the description."""

ATTRIBUTES = ("attribute", "attr")
"""Names of attribute fields in docstrings of classes; the parser takes them for parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """Parsed docstring: the description without parameters, and that of each parameter.

    `names` are all that are written as parameters, with a description or without.
    """

    description: str
    parameters: Mapping[str, str]
    names: tuple[str, ...]


def read_docstring(docstring: str | None) -> Documentation:
    """Parse a docstring; None counts as an empty one."""
    text = inspect.cleandoc(docstring or "")
    parsed = docstring_parser.parse(text)
    named = [each for each in parsed.params if each.args[0] not in ATTRIBUTES]
    return Documentation(
        description=_without(PARAMETERS[parsed.style], text) if parsed.params else text,
        parameters={
            name: " ".join(parameter.description.split())
            for parameter in parsed.params
            if parameter.description
            for name in parameter.arg_name.split(", ")  # NumPy documents several at once
        },
        names=tuple(name for each in named for name in each.arg_name.split(", ")),
    )


def _without(parameters: re.Pattern[str], text: str) -> str:
    """Cut the parameters out, and leave one blank line in their place."""
    rest = (part.strip("\n").rstrip() for part in parameters.split(text))
    return "\n\n".join(filter(None, rest))
