"""Rows of a model that agents filter, order and sum up, as `query_tool` declares them."""
