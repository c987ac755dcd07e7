"""System checks: each appears when it should, not otherwise, and none ever crashes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connections
from django.db.utils import ConnectionHandler
from pydantic import BaseModel, Field
from pytest_django import Settings

import tests.urls  # noqa: F401  (the routes are read once, and here the settings are good)
from django_mcp import tool
from django_mcp.conf import declared_settings
from django_mcp.oauth_settings import provider_settings
from django_mcp.primitives import registry as registries
from django_mcp.primitives.declaration import collecting
from tests.calls import offering
from tests.checks.messages import URL, deploy, found, hints
from tests.databases import Route
from tests.processes import check_project
from tests.shop.models import Product
from tests.tools.single_tools import taking
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

WORKERS = "tests.background.backends.HoldingBackend"
"""A backend that has workers, as far as anybody knows."""


def test_a_good_project_has_nothing_to_mend() -> None:
    assert found() == {}


def test_a_good_project_has_nothing_to_mend_before_its_deployment(settings: Settings) -> None:
    deploy(settings)
    settings.DJANGO_MCP_BACKGROUND_BACKEND = WORKERS

    assert found(deploy=True, databases=list(connections)) == {}


class TestEndpoint:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            None,
            5,
            "shop.example/mcp",
            "ftp://shop.example/mcp",
            "https://shop.example",
            "https://shop.example/",
            "https:///mcp",
            "https://shop.example/mcp?x=1",
            "https://shop.example/mcp#x",
            "https://ann:secret@shop.example/mcp",
            "https://[shop.example/mcp",
            "https://shop.example:port/mcp",
            "https://shop.example:99999/mcp",
            "https://shop.example/m cp",
            "https://shop.example/m%C3%A9cp",
            " https://shop.example/mcp",
            "https://shop.example/mcp\n",
        ],
    )
    def test_e001_tells_what_is_no_url_of_an_endpoint(self, settings: Settings, url: Any) -> None:
        settings.DEBUG = False
        settings.DJANGO_MCP_URL = url

        messages = found(deploy=True)

        assert len(messages["E001"]) == 1
        assert "secret" not in messages["E001"][0]

    def test_under_debug_the_endpoint_needs_no_url(self, settings: Settings) -> None:
        settings.DEBUG = True
        del settings.DJANGO_MCP_URL

        assert "E001" not in found()

    @pytest.mark.oauth
    @pytest.mark.parametrize(
        ("debug", "id"), [(True, "W020"), (False, "E001")], ids=["development", "production"]
    )
    def test_missing_url_is_proposed_from_other_settings(
        self, settings: Settings, debug: bool, id: str
    ) -> None:
        del settings.DJANGO_MCP_URL
        settings.DEBUG = debug
        settings.DJANGO_MCP_ENDPOINT = URL
        settings.OAUTH2_PROVIDER = {
            **settings.OAUTH2_PROVIDER,
            **provider_settings(URL),
            "OIDC_ENABLED": True,
        }

        given = hints()

        assert set(given) == {"W008", id}
        assert given["W008"] == ["Did you mean DJANGO_MCP_URL? Rename it, or take it out."]
        assert given[id] == [f'Set DJANGO_MCP_URL = "{URL}".']

    def test_w005_tells_that_the_routes_are_missing(self, settings: Settings) -> None:
        settings.ROOT_URLCONF = site()

        assert "W005" in found()

    def test_a_project_without_routes_is_told_so(self, settings: Settings) -> None:
        del settings.ROOT_URLCONF

        assert "W005" in found()


class TestTools:
    def test_e002_tells_every_bad_tool(self) -> None:
        from django_mcp import tool

        with collecting(), fresh_registry():

            @tool
            def undescribed() -> None: ...

            @tool(scopes=["two words"])
            def misscoped() -> None:
                """Be described."""

            messages = found()

        assert set(messages) == {"E002"}
        assert ["undescribed" in text for text in messages["E002"]].count(True) == 1
        assert ["misscoped" in text for text in messages["E002"]].count(True) == 1

    def test_bad_tools_stop_neither_other_messages_nor_other_checks(self) -> None:
        with collecting(), fresh_registry():

            @tool
            def undescribed(г: int) -> None: ...

            assert set(found(databases=list(connections))) == {"E002"}


def act(value: Any = None) -> None:
    """Act."""


def google(event: str, other: int) -> None:
    """Act.

    Args:
        evnt: The event.
        other: Another.

    Attributes:
        size: What objects have.
    """


def numpy(event: str, other: int) -> None:
    """Act.

    Parameters
    ----------
    evnt : str
        The event.
    other : int
    """


def rest(event: str, other: int) -> None:
    """Act.

    :param evnt: The event.
    :param other:
    """


def known(rows: list[str], address: str) -> list[dict[str, Any]]:  # type: ignore[empty-body]
    """Act.

    Args:
        rows: Some.
        rows[].id: Their keys.
        address.city: Where.
        limit: As page_size adds it.
    """


class TestDocstrings:
    @pytest.mark.parametrize("act", [google, numpy, rest], ids=lambda each: each.__name__)
    def test_w035_tells_of_a_described_name_that_is_no_parameter(self, act: Any) -> None:
        with offering(act):
            (message,) = found()["W035"]

        line = act.__code__.co_firstlineno
        assert message == (
            f"tests.checks.test_project.{act.__name__} (tests/checks/test_project.py:{line}): its "
            "docstring describes 'evnt', which is no parameter; did you mean 'event'?"
        )

    def test_w035_is_told_beside_the_errors_of_tools(self) -> None:
        def act(value) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            """Act.

            Args:
                quite_other: Something.
            """

        with collecting(), fresh_registry():
            tool(act)
            messages = found()

        assert set(messages) == {"E002", "W035"}
        assert messages["W035"][0].endswith("describes 'quite_other', which is no parameter.")

    def test_w035_is_silent_about_parameters_that_there_are(self) -> None:
        def bound(event: str, other: int) -> None:
            """Act.

            Args:
                event: The event.
                other: Another.
            """

        with offering(known, page_size=5):
            assert found() == {}
        with offering(partial(bound, "pycon"), name="bound"):
            assert found() == {}


BOUNDS = ("refuses more than 1,024", "cuts it after 2,048")


class Branch(BaseModel):
    branches: list["Branch"] = []


class TestHosts:
    @pytest.mark.parametrize(
        "name", ["größe", "$top", "filter[status]", "a" * 65, "", "a b", "a\n"]
    )
    def test_w026_tells_of_names_that_some_hosts_refuse(self, name: str) -> None:
        with offering(taking(Annotated[int, Field(alias=name)])):
            (message,) = found()["W026"]
            (hint,) = hints()["W026"]

        assert repr(name) in message
        (alias,) = re.findall(r'Field\(alias="([^"]+)"\)', hint)
        with offering(taking(Annotated[int, Field(alias=alias)])):
            assert found() == {}
        assert "taking.<locals>.take" in message

    @pytest.mark.parametrize("name", ["a", "a.b-c_D9", "a" * 64])
    def test_w026_is_silent_about_names_that_every_host_takes(self, name: str) -> None:
        with offering(taking(Annotated[int, Field(alias=name)])):
            assert found() == {}

    @pytest.mark.parametrize(
        ("length", "bounds"),
        [(1024, ()), (1025, BOUNDS[:1]), (2048, BOUNDS[:1]), (2049, BOUNDS)],
    )
    def test_w027_tells_of_descriptions_that_some_hosts_refuse_or_cut(
        self, length: int, bounds: tuple[str, ...]
    ) -> None:
        with offering(act, description="x" * length):
            messages = found()

        assert set(messages) == ({"W027"} if bounds else set())
        for message in messages.get("W027", ()):
            assert f"{length:,} characters" in message
            assert [each for each in BOUNDS if each in message] == list(bounds)

    def test_w028_tells_of_definitions_that_some_hosts_lose(self) -> None:
        both = taking(Branch)
        both.__annotations__["return"] = list[Branch]

        with offering(both):
            (message,) = found()["W028"]

        assert "Gemini CLI" in message
        assert "$defs of its input and output schema" in message


class TestPermissions:
    def test_w029_tells_of_permissions_that_do_not_exist(self) -> None:
        wanted = ["shop.change_product", "shop.change_prodcut", "nowhere.view_it"]

        with offering(act, permissions=wanted):
            messages = found(databases=["default"])
            elsewhere = found(databases=[])

            (hint, _) = hints(databases=["default"])["W029"]

        assert 'Did you mean permissions=["shop.change_product"]?' in hint
        assert "a permission of one object" in hint
        assert elsewhere == {}
        assert set(messages) == {"W029"}
        assert ["shop.change_prodcut" in text for text in messages["W029"]] == [True, False]
        assert ["nowhere.view_it" in text for text in messages["W029"]] == [False, True]

    def test_permission_that_only_the_database_knows_exists(self) -> None:
        kind = ContentType.objects.get_for_model(Product)
        Permission.objects.create(content_type=kind, codename="count_product")

        with offering(act, permissions=["shop.count_product"]):
            assert found(databases=["default"]) == {}

    def test_permission_that_a_model_declares_exists_before_its_migration(self) -> None:
        Permission.objects.all().delete()

        with offering(act, permissions=["shop.change_product", "django_mcp.revoke_access"]):
            messages = found(databases=["default"])

        assert all("shop.change_product" not in text for text in messages.get("W029", ()))


class TestSettings:
    def test_e003_tells_what_is_of_the_wrong_type(self, settings: Settings) -> None:
        settings.DJANGO_MCP_THREADS = "many"
        settings.DJANGO_MCP_REDACT = "password"

        assert found()["E003"] == [
            "DJANGO_MCP_REDACT must be a list of strings.",
            "DJANGO_MCP_THREADS must be a positive int.",
        ]

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("ENABLE_NEW_GROUPS", "True or False; the default is False"),
            ("WSGI_STREAMS", "True or False or None; the default is None"),
            ("THREADS", "a positive whole number; the default is "),
            ("BODY_TIMEOUT", "a positive number; the default is 10.0"),
            ("SERVER_NAME", "a string; the default is ''"),
            ("LOGIN_SCOPES", "'read' or 'all'; the default is 'read'"),
            ("REGISTRATION_RATE", "a string such as '20/h' or None; the default is '20/h'"),
            ("REDACT", "a list of strings; the default is ['password',"),
            ("EXCEPTIONS", "a dict of strings to strings or None; the default is {}"),
        ],
    )
    def test_e003_says_which_values_a_setting_takes(
        self, settings: Settings, name: str, values: str
    ) -> None:
        setattr(settings, f"DJANGO_MCP_{name}", b"yes")

        (hint,) = hints()["E003"]
        assert hint.startswith(f"Set DJANGO_MCP_{name} to {values}")

    @pytest.mark.parametrize("value", [None, 5, "x", [5], {"a": 1}, object(), b"x", [[]], 1.5])
    def test_no_value_of_a_setting_crashes_a_check(self, settings: Settings, value: Any) -> None:
        for setting in declared_settings():
            setattr(settings, setting.name, value)

        assert "E003" in found(deploy=True, databases=list(connections))

    @pytest.mark.parametrize(
        ("name", "correction"),
        [
            ("TREADS", "Did you mean DJANGO_MCP_THREADS?"),
            ("ENABLE_NEW_GROUP", "Did you mean DJANGO_MCP_ENABLE_NEW_GROUPS?"),
            ("COLOUR_OF_THE_SKY", "Take it out of the settings."),
            ("NAME", "Did you mean DJANGO_MCP_SERVER_NAME?"),
            ("ENDPOINT_URL", "Did you mean DJANGO_MCP_URL?"),
        ],
    )
    def test_w008_tells_what_is_misspelt(
        self, settings: Settings, name: str, correction: str
    ) -> None:
        setattr(settings, f"DJANGO_MCP_{name}", 4)

        assert found() == {"W008": [f"DJANGO_MCP_{name} is not a setting of django_mcp."]}
        assert hints()["W008"][0].startswith(correction)

    def test_w008_tells_that_settings_are_not_in_one_dictionary(self, settings: Settings) -> None:
        settings.DJANGO_MCP = {"URL": "https://shop.example/mcp"}

        assert set(found()) == {"W008"}
        assert 'DJANGO_MCP_URL = "https://shop.example/mcp"' in hints()["W008"][0]

    def test_i001_tells_that_new_groups_start_closed(self, settings: Settings) -> None:
        del settings.DJANGO_MCP_ENABLE_NEW_GROUPS

        assert found() == {"I001": ["New tool groups start closed: no client sees their tools."]}
        with offering(act, group="notes"):
            (hint,) = hints()["I001"]
        assert "DJANGO_MCP_ENABLE_NEW_GROUPS = True" in hint
        assert hint.endswith("python manage.py mcp_catalog enable notes")

    @pytest.mark.parametrize("is_open", [True, False])
    def test_i001_is_silent_once_the_project_has_decided(
        self, settings: Settings, is_open: bool
    ) -> None:
        settings.DJANGO_MCP_ENABLE_NEW_GROUPS = is_open

        assert found() == {}


LIMITED = {
    "SCOPES_BACKEND_CLASS": "oauth2_provider.scopes.SettingsScopes",
    "SCOPES": {"shop:read": "Look"},
}


class FailsToStart:
    def __init__(self) -> None:
        raise RuntimeError("no such issuer")


class TestAuthentication:
    @pytest.mark.parametrize(
        "path",
        [
            "nowhere.Authenticator",
            "django_mcp.auth.oauth.authenticator.Nothing",
            "nodots",
            "",
            "os.path.join",
            f"{__name__}.FailsToStart",
        ],
    )
    def test_e004_tells_of_an_authenticator_that_cannot_be_made(
        self, settings: Settings, path: str
    ) -> None:
        settings.DJANGO_MCP_AUTHENTICATORS = [path]

        assert set(found()) == {"E004"}

    @pytest.mark.oauth
    def test_w004_tells_which_scopes_nobody_can_get(self, settings: Settings) -> None:
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **LIMITED}

        messages = found()

        assert set(messages) == {"W004"}
        assert "shop:write" in messages["W004"][0]
        assert "shop:read" not in messages["W004"][0]

    @pytest.mark.parametrize("name", ["FailingScopes", "Missing"])
    def test_a_scopes_backend_that_fails_does_not_crash_the_check(
        self, settings: Settings, name: str
    ) -> None:
        settings.OAUTH2_PROVIDER = {"SCOPES_BACKEND_CLASS": f"{__name__}.{name}"}

        found()

    @pytest.mark.oauth
    def test_w007_tells_that_no_token_can_be_had(
        self, settings: Settings, urls_without_oauth: ModuleType
    ) -> None:
        settings.ROOT_URLCONF = urls_without_oauth

        assert set(found()) == {"W007"}

    @pytest.mark.oauth
    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": ["https://id.example"]},
            {"OIDC_ISS_ENDPOINT": "https://id.example"},
        ],
        ids=lambda elsewhere: next(iter(elsewhere)),
    )
    def test_w007_is_silent_where_clients_are_sent_elsewhere(
        self, settings: Settings, urls_without_oauth: ModuleType, elsewhere: dict[str, Any]
    ) -> None:
        settings.ROOT_URLCONF = urls_without_oauth
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **elsewhere}

        assert found() == {}

    @pytest.mark.oauth
    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": ["https://id.example"]},
            {"RESOURCE_SERVER_INTROSPECTION_URL": "https://id.example/introspect"},
        ],
        ids=lambda elsewhere: next(iter(elsewhere)),
    )
    def test_w004_is_silent_where_another_server_decides_on_scopes(
        self, settings: Settings, elsewhere: dict[str, Any]
    ) -> None:
        settings.OAUTH2_PROVIDER = {"SCOPES": {"shop:read": "Look"}, **elsewhere}

        assert found() == {}

    @pytest.mark.oauth
    def test_w004_tells_where_we_are_one_server_of_several(self, settings: Settings) -> None:
        settings.OAUTH2_PROVIDER = {
            **settings.OAUTH2_PROVIDER,
            **LIMITED,
            "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": [
                "https://id.example",
                "http://testserver/o/",
            ],
        }

        assert set(found()) == {"W004"}

    def test_other_authenticators_need_no_tokens_of_ours(
        self, settings: Settings, urls_without_oauth: ModuleType
    ) -> None:
        settings.DJANGO_MCP_AUTHENTICATORS = ["tests.keys.KeyAuthenticator"]
        settings.ROOT_URLCONF = urls_without_oauth
        settings.OAUTH2_PROVIDER = {"SCOPES": {}}

        assert found() == {}


@pytest.fixture
def urls_without_oauth() -> ModuleType:
    return site(*package_routes(DJANGO_MCP_OAUTH_PATH=None))


class FailingScopes:
    def get_available_scopes(self) -> list[str]:
        raise DatabaseError("scopes are kept in a table, and there is none yet")


class TestDeployment:
    def test_w001_tells_that_anonymous_callers_may_come(self, settings: Settings) -> None:
        deploy(settings)
        settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
        settings.DJANGO_MCP_BACKGROUND_BACKEND = WORKERS

        assert "W001" not in found()
        assert set(found(deploy=True)) == {"W001"}

    @pytest.mark.parametrize(
        ("url", "is_told"),
        [
            ("http://shop.example/mcp", True),
            ("HTTP://shop.example/mcp", True),
            ("http://localhost.shop.example/mcp", True),
            ("http://127.0.0.1.nip.io/mcp", True),
            ("https://shop.example/mcp", False),
            ("http://localhost:8000/mcp", False),
            ("http://127.0.0.1:8000/mcp", False),
            ("http://[::1]:8000/mcp", False),
        ],
    )
    def test_w006_tells_that_tokens_travel_in_the_clear(
        self, settings: Settings, url: str, is_told: bool
    ) -> None:
        settings.DJANGO_MCP_URL = url

        assert "W006" not in found()
        assert ("W006" in found(deploy=True)) is is_told
        if is_told:
            (hint,) = hints(deploy=True)["W006"]
            assert f'DJANGO_MCP_URL = "https{url[4:]}"' in hint


class TestDatabases:
    @pytest.mark.parametrize(
        ("options", "is_told"),
        [
            ({}, True),
            ({"transaction_mode": None}, True),
            ({"transaction_mode": "DEFERRED"}, True),
            ({"transaction_mode": "IMMEDIATE"}, False),
            ({"transaction_mode": "immediate"}, False),
            ({"transaction_mode": "EXCLUSIVE"}, False),
        ],
    )
    def test_w003_tells_of_sqlite_that_refuses_writers(
        self, settings: Settings, options: dict[str, Any], is_told: bool
    ) -> None:
        with unreachable_database(options) as other:
            settings.DATABASE_ROUTERS = [Route(other, "CallRecord")]

            assert ("W003" in found()) is is_told

    @pytest.mark.parametrize(
        ("options", "advised"),
        [
            (
                {},
                (
                    '{"transaction_mode": "IMMEDIATE", "timeout": 20, '
                    '"init_command": "PRAGMA journal_mode=WAL"}'
                ),
            ),
            (
                {"init_command": "PRAGMA synchronous=3; PRAGMA cache_size=2000;", "uri": True},
                (
                    '{"init_command": "PRAGMA synchronous=3; PRAGMA cache_size=2000; '
                    'PRAGMA journal_mode=WAL", "uri": True, "transaction_mode": "IMMEDIATE", '
                    '"timeout": 20}'
                ),
            ),
            (
                {
                    "transaction_mode": "DEFERRED",
                    "timeout": 5.5,
                    "init_command": "pragma journal_mode = delete",
                },
                (
                    '{"transaction_mode": "IMMEDIATE", "timeout": 5.5, '
                    '"init_command": "pragma journal_mode = delete"}'
                ),
            ),
        ],
        ids=["none", "others", "all"],
    )
    def test_w003_keeps_the_options_that_the_project_has(
        self, settings: Settings, options: dict[str, Any], advised: str
    ) -> None:
        with unreachable_database(options) as other:
            settings.DATABASE_ROUTERS = [Route(other, "CallRecord")]

            assert hints()["W003"] == [f'Set DATABASES["{other}"]["OPTIONS"] = {advised}.']

    def test_w003_tells_of_the_database_of_a_tools_transaction(self) -> None:
        with unreachable_database({}) as other:
            assert "W003" not in found()
            with offering(act, atomic=other):
                assert other in found()["W003"][0]
                assert f'DATABASES["{other}"]["OPTIONS"] = {{' in hints()["W003"][0]


@contextmanager
def unreachable_database(options: dict[str, Any]) -> Iterator[str]:
    """Add a SQLite database to the project that cannot be opened; yields its alias."""
    alias = "unreachable"
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "/nowhere/db.sqlite3",
        "OPTIONS": options,
    }
    connections.settings[alias] = ConnectionHandler({"default": {}, alias: database}).settings[
        alias
    ]
    # From Django 6.1 on, a check of its own would open it to find out.
    connections[alias].features.supports_json_field = True
    try:
        yield alias
    finally:
        with suppress(AttributeError):
            del connections[alias]
        del connections.settings[alias]


def fresh_registry() -> Any:
    """Build the registry anew inside the block."""
    return registries.using_registry(None)  # type: ignore[arg-type]


class TestCommand:
    """`manage.py check`, as people run it."""

    def test_a_project_without_a_url_is_told_how_to_mend_it(self, tmp_path: Path) -> None:
        answer = check_project(tmp_path, "DJANGO_MCP_URL = ''")

        assert answer.returncode == 1
        assert "Set DJANGO_MCP_URL to the endpoint's public URL." in answer.stderr

    @pytest.mark.oauth
    def test_e005_tells_that_the_toolkit_is_missing(self, tmp_path: Path) -> None:
        answer = check_project(tmp_path, "INSTALLED_APPS.remove('oauth2_provider')")

        assert answer.returncode == 1
        assert "django_mcp.E005" in answer.stderr
        assert answer.stderr.count("django_mcp.") == 1 + answer.stderr.count("django_mcp.auth")

    @pytest.mark.oauth
    def test_other_authenticators_need_no_toolkit(self, tmp_path: Path) -> None:
        answer = check_project(
            tmp_path, "INSTALLED_APPS.remove('oauth2_provider')", "DJANGO_MCP_AUTHENTICATORS = []"
        )

        assert (answer.returncode, answer.stderr) == (0, "")


class TestBackground:
    def test_backend_that_cannot_be_made_is_told(self, settings: Settings) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = "shop.Backend"

        assert set(found()) == {"E007"}

    @pytest.mark.parametrize("name", ["celerey", ""])
    def test_backend_of_an_unknown_name_is_told_with_the_known_ones(
        self, settings: Settings, name: str
    ) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = name

        with pytest.raises(SystemCheckError) as refused:
            call_command("check")

        assert f"(django_mcp.E007) No background backend is called {name!r}." in str(refused.value)
        assert "to one of 'celery', 'django_tasks', 'inline', 'threads', or" in str(refused.value)

    def test_backend_of_the_wrong_type_is_told_once(self, settings: Settings) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = None

        assert set(found()) == {"E003"}

    def test_threads_backend_is_not_for_deployment(self, settings: Settings) -> None:
        deploy(settings)

        with collecting():
            assert found(deploy=True) == {}
            tool(background=True)(lambda: None)

            assert set(found()) == set()
            assert set(found(deploy=True)) == {"W009"}
            settings.DJANGO_MCP_BACKGROUND_BACKEND = WORKERS
            assert found(deploy=True) == {}

    def test_celery_that_is_not_installed_is_told(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = "celery"
        monkeypatch.setattr("django_mcp.checks.project.background.find_spec", lambda name: None)

        assert set(found()) == {"E006"}

    @pytest.mark.parametrize(
        ("name", "ids"),
        [
            ("good", set()),
            ("eager", {"E008"}),
            ("sqla", {"E009"}),
            ("memory", {"E009"}),
            ("absent", {"E007"}),
        ],
    )
    def test_celery_app_that_cannot_be_relied_on_is_told(
        self, settings: Settings, name: str, ids: set[str]
    ) -> None:
        pytest.importorskip("celery")
        settings.DJANGO_MCP_BACKGROUND_BACKEND = "celery"
        settings.DJANGO_MCP_CELERY_APP = f"tests.celery_apps.{name}"

        assert set(found()) == ids
