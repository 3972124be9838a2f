"""How evidence is read and weighed. Pure: no disk, database, network, clock or key."""
