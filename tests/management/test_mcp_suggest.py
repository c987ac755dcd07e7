"""`manage.py mcp_suggest`: what it prints works when it is pasted."""

import sys
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from django_mcp.contrib.drf import expose
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient
from tests.calls import serving_declared
from tests.commands import RunCommand
from tests.contrib.drf.suggestions import namesakes, views
from tests.contrib.drf.suggestions.pasting import pasted, printed_actions, reasons_of
from tests.contrib.drf.views import OrderViewSet
from tests.shop.models import Order, Product

VIEWS = "tests.contrib.drf.suggestions.views"
ORDERS = "tests.contrib.drf.views.OrderViewSet"

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.drf.suggestions.urls")]


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_suggest")


def test_prints_a_module_with_reads_writes_and_what_is_left_out(run: RunCommand) -> None:
    result = run(ORDERS)

    assert (
        result.stdout
        == '''\
"""Tools of the REST API, suggested by `manage.py mcp_suggest`.

Each call goes through the view, which refuses what it refuses over HTTP. What is
commented out is dangerous to expose, or `expose` refuses it: the comment says why.
"""

from django_mcp.contrib.drf import expose
from tests.contrib.drf.views import OrderViewSet

# --- shop ---

# tests.contrib.drf.views.OrderViewSet
expose(OrderViewSet, actions=["list", "retrieve"], group="shop", scopes=["shop:read"])
expose(
    OrderViewSet,
    actions=["create", "update", "partial_update", "double"],
    group="shop",
    scopes=["shop:write"],
)
# DANGER, deletes: it is called by DELETE.
# expose(OrderViewSet, actions=["destroy"], group="shop", scopes=["shop:write"])
'''
    )
    assert result.stderr == "6 tools suggested, 1 commented out\n"


def test_pasted_module_serves_tools_that_work(run: RunCommand, ada: User, tmp_path: Path) -> None:
    product = Product.objects.create(sku="tea", name="Tea", price="3.50")
    printed = run().stdout

    with pasted(printed, tmp_path) as registry:
        client = MCPClient(ada)
        created = client.call("order_create", product=product.pk, quantity=3)
        listed = client.call("order_list")
        names = {each.name for each in client.list_tools()}

    assert created.data == {
        "id": Order.objects.get(buyer=ada).pk,
        "product": product.pk,
        "quantity": 3,
        "deliver_on": None,
    }
    assert listed.data["results"] == [created.data]
    assert {"order_double", "auth_shared_product_list", "server_time_get"} <= names
    assert "order_destroy" not in names
    assert {each.group for each in registry.primitives.values()} == {
        "auth",
        "expenses",
        "shop",
        "tests",
    }


def test_each_statement_that_is_commented_out_is_python(run: RunCommand) -> None:
    printed = run().stdout
    lines = printed.splitlines()
    code = [line[2:] for line in lines if line.startswith(("# expose", "#     ", "# )"))]

    compile(printed, "mcp_tools.py", "exec")
    compile("\n".join(code), "mcp_tools.py", "exec")
    assert code


def test_what_expose_refuses_is_commented_out_in_its_words(run: RunCommand) -> None:
    upload, body = run(f"{VIEWS}.UploadView").stdout, run(f"{VIEWS}.UndocumentedBodyView").stdout

    assert printed_actions(upload) == {"#post": []}
    assert "REFUSED by expose: field 'picture' is a file" in reasons_of(upload)
    assert printed_actions(body) == {"#post": []}
    assert "REFUSED by expose: it reads request.data without get_serializer()" in reasons_of(body)


def test_first_of_several_routes_is_filled_in_and_the_others_are_named(run: RunCommand) -> None:
    lines = run(f"{VIEWS}.WholeListView").lines

    assert '# It is served elsewhere, too: route="v2:whole".' in lines
    assert '    route="v1:whole",' in lines


def test_version_is_filled_in_where_the_url_has_one(run: RunCommand) -> None:
    assert 'version="2")' in run(f"{VIEWS}.VersionedView").stdout


def test_views_of_one_name_are_told_apart(run: RunCommand) -> None:
    lines = run(f"{VIEWS}.SharedProductViewSet").lines

    assert f"from {VIEWS} import SharedProductViewSet" in lines
    assert '    name="shop_shared_product_{action}",' in lines
    assert "    AuthSharedProductViewSet," in run().lines


def test_names_of_other_tools_are_left_alone(run: RunCommand) -> None:
    with collecting():
        expose(namesakes.SharedProductViewSet, actions=["list"], name="order_list")
        expose(views.server_time, actions=["get"], name="Shared_Order_list")
        first, second = run(ORDERS).lines, run(f"{VIEWS}.SharedOrderViewSet").lines

    assert '    name="shop_order_{action}",' in first
    assert '    name="shop_shared_order_{action}",' in second


def test_suggests_nothing_anew_of_what_is_a_tool_already(run: RunCommand) -> None:
    with collecting():
        expose(OrderViewSet, actions=["list", "create"], group="shop")
        printed = run(ORDERS).stdout

    assert "# These actions are tools already: list, create." in printed
    assert [*printed_actions(printed)] == [
        "retrieve",
        "update",
        "partial_update",
        "double",
        "#destroy",
    ]
    assert "name=" not in printed


def test_scopes_are_those_that_the_group_has_already(run: RunCommand) -> None:
    with collecting() as declared:
        expose(views.BuyerView, actions=["post"], group="shop", scopes=["till"])
        expose(views.BareView, actions=["get"], group="shop", scopes=["window"])
        with serving_declared(declared):
            printed = run(ORDERS).stdout

    assert 'actions=["list", "retrieve"], group="shop", scopes=["window"])' in printed
    assert '    scopes=["till"],' in printed


def test_view_without_a_name_to_import_is_named_in_a_comment(run: RunCommand) -> None:
    printed = run(f"{VIEWS}.local_view.<locals>.LocalView").stdout

    assert "# Nothing can be imported by this name: give the view one." in printed
    assert printed_actions(printed) == {}


def test_middleware_of_the_project_is_named_because_it_does_not_run(run: RunCommand) -> None:
    own = "tests.middleware.Tenant"
    with override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware", own]):
        printed = run(ORDERS).stdout

    assert f"Of MIDDLEWARE these are not Django's own: {own}." in reasons_of(printed)


def test_apps_and_views_restrict_it(run: RunCommand) -> None:
    app, view = run("auth"), run("auth", ORDERS)

    assert "# --- auth ---" in app.lines
    assert "# --- shop ---" not in app.lines
    assert f"# {ORDERS}" in view.lines


def test_unknown_app_or_view_is_refused_with_those_that_exist(run: RunCommand) -> None:
    assert run("shopp").error == (
        "No view of Django REST framework is called or belongs to 'shopp'. The apps that have "
        "some are: auth expenses shop tests."
    )


@pytest.mark.urls("django_mcp.urls")
def test_project_without_such_views_is_told_so(run: RunCommand) -> None:
    assert run().error == "No URL of this project leads to a view of Django REST framework."


def test_project_without_rest_framework_is_told_so(
    run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rest_framework", None)

    assert run().error == (
        "Django REST framework is not installed, and tools are suggested for its views alone."
    )
