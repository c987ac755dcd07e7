"""An ordinary Django site, for expenses and deployments, that also serves MCP clients."""
