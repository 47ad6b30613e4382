"""Information fields of HDLC put together to whole APDUs, their LLC addresses taken off."""

from __future__ import annotations

from drivers.dlms.hdlc_frame import Frame
from drivers.errors import BadFrame

#: LLC addresses before every APDU (IEC 62056-46, 5.3.3): commands and responses.
LLC_COMMAND, LLC_RESPONSE = b"\xe6\xe6\x00", b"\xe6\xe7\x00"
#: An APDU is at most 65 535 octets; what goes on beyond twice that is a line that babbles.
MOST_OCTETS = 1 << 17


class Segments:
    """Information fields put together until one comes without the segmentation bit."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def add(self, frame: Frame) -> bytes | None:
        """The whole, LLC addresses taken off, when ``frame`` was its last. Raises BadFrame for one without end."""
        self._parts += frame.information
        if len(self._parts) > MOST_OCTETS:
            self._parts.clear()
            raise BadFrame(f"an APDU of more than {MOST_OCTETS} octets")
        if frame.segmented:
            return None
        whole = bytes(self._parts)
        self._parts.clear()
        return without_llc(whole)

    def clear(self) -> None:
        self._parts.clear()


def without_llc(information: bytes) -> bytes:
    """An information field's APDU. Some servers leave the LLC addresses out of an exception response."""
    return information[3:] if information[:3] in (LLC_RESPONSE, LLC_COMMAND) else information
