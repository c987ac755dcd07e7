from tests.hosts.process import Host

FRONT_DOOR = Host(name="front-door", project="front_door")
"""A host at whose door programs arrive that nobody has set up."""
