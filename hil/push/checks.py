"""Check sums of push telegrams: CRC-16/ARC (P1), CRC-16/X-25 (SML, some P1) and CRC-16/KERMIT (one maker's SML)."""

from __future__ import annotations

from collections.abc import Callable


def _reflected(polynomial: int, start: int, final: int) -> Callable[[bytes], int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)

    def crc(data: bytes) -> int:
        value = start
        for byte in data:
            value = value >> 8 ^ table[(value ^ byte) & 0xFF]
        return value ^ final

    return crc


#: Name -> function. Check values of "123456789" (the customary test): BB3D, 906E, 2189.
CRCS: dict[str, Callable[[bytes], int]] = {
    "arc": _reflected(0xA001, 0x0000, 0x0000),
    "x25": _reflected(0x8408, 0xFFFF, 0xFFFF),
    "kermit": _reflected(0x8408, 0x0000, 0x0000),
}
