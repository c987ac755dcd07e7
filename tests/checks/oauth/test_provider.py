"""How django-oauth-toolkit is set up: each mistake is told, and nothing else is."""

from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from pytest_django import Settings

from tests.checks.messages import URL, deploy, found, hints
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = [pytest.mark.django_db, pytest.mark.oauth]


def change(settings: Settings, **changes: Any) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **changes}


def told(settings: Settings, **changes: Any) -> set[str]:
    """The ids of what is told of these settings, and of nothing else in the project."""
    change(settings, **changes)
    return set(found())


def page(request: HttpRequest) -> HttpResponse:
    """A page of the project."""
    return HttpResponse()


class Guest:
    """A class that nobody knows."""


NOBODY = f"{__name__}.Guest"


class TestRegistrations:
    """Where strangers may register, each part that bounds them is missed."""

    @pytest.mark.parametrize("way", ["DCR_ENABLED", "CIMD_ENABLED"])
    def test_e011_tells_that_strangers_could_reach_the_host(
        self, settings: Settings, way: str
    ) -> None:
        change(settings, DCR_ENABLED=False, CIMD_ENABLED=False)
        stock = "oauth2_provider.oauth2_validators.OAuth2Validator"

        assert "E011" not in told(settings, **{way: True})
        assert "E011" in told(settings, OAUTH2_VALIDATOR_CLASS=stock)
        assert "E011" not in told(settings, **{way: False})

    def test_e012_tells_that_anybody_may_register_anything(self, settings: Settings) -> None:
        stock = ["oauth2_provider.dcr.AllowAllDCRPermission"]

        messages = told(settings, DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=stock)

        assert "E012" in messages
        assert "E012" not in told(settings, DCR_ENABLED=False)

    @pytest.mark.parametrize(
        ("classes", "ids"),
        [
            ([], set()),
            (["oauth2_provider.dcr.IsAuthenticatedDCRPermission"], set()),
            (["oauth2_provider.dcr.IsAuthenticatedDCRPermission", NOBODY], set()),
            ([NOBODY], {"W014"}),
            (["oauth2_provider.dcr.AllowAllDCRPermission", NOBODY], {"W014"}),
        ],
    )
    def test_w014_tells_of_classes_that_nobody_knows(
        self, settings: Settings, classes: list[str], ids: set[str]
    ) -> None:
        messages = told(settings, DCR_ENABLED=True, DCR_REGISTRATION_PERMISSION_CLASSES=classes)

        assert messages & {"E012", "W014"} == ids

    @pytest.mark.parametrize("way", ["DCR_ENABLED", "CIMD_ENABLED"])
    def test_w013_tells_that_clients_may_come_without_a_secret(
        self, settings: Settings, way: str
    ) -> None:
        change(settings, DCR_ENABLED=False, CIMD_ENABLED=False)
        stock = ["client_secret_post", "client_secret_basic"]

        assert "W013" not in told(settings, OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED=stock)
        assert "W013" in told(settings, **{way: True})

    def test_w015_tells_that_documents_would_be_refused(self, settings: Settings) -> None:
        stock = "oauth2_provider.cimd.SafeMetadataFetcher"

        assert "W015" in told(settings, CIMD_ENABLED=True, CIMD_METADATA_FETCHER=stock)
        assert "W015" not in told(settings, CIMD_ENABLED=False)

    @pytest.mark.parametrize(
        ("name", "is_told"),
        [("AllowAllCIMDPermission", True), ("HostAllowlistCIMDPermission", False)],
    )
    def test_w016_tells_that_anybody_can_make_the_site_fetch(
        self, settings: Settings, name: str, is_told: bool
    ) -> None:
        classes = [f"oauth2_provider.cimd.{name}"]

        messages = told(settings, CIMD_ENABLED=True, CIMD_REGISTRATION_PERMISSION_CLASSES=classes)

        assert ("W016" in messages) is is_told


class TestTokens:
    @pytest.mark.parametrize(
        ("changes", "ids"),
        [
            ({"COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True}, {"E010"}),
            (
                {
                    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
                    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
                },
                set(),
            ),
            ({"ROTATE_REFRESH_TOKEN": False}, {"W018"}),
            ({"REFRESH_TOKEN_REUSE_PROTECTION": False}, {"W018"}),
            ({"REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0}, {"W019"}),
            ({"PKCE_REQUIRED": False}, {"W017"}),
            ({"PKCE_REQUIRED": lambda client_id: client_id != "ours"}, set()),
            ({"COMPLIANT_BCP_RFC9700_PKCE_METHOD": False}, {"W017"}),
            ({"ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https", "JavaScript"]}, {"E013"}),
            ({"ALLOWED_REDIRECT_URI_SCHEMES": ["https"]}, {"W021"}),
            ({"ALLOW_LOCALHOST_LOOPBACK": False}, {"W021"}),
            ({"ALLOW_URI_WILDCARDS": True}, {"W022"}),
            ({"OAUTH2_PROTECTED_RESOURCE_IDENTIFIER": "http://testserver/api"}, {"W020"}),
            ({"OAUTH2_PROTECTED_RESOURCE_IDENTIFIER": "http://testserver/mcp/"}, set()),
            ({"OIDC_ENABLED": True}, {"W025"}),
            ({"OIDC_ENABLED": True, "OIDC_ISS_ENDPOINT": "http://testserver/o"}, set()),
        ],
    )
    def test_setting_is_told_that_harms_clients_or_users(
        self, settings: Settings, changes: dict[str, Any], ids: set[str]
    ) -> None:
        assert told(settings, **changes) == ids

    @pytest.mark.parametrize(
        ("changes", "ids"),
        [
            ({"OAUTH2_VALIDATOR_CLASS": "nowhere.Validator", "DCR_ENABLED": True}, {"E014"}),
            ({"ALLOWED_REDIRECT_URI_SCHEMES": []}, {"E014"}),
            ({"REFRESH_TOKEN_GRACE_PERIOD_SECONDS": None}, {"W019"}),
        ],
    )
    def test_e014_tells_of_a_setting_that_cannot_be_read(
        self, settings: Settings, changes: dict[str, Any], ids: set[str]
    ) -> None:
        assert told(settings, **changes) == ids

    @pytest.mark.parametrize(
        ("changes", "hint"),
        [
            (
                {"ROTATE_REFRESH_TOKEN": False},
                'Set OAUTH2_PROVIDER["ROTATE_REFRESH_TOKEN"] to True.',
            ),
            (
                {"ALLOWED_REDIRECT_URI_SCHEMES": ["https"]},
                'Set OAUTH2_PROVIDER["ALLOWED_REDIRECT_URI_SCHEMES"] to ["http", "https"].',
            ),
            (
                {"ALLOW_LOCALHOST_LOOPBACK": False},
                'Set OAUTH2_PROVIDER["ALLOW_LOCALHOST_LOOPBACK"] to True.',
            ),
            (
                {"ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https", "JavaScript"]},
                'Set OAUTH2_PROVIDER["ALLOWED_REDIRECT_URI_SCHEMES"] to ["http", "https"].',
            ),
        ],
    )
    def test_hint_says_what_is_wrong_to_type_and_leaves_out_what_is_right(
        self, settings: Settings, changes: dict[str, Any], hint: str
    ) -> None:
        change(settings, **changes)

        assert list(hints().values()) == [[hint]]

    def test_nothing_is_told_where_another_server_gives_out_tokens(
        self, settings: Settings
    ) -> None:
        elsewhere = {"OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": ["https://id.example"]}

        assert told(settings, PKCE_REQUIRED=False, **elsewhere) == set()

    def test_nothing_is_told_where_callers_come_without_oauth(self, settings: Settings) -> None:
        settings.DJANGO_MCP_AUTHENTICATORS = ["tests.keys.KeyAuthenticator"]

        assert told(settings, PKCE_REQUIRED=False) == set()


def toolkit(where: str, module: str = "oauth2_provider.urls") -> Any:
    return path(where, include(module, namespace="oauth2_provider"))


LOGIN = path("accounts/", include("django.contrib.auth.urls"))


class TestRoutes:
    def test_w010_tells_that_the_toolkit_asks_for_consent(self, settings: Settings) -> None:
        ours = package_routes(DJANGO_MCP_OAUTH_PATH=None)
        settings.ROOT_URLCONF = site(*ours, toolkit("o/"), LOGIN)

        assert set(found()) == {"W010"}

    def test_project_includes_oauth_itself(self, settings: Settings) -> None:
        ours = package_routes(DJANGO_MCP_OAUTH_PATH=None)
        settings.ROOT_URLCONF = site(*ours, toolkit("id/", "django_mcp.oauth_urls"), LOGIN)

        assert found() == {}

    @pytest.mark.parametrize("comes_first", [True, False])
    def test_w011_tells_that_oauth_is_there_twice(
        self, settings: Settings, comes_first: bool
    ) -> None:
        routes = [*package_routes(), LOGIN]
        routes.insert(0 if comes_first else len(routes), toolkit("o/"))
        settings.ROOT_URLCONF = site(*routes)

        assert set(found()) == {"W011"}
        assert hints()["W011"][0].startswith("Take the include of oauth2_provider.urls out")

    def test_w011_keeps_the_include_that_the_guide_asks_for(self, settings: Settings) -> None:
        settings.ROOT_URLCONF = site(toolkit("o/", "django_mcp.oauth_urls"), *package_routes())
        settings.LOGIN_URL = "https://id.example/login"

        assert hints() == {
            "W011": [
                (
                    "Of the two, keep your include of django_mcp.oauth_urls: "
                    "set DJANGO_MCP_OAUTH_PATH = None."
                )
            ]
        }

    @pytest.mark.parametrize(
        ("login_url", "is_told"),
        [
            ("login", False),
            ("/accounts/login/", False),
            ("/accounts/login/?from=mcp", False),
            ("/accounts/login", False),
            ("/sign-in", True),
            ("https://id.example/login", False),
            ("/sign-in/", True),
            ("sign-in", True),
            ("account:login", True),
        ],
    )
    def test_w012_tells_that_nobody_can_log_in(
        self, settings: Settings, login_url: str, is_told: bool
    ) -> None:
        settings.LOGIN_URL = login_url

        assert set(found()) == ({"W012"} if is_told else set())

    @pytest.mark.parametrize("changes", [{"APPEND_SLASH": False}, {"MIDDLEWARE": []}])
    def test_w012_adds_no_slash_where_the_site_adds_none(
        self, settings: Settings, changes: dict[str, Any]
    ) -> None:
        settings.LOGIN_URL = "/accounts/login"
        for name, value in changes.items():
            setattr(settings, name, value)

        assert "W012" in found()

    @pytest.mark.parametrize(
        ("login_url", "id"), [("/nowhere/", "W012"), ("/connected-assistants/", "W038")]
    )
    def test_login_page_that_there_is_is_proposed(
        self, settings: Settings, login_url: str, id: str
    ) -> None:
        settings.LOGIN_URL = login_url
        admins = path("admin/", admin.site.urls)
        allauths = path("user/login", page, name="account_login")

        proposed = []
        for routes in ([LOGIN, allauths, admins], [allauths, admins], [admins], []):
            settings.ROOT_URLCONF = site(*package_routes(), *routes)
            proposed.append(hints()[id][0].partition(",")[0])

        assert proposed == [
            'Set LOGIN_URL = "login"',
            'Set LOGIN_URL = "account_login"',
            'Set LOGIN_URL = "admin:login"',
            "Set LOGIN_URL to the URL or the name of your login page",
        ]


class TestDeployment:
    @pytest.fixture(autouse=True)
    def _production(self, settings: Settings) -> None:
        deploy(settings)

    @pytest.mark.parametrize("name", ["locmem.LocMemCache", "dummy.DummyCache"])
    def test_w023_tells_that_every_process_counts_for_itself(
        self, settings: Settings, name: str
    ) -> None:
        settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{name}"}}
        change(settings, DCR_ENABLED=True)

        (hint,) = hints(deploy=True)["W023"]
        assert "RedisCache" in hint
        assert "DatabaseCache" in hint
        assert "manage.py createcachetable" in hint
        assert "W023" not in found()
        change(settings, DCR_ENABLED=False, CIMD_ENABLED=False)
        assert "W023" not in found(deploy=True)

    def test_w023_looks_at_the_cache_that_counts(self, settings: Settings) -> None:
        local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        settings.CACHES = {**settings.CACHES, "local": local}
        change(settings, DCR_ENABLED=True)

        assert "W023" not in found(deploy=True)
        settings.RATELIMIT_USE_CACHE = "local"
        assert "W023" in found(deploy=True)

    @pytest.mark.parametrize(
        ("issuer", "is_told"),
        [
            ("http://shop.example/o", True),
            ("https://shop.example/o", False),
            ("http://localhost:8000/o", False),
        ],
    )
    def test_w024_tells_that_clients_refuse_the_issuer(
        self, settings: Settings, issuer: str, is_told: bool
    ) -> None:
        change(settings, OIDC_ISS_ENDPOINT=issuer)

        assert ("W024" in found(deploy=True)) is is_told
        assert "W024" not in found()

    def test_endpoint_that_is_not_https_is_told_once(self, settings: Settings) -> None:
        settings.DJANGO_MCP_URL = URL.replace("https", "http")

        assert {"W006", "W024"} & set(found(deploy=True)) == {"W006"}
