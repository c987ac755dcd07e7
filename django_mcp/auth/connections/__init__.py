"""Connected assistants: the pages on which users list and revoke their connections."""
