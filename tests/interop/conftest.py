from collections.abc import Iterator

import pytest

from tests.conformance_project.process import RunningServer, running_server
from tests.interop import node
from tests.markers import unavailable


@pytest.fixture(scope="session")
def node_tools() -> node.NodeTools:
    """The Node programs; without them the test is skipped, or fails where every leg is required."""
    try:
        return node.installed()
    except node.NodeUnavailableError as error:
        unavailable(str(error))


@pytest.fixture(scope="session")
def server(node_tools: node.NodeTools) -> Iterator[RunningServer]:
    """The conformance project with scopes on its tools."""
    with running_server(auth=True) as running:
        yield running
