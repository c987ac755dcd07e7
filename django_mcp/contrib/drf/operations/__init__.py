"""Operations of a REST API: actions of views, with their URLs, bodies and responses."""
