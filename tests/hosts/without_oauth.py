"""Skips the tests that need django-oauth-toolkit, each by its name: `-p tests.hosts.without_oauth`.

For the environment that lacks it. Tests that can tell by themselves are not listed here.
"""

from fnmatch import fnmatch

import pytest

REASON = "needs django-oauth-toolkit"

# Whole folders and modules: they import it, or serve a project that has it.
WHOLE = (
    "tests/auth",
    "tests/conformance_project/test_process.py",
    "tests/docs/test_tutorial.py",
    "tests/docs/test_nginx.py",
    "tests/docs/test_readme.py",
    "tests/checks/test_oauth.py",
    "tests/checks/test_positions.py",
    "tests/e2e",
    "tests/transports/test_queries.py",
)
SINGLE = (
    "tests/docs/test_reference.py::*[[]authenticators]",
    "tests/docs/test_snippets.py::*[[]authenticators.md:*]",
    "tests/checks/test_project.py::TestAuthentication::test_w004_*",
    "tests/checks/test_project.py::TestAuthentication::test_w007_*",
    "tests/checks/test_project.py::TestCommand::test_e005_*",
    "tests/checks/test_project.py::TestCommand::test_other_authenticators_need_no_toolkit",
)


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> pytest.CollectReport | None:
    """Skip before the folder's conftest, or the module, is imported."""
    if collector.nodeid not in WHOLE:
        return None
    where = (str(collector.path.relative_to(collector.config.rootpath)), 0, REASON)
    return pytest.CollectReport(collector.nodeid, "skipped", where, [])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(fnmatch(item.nodeid, pattern) for pattern in SINGLE):
            item.add_marker(pytest.mark.skip(reason=REASON))
