"""COSEM data written in A-XDR: a function a type, each giving the bytes, so that structures are written as they read.
``structure(octet_string(b"\\x01"), unsigned(7))`` is ``02 02 09 01 01 11 07``.
"""

from __future__ import annotations

import struct

from drivers.dlms import axdr
from drivers.dlms.bytes_reader import length, octets

_SIZES = {
    axdr.DOUBLE_LONG: 4, axdr.DOUBLE_LONG_UNSIGNED: 4, axdr.BCD: 1, axdr.INTEGER: 1, axdr.LONG: 2, axdr.UNSIGNED: 1,
    axdr.LONG_UNSIGNED: 2, axdr.LONG64: 8, axdr.LONG64_UNSIGNED: 8, axdr.ENUM: 1, axdr.DELTA_INTEGER: 1,
    axdr.DELTA_LONG: 2, axdr.DELTA_DOUBLE_LONG: 4, axdr.DELTA_UNSIGNED: 1, axdr.DELTA_LONG_UNSIGNED: 2,
    axdr.DELTA_DOUBLE_LONG_UNSIGNED: 4,
}  # fmt: skip
_SIGNED = {
    axdr.DOUBLE_LONG, axdr.INTEGER, axdr.LONG, axdr.LONG64,
    axdr.DELTA_INTEGER, axdr.DELTA_LONG, axdr.DELTA_DOUBLE_LONG,
}  # fmt: skip

NULL_DATA = bytes((axdr.NULL,))


def whole(tag: int, value: int) -> bytes:
    """A number of the integer type ``tag``. Raises ValueError when it does not fit."""
    try:
        return bytes((tag,)) + value.to_bytes(_SIZES[tag], "big", signed=tag in _SIGNED)
    except OverflowError:
        raise ValueError(f"{value} does not fit the COSEM type {tag}") from None


def boolean(value: bool) -> bytes:
    return bytes((axdr.BOOLEAN, 0xFF if value else 0))


def integer(value: int) -> bytes:
    return whole(axdr.INTEGER, value)


def long(value: int) -> bytes:
    return whole(axdr.LONG, value)


def unsigned(value: int) -> bytes:
    return whole(axdr.UNSIGNED, value)


def long_unsigned(value: int) -> bytes:
    return whole(axdr.LONG_UNSIGNED, value)


def double_long_unsigned(value: int) -> bytes:
    return whole(axdr.DOUBLE_LONG_UNSIGNED, value)


def enum(value: int) -> bytes:
    return whole(axdr.ENUM, value)


def octet_string(value: bytes) -> bytes:
    return bytes((axdr.OCTET_STRING,)) + octets(value)


def visible_string(value: str) -> bytes:
    return bytes((axdr.VISIBLE_STRING,)) + octets(value.encode("latin-1"))


def utf8_string(value: str) -> bytes:
    return bytes((axdr.UTF8_STRING,)) + octets(value.encode())


def bit_string(value: axdr.Bits) -> bytes:
    content = (value.value << (-value.length % 8)).to_bytes((value.length + 7) // 8, "big")
    return bytes((axdr.BIT_STRING,)) + length(value.length) + content


def float32(value: float) -> bytes:
    return bytes((axdr.FLOAT32,)) + struct.pack(">f", value)


def float64(value: float) -> bytes:
    return bytes((axdr.FLOAT64,)) + struct.pack(">d", value)


def stamp(tag: int, value: bytes) -> bytes:
    """A date-time, date or time under its own tag. Raises ValueError for a wrong number of octets."""
    if len(value) != axdr.fixed_size(tag):
        raise ValueError(f"{len(value)} octets are no value of the COSEM type {tag}")
    return bytes((tag,)) + value


def array(*elements: bytes) -> bytes:
    return bytes((axdr.ARRAY,)) + length(len(elements)) + b"".join(elements)


def structure(*elements: bytes) -> bytes:
    return bytes((axdr.STRUCTURE,)) + length(len(elements)) + b"".join(elements)
