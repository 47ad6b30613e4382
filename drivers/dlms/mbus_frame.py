"""Long frames of the wired M-Bus (EN 13757-2) as meters carry DLMS in them (EN 13757-1, 12.3): 68 L L 68 C A CI ... CS 16.

The CI field 00..1F is the DLMS transport layer without encryption: bit 4 says the last segment, bits 3..0 the number.
Source and destination SAPs of one octet follow. The check is a sum of octets, which a few errors pass.
"""

from __future__ import annotations

from typing import NamedTuple

from drivers.dlms.hdlc_frame import Lost

START, END = 0x68, 0x16
_FINAL, _NUMBER = 0x10, 0x0F
#: C, A, CI and the two SAPs.
_LEAST = 5


class Segment(NamedTuple):
    """One long frame's part of an APDU."""

    number: int
    last: bool
    source: int
    destination: int
    data: bytes


class MbusReader:
    """Bytes in, segments and losses out; the same whether they come at once or one at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Segment | Lost]:
        self._buffer += data
        found: list[Segment | Lost] = []
        while self._buffer:
            buffer = self._buffer
            if buffer[0] != START:
                self._skip(found, "bytes between frames")
                continue
            if len(buffer) < 4:
                break
            size = buffer[1]
            if buffer[2] != size or buffer[3] != START or size < _LEAST:
                self._skip(found, "no long frame of the M-Bus")
                continue
            end = 4 + size + 2
            if len(buffer) < end:
                break
            body = bytes(buffer[4 : 4 + size])
            if buffer[end - 1] != END or buffer[end - 2] != sum(body) & 0xFF:
                self._skip(found, "wrong check sum of the M-Bus", checked=True)
                continue
            if body[2] & 0xE0:
                found.append(Lost(bytes(buffer[:end]), f"CI field {body[2]:02x} is no DLMS transport layer"))
            else:
                ci = body[2]
                found.append(Segment(ci & _NUMBER, bool(ci & _FINAL), body[3], body[4], body[5:]))
            del buffer[:end]
        return found

    def gap(self) -> list[Segment | Lost]:
        """The line was idle: what waits is no frame any more."""
        if not self._buffer:
            return []
        found: list[Segment | Lost] = []
        self._skip(found, "the frame stopped in the middle")
        return found + self.feed(b"")

    def _skip(self, found: list[Segment | Lost], why: str, *, checked: bool = False) -> None:
        following = self._buffer.find(START, 1)
        end = following if following > 0 else len(self._buffer)
        lost = bytes(self._buffer[:end])
        del self._buffer[:end]
        if found and isinstance(found[-1], Lost) and found[-1].why == why:
            found[-1] = Lost(found[-1].data + lost, why, checked)
        else:
            found.append(Lost(lost, why, checked))
