"""A REST API of realistic size, whose actions are exposed as tools: a bureau bills its customers.

Each company is a tenant. `test_matrix.py` compares what the API and the tools answer.
"""
