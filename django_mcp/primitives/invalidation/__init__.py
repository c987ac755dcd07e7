"""End of cached results: by the code of a project, by its models, and by rights that change."""
