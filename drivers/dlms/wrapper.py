"""The wrapper of DLMS over TCP and UDP (IEC 62056-47): version 1, source and destination wPort, length, APDU."""

from __future__ import annotations

from typing import NamedTuple

from drivers.dlms.bytes_reader import Damaged

VERSION = b"\x00\x01"
_HEADER = 8
#: The length field has 16 bits.
MOST_OCTETS = 0xFFFF


class Wrapped(NamedTuple):
    """One WPDU: from ``source`` to ``destination``, with its APDU."""

    source: int
    destination: int
    apdu: bytes


def build(wrapped: Wrapped) -> bytes:
    """The WPDU's bytes. Raises ValueError when the APDU does not fit the length field."""
    if len(wrapped.apdu) > MOST_OCTETS:
        raise ValueError(f"an APDU of {len(wrapped.apdu)} octets does not fit the wrapper")
    fields = (wrapped.source, wrapped.destination, len(wrapped.apdu))
    return VERSION + b"".join(field.to_bytes(2, "big") for field in fields) + wrapped.apdu


class WrapperReader:
    """Bytes in, WPDUs out. A stream that is no wrapper raises Damaged: on TCP there is nothing to search for."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> int:
        """How many bytes wait for the rest of their WPDU."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Wrapped]:
        buffer = self._buffer
        buffer += data
        found = []
        position = 0
        while len(buffer) - position >= 2:
            if buffer[position : position + 2] != VERSION:
                wrong = bytes(buffer[position : position + _HEADER])
                buffer.clear()
                raise Damaged(f"{wrong.hex()} is no header of the DLMS wrapper", do="is this port dlms+hdlc://?")
            if len(buffer) - position < _HEADER:
                break
            source, destination, size = (
                int.from_bytes(buffer[position + at : position + at + 2], "big") for at in (2, 4, 6)
            )
            end = position + _HEADER + size
            if end > len(buffer):
                break
            found.append(Wrapped(source, destination, bytes(buffer[position + _HEADER : end])))
            position = end
        del buffer[:position]
        return found
