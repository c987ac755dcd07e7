"""Signatures that are given as a JSON Schema, for functions that take all arguments as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.input.defaults import invalid_defaults
from django_mcp.schemas.input.signature import Signature, compiled, with_integers
from django_mcp.schemas.json_schema import JSONSchema


@dataclass(frozen=True, kw_only=True)
class JSONSignature(Signature):
    """Signature with a given schema. The function takes the arguments in one `parameter`, a dict.

    What the schema allows is handed over as it is, but for `1.0` in place of `1`.
    """

    parameter: str

    @override
    def _bound(self, arguments: Mapping[str, Any], text: str) -> dict[str, Any]:
        return {self.parameter: with_integers(dict(arguments))}

    @override
    def _bound_alone(self, name: str, value: Any) -> Any:
        return with_integers(value)


def read_json_signature(
    schema: JSONSchema,
    *,
    parameter: str,
    context_parameter: str,
    requires_user: bool = False,
    trims_text: bool = False,
) -> JSONSignature:
    """Return the signature of a function with this input schema, an object with `properties`.

    Raises `ValueError` for the author of the schema.
    """
    compiled(schema)  # reports an invalid schema before any call
    if problems := list(invalid_defaults(schema)):
        raise DeclarationError(problems)
    return JSONSignature(
        input_schema=schema,
        requires_user=requires_user,
        context_parameter=context_parameter,
        trims_text=trims_text,
        parameter=parameter,
    )
