"""Even parity in software: 8N1 with the parity bit computed is bit-identical on the wire to 7E1."""

from __future__ import annotations

_WITH_PARITY = bytes((value & 0x7F) | ((value & 0x7F).bit_count() & 1) << 7 for value in range(256))
_STRIPPED = bytes(value & 0x7F for value in range(256))


def with_even_parity(data: bytes) -> bytes:
    """The seven-bit characters of ``data`` with bit 7 making the count of ones even."""
    return data.translate(_WITH_PARITY)


def without_parity(data: bytes) -> bytes:
    """The seven-bit characters, whatever their parity bits say."""
    return data.translate(_STRIPPED)


def parity_errors(data: bytes) -> int:
    """How many characters have odd parity."""
    return sum(value.bit_count() & 1 for value in data)
