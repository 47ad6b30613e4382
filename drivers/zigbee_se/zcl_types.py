"""The data types of the Zigbee Cluster Library (ZCL 8, table 2-10): identifiers, lengths, invalid values.

Integers, enumerations, bitmaps and times are ``int``; keys, EUI64s (as on the wire, low octet first), octet strings and
floating point numbers are ``bytes``; a character string is ``str``. A value that the type reserves for "invalid" is None.
"""

from __future__ import annotations

from drivers.errors import BadFrame

Value = int | bytes | str | bool | None

#: Identifier -> octets of a number without sign. All ones is invalid.
_UNSIGNED = {0x20 + n: n + 1 for n in range(8)} | {0x30: 1, 0x31: 2, 0xE2: 4, 0xE8: 2, 0xE9: 2, 0xEA: 4}
#: ... with sign. The least value is invalid.
_SIGNED = {0x28 + n: n + 1 for n in range(8)}
#: ... of bits: every value is valid.
_BITS = {0x18 + n: n + 1 for n in range(8)} | {0x08 + n: n + 1 for n in range(8)}
#: ... of octets that are no number here: floats, times of day and dates, EUI64, key.
_OCTETS = {0x38: 2, 0x39: 4, 0x3A: 8, 0xE0: 4, 0xE1: 4, 0xF0: 8, 0xF1: 16}
_BOOLEAN = 0x10
_NOTHING = (0x00, 0xFF)
#: Identifier of a string -> octets of its length; all ones is invalid.
_STRINGS = {0x41: 1, 0x42: 1, 0x43: 2, 0x44: 2}
_CHARACTERS = (0x42, 0x44)

#: The names that the definitions use.
BY_NAME = (
    {f"INT{8 * (n + 1)}U": 0x20 + n for n in range(8)}
    | {f"INT{8 * (n + 1)}S": 0x28 + n for n in range(8)}
    | {f"BITMAP{8 * (n + 1)}": 0x18 + n for n in range(8)}
    | {"ENUM8": 0x30, "ENUM16": 0x31, "BOOLEAN": _BOOLEAN, "UTC_TIME": 0xE2, "DATE": 0xE1, "IEEE_ADDRESS": 0xF0}
    | {"OCTET_STRING": 0x41, "CHAR_STRING": 0x42}
)


class Octets:
    """Octets that are taken from the front. ``take`` raises BadFrame when too few are left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int, what: str) -> bytes:
        if self.left < count:
            raise BadFrame(f"the frame ends in {what}: {count} octets needed, {self.left} left")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, count: int, what: str) -> int:
        return int.from_bytes(self.take(count, what), "little")

    def rest(self) -> bytes:
        return self.take(self.left, "the rest")


def raw(kind: int, octets: Octets, what: str) -> bytes:
    """The octets of a value of this type, a string's with its length. Raises BadFrame for a type that has none here."""
    for table in (_UNSIGNED, _SIGNED, _BITS, _OCTETS):
        if kind in table:
            return octets.take(table[kind], what)
    if kind == _BOOLEAN:
        return octets.take(1, what)
    if kind in _NOTHING:
        return b""
    if kind in _STRINGS:
        head = octets.take(_STRINGS[kind], what)
        invalid = head == b"\xff" * len(head)
        return head + (b"" if invalid else octets.take(int.from_bytes(head, "little"), what))
    raise BadFrame(f"{what} is of ZCL type 0x{kind:02x}, which is not decoded")


def value(kind: int, data: bytes) -> Value:
    """The value of octets that ``raw`` took; None where they are the type's invalid value."""
    if kind in _UNSIGNED:
        return None if data == b"\xff" * len(data) else int.from_bytes(data, "little")
    if kind in _SIGNED:
        least = data == b"\x00" * (len(data) - 1) + b"\x80"
        return None if least else int.from_bytes(data, "little", signed=True)
    if kind in _BITS:
        return int.from_bytes(data, "little")
    if kind == _BOOLEAN:
        return None if data == b"\xff" else data != b"\x00"
    if kind in _STRINGS:
        size = _STRINGS[kind]
        if data[:size] == b"\xff" * size:
            return None
        text = data[size:]
        # A field of fixed width that a device fills up with NUL.
        return text.decode("utf-8", "replace").rstrip("\x00") if kind in _CHARACTERS else text
    return None if kind in _NOTHING else data


def encode(kind: int, given: Value) -> bytes:
    """The octets of a value; of None the type's invalid value. Raises ValueError where it does not fit."""
    if kind in _STRINGS:
        size = _STRINGS[kind]
        if given is None:
            return b"\xff" * size
        data = given.encode() if isinstance(given, str) else given
        if not isinstance(data, bytes) or len(data) >= 256**size - 1:
            raise ValueError(f"{given!r} is no string of ZCL type 0x{kind:02x}")
        return len(data).to_bytes(size, "little") + data
    if kind in _OCTETS:
        if not isinstance(given, bytes) or len(given) != _OCTETS[kind]:
            raise ValueError(f"{given!r} is not {_OCTETS[kind]} octets")
        return given
    for table in (_UNSIGNED, _BITS, {_BOOLEAN: 1}):
        if kind in table:
            size = table[kind]
            number = 256**size - 1 if given is None and table is not _BITS else given
            return _number(number, size, signed=False)
    if kind in _SIGNED:
        size = _SIGNED[kind]
        return _number(-(256**size // 2) if given is None else given, size, signed=True)
    raise ValueError(f"ZCL type 0x{kind:02x} is not encoded")


def _number(given: Value, size: int, *, signed: bool) -> bytes:
    if not isinstance(given, int):
        raise ValueError(f"{given!r} is no number")
    try:
        return int(given).to_bytes(size, "little", signed=signed)
    except OverflowError:
        raise ValueError(f"{given} does not fit into {size} octets") from None
