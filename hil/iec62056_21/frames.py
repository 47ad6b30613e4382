"""Control characters, the block check character and the forms of a block (IEC 62056-21, 5 and 6.3)."""

from __future__ import annotations

from functools import reduce
from operator import xor

SOH, STX, ETX, EOT, ACK, NAK = b"\x01", b"\x02", b"\x03", b"\x04", b"\x06", b"\x15"
CRLF = b"\r\n"

#: Baud characters of mode C and E, and of mode B. 7 to 9 are SATEC's, beyond the standard.
MODE_C_BAUDS = dict(zip("0123456789", (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200), strict=True))
MODE_B_BAUDS = dict(zip("ABCDEF", (600, 1200, 2400, 4800, 9600, 19200), strict=True))
START_BAUD = 300

#: Limits of times, seconds (IEC 62056-21, 6.4 and annex on wake-up).
REACTION_MAX_S = 1.5
GAP_MAX_S = 1.5
REPEAT_AFTER_S = 2.0
INACTIVITY_S = 60.0


def bcc(checked: bytes) -> bytes:
    """The block check character of what stands after the first SOH or STX, its ETX or EOT included."""
    return bytes([reduce(xor, checked, 0) & 0x7F])


def block(content: bytes, end: bytes = ETX) -> bytes:
    """``STX content ETX BCC``; with EOT for a partial block that is not the last."""
    return STX + content + end + bcc(content + end)


def command(name: str, content: bytes) -> bytes:
    """``SOH name STX content ETX BCC``; without STX where there is no content (a break)."""
    checked = name.encode() + (STX + content if content else b"") + ETX
    return SOH + checked + bcc(checked)


BREAK = command("B0", b"")
