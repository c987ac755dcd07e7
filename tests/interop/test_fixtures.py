"""What the official suite calls, reads and gets is there, so that nothing passes for want of it."""

import re
import tomllib
from collections.abc import Mapping
from functools import partial

import pytest

from tests.conformance_project.process import RunningServer
from tests.e2e.servers import post
from tests.interop.conformance import EXPECTED_FAILURES
from tests.interop.node import NodeTools

pytestmark = pytest.mark.node

REQUEST = re.compile(r"`(?:tools|prompts|resources)/\w+`,\{(?:name|uri):`([^`$]+)`")
CALL = re.compile(r"\.callTool\(\{name:`([^`$]+)`")
INSTANCES: Mapping[str, str] = {"test://template/{id}/data": "test://template/123/data"}
"""The URIs of templates that the suite reads."""


@pytest.fixture
def sought(node_tools: NodeTools) -> set[str]:
    """The names and URIs in the suite's source that it sends to servers."""
    source = node_tools.conformance.read_text()
    return {*REQUEST.findall(source), *CALL.findall(source)}


@pytest.fixture
def served(server: RunningServer) -> set[str]:
    """The names and URIs that the conformance project lists."""
    names: set[str] = set()
    ask = partial(post, server, token=server.tokens["good"])
    for method, items, key in (
        ("tools/list", "tools", "name"),
        ("prompts/list", "prompts", "name"),
        ("resources/list", "resources", "uri"),
        ("resources/templates/list", "resourceTemplates", "uriTemplate"),
    ):
        (message,) = ask(method)
        assert "nextCursor" not in message["result"]
        names |= {item[key] for item in message["result"][items]}
    return names | {INSTANCES[name] for name in names & set(INSTANCES)}


def test_suite_finds_what_it_looks_for_except_where_a_feature_is_missing(
    sought: set[str], served: set[str]
) -> None:
    by_feature: Mapping[str, list[str]] = tomllib.loads(EXPECTED_FAILURES.read_text())["fixtures"]
    missing = {name for names in by_feature.values() for name in names}

    assert {"test_simple_text", "test_simple_prompt", "test://static-text"} <= sought
    assert sought - served == missing
