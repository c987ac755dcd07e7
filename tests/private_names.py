"""Names of other packages that the package uses though their authors promise nothing of them.

Found in its source: names with an underscore, wherever they stand; what is imported from modules
that no documentation names; attributes of the parts of Django that have none (queries, compilers,
connections); and methods that a subclass overrides though nothing says that it may. What only
shows once the code runs, such as an attribute of an object that a function was given, is not found.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.db import connection

import django_mcp

ROOT = Path(django_mcp.__file__).parent
OWN = ROOT.name

PUBLIC_MODULES = frozenset(
    [
        "anyio",
        "asgiref.sync",
        "celery",
        "cryptography.fernet",
        "django",
        "django.apps",
        "django.conf",
        "django.contrib",
        "django.contrib.admin",
        "django.contrib.admin.models",
        "django.contrib.auth",
        "django.contrib.auth.base_user",
        "django.contrib.auth.decorators",
        "django.contrib.auth.middleware",
        "django.contrib.auth.models",
        "django.contrib.auth.signals",
        "django.contrib.auth.views",
        "django.contrib.contenttypes.models",
        "django.contrib.sessions.backends.base",
        "django.core",
        "django.core.cache",
        "django.core.checks",
        "django.core.exceptions",
        "django.core.files",
        "django.core.files.storage",
        "django.core.management.base",
        "django.core.paginator",
        "django.core.serializers.json",
        "django.core.validators",
        "django.db",
        "django.db.backends.signals",
        "django.db.models",
        "django.db.models.expressions",
        "django.db.models.fields.files",
        "django.db.models.functions",
        "django.db.models.signals",
        "django.db.transaction",
        "django.dispatch",
        "django.forms",
        "django.http",
        "django.http.response",
        "django.shortcuts",
        "django.tasks",
        "django.tasks.backends.base",
        "django.tasks.backends.dummy",
        "django.tasks.backends.immediate",
        "django.template",
        "django.template.backends.django",
        "django.template.base",
        "django.template.context",
        "django.template.loader",
        "django.template.response",
        "django.urls",
        "django.utils",
        "django.utils.cache",
        "django.utils.dateparse",
        "django.utils.decorators",
        "django.utils.functional",
        "django.utils.html",
        "django.utils.module_loading",
        "django.utils.safestring",
        "django.utils.translation",
        "django.views",
        "django.views.decorators.cache",
        "django.views.decorators.csrf",
        "django.views.decorators.debug",
        "django.views.decorators.http",
        "django_filters",
        "django_filters.widgets",
        "django_ratelimit.core",
        "django_tasks",
        "django_tasks.backends.base",
        "django_tasks.backends.dummy",
        "django_tasks.backends.immediate",
        "docstring_parser",
        "drf_spectacular.utils",
        "jsonschema_rs",
        "mcp",
        "mcp.server.lowlevel",
        "mcp.server.request_state",
        "mcp.server.session",
        "mcp.server.streamable_http_manager",
        "mcp.server.subscriptions",
        "mcp_types",
        "mcp_types.version",
        "oauth2_provider",
        "oauth2_provider.contrib.rest_framework",
        "oauth2_provider.dcr",
        "oauth2_provider.exceptions",
        "oauth2_provider.models",
        "oauth2_provider.scopes",
        "oauth2_provider.settings",
        "oauth2_provider.views",
        "oauthlib.common",
        "oauthlib.oauth2.rfc6749",
        "oauthlib.oauth2.rfc6749.errors",
        "oauthlib.openid.connect.core.exceptions",
        "pybreaker",
        "pydantic",
        "pydantic.errors",
        "pydantic.fields",
        "pydantic.json_schema",
        "pydantic_core",
        "rest_framework",
        "rest_framework.authentication",
        "rest_framework.exceptions",
        "rest_framework.fields",
        "rest_framework.relations",
        "rest_framework.renderers",
        "rest_framework.serializers",
        "rest_framework.settings",
        "rest_framework.validators",
        "rest_framework.filters",
        "rest_framework.generics",
        "rest_framework.pagination",
        "rest_framework.parsers",
        "rest_framework.permissions",
        "rest_framework.request",
        "rest_framework.versioning",
        "rest_framework.views",
        "starlette.datastructures",
        "starlette.requests",
        "starlette.responses",
        "starlette.types",
        "typing_extensions",
    ]
)
"""Of which a documentation names what they hold."""

PUBLIC_NAMES = frozenset(
    [
        "drf_spectacular.openapi.AutoSchema",
        "drf_spectacular.plumbing.build_basic_type",
        "django.utils.encoding.iri_to_uri",
        "django.utils.http.content_disposition_header",
        "django.utils.text.format_lazy",
        "oauth2_provider.cimd.CIMDError",
        "oauth2_provider.cimd.SafeMetadataFetcher",
        "oauth2_provider.oauth2_validators.OAuth2Validator",
        "oauth2_provider.utils.parse_bearer_token",
    ]
)
"""Names that a documentation tells of, in modules where others are that it does not."""

DOCUMENTED_ATTRIBUTES = frozenset(
    [
        *("_meta", "_state", "_default_manager", "_base_manager"),  # of Django's models
        *("_fields", "_replace"),  # of named tuples
        *("connection.alias", "connection.close", "connection.settings_dict", "connection.vendor"),
        "connection.execute_wrapper",
    ]
)

EVERY_METHOD = frozenset(
    [
        "oauthlib.oauth2.rfc6749.request_validator.RequestValidator",
        "pybreaker.CircuitBreakerStorage",
        "pydantic.json_schema.GenerateJsonSchema",
    ]
)
"""Classes whose documentation names every method, to be overridden."""

DOCUMENTED_METHODS = {
    "django.apps.config.AppConfig": "ready",
    "django.contrib.admin.filters.ListFilter": "queryset",
    "django.contrib.admin.filters.SimpleListFilter": "lookups",
    "django.contrib.admin.options.BaseModelAdmin": (
        "get_autocomplete_fields get_fieldsets get_queryset has_add_permission"
        " has_change_permission has_delete_permission has_view_permission lookup_allowed"
    ),
    "django.contrib.admin.options.InlineModelAdmin": "get_extra get_formset",
    "django.contrib.admin.options.ModelAdmin": (
        "change_view changelist_view get_changelist get_form get_list_display get_search_results"
        " get_urls"
    ),
    "django.contrib.auth.mixins.AccessMixin": "handle_no_permission",
    "django.core.management.base.BaseCommand": "add_arguments handle",
    "django.http.request.HttpRequest": "get_host",
    "django.db.models.base.Model": "clean",
    "django.forms.fields.Field": "clean to_python validate",
    "oauth2_provider.contrib.rest_framework.authentication.OAuth2Authentication": (
        "authenticate authenticate_header"
    ),
    "rest_framework.authentication.BaseAuthentication": "authenticate authenticate_header",
    "django.forms.forms.BaseForm": "changed_data clean is_valid",
    "django.forms.formsets.BaseFormSet": "add_fields",
    "django.forms.widgets.Widget": "get_context",
    "django.views.generic.base.TemplateResponseMixin": "render_to_response",
    "django.views.generic.base.View": "delete dispatch get post put setup",
    "django.views.generic.edit.FormMixin": "form_valid",
    "django.views.generic.edit.ProcessFormView": "get post put",
    "drf_spectacular.openapi.AutoSchema": (
        "get_description get_override_parameters get_request_serializer get_response_serializers"
        " get_summary"
    ),
    "oauth2_provider.cimd.SafeMetadataFetcher": "fetch",
    "oauth2_provider.scopes.BaseScopes": ("get_all_scopes get_available_scopes get_default_scopes"),
    "oauth2_provider.views.mixins.OAuthLibMixin": "authenticate_client create_token_response",
}
"""Methods that a documentation says a subclass may override, by the class that it names."""

UNDOCUMENTED_OBJECTS = frozenset(["query", "compiler", "connection", "features"])
"""Names of variables and attributes that hold parts of Django's without a documentation."""

PROVISIONAL = frozenset(["server.middleware"])
"""Attributes that a documentation tells of, and says that they may change."""

NOT_FOREIGN = frozenset([OWN, *sys.stdlib_module_names])

LOOKUPS = frozenset(["getattr", "setattr", "hasattr", "delattr", "getattr_static"])


@dataclass(frozen=True, slots=True)
class Use:
    """A private name in the source: a dotted path, or `.name` where its owner is not known."""

    name: str
    place: str


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@cache
def private_uses() -> tuple[Use, ...]:
    """Every use of a private name of another package."""
    return tuple(_uses())


def _uses() -> Iterator[Use]:
    for path in _files():
        tree = _tree(path)
        found = [
            *_imported(tree),
            *_attributes(tree, _known_names(path)),
            *_undocumented_attributes(tree),
            *_inherited(path, tree),
        ]
        for node, name in found:
            if name.removeprefix(".") not in DOCUMENTED_ATTRIBUTES:
                yield Use(name, f"{path.relative_to(ROOT.parent)}:{node.lineno}")


def imported_names() -> set[str]:
    """The dotted paths of all that is imported from other packages."""
    return {
        f"{node.module}.{each.name}"
        for path in _files()
        for node in _nodes(_tree(path))
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }


def _files() -> list[Path]:
    return [each for each in sorted(ROOT.rglob("*.py")) if "migrations" not in each.parts]


@cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    for node in _nodes(tree):
        if isinstance(node, ast.ImportFrom):
            imported = [(node.module or "", f".{each.name}") for each in node.names]
        elif isinstance(node, ast.Import):
            imported = [(each.name, "") for each in node.names]
        else:
            continue
        for module, name in imported:
            root = module.partition(".")[0]
            is_documented = (
                root in sys.stdlib_module_names
                or module in PUBLIC_MODULES
                or module + name in PUBLIC_NAMES
            )
            has_underscore = any(map(is_private, f"{module}{name}".split(".")))
            if root != OWN and (has_underscore or not is_documented):
                yield node, module + name


def _attributes(tree: ast.Module, known: frozenset[str]) -> Iterator[tuple[Any, str]]:
    """Names with an underscore that neither the module nor one that it imports has given."""
    for node in _nodes(tree):
        match node:
            case ast.Attribute(attr=name):
                pass
            case ast.keyword(arg=str(name)):
                pass
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                pass
            case ast.Call(
                func=ast.Name(id=function), args=[_, ast.Constant(value=str(name)), *_]
            ) if function in LOOKUPS:
                pass
            case _:
                continue
        if is_private(name) and name not in known:
            yield node, f".{name}"


def _undocumented_attributes(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    imported = {
        alias.name
        for node in _nodes(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("django.db")
        for alias in node.names
    }
    for node in _nodes(tree):
        match node:
            case (
                ast.Attribute(value=ast.Name(id=owner), attr=name)
                | ast.Attribute(value=ast.Attribute(attr=owner), attr=name)
            ):
                pass
            case ast.Attribute(value=ast.Subscript(value=ast.Name(id="connections")), attr=name):
                owner = "connection"
            case _:
                continue
        if f"{owner}.{name}" in PROVISIONAL:
            yield node, f"{owner}.{name}"
        if owner not in UNDOCUMENTED_OBJECTS or not imported:
            continue
        # A query may also be a text that is searched for, and a connection that of a client.
        if hasattr(str, name) or (owner == "connection" and not hasattr(connection, name)):
            continue
        yield node, f"{owner}.{name}"


def _inherited(path: Path, tree: ast.Module) -> Iterator[tuple[Any, str]]:
    """What classes override, or use of themselves, that they have from another package."""
    definitions = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if not definitions:
        return
    try:
        module = import_module(_module_name(path))
    except ModuleNotFoundError as error:
        if str(error.name).startswith(OWN):
            raise
        return  # an optional package that is not installed
    for definition in definitions:
        classes = vars(module)[definition.name].__mro__
        foreign = [each for each in classes if each.__module__.partition(".")[0] not in NOT_FOREIGN]
        own = [each for each in classes if each.__module__.partition(".")[0] == OWN]
        # A mixin overrides what only the classes have that it is mixed into.
        for body in map(_body_of, own if foreign else []):
            for name in _overridden(body):
                owner = next((each for each in foreign if name in vars(each)), None)
                if owner and not _is_hook(foreign, name):
                    yield definition, f"{_path_of(owner)}.{name}"
            for name in _used_of_itself(body):
                owner = next((each for each in foreign if name in _names_of(each)), None)
                if owner:
                    yield definition, f"{_path_of(owner)}.{name}"


@cache
def _body_of(owner: type) -> tuple[ast.stmt, ...]:
    try:
        source = Path(str(inspect.getsourcefile(owner)))
    except TypeError:  # it is not written in Python
        return ()
    for node in _nodes(_tree(source)):
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
            return tuple(node.body)
    return ()


def _overridden(body: Iterable[ast.stmt]) -> Iterator[str]:
    functions = (each for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    for function in functions:
        if not function.name.startswith("__"):
            yield function.name


def _used_of_itself(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in _nodes(statement):
            if isinstance(node, ast.Attribute) and is_private(node.attr) and _is_self(node.value):
                yield node.attr


def _is_self(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return True
    return False


def _is_hook(classes: list[type], name: str) -> bool:
    paths = {_path_of(each) for each in classes}
    return not is_private(name) and (
        any(name in DOCUMENTED_METHODS.get(path, "").split() for path in paths)
        or any(_path_of(each) in EVERY_METHOD and name in vars(each) for each in classes)
    )


def _path_of(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


@cache
def _names_of(owner: type) -> frozenset[str]:
    """The names of a class, and those that its methods give to an instance."""
    return frozenset(vars(owner)).union(*map(_stored, _body_of(owner)))


def _stored(tree: ast.AST) -> frozenset[str]:
    return frozenset(
        node.attr
        for node in _nodes(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if _is_self(node.value)
    )


@cache
def _given_names(path: Path) -> frozenset[str]:
    """The names that the code of a module defines, or gives to instances of its classes."""
    tree = _tree(path)
    defined = set()
    for node in _nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                defined.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                defined.add(name)
    return _stored(tree) | defined


def _known_names(path: Path) -> frozenset[str]:
    """The names that a module gives, or one that it imports, or one with a base of its classes."""
    modules = [path, *_own_imports(path), *_modules_of_bases(path)]
    return frozenset().union(*map(_given_names, modules))


def _own_imports(path: Path, names: Iterable[str] | None = None) -> list[Path]:
    """The modules of the package that a module imports, or imports these names from."""
    return [
        each
        for node in _nodes(_tree(path))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(OWN)
        if names is None or {alias.name for alias in node.names} & set(names)
        for each in _files_of(str(node.module))
    ]


def _modules_of_bases(path: Path) -> Iterator[Path]:
    bases = {
        base.id
        for node in _nodes(_tree(path))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    for module in _own_imports(path, bases):
        yield module
        yield from _modules_of_bases(module)


def _files_of(module: str) -> list[Path]:
    path = ROOT.parent.joinpath(*module.split("."))
    return [each for each in (path.with_suffix(".py"), path / "__init__.py") if each.exists()]


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
