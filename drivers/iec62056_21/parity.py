"""7 data bits with even parity, carried in 8 bits without: bit for bit the same on the wire (IEC 62056-21, 5.2).

Every chip can send 8N1; not every chip can send 7E1, and none reports which character was damaged. So the parity bit is
computed here, and checked here, character by character.
"""

from __future__ import annotations

_EVEN = bytes(value | (0x80 if value.bit_count() % 2 else 0) for value in range(128))
_ADD = bytes(_EVEN[value & 0x7F] for value in range(256))
_STRIP = bytes(value & 0x7F for value in range(256))
#: 0 where the character has even parity, 1 where it has not.
_WRONG = bytes(value.bit_count() % 2 for value in range(256))


def add(text: bytes) -> bytes:
    """The characters as they go out: bit 7 makes the count of ones even."""
    return text.translate(_ADD)


def strip(wire: bytes) -> bytes:
    """The characters without their parity bits."""
    return wire if wire.isascii() else wire.translate(_STRIP)


def errors(wire: bytes) -> int:
    """How many characters arrived with odd parity."""
    return wire.translate(_WRONG).count(1)


def damaged(wire: bytes) -> int:
    """How many characters were damaged. Where no character has bit 7 set, the UART took the parity away: then none."""
    return 0 if wire.isascii() else errors(wire)
