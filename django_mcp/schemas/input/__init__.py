"""The input side of a declaration: parameters, schema and binding of arguments."""
