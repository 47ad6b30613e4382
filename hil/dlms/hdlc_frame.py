"""HDLC frames of IEC 62056-46: frame format type 3, bounded by its length field.

    7E | A0..AF len | destination | source | control | HCS | information | FCS | 7E

HCS and FCS are the CRC of ISO/IEC 13239 (X-25), lowest byte first. Without information there is no HCS.
"""

from __future__ import annotations

from dataclasses import dataclass

FLAG = 0x7E
SNRM, DISC, UA, DM, FRMR, UI = 0x83, 0x43, 0x63, 0x0F, 0x87, 0x03
POLL_FINAL = 0x10


def crc(data: bytes) -> bytes:
    """CRC-16/X-25: polynomial 8408 reflected, begins at FFFF, inverted at the end."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return (register ^ 0xFFFF).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; the addresses as the bytes on the wire. ``segmented``: more of this information follows."""

    destination: bytes
    source: bytes
    control: int
    information: bytes = b""
    segmented: bool = False

    @property
    def poll(self) -> bool:
        return bool(self.control & POLL_FINAL)

    @property
    def kind(self) -> str:
        """``I``, ``RR``, ``RNR``, ``REJ`` or ``U``."""
        if not self.control & 1:
            return "I"
        if self.control & 3 == 3:
            return "U"
        return {0x01: "RR", 0x05: "RNR", 0x09: "REJ"}.get(self.control & 0x0F, "U")

    @property
    def unnumbered(self) -> int:
        """The control field of an unnumbered frame without its poll bit."""
        return self.control & ~POLL_FINAL

    @property
    def ns(self) -> int:
        return self.control >> 1 & 7

    @property
    def nr(self) -> int:
        return self.control >> 5 & 7

    def encode(self) -> bytes:
        head = self.destination + self.source + bytes([self.control])
        size = 2 + len(head) + (2 + len(self.information) if self.information else 0) + 2
        head = (0xA000 | (0x0800 if self.segmented else 0) | size).to_bytes(2, "big") + head
        body = head + crc(head) + self.information if self.information else head
        return bytes([FLAG]) + body + crc(body) + bytes([FLAG])


def information(ns: int, nr: int, *, final: bool) -> int:
    """The control field of an information frame."""
    return nr << 5 | (POLL_FINAL if final else 0) | ns << 1


def receive_ready(nr: int) -> int:
    return nr << 5 | POLL_FINAL | 0x01


def receive_not_ready(nr: int) -> int:
    return nr << 5 | POLL_FINAL | 0x05


def address(logical: int, physical: int | None, size: int) -> bytes:
    """A server address of 1, 2 or 4 bytes: the lowest bit of the last byte is set, of the others clear."""
    if size == 1:
        return bytes([logical << 1 | 1])
    upper, lower = logical, physical or 0
    if size == 2:
        return bytes([upper << 1, lower << 1 | 1])
    return bytes([upper >> 7 << 1, (upper & 0x7F) << 1, lower >> 7 << 1, (lower & 0x7F) << 1 | 1])


def logical_physical(raw: bytes) -> tuple[int, int | None]:
    """The two parts of an address; a single byte has no physical part."""
    parts = [byte >> 1 for byte in raw]
    if len(parts) == 1:
        return parts[0], None
    half = len(parts) // 2
    upper = lower = 0
    for part in parts[:half]:
        upper = upper << 7 | part
    for part in parts[half:]:
        lower = lower << 7 | part
    return upper, lower


class Splitter:
    """Frames out of a stream: by the length field, never by the next flag. What is no frame is left out.

    ``wrong`` counts frames whose check failed, which a station does not answer.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self.wrong = 0

    def feed(self, data: bytes) -> list[Frame]:
        self._held += data
        frames = []
        while (start := self._held.find(FLAG)) >= 0:
            del self._held[:start]
            while len(self._held) > 1 and self._held[1] == FLAG:
                del self._held[0]
            if len(self._held) < 3:
                return frames
            if self._held[1] & 0xF0 != 0xA0:
                del self._held[0]
                continue
            size = int.from_bytes(self._held[1:3], "big") & 0x7FF
            if len(self._held) < size + 2:
                return frames
            frame = parse(bytes(self._held[1 : size + 1])) if self._held[size + 1] == FLAG else None
            if frame is None:
                self.wrong += 1
                del self._held[0]
                continue
            frames.append(frame)
            # The closing flag may open the next frame.
            del self._held[: size + 1]
        self._held.clear()
        return frames


def parse(raw: bytes) -> Frame | None:
    """A frame without its flags; None when a check is wrong or it is too short."""
    if len(raw) < 7 or crc(raw[:-2]) != raw[-2:]:
        return None
    at, ends = 2, []
    for _ in range(2):
        while at < len(raw) - 3 and not raw[at] & 1:
            at += 1
        at += 1
        ends.append(at)
    destination, source, control = raw[2 : ends[0]], raw[ends[0] : ends[1]], raw[at]
    head, rest = raw[: at + 1], raw[at + 1 : -2]
    if rest:
        if len(rest) < 2 or crc(head) != rest[:2]:
            return None
        rest = rest[2:]
    return Frame(destination, source, control, rest, bool(raw[0] & 0x08))
