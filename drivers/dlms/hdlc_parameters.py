"""What two sides of an HDLC connection agree on: information field sizes and windows, in SNRM and UA."""

from __future__ import annotations

from drivers.dlms.bytes_reader import Damaged, Reader

#: The frame's length field has 11 bits: 2047 less addresses, control and check sequences leaves 2030 (Blue Book 4.7.2.1).
MOST_INFORMATION = 2030
MOST_WINDOW = 7
#: What both sides have until they agree on something else (6.4.4.4.3.2).
DEFAULT_INFORMATION, DEFAULT_WINDOW = 128, 1


def parameters(information: int, window: int) -> bytes:
    """The information field of an SNRM: what we can send and receive (6.4.4.4.3.2). Some meters demand all four."""
    size = information.to_bytes(1 if information <= DEFAULT_INFORMATION else 2, "big")
    sizes = b"".join(bytes((which, len(size))) + size for which in (5, 6))
    windows = b"".join(bytes((which, 4)) + window.to_bytes(4, "big") for which in (7, 8))
    content = sizes + windows
    return bytes((0x81, 0x80, len(content))) + content


def agreed(information: bytes) -> dict[int, int]:
    """The parameters in a UA, from the meter's point of view: 5 and 7 what it sends, 6 and 8 what it receives."""
    found: dict[int, int] = {}
    if not information:
        return found
    try:
        reader = Reader(information)
        reader.take(2)
        reader.byte()
        while reader.left:
            which = reader.byte()
            found[which] = int.from_bytes(reader.octets(), "big")
    except Damaged:
        pass  # what a meter says beyond or in place of the parameters leaves the defaults
    return found
