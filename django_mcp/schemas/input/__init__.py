"""Input of functions: parameters, input schema and binding of arguments."""
