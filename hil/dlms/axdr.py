"""COSEM data in A-XDR (IEC 62056-6-2 and IEC 61334-6): a value that knows its type, to bytes and back.

``Data(tag, value)``: integers are int, strings bytes (visible and UTF-8 text: str), bit-strings a str of 0 and 1, arrays
and structures tuples of Data, a compact array the pair ``(type description, content)``, both bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

NULL, ARRAY, STRUCTURE, BOOLEAN, BIT_STRING, INT32, UINT32 = 0, 1, 2, 3, 4, 5, 6
OCTETS, VISIBLE, UTF8, BCD, INT8, INT16, UINT8, UINT16, COMPACT = 9, 10, 12, 13, 15, 16, 17, 18, 19
INT64, UINT64, ENUM, FLOAT32, FLOAT64, DATE_TIME, DATE, TIME = 20, 21, 22, 23, 24, 25, 26, 27
DELTA_INT8, DELTA_INT16, DELTA_INT32, DELTA_UINT8, DELTA_UINT16, DELTA_UINT32 = 28, 29, 30, 31, 32, 33

#: tag -> struct format of types of one size.
_FIXED = {
    BOOLEAN: ">?", INT32: ">i", UINT32: ">I", BCD: ">B", INT8: ">b", INT16: ">h", UINT8: ">B", UINT16: ">H",
    INT64: ">q", UINT64: ">Q", ENUM: ">B", FLOAT32: ">f", FLOAT64: ">d", DELTA_INT8: ">b", DELTA_INT16: ">h",
    DELTA_INT32: ">i", DELTA_UINT8: ">B", DELTA_UINT16: ">H", DELTA_UINT32: ">I",
}  # fmt: skip
#: tag -> size of types that are so many bytes.
_SIZED = {DATE_TIME: 12, DATE: 5, TIME: 4}

#: The standard's names, as profiles write them.
NAMES = {
    "null-data": NULL, "boolean": BOOLEAN, "bit-string": BIT_STRING, "double-long": INT32,
    "double-long-unsigned": UINT32, "octet-string": OCTETS, "visible-string": VISIBLE, "utf8-string": UTF8, "bcd": BCD,
    "integer": INT8, "long": INT16, "unsigned": UINT8, "long-unsigned": UINT16, "long64": INT64,
    "long64-unsigned": UINT64, "enum": ENUM, "float32": FLOAT32, "float64": FLOAT64,
}  # fmt: skip


class NotAxdr(ValueError):
    """Bytes that are no A-XDR."""


@dataclass(frozen=True, slots=True)
class Data:
    """One value of the type ``tag``."""

    tag: int
    value: Any = None


def structure(*elements: Data) -> Data:
    return Data(STRUCTURE, elements)


def array(elements: Iterable[Data]) -> Data:
    return Data(ARRAY, tuple(elements))


def octets(value: bytes) -> Data:
    return Data(OCTETS, value)


def length(number: int) -> bytes:
    """A length as A-XDR and BER write it: one byte below 128, else how many bytes follow."""
    if number < 0x80:
        return bytes([number])
    size = (number.bit_length() + 7) // 8
    return bytes([0x80 | size]) + number.to_bytes(size, "big")


def encode(data: Data) -> bytes:
    """The value with its tag."""
    return bytes([data.tag]) + content(data)


def content(data: Data) -> bytes:
    """The value without its tag: as in a compact array."""
    tag, value = data.tag, data.value
    if tag in _FIXED:
        return struct.pack(_FIXED[tag], value)
    if tag in (NULL, 255):
        return b""
    if tag in (ARRAY, STRUCTURE):
        return length(len(value)) + b"".join(map(encode, value))
    if tag == BIT_STRING:
        padded = value + "0" * (-len(value) % 8)
        return length(len(value)) + bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))
    if tag in (OCTETS, VISIBLE, UTF8):
        raw = value.encode() if isinstance(value, str) else value
        return length(len(raw)) + raw
    if tag in _SIZED:
        return bytes(value)
    if tag == COMPACT:
        description, contents = value
        return bytes(description) + length(len(contents)) + bytes(contents)
    raise ValueError(f"no type has the tag {tag}")


class Reader:
    """Bytes and a place in them. Raises NotAxdr when there are too few."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.raw) - self.at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise NotAxdr(f"{size} bytes wanted at {self.at}, {self.left} left")
        self.at += size
        return self.raw[self.at - size : self.at]

    def rest(self) -> bytes:
        return self.take(self.left)

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def length(self) -> int:
        first = self.byte()
        return first if first < 0x80 else self.number(first & 0x7F)

    def octets(self) -> bytes:
        """Bytes after their length."""
        return self.take(self.length())

    def data(self) -> Data:
        """One value with its tag."""
        return self.content(self.byte())

    def content(self, tag: int) -> Data:
        """One value of a type that is known."""
        if tag in _FIXED:
            form = _FIXED[tag]
            return Data(tag, struct.unpack(form, self.take(struct.calcsize(form)))[0])
        if tag in (NULL, 255):
            return Data(tag)
        if tag in (ARRAY, STRUCTURE):
            return Data(tag, tuple(self.data() for _ in range(self.length())))
        if tag == BIT_STRING:
            bits = self.length()
            return Data(tag, "".join(f"{byte:08b}" for byte in self.take((bits + 7) // 8))[:bits])
        if tag in (OCTETS, VISIBLE, UTF8):
            raw = self.octets()
            return Data(tag, raw if tag == OCTETS else raw.decode("utf-8", "replace"))
        if tag in _SIZED:
            return Data(tag, self.take(_SIZED[tag]))
        raise NotAxdr(f"no type has the tag {tag}")


def decode(raw: bytes) -> Data:
    """One value that fills ``raw``. Raises NotAxdr."""
    reader = Reader(raw)
    data = reader.data()
    if reader.left:
        raise NotAxdr(f"{reader.left} bytes after the value")
    return data
