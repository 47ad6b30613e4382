"""Drivers: each reads one kind of meter and gives OBIS-keyed readings. Knows no CIM, no SQL and no configuration file."""
