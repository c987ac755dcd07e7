"""Authorization requests that wait for their user to sign in."""
