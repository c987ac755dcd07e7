"""The SDK's own `MCPServer`."""
