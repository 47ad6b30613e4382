"""Fields of EZSP, ZDO and ZCL frames: little-endian numbers, octet strings with their length in front."""

from __future__ import annotations


def u8(value: int) -> bytes:
    return value.to_bytes(1, "little")


def u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def u24(value: int) -> bytes:
    return value.to_bytes(3, "little")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def eui64(text: str) -> bytes:
    """An EUI-64 as it goes over the air, from its text of 16 hexadecimal digits."""
    return bytes.fromhex(text.replace(":", ""))[::-1]


def counted(data: bytes) -> bytes:
    """``data`` with its length, one octet, in front."""
    return u8(len(data)) + data


class Short(Exception):
    """A frame ends before its fields do."""


class Reader:
    """Takes fields from the front of a frame. Raises Short when there are none left."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, length: int) -> bytes:
        if len(self.data) < length:
            raise Short
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "little")

    def u8(self) -> int:
        return self.number(1)

    def u16(self) -> int:
        return self.number(2)

    def u24(self) -> int:
        return self.number(3)

    def u32(self) -> int:
        return self.number(4)

    def counted(self) -> bytes:
        return self.take(self.u8())
