"""An emulated Zigbee stick (an EZSP network co-processor on a pty) with Smart Energy devices in its network."""
