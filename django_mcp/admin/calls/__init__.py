"""The admin of the record of calls."""
