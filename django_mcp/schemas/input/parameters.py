"""Parameters of a function, divided into those of the client and those of the server."""

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model
from django.http import HttpRequest
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict

from django_mcp.context import ToolContext
from django_mcp.schemas.annotations import description_of, unwrapped
from django_mcp.schemas.callables import dotted_name_of
from django_mcp.schemas.core_schemas import EXACT_INTEGERS, accepts_none
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.pages.parameters import page_parameters

NO_REQUEST = (
    "there is no request; annotate a parameter with the user model to be given the caller, or "
    "with ToolContext"
)
RESTS_REQUEST = "rest_framework.request.Request"

LEFT_OUT = object()
"""Default of a parameter that may be left out, and has none that clients could be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Parameters of a function: `arguments` is a TypedDict of those that clients send."""

    arguments: Any
    user: str | None
    requires_user: bool
    context: str | None


@dataclass(slots=True)
class _Reading:
    fields: dict[str, Any] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    requires_user: bool = False

    def read(self, parameter: inspect.Parameter, annotation: Any, description: str) -> None:
        name, default = parameter.name, parameter.default
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ValueError(f"parameter {name!r} must be an ordinary named parameter")
        if annotation is parameter.empty:
            raise ValueError(f"parameter {name!r} has no annotation{_advice(name)}")
        if not hasattr(annotation, "__module__"):  # which all have that may stand in an annotation
            raise ValueError(f"parameter {name!r}: {annotation!r} is no type")
        bare, is_optional = unwrapped(annotation)
        if _is_request(bare):
            raise ValueError(f"parameter {name!r}: {NO_REQUEST}")
        if bare is ToolContext:
            self.contexts.append(name)
        elif _is_user_model(bare, name):
            self.users.append(name)
            self.requires_user = self.requires_user or not is_optional
        elif isinstance(bare, type) and issubclass(bare, Model):
            raise ValueError(
                f"parameter {name!r} is of the model {bare.__name__}, which no client can send: "
                "take its key"
            )
        elif isinstance(default, FieldInfo):
            raise ValueError(f"parameter {name!r}: write Annotated[..., Field(...)] instead")
        else:
            if default is not parameter.empty and _has_other_default(annotation, default):
                raise ValueError(
                    f"parameter {name!r} has two defaults: Field(default=...) and that of Python"
                )
            shown = _Shown(
                description=description_of(annotation) or description,
                default=_json_default(annotation, default),
                is_none=default is None,
            )
            kind = Annotated[annotation, shown]
            self.fields[name] = kind if default is parameter.empty else NotRequired[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Metadata with the default and docstring of a parameter; the annotation's own come first."""

    description: str
    default: JSONSchema
    is_none: bool

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        schema = handler(source)
        if self.is_none and not accepts_none(schema):
            return {"type": "nullable", "schema": schema}
        return schema

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: Callable[[Any], JSONSchema]
    ) -> JSONSchema:
        schema = handler(core_schema)
        default = {} if schema.get("writeOnly") else self.default
        description = {"description": self.description} if self.description else {}
        return {**description, **default, **schema}


def read_parameters(
    signature: inspect.Signature,
    hints: Mapping[str, Any],
    *,
    descriptions: Mapping[str, str],
    hidden: Collection[str] = (),
    page_size: int | None = None,
) -> Parameters:
    """Divide the parameters that are not hidden, and add those of pages.

    Raises `ValueError` with all problems, for the author of the function.
    """
    reading = _Reading()
    problems = []
    for name, parameter in signature.parameters.items():
        if name in hidden:
            continue
        try:
            annotation = hints.get(name, parameter.empty)
            if isinstance(annotation, ValueError):
                raise annotation
            reading.read(parameter, annotation, descriptions.get(name, ""))
        except ValueError as error:
            problems.append(str(error))
    for kind, names in (("user", reading.users), ("ToolContext", reading.contexts)):
        if len(names) > 1:
            problems.append(f"has two {kind} parameters: {', '.join(names)}")
    pages = {} if page_size is None else page_parameters(page_size)
    problems += [
        f"page_size adds a parameter {name!r}: rename the function's own"
        for name in pages
        if name in signature.parameters
    ]
    if problems:
        raise DeclarationError(problems)
    return Parameters(
        arguments=TypedDict("Arguments", {**reading.fields, **pages}),  # type: ignore[operator]
        user=reading.users[0] if reading.users else None,
        requires_user=reading.requires_user,
        context=reading.contexts[0] if reading.contexts else None,
    )


def _advice(parameter: str) -> str:
    """Return the advice to annotate a parameter whose name has a known purpose."""
    if parameter == "request":
        return f": {NO_REQUEST}"
    if parameter == "user":
        user_model = dotted_name_of(get_user_model())
        return f": annotate it with the user model ({user_model}) to be given the caller"
    return ""


def _is_request(annotation: Any) -> bool:
    ancestors = annotation.__mro__ if isinstance(annotation, type) else ()
    # Without an import of a framework that the project may not have.
    return HttpRequest in ancestors or RESTS_REQUEST in map(dotted_name_of, ancestors)


def _is_user_model(annotation: Any, parameter: str) -> bool:
    """Return whether it is the user model of the project, or an abstract base of it."""
    user_model = get_user_model()
    if annotation is user_model:
        return True
    if not (isinstance(annotation, type) and issubclass(annotation, AbstractBaseUser)):
        return False
    if not issubclass(user_model, annotation):
        # Both are often called User.
        raise ValueError(
            f"parameter {parameter!r} is annotated with {dotted_name_of(annotation)}, which is not "
            f"the project's user model: annotate it with {dotted_name_of(user_model)}"
        )
    return True


def _has_other_default(annotation: Any, default: Any) -> bool:
    """Return whether the annotation has another default, which clients would see."""
    declared = [
        each
        for each in getattr(annotation, "__metadata__", ())
        if isinstance(each, FieldInfo) and not each.is_required()
    ]
    return any(each.default_factory is not None or each.default != default for each in declared)


def _json_default(annotation: Any, default: Any) -> JSONSchema:
    """Return the keyword `default`, or nothing for a sentinel without a form in JSON."""
    if default is inspect.Parameter.empty or default is LEFT_OUT:
        return {}
    is_exact = type(default) is not int or abs(default) < EXACT_INTEGERS
    if is_exact and (default is None or type(default) in (bool, int, str)):
        return {"default": default}  # most of them: making an adapter takes longest of all
    try:
        # As a field, because an alias has its meaning only there.
        adapter = TypeAdapter[dict[str, Any]](TypedDict("Default", {"default": annotation}))  # type: ignore[operator]
        (shown,) = adapter.dump_python(
            {"default": default}, mode="json", by_alias=True, warnings="error"
        ).values()
        json.dumps(shown, allow_nan=False)
    except (PydanticSerializationError, PydanticUserError, ValueError, TypeError):
        return {}
    return {"default": shown}
