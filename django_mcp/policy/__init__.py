"""Access policy: tool groups, visibility to callers, rate limits, circuit breakers."""
