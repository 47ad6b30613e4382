"""HDLC frames of format type 3 (IEC 62056-46, 6.4): bytes to frames and back.

A frame ends where its length field says and nowhere else: the octet 7E may stand in any field, also at the end of the
FCS. What does not hold at that place is searched again from the next 7E.
"""

from __future__ import annotations

from binascii import crc_hqx
from enum import IntEnum
from typing import NamedTuple

from drivers.dlms.bytes_reader import Damaged

FLAG = 0x7E
_FLAG = b"\x7e"
#: The length field has 11 bits.
MOST_OCTETS = 0x7FF

#: CRC-16/X-25 works on reversed bits; crc_hqx works on straight ones, in C. So bytes are reversed by a table instead.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
#: What crc_hqx leaves over data and a right FCS (the residue F0B8 of RFC 1662, reversed and straight).
_GOOD = 0x1D0F


class Control(IntEnum):
    """Control fields without the poll/final bit and the sequence numbers."""

    RR = 0x01
    RNR = 0x05
    REJ = 0x09
    SNRM = 0x83
    DISC = 0x43
    UA = 0x63
    DM = 0x0F
    FRMR = 0x87
    UI = 0x03


POLL = 0x10


class Frame(NamedTuple):
    """``destination`` and ``source`` are the address fields as on the wire, 1, 2 or 4 octets. ``segmented``: more follows."""

    destination: bytes
    source: bytes
    control: int
    information: bytes = b""
    segmented: bool = False

    @property
    def is_information(self) -> bool:
        return not self.control & 1

    @property
    def kind(self) -> int:
        """The control field without poll/final bit and sequence numbers: of ``Control``; 0 for an I frame."""
        if not self.control & 1:
            return 0
        return self.control & 0x0F if self.control & 3 == 1 else self.control & 0xEF

    @property
    def final(self) -> bool:
        return bool(self.control & POLL)

    @property
    def send_number(self) -> int:
        return self.control >> 1 & 7

    @property
    def receive_number(self) -> int:
        return self.control >> 5


class Lost(NamedTuple):
    """Bytes that were no frame, and why. ``checked`` is True when a frame was there and its check sequence was wrong."""

    data: bytes
    why: str
    checked: bool = False


def check_sequence(data: bytes) -> bytes:
    """The two octets of the FCS or HCS as they stand on the wire."""
    return (crc_hqx(data.translate(_REVERSED), 0xFFFF) ^ 0xFFFF).to_bytes(2, "big").translate(_REVERSED)


def build(frame: Frame) -> bytes:
    """The frame with its flags. Raises ValueError when its information does not fit the length field."""
    size = 7 + len(frame.destination) + len(frame.source) - 2 + (len(frame.information) + 2 if frame.information else 0)
    if size > MOST_OCTETS:
        raise ValueError(f"{len(frame.information)} octets of information do not fit a frame")
    head = (
        (0xA000 | (0x0800 if frame.segmented else 0) | size).to_bytes(2, "big")
        + frame.destination
        + frame.source
        + bytes((frame.control,))
    )
    if frame.information:
        head += check_sequence(head) + frame.information
    return b"".join((_FLAG, head, check_sequence(head), _FLAG))


def address(upper: int, lower: int | None = None, size: int = 0) -> bytes:
    """A server's address of ``size`` octets (0: the smallest that holds it), or with ``lower`` None a one-octet one.

    ``upper`` addresses the logical device, ``lower`` the physical one. Raises ValueError when it does not fit.
    """
    if lower is None and size in (0, 1):
        if upper >= 0x80:
            if size == 1:
                raise ValueError(f"address {upper} does not fit one octet")
            return address(upper, 0, 4)
        return bytes((upper << 1 | 1,))
    lower = lower or 0
    most = max(upper, lower)
    if size in (0, 2) and most < 0x80:
        return bytes((upper << 1, lower << 1 | 1))
    if size == 2 or most >= 0x4000:
        raise ValueError(f"address {upper}/{lower} does not fit {size or 4} octets")
    return bytes((upper >> 6 & 0xFE, upper << 1 & 0xFE, lower >> 6 & 0xFE, lower << 1 & 0xFE | 1))


def _address_end(frame: bytes, start: int) -> int:
    """Where the address field that starts at ``start`` ends: at the octet whose lowest bit is set."""
    for end in range(start, start + 4):
        if frame[end] & 1:
            return end + 1
    raise Damaged("an HDLC address longer than four octets")


def parse(frame: bytes) -> Frame:
    """The frame between its flags, check sequences verified. Raises Damaged."""
    if crc_hqx(frame.translate(_REVERSED), 0xFFFF) != _GOOD:
        raise Damaged("wrong frame check sequence")
    try:
        middle = _address_end(frame, 2)
        end = _address_end(frame, middle)
        control = frame[end]
    except IndexError:
        raise Damaged("an HDLC frame without all its fields") from None
    rest = len(frame) - end - 1
    if rest == 2:
        information = b""
    elif rest < 5 or crc_hqx(frame[: end + 3].translate(_REVERSED), 0xFFFF) != _GOOD:
        raise Damaged("wrong header check sequence")
    else:
        information = frame[end + 3 : -2]
    return Frame(frame[2:middle], frame[middle:end], control, information, bool(frame[0] & 0x08))


class FrameReader:
    """Bytes in, frames and losses out; the same whether they come at once or one at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Lost]:
        """Take received bytes. Returns what became complete, in order."""
        buffer = self._buffer
        buffer += data
        found: list[Frame | Lost] = []
        position = 0
        while position < len(buffer):
            if buffer[position] != FLAG:
                position = self._skip(position, found, "bytes between frames")
                continue
            start = position + 1
            if start >= len(buffer):
                break
            if buffer[start] == FLAG:  # closing and opening flag, or idle line
                position = start
                continue
            if buffer[start] & 0xF0 != 0xA0:
                position = self._skip(position, found, "no frame of format type 3")
                continue
            if start + 1 >= len(buffer):
                break
            size = (buffer[start] & 0x07) << 8 | buffer[start + 1]
            end = start + size
            if size < 7:
                position = self._skip(position, found, "a frame too short to be one")
                continue
            if end >= len(buffer):
                break
            if buffer[end] != FLAG:
                position = self._skip(position, found, "no flag where the length field says")
                continue
            try:
                found.append(parse(bytes(buffer[start:end])))
                position = end
            except Damaged as error:
                position = self._skip(position, found, error.what, checked=True)
        del buffer[:position]
        return found

    def gap(self) -> list[Frame | Lost]:
        """The line was idle for longer than a frame allows: what waits is given up, and searched for frames inside it."""
        found: list[Frame | Lost] = []
        while self._buffer:
            position = self._skip(0, found, "the frame stopped in the middle", whole=True)
            rest = bytes(self._buffer[position:])
            self._buffer.clear()
            if position == 0 or not rest:
                break
            found += self.feed(rest)
        return found

    def _skip(
        self, position: int, found: list[Frame | Lost], why: str, *, checked: bool = False, whole: bool = False
    ) -> int:
        """Note the bytes from ``position`` to the next flag as lost. Returns where that flag is, or the end."""
        buffer = self._buffer
        following = buffer.find(_FLAG, position + 1)
        end = following if following >= 0 else len(buffer)
        if buffer[position] == FLAG and following < 0 and not whole:
            end = len(buffer)
        lost = bytes(buffer[position:end])
        unstuffed = _unstuffed(lost)
        if unstuffed is not None:
            found.append(unstuffed)
        elif lost.strip(_FLAG):
            if found and isinstance(found[-1], Lost) and found[-1].why == why:
                found[-1] = Lost(found[-1].data + lost, why, checked)
            else:
                found.append(Lost(lost, why, checked))
        return end


def _unstuffed(lost: bytes) -> Frame | None:
    """The frame in bytes between flags that some senders stuff (7D 5E for 7E) although format type 3 does not."""
    if b"\x7d" not in lost or lost[:1] != _FLAG:
        return None
    plain = bytearray()
    escaped = False
    for byte in lost[1:]:
        if escaped:
            plain.append(byte ^ 0x20)
        elif byte != 0x7D:
            plain.append(byte)
        escaped = byte == 0x7D and not escaped
    if len(plain) < 7 or ((plain[0] & 0x07) << 8 | plain[1]) != len(plain):
        return None
    try:
        return parse(bytes(plain))
    except Damaged:
        return None
