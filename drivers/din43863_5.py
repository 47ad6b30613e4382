"""The identification number of a meter after DIN 43863-5: medium, manufacturer, fabrication block, number.

German meters print it as ``1 EMH00 1043 4630``; P1 and D0 telegrams carry it as text, SML in ten bytes.
"""

from __future__ import annotations

import re

_TEXT = re.compile(r"[0-9A-F] ?([A-Z]{3}) ?[0-9A-F]{2} ?\d{4} ?\d{4}\Z")


def manufacturer(text: str) -> str:
    """The FLAG code in a number written out; empty where the text is no such number."""
    match = _TEXT.match(text)
    return match[1] if match else ""


def from_bytes(octets: bytes) -> str:
    """The number written out without blanks (``1EMH0010434630``); empty where the bytes are no such number.

    Ten bytes: 0A or 09, the medium, three letters, the fabrication block, and the number in 32 bits, big end first.
    """
    if len(octets) != 10 or octets[0] not in (0x09, 0x0A) or octets[1] > 0x0F:
        return ""
    letters = octets[2:5]
    number = int.from_bytes(octets[6:], "big")
    if not (letters.isalpha() and letters.isupper()) or number > 99_999_999:
        return ""
    return f"{octets[1]:X}{letters.decode('ascii')}{octets[5]:02X}{number:08d}"
