"""The demo's worker: Celery in a process of its own, over files or the Redis of `REDIS_URL`."""

from pathlib import Path

from example_project.demo.processes import Process

COMMAND = ("celery", "-A", "example_project", "worker", "--pool", "threads", "--concurrency", "2")
READY = " ready."


class Worker(Process):
    """Runs what the server hands over, from entering to leaving."""

    def __init__(self, *, directory: Path, log: Path) -> None:
        super().__init__("worker", [*COMMAND, "--loglevel", "info"], directory=directory, log=log)

    def wait_until_ready(self) -> None:
        """Return when it takes tasks; raise `ProcessError` when it never will."""
        self.wait_until(lambda: READY in self.printed())
