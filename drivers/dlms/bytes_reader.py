"""Bytes taken from the front, never beyond their end: the floor of every parser of this protocol."""

from __future__ import annotations

from drivers.errors import BadFrame


class Damaged(BadFrame):
    """An APDU that ends too early, is longer than it says, or holds what the standard does not know."""


class Reader:
    """A position in ``data``. Every ``take`` is bounds-checked and raises Damaged."""

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes, position: int = 0, end: int | None = None) -> None:
        self.data = data
        self.position = position
        self.end = len(data) if end is None else end

    @property
    def left(self) -> int:
        return self.end - self.position

    def byte(self) -> int:
        position = self.position
        if position >= self.end:
            raise Damaged(f"the data ends at byte {position}, where more was promised")
        self.position = position + 1
        return self.data[position]

    def peek(self) -> int:
        if self.position >= self.end:
            raise Damaged(f"the data ends at byte {self.position}, where more was promised")
        return self.data[self.position]

    def take(self, count: int) -> bytes:
        start = self.position
        if count > self.end - start:
            raise Damaged(f"{count} bytes promised at byte {start}, {self.end - start} there")
        self.position = start + count
        return self.data[start : start + count]

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "big", signed=signed)

    def length(self) -> int:
        """A length of A-XDR and of BER in definite form: one byte below 128, else the count of bytes that follow."""
        first = self.byte()
        if first < 0x80:
            return first
        size = first & 0x7F
        if not 1 <= size <= 4:
            raise Damaged(f"length of {size} bytes at byte {self.position - 1}")
        return self.number(size)

    def octets(self) -> bytes:
        """A length and that many bytes."""
        return self.take(self.length())

    def rest(self) -> bytes:
        return self.take(self.left)

    def optional(self) -> bool:
        """The presence flag of an OPTIONAL or DEFAULT component (A-XDR): 00 absent, else present."""
        return self.byte() != 0

    def done(self, what: str) -> None:
        """Raise Damaged when bytes are left over."""
        if self.left:
            raise Damaged(f"{self.left} bytes too many after {what}")


def length(count: int) -> bytes:
    """The encoding of a length, as short as can be."""
    if count < 0x80:
        return bytes((count,))
    size = (count.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + count.to_bytes(size, "big")


def octets(data: bytes) -> bytes:
    """A length and the bytes."""
    return length(len(data)) + data
