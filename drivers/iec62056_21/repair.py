"""Putting a single damaged bit right: parity says in which character it is, the block check character in which place.

Character parity and BCC are the rows and columns of a product code of distance 4: an error of one bit can be located. So
can, wrongly, one of three bits that are three corners of a rectangle. Therefore nobody repairs unless asked to, only
after a repeat came damaged as well, and what was repaired says so (``Doubt.REPAIRED``).
"""

from __future__ import annotations

from drivers.iec62056_21.block import check_character


def single_bit(wire: bytes) -> bytes | None:
    """The characters of ``wire`` (from after STX to the BCC, parity bits included) with one bit put right, parity bits taken off.

    None where not exactly one character has wrong parity, or the BCC points to no single place.
    """
    wrong = [at for at, value in enumerate(wire) if value.bit_count() % 2]
    if len(wrong) != 1:
        return None
    (at,) = wrong
    plain = bytearray(value & 0x7F for value in wire)
    place = check_character(bytes(plain[:-1])) ^ plain[-1]
    # No place: the parity bit itself was hit, and the character is right.
    if place.bit_count() > 1:
        return None
    plain[at] ^= place
    return bytes(plain)
