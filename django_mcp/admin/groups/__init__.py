"""The admin of tool groups."""
