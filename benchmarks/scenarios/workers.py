"""Two worker processes against one, at the whole job."""

from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.report import CONTEST_HEADER, Section, contest_rows
from benchmarks.rounds import contest
from benchmarks.scenarios.whole_job import OURS, ours


def run(bench: Bench) -> Section:
    one = ours(bench.tokens, name="one worker")
    two = ours(bench.tokens, name="two workers", server=replace(OURS, workers=2))
    results = contest(bench, [one, two])
    shared = bench.cores.count < 3
    return Section(
        title="Two workers",
        text="The whole job under `uvicorn --workers`. The ratio is to one worker."
        + (
            " This machine has two cores, so the second worker shared its core with the load and "
            "the database."
            if shared
            else ""
        ),
        header=CONTEST_HEADER,
        rows=contest_rows([results[one.name], results[two.name]], results[one.name]),
    )
