"""A tool that runs in the background, or would if there were a worker."""

from benchmarks.projects.functions import add
from django_mcp import tool

tool(name="add_later", read_only=True, background=True)(add)
