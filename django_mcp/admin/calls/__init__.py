"""Admin of call records: list, page and CSV export."""
