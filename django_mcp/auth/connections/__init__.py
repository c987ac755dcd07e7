"""Connected assistants: the page on which users see and end their connections."""
