"""Tools: how they are declared, what they accept and return, and where they are found."""
