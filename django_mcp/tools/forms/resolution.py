"""Resolution of a `FormToolDeclaration` into a `Tool`."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.forms import BaseForm, BaseFormSet, BaseModelForm

from django_mcp.db.refused_queries import answer_of
from django_mcp.primitives.caller_functions import CallerFunction, read_caller_function
from django_mcp.primitives.caller_querysets import CallerQueryset, read_queryset_function
from django_mcp.primitives.resolution import Resolution
from django_mcp.schemas.annotations import each_type_hint
from django_mcp.schemas.forms.fields import column_schema
from django_mcp.schemas.forms.forms import Form, FormArguments, read_form
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.models.fields import field_named, suggestion
from django_mcp.schemas.models.output import ModelOutput
from django_mcp.schemas.output.output import DataOutput, Output
from django_mcp.schemas.return_annotation import read_output
from django_mcp.tools.forms.declaration import FormToolDeclaration
from django_mcp.tools.forms.submission import FormSubmission
from django_mcp.tools.resolution import build_tool, paths_of
from django_mcp.tools.sources.signature import source_signature
from django_mcp.tools.tool import Tool


def resolve(declaration: FormToolDeclaration) -> Tool:
    """Return the tool of a declaration. Raises `ValueError` with all problems, for its author."""
    form: Any = declaration.form
    if isinstance(form, type) and issubclass(form, BaseFormSet):
        raise ValueError(
            f"form_tool takes no formset such as {form.__name__}: pass the form of one row, or "
            "write a function that takes a list"
        )
    if not (isinstance(form, type) and issubclass(form, BaseForm)):
        raise ValueError(f"form_tool takes the class of a Form or ModelForm, and not {form!r}")
    resolution = Resolution(declaration)
    resolution.problems += _problems(declaration)
    # Where the constructor needs the caller, the fields of the class are those of the form.
    described: Form = answer_of(form) or form
    is_partial = declaration.queryset is not None
    arguments = resolution.attempt(read_form, described, is_partial=is_partial)
    schema = None if arguments is None else resolution.attempt(_schema, declaration, arguments)
    form_kwargs = queryset = None
    if declaration.form_kwargs is not None:
        form_kwargs = resolution.attempt(_form_kwargs_function, declaration.form_kwargs)
    if declaration.queryset is not None:
        queryset = resolution.attempt(read_queryset_function, declaration.queryset)
    callers = [each for each in (form_kwargs, queryset) if each is not None]
    signature = None
    if schema is not None:
        signature = resolution.attempt(
            source_signature, schema, requires_user=any(each.takes_user for each in callers)
        )
    output = resolution.attempt(_output, declaration)
    if arguments is None or schema is None:
        raise resolution.error()
    model, instances = _model(declaration), None
    if queryset is not None and model is not None:
        instances = CallerQueryset(model=model, queryset=queryset)
    submission = FormSubmission(
        form=form,
        arguments=arguments,
        form_kwargs=form_kwargs,
        instances=instances,
        lookup=declaration.lookup,
    )
    return build_tool(
        resolution,
        declaration,
        signature=signature,
        output=output,
        function=submission.run,
        is_async=False,
    )


def _problems(declaration: FormToolDeclaration) -> Iterator[str]:
    if declaration.queryset is not None and _model(declaration) is None:
        yield "queryset is an option of ModelForms, which change an instance"
    if not hasattr(declaration.form, "save") and declaration.fields:
        yield f"fields show what save() returns, and {declaration.form.__name__} has no save()"


def _model(declaration: FormToolDeclaration) -> type[Model] | None:
    form: Any = declaration.form
    return form._meta.model if issubclass(form, BaseModelForm) else None


def _form_kwargs_function(function: Callable[..., Any]) -> CallerFunction:
    return read_caller_function(
        function,
        option="form_kwargs",
        wanted="user, principal or nothing",
        returns="a dict",
        needs_caller=False,
    )


def _schema(declaration: FormToolDeclaration, arguments: FormArguments) -> JSONSchema:
    """Return the schema of the form, with the lookup of the instance where it changes one."""
    model, schema = _model(declaration), arguments.schema
    if declaration.queryset is None or model is None:
        return schema
    lookup, properties = declaration.lookup, schema["properties"]
    if lookup in properties:
        raise ValueError(
            f"the lookup {lookup!r} is a field of the form as well: look up by another, such as "
            "'pk', or leave it out of the form"
        )
    try:
        column = column_schema(field_named(model, lookup))
    except (FieldDoesNotExist, AttributeError):
        raise ValueError(
            f"the lookup {lookup!r} is no field of {model.__name__}{suggestion(model, lookup)}"
        ) from None
    words = f"Finds the {model._meta.verbose_name} to change"
    column = {**column, "description": words}
    return {**schema, "properties": {lookup: column, **properties}, "required": [lookup]}


def _output(declaration: FormToolDeclaration) -> Output:
    fields = paths_of(declaration)
    save = getattr(declaration.form, "save", None)
    if save is None:
        return DataOutput(None)
    model = _model(declaration)
    if model is None or not _returns_instance(save):
        return read_output(save, fields=fields)
    if not all(isinstance(each, str) for pair in fields.items() for each in pair):
        raise ValueError("fields are names of fields, or a mapping of names to them")
    shown = fields or {"pk": "pk"}
    return ModelOutput(model, shown, annotations={}, is_many=False, is_optional=False)


def _returns_instance(save: Callable[..., Any]) -> bool:
    """Return whether the `save` of a `ModelForm` returns what Django's does, as most others do."""
    hint = each_type_hint(save).get("return", Model)
    return not isinstance(hint, type) or issubclass(hint, Model)
