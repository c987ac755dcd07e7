"""What users see of the assistants that they have connected, and what they can take back."""

import datetime
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from pytest_django import Settings

from django_mcp.auth.connections import connections
from django_mcp.background.worker import run_task
from django_mcp.endpoints import get_endpoints
from django_mcp.models import CallRecord, ToolGroup, ToolTask
from django_mcp.policy.exports import budgets_in, count, exporter_of
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.principals import Principal
from tests.admin.pages import links_of, text_of
from tests.applications import AccessToken, Grant, RefreshToken
from tests.auth import oauth_client
from tests.auth.oauth_client import OAuthClient
from tests.auth.test_approval import background as background
from tests.auth.test_approval import principal_of
from tests.background.rows import queued
from tests.factories import DAY, by_hand, registered, token
from tests.wire import Client

PAGE = "/connected-assistants/"
DISCONNECT = "/connected-assistants/disconnect/"
DOCUMENT = "https://editor.example/oauth/client.json"
HOSTILE = "<b>Bank</b>"


@pytest.fixture
def browser(alice: User) -> Browser:
    """Where alice is logged in; what it sends is checked as that of a real browser."""
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)
    return browser


def refreshable(application: Any, user: User, **facts: Any) -> Any:
    """An access token that has expired, and the refresh token that replaces it."""
    access = token(application, user, lives=False)
    return RefreshToken.objects.create(
        user=user,
        application=application,
        access_token=access,
        token=f"refresh {access.pk}",
        resource=access.resource,
        **facts,
    )


def call(user: User, application: Any, *, ago: datetime.timedelta = DAY) -> None:
    CallRecord.objects.create(
        name="add",
        outcome="ok",
        user=str(user.pk),
        client=application.client_id,
        started=timezone.now() - ago,
    )


def submit(browser: Browser, address: str) -> Any:
    """Open the page at an address, and send the hidden fields of its form as a browser does."""
    page = browser.get(address).content.decode()
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return browser.post(DISCONNECT, values)


def held_by(user: User) -> int:
    return sum(
        model.objects.filter(user=user).count() for model in (AccessToken, RefreshToken, Grant)
    )


class TestAccess:
    def test_page_has_a_name_for_links_to_it(self, db: None) -> None:
        assert reverse("django_mcp:connected-assistants") == PAGE

    @pytest.mark.parametrize("address", [PAGE, DISCONNECT, f"{DISCONNECT}?client=x"])
    @pytest.mark.parametrize("is_login_required", [False, True])
    def test_visitors_are_sent_to_the_login(
        self, db: None, settings: Settings, address: str, is_login_required: bool
    ) -> None:
        if is_login_required:
            settings.MIDDLEWARE = [
                *settings.MIDDLEWARE,
                "django.contrib.auth.middleware.LoginRequiredMiddleware",
            ]

        answer = Browser().get(address)

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/?next=/connected-assistants/")

    def test_page_is_open_to_every_user_behind_the_middleware(
        self, browser: Browser, settings: Settings
    ) -> None:
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE,
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ]

        assert browser.get(PAGE).status_code == 200

    def test_page_is_kept_by_nobody_and_framed_by_nobody(self, browser: Browser) -> None:
        answer = browser.get(PAGE)

        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Frame-Options"] == "DENY"

    def test_list_takes_nothing(self, browser: Browser) -> None:
        assert browser.post(PAGE).status_code in (403, 405)


class TestList:
    def test_it_tells_who_has_access_to_what_and_what_became_of_it(
        self, browser: Browser, alice: User, settings: Settings
    ) -> None:
        settings.OAUTH2_PROVIDER = {
            **settings.OAUTH2_PROVIDER,
            "SCOPES": {"notes:read": "Read your notes", "notes:write": "Change your notes"},
        }
        editor = registered("Code editor", source="cimd", client_id=DOCUMENT)
        token(editor, alice, scope="notes:read")
        token(editor, alice, scope="notes:read notes:write gone:away")
        AccessToken.objects.update(created="2026-03-02T10:30:00Z")
        for days in (3, 1, 2):
            call(alice, editor, ago=days * DAY)

        page = browser.get(PAGE)

        text = text_of(page)
        (shown,) = page.context["connections"]
        last = CallRecord.objects.order_by("-started")[0].started
        assert "Code editor Described by editor.example, which was verified." in text
        assert "May gone:awayRead your notesChange your notes Connected" in text
        assert shown.since == datetime.datetime(2026, 3, 2, 10, 30, tzinfo=datetime.UTC)
        assert "Connected 2 Mar 2026, 10:30 a.m. Last used" in text
        assert (shown.usage.calls, shown.usage.last) == (3, last)
        assert "Calls 3 Disconnect Code editor" in text

    def test_words_of_a_stranger_stay_words(self, browser: Browser, alice: User) -> None:
        token(registered(HOSTILE), alice)

        page = browser.get(PAGE)

        assert HOSTILE in text_of(page)
        assert HOSTILE not in page.content.decode()
        assert "its own claim, which nobody has verified" in text_of(page)

    def test_address_in_letters_of_another_script_is_pointed_out(
        self, browser: Browser, alice: User
    ) -> None:
        token(
            registered("Bank", source="cimd", client_id="https://xn--bnk-6cd.example/client"), alice
        )

        text = text_of(browser.get(PAGE))

        assert "Described by xn--bnk-6cd.example" in text
        assert "The address above is written in letters of another script" in text

    def test_name_hides_nothing_in_what_cannot_be_seen(self, browser: Browser, alice: User) -> None:
        token(registered("Desk \u202eknab"), alice)

        assert "\u202e" not in browser.get(PAGE).content.decode()

    def test_application_that_the_operators_set_up_is_there_too(
        self, browser: Browser, alice: User
    ) -> None:
        token(by_hand("Intranet"), alice)

        assert "Intranet Registered by the operators of testserver." in text_of(browser.get(PAGE))

    def test_what_opens_nothing_here_is_not_there(self, browser: Browser, alice: User) -> None:
        others = User.objects.create_user("bob")
        desk = registered("Desk")
        token(desk, others)
        token(desk, alice, lives=False)
        token(desk, alice, resource=["https://other.example/mcp"])
        token(desk, alice, resource=[])
        token(desk, alice, resource=[], scope="oauth2_provider:registration")
        refreshable(desk, alice, revoked=timezone.now())

        page = browser.get(PAGE)

        assert page.context["connections"] == []
        assert "No application can use testserver on your behalf." in text_of(page)
        assert "Disconnect" not in text_of(page)

    def test_connection_lasts_from_the_login_through_every_refresh(
        self, browser: Browser, alice: User
    ) -> None:
        desk, family = registered("Desk"), uuid4()
        first = refreshable(desk, alice, token_family=family, revoked=timezone.now())
        AccessToken.objects.all().delete()
        refreshable(desk, alice, token_family=family)
        RefreshToken.objects.filter(pk=first.pk).update(created="2026-03-02T10:30:00Z")
        # Another login, which was taken back.
        older = refreshable(desk, alice, token_family=uuid4(), revoked=timezone.now())
        RefreshToken.objects.filter(pk=older.pk).update(created="2020-01-01T00:00:00Z")

        (shown,) = browser.get(PAGE).context["connections"]

        assert shown.since == datetime.datetime(2026, 3, 2, 10, 30, tzinfo=datetime.UTC)

    def test_calls_are_those_of_this_user_by_this_client(
        self, browser: Browser, alice: User
    ) -> None:
        bob = User.objects.create_user("bob")
        desk, other = registered("Desk"), registered("Other")
        token(desk, alice)
        call(bob, desk)
        call(alice, other)

        page = browser.get(PAGE)

        assert "Last used never Calls 0" in text_of(page)

    @pytest.mark.implementation
    def test_only_the_latest_calls_are_counted(
        self, browser: Browser, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connections, "MAX_COUNTED_CALLS", 3)
        busy, quiet = registered("Busy"), registered("Quiet")
        token(busy, alice)
        token(quiet, alice)
        call(alice, quiet, ago=9 * DAY)
        for days in range(4):
            call(alice, busy, ago=days * DAY)

        text = text_of(browser.get(PAGE))

        assert "Calls 3 of your latest 3 Disconnect Busy" in text
        assert "Last used not lately Calls 0 of your latest 3 Disconnect Quiet" in text

    def test_nothing_is_said_of_calls_that_are_not_recorded(
        self, browser: Browser, alice: User, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_RECORD = False
        token(registered("Desk"), alice)

        text = text_of(browser.get(PAGE))

        assert "Connected" in text
        assert "Last used" not in text
        assert "Calls" not in text

    @pytest.mark.implementation
    def test_number_of_queries_does_not_grow(self, browser: Browser, alice: User) -> None:
        ToolGroup.objects.all().delete()

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                browser.get(PAGE)
            return len(captured)

        refreshable(registered("Desk"), alice)
        few = queries()
        for number in range(20):
            application = registered(f"Desk {number}")
            refreshable(application, alice)
            call(alice, application)

        assert queries() == few


class TestExports:
    @pytest.fixture(autouse=True)
    def _empty_cache(self) -> Iterator[None]:
        yield
        caches["default"].clear()

    @staticmethod
    def take_out(user: User, application: Any, group: str, *, rows: int, size: int = 0) -> None:
        """Count as the guard of budgets does."""
        principal = Principal(
            endpoint=get_endpoints().default, user=user, client_id=application.client_id
        )
        budgets = budgets_in(current_snapshot(), group)
        count(exporter_of(principal, ""), budgets, {"rows": rows, "bytes": size}, timezone.now())

    def test_user_reads_what_each_has_taken_out_and_the_limits(
        self, browser: Browser, alice: User, bob: User, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 500
        settings.DJANGO_MCP_EXPORT_BYTES_PER_DAY = 20 * 1024 * 1024
        desk, other = registered("Desk"), registered("Other")
        token(desk, alice)
        token(other, alice)
        self.take_out(alice, desk, "default", rows=12, size=3 * 1024 * 1024)
        self.take_out(bob, desk, "default", rows=100)

        text = text_of(browser.get(PAGE))

        hour = timezone.now().replace(minute=0, second=0) + datetime.timedelta(hours=1)
        day = timezone.now().replace(hour=0) + datetime.timedelta(days=1)
        until = f"until {time_format(hour)}"
        assert (
            f"Taken out 12 of 500 rows in this hour, {until} "
            f"3.0\xa0MB of 20.0\xa0MB in this day, until {date_format(day, 'j M Y')}, midnight "
            "Disconnect Desk"
        ).replace("\xa0", " ") in text
        assert f"Taken out 0 of 500 rows in this hour, {until}" in text

    def test_budget_of_a_group_is_shown_to_those_who_have_used_it(
        self, browser: Browser, alice: User, settings: Settings
    ) -> None:
        for name in ("stock", "secret", "closed"):
            ToolGroup.objects.create(
                name=name, title=f"The {name}", enabled=name != "closed", rows_per_day=100
            )
        desk, other = registered("Desk"), registered("Other")
        token(desk, alice)
        token(other, alice)
        self.take_out(alice, desk, "stock", rows=1)
        self.take_out(alice, desk, "closed", rows=1)

        text = text_of(browser.get(PAGE))

        assert "Taken out The stock: 1 of 100 rows in this day" in text
        assert text.count("Taken out") == 1
        assert "The secret" not in text
        assert "The closed" not in text

    def test_nothing_is_said_where_nothing_is_limited(self, browser: Browser, alice: User) -> None:
        token(registered("Desk"), alice)

        assert "Taken out" not in text_of(browser.get(PAGE))

    def test_page_works_while_the_cache_is_away(
        self, browser: Browser, alice: User, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 500
        settings.CACHES = {"default": {"BACKEND": "tests.guards.caches.BrokenCache"}}
        token(registered("Desk"), alice)

        text = text_of(browser.get(PAGE))

        assert "Desk" in text
        assert "Taken out" not in text

    @pytest.mark.implementation
    def test_cache_is_asked_once_for_all(
        self, browser: Browser, alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 500
        for number in range(3):
            ToolGroup.objects.create(name=f"group {number}", enabled=True, bytes_per_day=10)
            token(registered(f"Desk {number}"), alice)
        asked: list[int] = []
        cache = type(caches["default"])
        get_many = cache.get_many

        def counted(self: Any, keys: Any, **options: Any) -> Any:
            asked.append(len(keys))
            return get_many(self, keys, **options)

        monkeypatch.setattr(cache, "get_many", counted)
        browser.get(PAGE)

        assert asked == [3 * 4]


EDITOR = ("https://editor.example/callback", "http://127.0.0.1:5000/callback")


def editor(name: str = "Editor", *uris: str, address: str = "192.0.2.7", **facts: Any) -> Any:
    """A dynamic registration of one program, unless told otherwise."""
    application = registered(name, address=address, **facts)
    application.redirect_uris = " ".join(uris or EDITOR)
    application.save()
    return application


def programs(browser: Browser) -> list[list[str]]:
    """The client ids of each card."""
    shown = browser.get(PAGE).context["programs"]
    return [[each.client_id for each in program.connections] for program in shown]


class TestPrograms:
    def test_registrations_of_one_program_are_one_card_with_its_devices(
        self, browser: Browser, alice: User
    ) -> None:
        laptop = editor(address="192.0.2.7")
        desktop = editor(
            "Editor", "http://127.0.0.1:6000/callback", EDITOR[0], address="198.51.100.2"
        )
        for application in (laptop, desktop):
            token(application, alice)
        call(alice, desktop)

        text = text_of(browser.get(PAGE))

        assert programs(browser) == [[desktop.client_id, laptop.client_id]]
        assert text.count("its own claim, which nobody has verified") == 1
        assert "It is connected 2 times" in text
        assert (
            "Set up from 192.0.2.7 Access goes to editor.example"
            "a program on its device, at 127.0.0.1:5000 May" in text
        )
        assert "Set up from 198.51.100.2" in text
        assert "Calls 1 Disconnect Editor (198.51.100.2)" in text
        assert "Calls 0 Disconnect Editor (192.0.2.7)" in text

    def test_devices_are_disconnected_one_by_one_or_together(
        self, browser: Browser, alice: User
    ) -> None:
        devices = [editor(address=f"192.0.2.{number}") for number in range(3)]
        for application in (*devices, registered("Other")):
            token(application, alice)

        submit(browser, dict(links_of(browser.get(PAGE)))["Disconnect Editor (192.0.2.1)"])
        one_less = programs(browser)
        link = dict(links_of(browser.get(PAGE)))["Disconnect all 2 Editor"]
        asked = text_of(browser.get(link))
        submit(browser, link)

        assert one_less[1:] == [[devices[2].client_id, devices[0].client_id]]
        assert "Editor (set up from 192.0.2.2)" in asked
        assert "Editor (set up from 192.0.2.0)" in asked
        assert "Other" not in asked
        assert programs(browser) == one_less[:1]

    @pytest.mark.parametrize(
        "other",
        [
            lambda: editor("Editor", source="manual"),
            lambda: editor("Editor", source="cimd", client_id=DOCUMENT),
            lambda: editor("Editor\u200b"),
            lambda: editor("Editor", "https://evil.example/callback", EDITOR[1]),
            lambda: editor("Editor", EDITOR[0]),
            lambda: editor("Editor", *EDITOR, "https://evil.example/callback"),
            lambda: editor("Editor", EDITOR[0], "http://127.0.0.1:5000/other"),
            lambda: editor("Editor", f"{EDITOR[0]}:443", EDITOR[1]),
        ],
        ids=["operators", "document", "name", "site", "fewer", "more", "path", "port of a site"],
    )
    def test_no_other_application_hides_on_the_card_of_a_program(
        self, browser: Browser, alice: User, other: Callable[[], Any]
    ) -> None:
        for application in (editor(), other()):
            token(application, alice)

        assert [len(each) for each in programs(browser)] == [1, 1]

    def test_address_of_whoever_first_used_a_document_is_told_to_nobody(
        self, browser: Browser, alice: User
    ) -> None:
        token(editor(source="cimd", client_id=DOCUMENT, address="192.0.2.99"), alice)

        assert "192.0.2.99" not in text_of(browser.get(PAGE))

    @pytest.mark.parametrize(
        ("client", "name"),
        [("mcp_token", "Tokens made on the command line"), ("Nightly job", "Nightly job")],
    )
    def test_tokens_of_the_command_line_are_called_that(
        self, browser: Browser, alice: User, client: str, name: str
    ) -> None:
        call_command(
            "mcp_token", user="alice", scopes="expense:read", client=client, stdout=StringIO()
        )
        # Anybody may take the name.
        token(registered("mcp_token"), alice)

        text = text_of(browser.get(PAGE))

        said = "Made by the operators of testserver on the command line (mcp_token)."
        assert f"{name} {said} May" in text
        assert text.count(said) == 1
        assert "mcp_token It registered itself." in text


class TestDisconnecting:
    def test_what_takes_much_away_looks_dangerous(self, browser: Browser, alice: User) -> None:
        for application in (editor(), editor(), registered("Other")):
            token(application, alice)

        page = browser.get(PAGE).content.decode()
        links = dict(links_of(browser.get(PAGE)))
        asked = {
            name: 'class="mcp-primary mcp-danger"' in browser.get(link).content.decode()
            for name, link in links.items()
            if name.startswith("Disconnect")
        }

        assert re.findall(r'class="mcp-button mcp-danger"[^>]*>([^<]*)', page) == [
            "Disconnect all 2",
            "Disconnect all",
        ]
        assert asked == {
            "Disconnect Other": False,
            "Disconnect Editor (192.0.2.7)": False,
            "Disconnect all 2 Editor": True,
            "Disconnect all": True,
        }

    def test_nothing_happens_before_it_is_confirmed(self, browser: Browser, alice: User) -> None:
        desk = registered("Desk", client_id=DOCUMENT, source="cimd")
        token(desk, alice)

        link = dict(links_of(browser.get(PAGE)))["Disconnect Desk"]
        asked = browser.get(link)

        assert "This takes all access away from: Desk (editor.example)" in text_of(asked)
        assert held_by(alice) == 1

    def test_it_is_effective_on_the_next_call(
        self, client: Client, browser: Browser, alice: User
    ) -> None:
        access = token(registered("Desk"), alice, scope="notes:read")
        holder = client.with_token(access.token)
        assert holder.call("read_notes").status == 200

        answer = submit(browser, f"{DISCONNECT}?client={access.application.client_id}")

        assert holder.call("read_notes").status == 401
        assert answer.headers["Location"] == f"{PAGE}?done"
        assert "Disconnected. The access is gone." in text_of(browser.get(f"{PAGE}?done"))

    def test_everything_of_that_application_goes_and_nothing_else(
        self, browser: Browser, alice: User
    ) -> None:
        bob = User.objects.create_user("bob")
        desk, other = registered("Desk"), registered("Other")
        for user in (alice, bob):
            for application in (desk, other):
                refreshable(application, user)
        Grant.objects.create(
            user=alice,
            application=desk,
            code="code",
            expires=timezone.now() + DAY,
            redirect_uri="https://desk.example/callback",
            resource=["http://testserver/mcp/"],
        )
        # What the site's own API has given is no business of this page.
        own = token(desk, alice, resource=["https://api.example"])

        submit(browser, f"{DISCONNECT}?client={desk.client_id}")

        assert held_by(bob) == 4
        assert {each.application for each in RefreshToken.objects.filter(user=alice)} == {other}
        assert set(AccessToken.objects.filter(user=alice, application=desk)) == {own}
        assert not Grant.objects.exists()

    def test_refresh_token_for_anything_goes_with_the_access_that_it_gave(
        self, client: Client, browser: Browser, alice: User, settings: Settings
    ) -> None:
        # Kept, not replaced at its first use by one for the endpoint alone.
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "ROTATE_REFRESH_TOKEN": False}
        application = oauth_client.registered(registration_source="manual")
        intranet = OAuthClient(client_id=application.client_id, user=alice)
        refresh_token = intranet.log_in(resource=None)["refresh_token"]
        before = intranet.refresh(refresh_token, resource=oauth_client.ENDPOINT)

        submit(browser, f"{DISCONNECT}?client={application.client_id}")

        assert before.json()["refresh_token"] == refresh_token
        after = intranet.refresh(refresh_token, resource=oauth_client.ENDPOINT)
        assert oauth_client.error_of(after) == "invalid_grant"

    def test_all_are_disconnected_at_once(self, browser: Browser, alice: User) -> None:
        bob = User.objects.create_user("bob")
        for name in ("Desk", "Other"):
            refreshable(registered(name), alice)
        token(by_hand("Intranet"), bob)

        link = dict(links_of(browser.get(PAGE)))["Disconnect all"]
        submit(browser, link)

        assert held_by(alice) == 0
        assert held_by(bob) == 1
        assert browser.get(PAGE).context["connections"] == []

    @pytest.mark.parametrize("of", ["somebody else", "nobody"])
    def test_what_is_not_connected_looks_unknown(
        self, browser: Browser, alice: User, of: str
    ) -> None:
        bob = User.objects.create_user("bob")
        token(registered("Own"), alice)
        foreign = registered("Foreign")
        token(foreign, bob)
        client_id = foreign.client_id if of == "somebody else" else "nobody\0"
        fields = {"csrfmiddlewaretoken": csrf_of(browser), "client": client_id}

        asked = browser.get(DISCONNECT, {"client": client_id})
        sent = browser.post(DISCONNECT, fields)

        for answer in (asked, sent):
            assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
        assert held_by(bob) == held_by(alice) == 1

    @pytest.mark.parametrize("is_guarded", [True, False])
    def test_other_sites_disconnect_nothing(
        self, browser: Browser, alice: User, settings: Settings, is_guarded: bool
    ) -> None:
        guard = "django.middleware.csrf.CsrfViewMiddleware"
        settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if is_guarded or each != guard]
        token(registered("Desk"), alice)

        assert browser.post(DISCONNECT).status_code == 403

        assert held_by(alice) == 1

    def test_background_call_that_waits_ends_revoked(
        self, transactional_db: None, background: None, browser: Browser, alice: User
    ) -> None:
        access = token(registered("Desk"), alice)
        task = queued("report", principal=principal_of(access.token))

        submit(browser, f"{DISCONNECT}?client={access.application.client_id}")
        run_task(task.pk)

        assert ToolTask.objects.get().status == "failed"
        assert CallRecord.objects.get().outcome == "revoked"


def test_assistant_is_shown_once_its_user_consents_and_shut_out_once_disconnected(
    client: Client, browser: Browser, alice: User
) -> None:
    desk = oauth_client.registered()
    program = oauth_client.OAuthClient(client_id=desk.client_id, user=alice)
    first = program.log_in()
    second = program.refresh(first["refresh_token"]).json()
    holder = client.with_token(second["access_token"])
    assert holder.call("read_notes").status == 200

    before = text_of(browser.get(PAGE))
    submit(browser, f"{DISCONNECT}?client={desk.client_id}")

    assert "Desk It registered itself." in before
    assert "Calls 1 Disconnect Desk" in before
    assert browser.get(PAGE).context["connections"] == []
    assert holder.call("read_notes").status == 401
    for tokens in (first, second):
        refused = program.refresh(tokens["refresh_token"])
        assert oauth_client.error_of(refused) == "invalid_grant"


def csrf_of(browser: Browser) -> str:
    asked = browser.get(DISCONNECT)
    return str(asked.context["csrf_token"])
