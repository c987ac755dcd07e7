"""Programs of connected assistants: connections grouped by program, from all devices."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django_mcp.auth.connections.connections import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Connections of one program, the latest first; there is at least one.

    Dynamic registrations are of one program when their names and redirect URIs are equal, but for
    ports on the user's device. None of them is verified, and each is shown with where it
    registered and where its access goes: one that imitates another borrows no trust, and hides
    nothing. What operators made, or what a document describes that its host vouches for, is a
    program by itself, by whatever names others go.
    """

    connections: Sequence[Connection]

    @property
    def connection(self) -> Connection:
        """The latest connection."""
        return self.connections[0]


def programs_of(connections: Iterable[Connection]) -> list[Program]:
    """Return the programs of the connections, in the order of the first of each."""
    by_program: dict[object, list[Connection]] = defaultdict(list)
    for connection in connections:
        by_program[connection.program_key].append(connection)
    return [Program(connections=each) for each in by_program.values()]
