"""Arguments that a serializer validates: the signature of its tool, and the function around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from rest_framework.serializers import Serializer
from typing_extensions import override

from django_mcp.context import ToolContext
from django_mcp.contrib.drf.schemas.serializers import input_schema
from django_mcp.contrib.drf.serializers.contexts import nobodys_context, serializer_context
from django_mcp.schemas.callables import is_coroutine_function
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.input.defaults import invalid_defaults
from django_mcp.schemas.input.function_signature import extended
from django_mcp.schemas.input.signature import Signature, compiled, with_integers
from django_mcp.schemas.json_schema import JSONSchema

CONTEXT = "serializer_context"
"""Parameter by which the function around is given the `ToolContext`, where its own has none."""


@dataclass(frozen=True, kw_only=True)
class SerializerSignature(Signature):
    """Signature of a function with a serializer among its parameters.

    The fields of the serializer stand beside the other parameters, whose signature is `others`.
    They are bound to `parameter`, as the data of the serializer: JSON, which it still has to judge.
    """

    others: Signature
    parameter: str

    @override
    def _bound(self, arguments: Mapping[str, Any], text: str) -> dict[str, Any]:
        names = self.others.input_schema["properties"].keys()
        bound = self.others.bind({name: arguments[name] for name in names & arguments.keys()})
        data = {name: value for name, value in arguments.items() if name not in names}
        return {**bound, self.parameter: with_integers(data)}

    @override
    def _bound_alone(self, name: str, value: Any) -> Any:
        if name not in self.others.input_schema["properties"]:
            return with_integers(value)
        (bound,) = self.others.bind_each({name: value}).values()
        return bound


def with_fields(
    others: Signature, serializer_class: type[Serializer], parameter: str, extra: Mapping[str, Any]
) -> SerializerSignature:
    """Return the signature with the fields of a serializer for one parameter, and `schema_extra`.

    Raises `ValueError` for the author of the function.
    """
    fields = input_schema(serializer_class(context=nobodys_context()))
    schema = extended(_merged(others.input_schema, fields, serializer_class.__name__), extra)
    compiled(schema)  # reports an invalid schema before any call
    if problems := list(invalid_defaults(schema)):
        raise DeclarationError(problems)
    return SerializerSignature(
        input_schema=schema,
        user_parameter=others.user_parameter,
        requires_user=others.requires_user,
        context_parameter=others.context_parameter or CONTEXT,
        runs_validators=others.runs_validators,
        trims_text=True,
        others=others,
        parameter=parameter,
    )


def validating(
    function: Callable[..., Any], serializer_class: type[Serializer], parameter: str, context: str
) -> Callable[..., Any]:
    """Return the function around one that is given a validated serializer.

    `context` is the parameter by which its own is given the `ToolContext`; empty if it has none.
    It raises the `ValidationError` of a serializer that refuses its data.
    """

    def validated(arguments: dict[str, Any]) -> dict[str, Any]:
        call: ToolContext = arguments[context] if context else arguments.pop(CONTEXT)
        data = arguments[parameter]
        serializer = serializer_class(data=data, context=serializer_context(call))
        serializer.is_valid(raise_exception=True)
        return {**arguments, parameter: serializer}

    if is_coroutine_function(function):

        @wraps(function)
        async def acall(**arguments: Any) -> Any:
            return await function(**await sync_to_async(validated)(arguments))

        return acall

    @wraps(function)
    def call(**arguments: Any) -> Any:
        return function(**validated(arguments))

    return call


def _merged(others: JSONSchema, fields: JSONSchema, name: str) -> JSONSchema:
    """Return the schema of the parameters and of the fields, in one object."""
    clashes = others["properties"].keys() & fields["properties"].keys()
    if clashes:
        raise DeclarationError(
            f"parameter {each!r} is called like a field of {name}: rename it"
            for each in sorted(clashes)
        )
    required = [*others.get("required", ()), *fields.get("required", ())]
    definitions = {**others.get("$defs", {}), **fields.get("$defs", {})}
    return {
        **fields,
        "properties": {**others["properties"], **fields["properties"]},
        **({"required": required} if required else {}),
        **({"$defs": definitions} if definitions else {}),
    }
