"""The option `serializer` of tools: arguments and results of tools that are functions."""
