"""Who may see and use which tools."""
