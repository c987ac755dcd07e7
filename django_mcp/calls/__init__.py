"""Calls: the object, the base class of guards, the pipeline, and the run of the function."""
