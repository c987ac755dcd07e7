"""Suggestions for the API: what `mcp_suggest` prints works here when it is pasted."""

from pathlib import Path

import pytest
from pytest_django import Settings

from django_mcp.testing import MCPClient
from tests.billing.callers import CALLERS
from tests.commands import RunCommand
from tests.contrib.drf.suggestions.pasting import pasted, reasons_of


@pytest.mark.usefixtures("filled")
def test_pasted_tools_answer_as_the_api_does(
    site: Settings, run_command: RunCommand, tmp_path: Path
) -> None:
    printed = run_command("mcp_suggest", "billing").stdout
    caller = CALLERS["member"]

    with pasted(printed, tmp_path) as registry:
        agent = MCPClient(caller.user, scopes=["billing:read"])
        rates = agent.call("rate_list_get")

    assert rates.data == caller.browser(at_host=True).get("/api/v1/rates/").json() != []
    names = {name for _, name in registry.primitives}
    assert {"customer_list", "customer_block", "invoice_send", "service_status_get"} <= names
    assert not {"customer_destroy", "customer_unblock", "transfer_post"} & names


def test_what_needs_a_word_of_the_author_is_said(site: Settings, run_command: RunCommand) -> None:
    printed = run_command("mcp_suggest").stdout
    comments = reasons_of(printed)

    assert "tests.billing.tenancy.CompanyMiddleware" in comments
    assert "pass input=TransferSerializer, a serializer, or input=None" in comments
    assert 'route="v1:invoice",' in printed
    assert '# It is served elsewhere, too: route="v2:invoice".' in printed
    assert "it sets 'role', which may be rights of an account" in comments
