"""The bench on which everything is measured: cores, database, load, and how patient to be."""

from dataclasses import dataclass, field

from benchmarks.cores import Cores
from benchmarks.database import Database
from benchmarks.load.outcome import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long everything takes, in seconds."""

    rounds: int
    seconds: float
    warm_up: float


THOROUGH = Pace(rounds=5, seconds=5, warm_up=3)
QUICK = Pace(rounds=2, seconds=2, warm_up=2)


@dataclass(slots=True, kw_only=True)
class Bench:
    """`tokens` by the package that issued them; `is_database_kept` tells where it ran."""

    cores: Cores
    database: Database
    load: Load
    pace: Pace
    tokens: dict[str, str]
    is_database_kept: bool = field(default=True)

    def keep_database_beside_load(self) -> None:
        """Keep what the database does for the servers off their core, where that is allowed."""
        self.is_database_kept &= self.database.keep_on(self.cores.load)
