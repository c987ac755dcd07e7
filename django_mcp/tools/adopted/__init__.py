"""Tools of MCP servers that a project has already, adopted by `adopt`.

The servers are recognised by their classes, and called in this process. Nothing of their packages
is imported here: whoever has a server has imported them.
"""
