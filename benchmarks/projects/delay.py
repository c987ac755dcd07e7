"""Measures Celery's bare `delay`: `python -m benchmarks.projects.delay SECONDS`.

Prints as JSON the milliseconds of every message, and the microseconds of processor time for one.
"""

import json
import os
import sys
import time
import uuid

import django

from benchmarks.projects.ours.celery import app

WARM_UP = 50


@app.task(ignore_result=True)  # type: ignore[untyped-decorator]
def run(key: str) -> None:
    """What a project would write for a job in the background."""


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.projects.ours.settings"
    django.setup()
    for _ in range(WARM_UP):
        run.delay(str(uuid.uuid4()))
    until = time.monotonic() + float(sys.argv[1])
    milliseconds = []
    cpu_before = time.process_time()
    while time.monotonic() < until:
        started = time.perf_counter()
        run.delay(str(uuid.uuid4()))
        milliseconds.append((time.perf_counter() - started) * 1000)
    cpu = time.process_time() - cpu_before
    print(json.dumps({"milliseconds": milliseconds, "cpu_us": cpu / len(milliseconds) * 1e6}))


if __name__ == "__main__":
    main()
