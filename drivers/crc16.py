"""CRC-16 as push meters use them: ARC (P1), X-25 and KERMIT (SML, and X-25 in the place of ARC in some P1).

Names and check values are those of the customary catalogue of CRCs: "123456789" gives BB3D, 906E, 2189.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

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
    # The library has no fast routine for this polynomial, but 8005 is (x + 1)(x^15 + x + 1), and the message one long
    # number. By the second factor x^(15 n) is x^n + 1 for every power of two n: what stands above 15 n bits is folded
    # down, all of it at once. By the first the remainder is the parity of the message.
    rest = number = int.from_bytes(data.translate(_MIRROR), "big") << 16
    n = 1 << max(0, (rest.bit_length() // 15).bit_length() - 1)
    while n:
        bits = 15 * n
        ones = (1 << bits) - 1
        while rest > ones:
            high = rest >> bits
            rest = rest & ones ^ high ^ high << n
        n >>= 1
    if (rest.bit_count() ^ number.bit_count()) & 1:
        rest ^= _FACTOR
    return _mirrored(rest)


#: x^15 + x + 1.
_FACTOR = 0x8003


CHECKS: dict[str, Callable[[bytes], int]] = {"arc": arc, "x25": x25, "kermit": kermit}
