"""Load by wrk (https://github.com/wg/wrk), told by a Lua script what to send and to expect."""

import json
import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.load.outcome import Outcome
from benchmarks.requests import FAILURE_MARK, HOST, Request

SCRIPT = """
local threads = {}
failures, example = 0, ""

function setup(thread) table.insert(threads, thread) end

function response(status, headers, body)
  if status ~= 200 or not string.find(body, EXPECTED, 1, true)
    or string.find(body, FAILURE_MARK, 1, true) then
    failures = failures + 1
    example = status .. " " .. string.sub(body, 1, 300)
  end
end

function done(summary, latency, requests)
  local broken = summary.errors
  local bad = broken.connect + broken.read + broken.write + broken.timeout
  local seen = ""
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("failures")
    seen = thread:get("example")
  end
  io.write(string.format("\\nOUTCOME %d %d %d %d %d %s\\n", summary.requests, summary.duration,
    bad, latency:percentile(50), latency:percentile(99), string.gsub(seen, "%c", " ")))
end
"""


class Wrk:
    """One thread of wrk; it costs the load's core little."""

    name = "wrk"

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("wrk") is not None

    def run(self, port: int, request: Request, *, connections: int, seconds: float) -> Outcome:
        """See `Load.run`; wrk counts in whole seconds, so `seconds` are rounded up."""
        with tempfile.TemporaryDirectory() as directory:
            script = Path(directory, "request.lua")
            script.write_text(_script(request))
            answer = subprocess.run(
                [
                    *("wrk", "--threads", "1", "--connections", str(connections)),
                    *("--duration", f"{math.ceil(seconds)}s", "--timeout", "10s"),
                    *("--script", str(script), f"http://127.0.0.1:{port}{request.path}"),
                ],
                capture_output=True,
                text=True,
                check=True,
            )
        line = next(ln for ln in answer.stdout.splitlines() if ln.startswith("OUTCOME "))
        _, requests, duration, failures, median, slowest, example = line.split(" ", 6)
        return Outcome(
            requests=int(requests),
            seconds=int(duration) / 1e6,
            failures=int(failures),
            example=example,
            median_ms=int(median) / 1000,
            slowest_percent_ms=int(slowest) / 1000,
        )


def _script(request: Request) -> str:
    headers = {"Host": HOST, **request.headers}
    return "\n".join(
        [
            f"EXPECTED = {_lua(request.expected)}",
            f"FAILURE_MARK = {_lua(FAILURE_MARK)}",
            f"wrk.method = {_lua(request.method)}",
            *(f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in headers.items()),
            f"wrk.body = {_lua(request.body) if request.body else 'nil'}",
            SCRIPT,
        ]
    )


def _lua(text: Any) -> str:
    # Strings of printable ASCII are written alike in JSON and in Lua.
    assert text.isascii()
    assert text.isprintable()
    return json.dumps(text)
