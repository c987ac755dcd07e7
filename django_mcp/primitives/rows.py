"""Primitives that rows of the database declare, beside those of the code."""

from collections.abc import Callable, Iterable
from types import MappingProxyType

from django_mcp.kinds import Key, sort_key
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import Registry

Reader = Callable[[], Iterable[Primitive]]

# As keys: `AppConfig.ready()` may run more than once.
_readers: dict[Reader, None] = {}


def register_reader(read: Reader) -> None:
    """Add a function that reads the primitives of some rows, whenever a policy snapshot is read.

    It returns the same object for a row as long as this stays as it is.
    """
    _readers[read] = None


def read_rows() -> tuple[Primitive, ...]:
    """Read the primitives of all rows: a query or two for each kind of row."""
    return tuple(primitive for read in _readers for primitive in read())


# In one piece, so that no thread takes the registry that another made of other rows.
_latest: tuple[Registry, tuple[Primitive, ...], Registry] | None = None


def with_rows(registry: Registry, rows: tuple[Primitive, ...]) -> Registry:
    """Return the registry with the primitives of rows; those of the code keep their names.

    It is made once for the same rows.
    """
    global _latest
    if not rows:
        return registry
    latest = _latest
    if latest is None or latest[0] is not registry or latest[1] != rows:
        latest = _latest = (registry, rows, _merged(registry, rows))
    return latest[2]


def _merged(registry: Registry, rows: tuple[Primitive, ...]) -> Registry:
    primitives = dict(registry.primitives)
    taken = {spelling(key) for key in primitives}
    primitives.update((each.key, each) for each in rows if spelling(each.key) not in taken)
    ordered = sorted(primitives.items(), key=lambda item: sort_key(item[0]))
    return Registry(primitives=MappingProxyType(dict(ordered)))


def spelling(key: Key) -> Key:
    """Return what two keys share that differ by upper and lower case alone."""
    kind, name = key
    return kind, name.casefold()
