"""The EZSP commands of the stick, by subject. Importing this package registers them all."""

from hil.zigbee.commands import cbke, messages, network, security, setup

__all__ = ["cbke", "messages", "network", "security", "setup"]
