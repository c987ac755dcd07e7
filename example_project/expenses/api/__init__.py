"""REST API of the expenses, for programs of the site's users. `mcp_tools` exposes a part of it."""
