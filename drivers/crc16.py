"""CRC-16 as push meters use them: ARC (P1), X-25 and KERMIT (SML, and X-25 in the place of ARC in some P1).

Names and check values are those of the customary catalogue of CRCs: "123456789" gives BB3D, 906E, 2189.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from functools import cache

_MIRROR = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def x25(data: bytes) -> int:
    """CRC-16/X-25: polynomial 1021 reflected, start FFFF, final exclusive or FFFF (ISO/IEC 13239)."""
    return _mirrored(binascii.crc_hqx(data.translate(_MIRROR), 0xFFFF)) ^ 0xFFFF


def kermit(data: bytes) -> int:
    """CRC-16/KERMIT: polynomial 1021 reflected, start 0."""
    return _mirrored(binascii.crc_hqx(data.translate(_MIRROR), 0))


def _mirrored(value: int) -> int:
    return _MIRROR[value & 0xFF] << 8 | _MIRROR[value >> 8]


def arc(data: bytes) -> int:
    """CRC-16/ARC: polynomial 8005 reflected, start 0."""
    # The library has no fast routine for this polynomial. A CRC is linear, so a message is folded: what a byte does to
    # the two bytes `half` places behind it is a table, and translate() and one exclusive or do it for all of them at once.
    # Zeros in front change nothing; the two bytes behind take the result.
    half = 1 << max(_SHORT, (len(data) - 1).bit_length() - 1)
    left = bytes(2 * half - len(data)) + data + b"\0\0"
    number = int.from_bytes
    while half >= 1 << _SHORT:
        low, high = _fold(half)
        head = left[:half]
        left = (
            number(left[half:], "little")
            ^ number(head.translate(low), "little")
            ^ number(head.translate(high), "little") << 8
        ).to_bytes(half + 2, "little")
        half //= 2
    value = 0
    for byte in left[:-2]:
        value = value >> 8 ^ _ARC[(value ^ byte) & 0xFF]
    return value ^ left[-2] ^ left[-1] << 8


#: Below 2 to this many bytes a byte at a time is faster than folding.
_SHORT = 3


def _arc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_ARC = [_arc_of_byte(value) for value in range(256)]


@cache
def _fold(distance: int) -> tuple[bytes, bytes]:
    """The low and the high byte that each byte leaves in the CRC after ``distance`` bytes, itself and zeros behind it."""
    bits = []
    for bit in range(8):
        value = 1 << bit
        for _ in range(distance):
            value = value >> 8 ^ _ARC[value & 0xFF]
        bits.append(value)
    all_bytes = [0]
    for value in bits:
        all_bytes += [known ^ value for known in all_bytes]
    return bytes(value & 0xFF for value in all_bytes), bytes(value >> 8 for value in all_bytes)


CHECKS: dict[str, Callable[[bytes], int]] = {"arc": arc, "x25": x25, "kermit": kermit}
