"""COSEM data in A-XDR (IEC 62056-6-2 4.1.5, IEC 61334-6): bytes to plain values, every length checked.

What comes out: None (null-data), bool, int, Decimal (floats: the shortest decimal that is the same float), bytes
(octet-string), str (visible and utf8), ``Enum``, ``Bcd``, ``Bits``, ``Delta``, list (array, compact-array),
tuple (structure), ``DateTime``/``Date``/``Time`` (their raw octets), ``DONT_CARE``.

Depth and number of elements are bounded by constants and by the size of the data: no input makes this slow or large.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple, cast

from drivers.dlms.bytes_reader import Damaged, Reader

#: Association views nest six deep; the deepest thing seen in the field is the script table with eight.
MAX_DEPTH = 32

NULL, ARRAY, STRUCTURE, BOOLEAN, BIT_STRING, DOUBLE_LONG, DOUBLE_LONG_UNSIGNED = 0, 1, 2, 3, 4, 5, 6
OCTET_STRING, VISIBLE_STRING, UTF8_STRING, BCD, INTEGER, LONG, UNSIGNED, LONG_UNSIGNED = 9, 10, 12, 13, 15, 16, 17, 18
COMPACT_ARRAY, LONG64, LONG64_UNSIGNED, ENUM, FLOAT32, FLOAT64 = 19, 20, 21, 22, 23, 24
DATE_TIME, DATE, TIME = 25, 26, 27
DELTA_INTEGER, DELTA_LONG, DELTA_DOUBLE_LONG = 28, 29, 30
DELTA_UNSIGNED, DELTA_LONG_UNSIGNED, DELTA_DOUBLE_LONG_UNSIGNED = 31, 32, 33
DONT_CARE_TAG = 255


class Enum(int):
    """An enum: a number that counts nothing."""

    __slots__ = ()


class Bcd(int):
    """A bcd: one byte as it stands."""

    __slots__ = ()


class Delta(int):
    """A difference to the previous value of the same column (delta value encoding)."""

    __slots__ = ()


class DateTime(bytes):
    """The 12 octets of a date-time under its own tag."""

    __slots__ = ()


class Date(bytes):
    """The 5 octets of a date."""

    __slots__ = ()


class Time(bytes):
    """The 4 octets of a time."""

    __slots__ = ()


class Bits(NamedTuple):
    """A bit-string, its first bit the most significant of ``value``."""

    value: int
    length: int

    def __str__(self) -> str:
        return f"{self.value:0{self.length}b}" if self.length else ""


class _DontCare:
    """The value of the type dont-care."""

    def __repr__(self) -> str:
        return "DONT_CARE"


DONT_CARE: Final = _DontCare()

Data = object

#: Types of one size: tag -> (size, signed, class that keeps the type or None).
_WHOLE: dict[int, tuple[int, bool, type[int] | None]] = {
    DOUBLE_LONG: (4, True, None),
    DOUBLE_LONG_UNSIGNED: (4, False, None),
    BCD: (1, False, Bcd),
    INTEGER: (1, True, None),
    LONG: (2, True, None),
    UNSIGNED: (1, False, None),
    LONG_UNSIGNED: (2, False, None),
    LONG64: (8, True, None),
    LONG64_UNSIGNED: (8, False, None),
    ENUM: (1, False, Enum),
    DELTA_INTEGER: (1, True, Delta),
    DELTA_LONG: (2, True, Delta),
    DELTA_DOUBLE_LONG: (4, True, Delta),
    DELTA_UNSIGNED: (1, False, Delta),
    DELTA_LONG_UNSIGNED: (2, False, Delta),
    DELTA_DOUBLE_LONG_UNSIGNED: (4, False, Delta),
}
_STAMPS: dict[int, tuple[int, type[bytes]]] = {DATE_TIME: (12, DateTime), DATE: (5, Date), TIME: (4, Time)}


def shortest(value: float) -> Decimal:
    """The shortest decimal that reads back as this float32."""
    if value - value != 0:  # an infinity or no number
        return Decimal(value)
    packed = struct.pack(">f", value)
    for digits in range(6, 9):
        text = f"{value:.{digits}g}"
        try:
            if struct.pack(">f", float(text)) == packed:
                return Decimal(text)
        except OverflowError:  # rounded up beyond the largest float32
            continue
    return Decimal(f"{value:.9g}")


def decode(data: bytes) -> Data:
    """One value that fills ``data``. Raises Damaged."""
    reader = Reader(data)
    value = take(reader)
    reader.done("the value")
    return value


def take(reader: Reader, depth: int = 0) -> Data:
    """The value at the reader's position. Raises Damaged."""
    tag = reader.byte()
    if tag in (STRUCTURE, ARRAY):
        count = reader.length()
        if depth >= MAX_DEPTH:
            raise Damaged(f"data nested deeper than {MAX_DEPTH}")
        if count > reader.left:  # every element has a byte at least
            raise Damaged(f"{count} elements promised at byte {reader.position}, {reader.left} bytes there")
        items = [take(reader, depth + 1) for _ in range(count)]
        return tuple(items) if tag == STRUCTURE else items
    if tag == COMPACT_ARRAY:
        from drivers.dlms.compact_array import take_compact_array

        return take_compact_array(reader)
    return take_simple(tag, reader)


def take_simple(tag: int, reader: Reader) -> Data:
    """The content of a simple type. Raises Damaged."""
    whole = _WHOLE.get(tag)
    if whole is not None:
        size, signed, kind = whole
        number = reader.number(size, signed=signed)
        return number if kind is None else kind(number)
    if tag == OCTET_STRING:
        return reader.octets()
    if tag == NULL:
        return None
    take_it = _OTHERS.get(tag)
    if take_it is None:
        raise Damaged(f"no COSEM data type {tag} (at byte {reader.position - 1})")
    return take_it(reader)


def _text(data: bytes) -> str:
    # Visible strings of real meters hold padding, control characters and Latin-1; each byte is kept as a character.
    return data.decode("latin-1")


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Damaged("a utf8-string that is no UTF-8") from None


def _bits(reader: Reader) -> Bits:
    count = reader.length()
    octets = reader.take((count + 7) // 8)
    return Bits(int.from_bytes(octets, "big") >> (-count % 8), count)


def _stamp(tag: int) -> Callable[[Reader], Data]:
    size, kind = _STAMPS[tag]
    return lambda reader: kind(reader.take(size))


_OTHERS: dict[int, Callable[[Reader], Data]] = {
    BOOLEAN: lambda reader: reader.byte() != 0,
    BIT_STRING: _bits,
    VISIBLE_STRING: lambda reader: _text(reader.octets()),
    UTF8_STRING: lambda reader: _utf8(reader.octets()),
    FLOAT32: lambda reader: shortest(cast(float, struct.unpack(">f", reader.take(4))[0])),
    FLOAT64: lambda reader: Decimal(repr(struct.unpack(">d", reader.take(8))[0])),
    DATE_TIME: _stamp(DATE_TIME),
    DATE: _stamp(DATE),
    TIME: _stamp(TIME),
    DONT_CARE_TAG: lambda reader: DONT_CARE,
}


def fixed_size(tag: int) -> int | None:
    """The bytes a simple type's content takes; None where it says its own length."""
    if tag in _WHOLE:
        return _WHOLE[tag][0]
    if tag in _STAMPS:
        return _STAMPS[tag][0]
    return {NULL: 0, BOOLEAN: 1, FLOAT32: 4, FLOAT64: 8, DONT_CARE_TAG: 0}.get(tag)
