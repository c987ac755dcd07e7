"""Templates of every operator of RFC 6570, and what their URIs are read as."""

import time
from typing import Any

import pytest

from django_mcp.resources.uri_templates import MAX_URI_CHARACTERS, URIPattern


@pytest.mark.parametrize(
    ("template", "uri", "variables"),
    [
        ("a://{x}", "a://1%2f2", {"x": "1/2"}),
        ("a://{x}", "a://%252e%252e", {"x": "%2e%2e"}),
        ("a://{x}", "a://%zz%", {"x": "%zz%"}),
        ("a://{x}", "a://\u00e9", {"x": "\u00e9"}),
        ("a://{x}", "A://1", None),
        ("a://{x}", "a://1?y", None),
        ("a://{x}", "a://1#y", None),
        ("a://{x}", "a://%c0%ae%c0%ae", None),
        ("a://{x}", "a://%ed%a0%80", None),
        ("a://{x}", "a://\ud800", None),
        ("a://{x},{y}", "a://1%2c2,3", {"x": "1,2", "y": "3"}),
        ("a://{+x}", "a://1/2", {"x": "1/2"}),
        ("a://{+x}", "a://1%5c..%5c..", None),
        ("a://{+x}", "a://.%2e/1", None),
        ("a://b{#x}", "a://b#1/2", {"x": "1/2"}),
        ("a://b{#x}", "a://b#../1", None),
        ("a://b{.x}", "a://b.1", {"x": "1"}),
        ("a://b{.x}", "a://b...", None),
        ("a://b{/x*}", "a://b/1/2", {"x": ["1", "2"]}),
        ("a://b{/x*}", "a://b/1/..", None),
        ("a://b{;x,y}", "a://b;x=1;y", {"x": "1", "y": ""}),
        ("a://b{;x*}", "a://b;x=1;x=2", {"x": ["1", "2"]}),
        ("a://b{?x,y}", "a://b?y=1&z=2&y=3", {"y": "1"}),
        ("a://b{?x,y}", "a://b?%79=1", {}),
        ("a://b{?x,y}", "a://b?x=%00", None),
        ("a://b?y=1{&x}", "a://b?y=1&x=2", {"x": "2"}),
        ("a://{x}", "a://" + "1" * (MAX_URI_CHARACTERS - 4), {"x": "1" * 7_996}),
        ("a://{x}", "a://" + "1" * (MAX_URI_CHARACTERS - 3), None),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_variables_are_read_of_a_uri_once_decoded(
    template: str, uri: str, variables: dict[str, Any] | None
) -> None:
    assert URIPattern.parse(template).match(uri) == variables


def test_long_uri_is_not_read_for_every_template() -> None:
    """All templates of a project are tried for each read, on the event loop."""
    patterns = [URIPattern.parse(f"shop{each}://things/{{a}}/{{b}}") for each in range(2000)]
    began = time.thread_time()

    assert not any(each.match("shop1://other/" + "a" * 7_900) for each in patterns)

    assert time.thread_time() - began < 0.2
