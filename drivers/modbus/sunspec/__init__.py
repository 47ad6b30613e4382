"""SunSpec: devices that describe themselves by a chain of numbered models. Meters (201-204, 211-214) and immediate controls."""
