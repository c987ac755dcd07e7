"""Private names of other packages that are used here: their authors promise nothing of them.

Each is listed with its parameters, so that a release which changes one is noticed by its name. The
list is complete: `tests.private_names` finds what the source uses.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache.backends.redis import RedisCache
from django.db import connections
from django.db.models import Prefetch, prefetch_related_objects
from django.db.models.sql import InsertQuery
from django.http import HttpResponse
from django.test import RequestFactory
from mcp.server.lowlevel import Server

from tests.private_names import imported_names, private_uses

pytestmark = [pytest.mark.implementation, pytest.mark.oauth]

# Why nothing public does it, and then the owners and their names. With `None` in place of the
# parameters stands what is not called, or a class of which no instance is made here.
PRIVATE_NAMES: dict[str, dict[str, dict[str, str | None]]] = {
    (
        "Statements are written once: Django writes the SQL anew at each use, and offers no "
        "other way."
    ): {
        "django.db.models.sql": {
            "InsertQuery": (
                "(*args, on_conflict=..., update_fields=..., unique_fields=..., **kwargs)"
            ),
        },
        "django.db.models.sql.subqueries.InsertQuery": {
            "insert_values": "(self, fields, objs, raw=...)",
            "objs": None,
        },
        "django.db.models.sql.compiler.SQLCompiler": {
            "as_sql": "(self, with_limits=..., with_col_aliases=...)",
            "connection": None,
            "get_converters": "(self, expressions)",
            "select": None,
        },
        "django.db.models.sql.compiler.SQLInsertCompiler": {
            "as_sql": "(self)",
            "execute_sql": "(self, returning_fields=...)",
        },
        "django.db.models.sql.query.Query": {
            "get_compiler": "(self, using=..., connection=..., elide_empty=...)",
        },
    },
    "Pages follow the order that a queryset has, or say why not: no method tells of it.": {
        "django.db.models.sql.query.Query": {
            "standard_ordering": None,
            "default_ordering": None,
            "order_by": None,
            "extra_order_by": None,
            "extra": None,
            "annotations": None,
            "values_select": None,
            "group_by": None,
            "distinct_fields": None,
            "distinct": None,
            "combinator": None,
            "is_sliced": None,
            "get_initial_alias": "(self)",
            "get_meta": "(self)",
        },
        "django.db.backends.base.features.BaseDatabaseFeatures": {
            "nulls_order_largest": None,
        },
        "django.db.backends.base.base.BaseDatabaseWrapper": {
            "features": None,
        },
        "django.db.models.expressions": {
            "Col": None,
        },
    },
    "What shape the rows of a queryset have, and whether it has fetched them, no method tells.": {
        "django.db.models.query": {
            "ModelIterable": None,
            "ValuesIterable": None,
            "ValuesListIterable": None,
            "FlatValuesListIterable": None,
            "RawQuerySet": None,
        },
        "django.db.models.query.QuerySet": {
            "_db": None,
            "_fetch_all": "(self)",
            "_iterable_class": None,
            "_prefetch_related_lookups": None,
            "_result_cache": None,
        },
        "django.db.models.base.Model": {
            "_prefetched_objects_cache": None,
        },
        "django.db.models.sql.query.Query": {
            "select_for_update": None,
            "select_related": None,
        },
    },
    "What an expression joins, no method tells: rows of relations to many would count twice.": {
        "django.db.models.sql.query.Query": {
            "alias_map": None,
        },
    },
    "Which numbers a column of a database holds, only its backend tells.": {
        "django.db.backends.base.base.BaseDatabaseWrapper": {
            "ops": None,
        },
    },
    "Nothing public tells whether instances have the value of a column as it was fetched.": {
        "django.db.models.fields.related_descriptors": {
            "ForeignKeyDeferredAttribute": None,
            "ForwardManyToOneDescriptor": None,
            "ForwardOneToOneDescriptor": None,
        },
        "django.db.models.query_utils": {
            "DeferredAttribute": None,
        },
        "django.utils.choices": {
            "CallableChoiceIterator": None,
        },
    },
    (
        "Reads of what decides go to the database that is written: routers see no difference of"
        " querysets."
    ): {
        "django.db.models.query.QuerySet": {
            "db": None,
        },
    },
    "Connections are handled as Django handles them around a request, which no function does.": {
        "django.db.backends.base.base.BaseDatabaseWrapper": {
            "close_if_unusable_or_obsolete": "(self)",
            "closed_in_transaction": None,
            "connection": None,
            "dec_thread_sharing": "(self)",
            "in_atomic_block": None,
            "inc_thread_sharing": "(self)",
            "introspection": None,
            "run_on_commit": None,
            "timezone": None,
            "wrap_database_errors": None,
        },
        "django.db.backends.base.base": {
            "BaseDatabaseWrapper": None,
        },
    },
    "Django's checks and migrations have no other place that tells it; `Apps` is their type.": {
        "django.apps.registry": {
            "Apps": None,
        },
        "django.core.checks.registry": {
            "registry": None,
        },
        "django.conf.urls.i18n": {
            "is_language_prefix_patterns_used": "(urlconf)",
        },
    },
    "The admin has no public hook at this place, and no public name for what stands there.": {
        "django.contrib.admin.actions": {
            "delete_selected": "(modeladmin, request, queryset)",
        },
        "django.contrib.admin.filters.SimpleListFilter": {
            "choices": "(self, changelist)",
            "expected_parameters": "(self)",
            "value": "(self)",
        },
        "django.contrib.admin.helpers": {
            "ACTION_CHECKBOX_NAME": None,
        },
        "django.contrib.admin.options": {
            "IncorrectLookupParameters": None,
        },
        "django.contrib.admin.options.ModelAdmin": {
            "get_object": "(self, request, object_id, from_field=...)",
            "render_change_form": (
                "(self, request, context, add=..., change=..., form_url=..., obj=...)"
            ),
        },
        "django.contrib.admin.utils": {
            "quote": "(s)",
        },
        "django.contrib.admin.views.main": {
            "ChangeList": None,
            "SEARCH_VAR": None,
        },
        "django.contrib.admin.views.main.ChangeList": {
            "get_filters": "(self, request)",
            "get_queryset": "(self, request, exclude_parameters=...)",
            "get_results": "(self, request)",
        },
        "django.contrib.admin.widgets": {
            "AdminTextareaWidget": "(attrs=...)",
            "AutocompleteSelectMultiple": "(field, admin_site, attrs=..., choices=..., using=...)",
        },
        "django.contrib.admin.widgets.AutocompleteMixin": {
            "optgroups": "(self, name, value, attr=...)",
        },
        "django.forms.formsets": {
            "DELETION_FIELD_NAME": None,
        },
    },
    "Fields of forms turn a stored value into a text in no other method.": {
        "django.forms.fields.Field": {
            "prepare_value": "(self, value)",
        },
    },
    "What Django itself does with such a value is done the same way: it has no public name.": {
        "django.forms.utils": {
            "flatatt": "(attrs)",
            "pretty_name": "(name)",
        },
        "django.utils.crypto": {
            "salted_hmac": "(key_salt, value, secret=..., *, algorithm=...)",
        },
        "django.utils.datastructures": {
            "CaseInsensitiveMapping": "(data)",
        },
        "django.utils.duration": {
            "duration_string": "(duration)",
        },
        "django.utils.formats": {
            "date_format": "(value, format=..., use_l10n=...)",
            "number_format": "(value, decimal_pos=..., use_l10n=..., force_grouping=...)",
        },
        "django.utils.http": {
            "parse_header_parameters": "(line) or (line, max_length=...)",  # Django 6.1
            "url_has_allowed_host_and_scheme": "(url, allowed_hosts, require_https=...)",
        },
        "django.utils.text": {
            "Truncator": "(text)",
            "get_valid_filename": "(name)",
        },
        "django.core.handlers.asgi": {
            "ASGIRequest": None,
            "get_script_prefix": "(scope)",
        },
        "django.core.handlers.wsgi": {
            "get_script_name": "(environ)",
        },
        "django.http.request": {
            "HttpHeaders": None,
        },
        "django.contrib.staticfiles.handlers": {
            "ASGIStaticFilesHandler": "(application)",
        },
        "django.contrib.auth.hashers": {
            "identify_hasher": "(encoded)",
        },
    },
    "A request is read again, or its files are closed, where no method does it.": {
        "django.http.request.HttpRequest": {
            "_body": None,
        },
        "django.http.response.HttpResponseBase": {
            "_resource_closers": None,
        },
    },
    "Which templates and blocks a page has is known to their nodes alone.": {
        "django.template.loader_tags": {
            "BlockNode": None,
            "ExtendsNode": None,
        },
    },
    "Which names a text may use, and what its rendering takes, no setting of an engine bounds.": {
        "django.template.base.FilterExpression": {
            "resolve": "(self, context, ignore_failures=...)",
        },
        "django.template.base.Node": {
            "render": "(self, context)",
        },
        "django.template.base.Parser": {
            "compile_filter": "(self, token)",
            "extend_nodelist": "(self, nodelist, node, token)",
            "find_filter": "(self, filter_name)",
            "invalid_block_tag": "(self, token, command, parse_until=...)",
            "parse": "(self, parse_until=...)",
            "unclosed_block_tag": "(self, parse_until)",
        },
        "django.template.base.Template": {
            "compile_nodelist": "(self)",
        },
    },
    "`atexit` comes too late: the threads of `concurrent.futures` have ended by then.": {
        "threading": {
            "_register_atexit": "(func, *arg, **kwargs)",
        },
    },
    (
        "Models have validators already, which pydantic would use in place of the schema that "
        "it is given."
    ): {
        "pydantic_core": {
            "SchemaValidator": "(schema, config=..., _use_prebuilt=...)",
        },
    },
    (
        "The SDK's middleware and its types are provisional, and its names of headers are "
        "documented nowhere."
    ): {
        "mcp.server.context": {
            "CallNext": None,
            "HandlerResult": None,
            "ServerRequestContext": None,
        },
        "mcp.server.lowlevel.Server": {
            "middleware": None,
        },
        "mcp.server.streamable_http": {
            "CONTENT_TYPE_SSE": None,
        },
        "mcp.shared.inbound": {
            "ERROR_CODE_HTTP_STATUS": None,
            "InboundModernRoute": None,
            "MCP_METHOD_HEADER": None,
            "MCP_NAME_HEADER": None,
            "MCP_PARAM_HEADER_PREFIX": None,
            "MCP_PROTOCOL_VERSION_HEADER": None,
            "classify_inbound_request": "(body, *, headers=..., supported_modern_versions=...)",
            "decode_header_value": "(value)",
        },
    },
    "Several counters in Redis are increased by one request: Django's caches take one at a time.": {
        "django.core.cache.backends.redis": {
            "RedisCache": None,
        },
        "django.core.cache.backends.redis.RedisCache": {
            "_cache": None,
            "_options": None,
            "_servers": None,
        },
    },
    (
        "All limits of a call are judged by one request, and counted by one: django-ratelimit asks"
        " two or three times for each, and tells the keys of its counters nowhere else."
    ): {
        "django_ratelimit.core": {
            "_get_window": "(value, period)",
            "_make_cache_key": "(group, window, rate, value, methods)",
        },
    },
    "Django lists and capitalises words, and documents neither function.": {
        "django.utils.text": {
            "capfirst": None,
            "get_text_list": None,
        },
    },
    "The SDK knows which results have cache hints, and names its middleware nowhere else.": {
        "mcp.server.context": {
            "ServerMiddleware": None,
        },
        "mcp_types.methods": {
            "CACHEABLE_METHODS": None,
        },
    },
    "The SDK matches and judges URIs, and documents neither for servers of the lower level.": {
        "mcp.server.mcpserver.resources": {
            "DEFAULT_RESOURCE_SECURITY": None,
        },
        "mcp.shared.uri_template": {
            "UriTemplate": None,
        },
    },
    "The toolkit has no hook for this step of a grant; its public methods do several at once.": {
        "oauth2_provider.oauth2_validators.OAuth2Validator": {
            "_check_and_set_request_resource": "(self, request)",
            "_check_secret": "(self, provided_secret, stored_secret)",
            "_create_refresh_token": (
                "(self, request, refresh_token_code, access_token, previous_refresh_token)"
            ),
            "_load_access_token": "(self, token)",
            "_load_application": "(self, client_id, request)",
            "_save_bearer_token": "(self, token, request, *args, **kwargs)",
        },
        "oauth2_provider.oauth2_backends.OAuthLibCore": {
            "_extract_params": "(self, request)",
        },
    },
    (
        "Documents of clients are taken and refused as the toolkit does it, before and after "
        "its own view."
    ): {
        "oauth2_provider.cimd.SafeMetadataFetcher": {
            "_read_document": "(self, response)",
        },
        "oauth2_provider.cimd": {
            "_build_application_kwargs": "(metadata)",
            "_registration_permitted": "(request, client_id)",
            "_validate_client_id_url": "(client_id)",
            "is_cimd_client_id": "(client_id)",
        },
    },
    "Challenges, resources and default scopes are as the toolkit has them; it tells nowhere.": {
        "oauth2_provider.oauth2_validators": {
            "is_valid_resource_uri": "(uri)",
        },
        "oauth2_provider.www_authenticate": {
            "build_bearer_challenge": (
                "(request, oauth2_error=..., realm=..., resource_metadata_url=...)"
            ),
        },
        "oauth2_provider.settings.oauth2_settings": {
            "_DEFAULT_SCOPES": None,
        },
    },
    (
        "The toolkit's views have no documentation: each of these is the only place of what it "
        "decides."
    ): {
        "oauth2_provider.views.base.AuthorizationView": {
            "handle_prompt_login": "(self)",
        },
        "oauth2_provider.views.base.BaseAuthorizationView": {
            "error_response": "(self, error, application, **kwargs)",
            "redirect": "(self, redirect_to, application)",
        },
        (
            "oauth2_provider.views.dynamic_client_registration.DynamicClientRegistrationManagementView"
        ): {
            "_authenticate_registration_request": "(self, request, client_id)",
        },
        "oauth2_provider.views.metadata.ServerMetadataViewMixin": {
            "_get_endpoint_url": "(self, request, view_name, required=...)",
        },
        "oauth2_provider.views.metadata.OAuthProtectedResourceMetadataView": {
            "get_authorization_servers": "(self, request)",
            "get_resource": "(self, request)",
            "get_scopes_supported": "(self)",
        },
    },
    "Each error of OAuthLib says its own headers, of which its documentation is silent.": {
        "oauthlib.oauth2.rfc6749.errors.OAuth2Error": {
            "headers": None,
        },
    },
    "What annotations of drf-spectacular say has no other reader than its own generator.": {
        "drf_spectacular.drainage": {
            "get_override": "(obj, prop, default=...)",
        },
        "drf_spectacular.plumbing": {
            "is_basic_type": "(obj, allow_none=...)",
        },
    },
    "Serializers have fields and validators of these classes, which no page describes.": {
        "rest_framework.relations": {
            "ManyRelatedField": None,
        },
        "rest_framework.validators": {
            "BaseUniqueForValidator": None,
        },
    },
    (
        "Views are called as Django calls them, middleware and transactions included: its handlers "
        "offer no way to name other middleware, or to hand over a request that is resolved."
    ): {
        "django.core.handlers.base": {
            "BaseHandler": "()",
        },
        "django.core.handlers.base.BaseHandler": {
            "_exception_middleware": None,
            "_get_response": "(self, request)",
            "_get_response_async": "(self, request)",
            "_template_response_middleware": None,
            "_view_middleware": None,
            "resolve_request": "(self, request)",
        },
        "django.core.handlers.wsgi": {
            "WSGIRequest": "(environ)",
        },
    },
    "A view's URL is made as `reverse()` does, which knows views by their names alone.": {
        "django.utils.regex_helper": {
            "normalize": "(pattern)",
        },
    },
    "Viewsets are told from other views by the class that they all mix in.": {
        "rest_framework.viewsets": {
            "ViewSetMixin": None,
        },
    },
    "Permission classes that are put together by `&`, `|` and `~` are instances of these.": {
        "rest_framework.permissions": {
            "AND": "(op1, op2)",
            "NOT": "(op1)",
            "OR": "(op1, op2)",
        },
    },
    "`Retry-After` may be a date, and only this reads one that may be wrong.": {
        "django.utils.http": {
            "parse_http_date_safe": "(date)",
        },
    },
}


@dataclass(frozen=True, slots=True)
class PrivateName:
    """One entry of the list."""

    owner: str
    name: str
    parameters: str | None

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}"

    @property
    def uses(self) -> set[str]:
        """What the scan calls it, or a parameter of it, where it is used."""
        described = OBJECTS.get(self.owner.rpartition(".")[2])
        found = {str(self), f"{described}.{self.name}"}
        if self.name.startswith("_"):
            found.add(f".{self.name}")
        for parameter in (self.parameters or "").strip("()").split(", "):
            if parameter.startswith("_"):
                found.add(f".{parameter.partition('=')[0]}")
        return found


OBJECTS = {
    "Query": "query",
    "InsertQuery": "query",
    "SQLCompiler": "compiler",
    "SQLInsertCompiler": "compiler",
    "BaseDatabaseWrapper": "connection",
    "BaseDatabaseFeatures": "features",
    "Server": "server",
}
"""What instances of these classes are called in the source, for the scan to know them by."""

LISTED = [
    PrivateName(owner, name, parameters)
    for owners in PRIVATE_NAMES.values()
    for owner, names in owners.items()
    for name, parameters in names.items()
]


@pytest.mark.parametrize("listed", LISTED, ids=str)
def test_private_name_is_there_with_the_parameters_that_it_is_called_with(
    listed: PrivateName,
) -> None:
    owner = resolved(listed.owner)
    if listed.parameters is None:
        assert hasattr(owner, listed.name) or has_in_instances(owner, listed.name)
    else:
        assert parameters_of(getattr(owner, listed.name)) in listed.parameters.split(" or ")


def test_every_private_name_that_the_source_uses_is_listed() -> None:
    uses = {name for each in LISTED for name in each.uses}
    found = private_uses()

    assert [f"{each.place}: {each.name}" for each in found if each.name not in uses] == []
    assert {"oauth2_provider.cimd._registration_permitted", "._iterable_class"} <= {
        each.name for each in found
    }


def test_every_name_on_the_list_is_used() -> None:
    used = {each.name for each in private_uses()} | imported_names()

    assert [str(each) for each in LISTED if used.isdisjoint(each.uses)] == []


def test_no_name_is_listed_twice() -> None:
    assert len({str(each) for each in LISTED}) == len(LISTED)


def resolved(path: str) -> Any:
    """The module, or the object in a module, at a dotted path."""
    module, _, name = path.rpartition(".")
    try:
        return import_module(path)
    except ModuleNotFoundError:
        return getattr(resolved(module), name)


class Default:
    """Stands for any default value: which one it is may change."""

    def __repr__(self) -> str:
        return "..."


def parameters_of(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    plain = [
        each.replace(
            annotation=each.empty,
            default=each.empty if each.default is each.empty else Default(),
        )
        for each in signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


def has_in_instances(owner: type, name: str) -> bool:
    """Whether instances have what their class does not name."""
    return any(hasattr(each, name) for each in instances() if isinstance(each, owner))


def instances() -> Iterator[Any]:
    group = Group(pk=1)
    prefetch_related_objects([group], Prefetch("permissions", Permission.objects.none()))
    request = RequestFactory().get("/")
    assert request.body == b""
    query = Group.objects.all().query
    yield from (group, Group.objects.all(), request, HttpResponse(), connections["default"])
    yield RedisCache("redis://localhost", {})
    yield from (query, InsertQuery(Group), query.get_compiler("default"), Server("tests"))
