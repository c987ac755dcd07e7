"""Resources: what clients read by a URI, as `@resource` declares it."""
