"""Links: bytes with deadlines. What a protocol is carried on, and nothing of the protocol itself."""
