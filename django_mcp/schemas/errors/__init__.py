"""Error texts for agents: of validation, of constraints and of service code."""
