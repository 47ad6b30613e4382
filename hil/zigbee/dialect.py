"""What differs between versions of EZSP: frame headers, the width of a status, the order of fields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hil.zigbee.fields import Reader, u8, u16, u32

#: The versions this stick can speak, with the release of EmberZNet each belongs to (major, minor, patch, special, build).
RELEASES: dict[int, tuple[int, int, int, int, int]] = {
    8: (6, 7, 8, 0, 373),
    13: (7, 4, 1, 0, 0),
    14: (8, 0, 1, 0, 0),
    18: (8, 2, 0, 0, 0),
}


class Status(Enum):
    """Outcomes: as EmberStatus (one octet, EZSP up to 13) and as sl_status_t (four, from 14 on)."""

    OK = (0x00, 0x00)
    FAIL = (0x01, 0x01)
    NETWORK_UP = (0x90, 0x15)
    NETWORK_DOWN = (0x91, 0x16)
    NOT_JOINED = (0x93, 0x17)
    JOIN_FAILED = (0x94, 0x18)
    DELIVERY_FAILED = (0x66, 0x0C02)
    INVALID_CALL = (0x70, 0x02)
    INDEX_OUT_OF_RANGE = (0xB1, 0x27)
    TABLE_ENTRY_EMPTY = (0xB6, 0x2D)
    MESSAGE_TOO_LONG = (0x74, 0x38)
    LIBRARY_NOT_PRESENT = (0xB5, 0x0F)
    OPERATION_IN_PROGRESS = (0xBA, 0x05)
    #: Of the frame layer (EzspStatus).
    VERSION_NOT_SET = (0x30, 0x01)
    INVALID_FRAME_ID = (0x31, 0x0F)
    TRUNCATED = (0x33, 0x21)
    INVALID_ID = (0x37, 0x21)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of EZSP."""

    version: int

    @property
    def wide(self) -> bool:
        """Statuses of four octets, message tags of two, other orders of fields: from version 14 on."""
        return self.version >= 14

    def status(self, status: Status) -> bytes:
        narrow, wide = status.value
        return u32(wide) if self.wide else u8(narrow)

    def security_status(self, status: Status) -> bytes:
        """As the key commands of version 12 and later give it: always four octets."""
        return u32(status.value[1])

    def tag(self, value: int) -> bytes:
        return u16(value) if self.wide else u8(value)

    def read_tag(self, reader: Reader) -> int:
        return reader.u16() if self.wide else reader.u8()


#: Frame control, low octet: a response, and an asynchronous callback.
RESPONSE, CALLBACK = 0x80, 0x90
#: Frame control, high octet: frame format 1 (EZSP 8 and later).
_EXTENDED = 0x01
LEGACY_VERSION_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """An EZSP frame, without its header."""

    sequence: int
    frame_id: int
    parameters: bytes
    legacy: bool = False


def parse(data: bytes) -> Frame | None:
    """A host's command: in the legacy format only ``version`` may come. None when it is neither."""
    if len(data) == LEGACY_VERSION_LENGTH and data[1:3] == b"\0\0":
        return Frame(data[0], 0, data[3:], legacy=True)
    if len(data) >= 5 and data[2] & 0x03 == _EXTENDED:
        return Frame(data[0], int.from_bytes(data[3:5], "little"), data[5:])
    return None


def build(frame: Frame, control: int = RESPONSE) -> bytes:
    if frame.legacy:
        return bytes((frame.sequence, control, frame.frame_id)) + frame.parameters
    return bytes((frame.sequence, control, _EXTENDED)) + u16(frame.frame_id) + frame.parameters
