"""Zigbee Smart Energy: definitions, codecs, key establishment; the coordinator on zigpy and bellows (extra ``zigbee``).

Only ``application`` and what stands above it import zigpy: the codecs, the key establishment and the install codes do not.
"""
