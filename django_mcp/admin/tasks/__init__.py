"""Admin of background tasks: state, result, cancellation and retry."""
