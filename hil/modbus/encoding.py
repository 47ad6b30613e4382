"""Numbers into registers, in every type and order of bytes that device maps name."""

from __future__ import annotations

import struct
from decimal import Decimal

_CODES = {"u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q", "f32": "f", "f64": "d"}
_WIDTH = {"u16": 1, "i16": 1, "u32": 2, "i32": 2, "u64": 4, "i64": 4, "f32": 2, "f64": 4}


def width(kind: str, registers: int | None) -> int:
    """Registers of a type."""
    return _WIDTH.get(kind) or registers or 1


def words(value: Decimal | str, kind: str, order: str, registers: int) -> list[int]:
    """A raw value as registers."""
    if isinstance(value, str):
        data = value.encode("ascii")[: 2 * registers].ljust(2 * registers, b"\0")
    elif kind in ("f32", "f64"):
        data = struct.pack(f">{_CODES[kind]}", float(value))
    elif kind == "bcd":
        data = bytes.fromhex(str(int(value)).zfill(4 * registers))
    elif kind == "bits":
        data = int(value).to_bytes(2 * registers, "big")
    else:
        data = struct.pack(f">{_CODES[kind]}", int(value))
    found = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    if order in ("CDAB", "DCBA") and len(found) > 1:
        found.reverse()
    if order in ("BADC", "DCBA"):
        found = [(word & 0xFF) << 8 | word >> 8 for word in found]
    return found
