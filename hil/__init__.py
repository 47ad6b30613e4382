"""The bench: emulated meters on real serial devices and sockets. Imports nothing of drivers/ or gateway/."""
