"""The servers that are compared: the same job, done with each package as its users would."""
