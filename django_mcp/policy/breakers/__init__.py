"""Circuit breakers: their state in the cache, which all processes of a site share."""
