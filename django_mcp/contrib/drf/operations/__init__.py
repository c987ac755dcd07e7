"""What the API of a project offers: the actions of its views, and what they take and answer."""
