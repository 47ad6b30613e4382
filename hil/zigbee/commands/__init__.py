"""The EZSP commands of the stick, by subject. Importing this package registers them all."""

from hil.zigbee.commands import messages, network, security, setup

__all__ = ["messages", "network", "security", "setup"]
