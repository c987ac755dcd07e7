"""The record of calls: row, log line, signal and redaction."""
