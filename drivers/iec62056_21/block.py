"""Blocks: STX or SOH, characters, ETX or EOT, and the block check character (IEC 62056-21, 6.3 and 5.7.2)."""

from __future__ import annotations

import functools
import operator

SOH, STX, ETX, EOT, ACK, NAK = b"\x01", b"\x02", b"\x03", b"\x04", b"\x06", b"\x15"


def check_character(text: bytes) -> int:
    """The BCC of what stands after the first SOH or STX, up to and including ETX or EOT: exclusive or, 7 bits.

    Any 7-bit value may come out, CR, LF, ETX and ``!`` among them.
    """
    # XOR of all bytes at once: the text as one number, folded by halves.
    number, size = int.from_bytes(text, "big"), len(text)
    while size > 64:
        size = (size + 1) // 2
        number = (number >> (8 * size)) ^ (number & ((1 << (8 * size)) - 1))
    return functools.reduce(operator.xor, number.to_bytes(size or 1, "big"), 0) & 0x7F


def frame(text: bytes, start: bytes = STX, end: bytes = ETX) -> bytes:
    """A block with its check character."""
    body = text + end
    return start + body + bytes([check_character(body)])


#: The break: the meter leaves the session and is at 300 Bd again (6.3.7).
BREAK = frame(b"B0", SOH)
