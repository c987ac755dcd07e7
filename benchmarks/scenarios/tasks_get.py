"""`tasks/get` of a task that has ended, against the whole job of a read-only tool."""

import json
import time
from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.load.loop import ask
from benchmarks.report import CONTEST_HEADER, Section, at_least, contest_rows
from benchmarks.requests import call_tool, get_task
from benchmarks.rounds import Contestant, contest
from benchmarks.scenarios import whole_job
from benchmarks.servers import ServerError, running

ENDS_WITHIN = 30.0
# Threads of the server run it: the task is made once, before anything is measured.
SERVER = replace(
    whole_job.OURS, environment={**whole_job.OURS.environment, "BENCHMARK_BACKGROUND": "threads"}
)


def run(bench: Bench) -> Section:
    token = bench.tokens["toolkit"]
    with running(SERVER, cores=bench.cores.of_workers(1)) as started:
        task = _ended_task(started.port, token)
    job = whole_job.ours(bench.tokens, server=SERVER, name="whole job")
    poll = Contestant(
        name="`tasks/get`",
        server=SERVER,
        request=get_task(task, token=token, expected='"status":"completed"'),
    )
    results = contest(bench, [job, poll])
    ratio = results[poll.name].ratio_to(results[job.name])
    return Section(
        title="Asking for a task",
        text="`tasks/get` of a task that has ended: token, one row, its result. The ratio is to "
        "the whole job, which also reads 20 rows and writes one.",
        header=CONTEST_HEADER,
        rows=contest_rows([results[job.name], results[poll.name]], results[job.name]),
        aims=[at_least("As fast as the whole job of a read-only tool", ratio, 1.0)],
    )


def _ended_task(port: int, token: str) -> str:
    """Have a task made and run; its id."""
    call = call_tool(
        "add_later", {"a": 2, "b": 40}, token=token, as_task=True, expected='"resultType":"task"'
    )
    task: str = json.loads(ask(port, call))["result"]["taskId"]
    deadline = time.monotonic() + ENDS_WITHIN
    answer = ""
    while time.monotonic() < deadline:
        answer = ask(port, get_task(task, token=token, expected=task))
        if '"status":"completed"' in answer:
            return task
        time.sleep(0.1)
    raise ServerError(f"The task should have ended by now: {answer}")
