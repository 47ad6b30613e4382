"""The gateway: from readings to IEC 61968-9 messages, and the way back for a head end's requests."""
