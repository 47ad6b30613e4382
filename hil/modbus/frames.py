"""Frames from a device's side: CRC, the length of a request, the header of Modbus TCP. From the specifications, for the bench."""

from __future__ import annotations

#: Modbus over Serial Line V1.02, 6.2.2: the reversed polynomial of CRC-16.
_POLYNOMIAL = 0xA001
#: Above 19 200 Bd the silence is fixed (2.5.1.1).
_FIXED_SILENCE_S = 0.00175

#: Whole requests of fixed length, by function, with unit id and CRC.
_FIXED = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 17: 4, 43: 7}


def crc(data: bytes) -> bytes:
    """The CRC as it stands on the wire, low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ _POLYNOMIAL if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def rtu(unit: int, pdu: bytes) -> bytes:
    """A whole RTU frame."""
    body = bytes([unit]) + pdu
    return body + crc(body)


def mbap(transaction: bytes, unit: int, pdu: bytes) -> bytes:
    """A whole frame of Modbus TCP."""
    return transaction + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + bytes([unit]) + pdu


def request_length(heard: bytes) -> int | None:
    """How long the RTU request is that begins here; None while it cannot be told, 0 for a function nobody has."""
    if len(heard) < 2:
        return None
    if heard[1] in (15, 16):
        return None if len(heard) < 7 else 9 + heard[6]
    return _FIXED.get(heard[1], 0)


def silence_s(baud: int, character_bits: int) -> float:
    """The 3.5 characters between frames."""
    return _FIXED_SILENCE_S if baud > 19200 else 3.5 * character_bits / baud
