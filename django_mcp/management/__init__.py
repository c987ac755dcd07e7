"""Management commands of operators."""
