from collections.abc import Iterator

import pytest

from tests.conformance_project.process import RunningServer, running_server
from tests.interop import node
from tests.markers import unavailable


@pytest.fixture(scope="session")
def judges() -> node.Judges:
    """The Node judges; without them the test is skipped, or fails where every leg is required."""
    try:
        return node.installed()
    except node.JudgesUnavailableError as error:
        unavailable(str(error))


@pytest.fixture(scope="session")
def server(judges: node.Judges) -> Iterator[RunningServer]:
    """The conformance project with scopes on its tools."""
    with running_server(auth=True) as running:
        yield running
