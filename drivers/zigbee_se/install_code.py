"""Install codes (Base Device Behavior 10.1): 6, 8, 12 or 16 octets and their CRC, printed on a device or in its QR code.

The code makes the link key under which a device joins: it is a secret as the key is, and never printed or logged.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.crc16 import x25
from drivers.errors import UsageError
from drivers.zigbee_se.mmo import mmo

#: Octets of a code without its CRC.
LENGTHS = (6, 8, 12, 16)

#: In a QR text: "Z:" EUI64 "$I:" code, of the Zigbee alliance; some makers write "$A:" or "%" for other parts around it.
_QR = re.compile(r"Z:(?P<eui64>[0-9A-Fa-f]{16})\$I:(?P<code>[0-9A-Fa-f]+)")
#: ... and "EUI64|code", plain, as the labels of several makers have it.
_PLAIN = re.compile(r"(?P<eui64>[0-9A-Fa-f]{16})[|,;](?P<code>[0-9A-Fa-f]+)\Z")


@dataclass(frozen=True, slots=True)
class InstallCode:
    """A code whose CRC is right. ``eui64`` of the device, high octet first, where the text named it."""

    code: bytes = field(repr=False)
    eui64: bytes | None = None

    @property
    def link_key(self) -> bytes:
        """The key under which the device joins: the hash of the code with its CRC."""
        return mmo(self.code + crc(self.code))

    @classmethod
    def parse(cls, text: str) -> InstallCode:
        """Read a printed code, groups parted as they may be, or the text of a QR code. Raises UsageError, which never
        repeats the code.
        """
        stripped = re.sub(r"\s", "", text)
        found = _QR.search(stripped) or _PLAIN.match(stripped)
        eui64 = bytes.fromhex(found["eui64"]) if found else None
        digits = found["code"] if found else re.sub(r"[-:.]", "", stripped)
        do = "type the install code and its check digits from the label, 16, 20, 28 or 36 hexadecimal digits"
        try:
            data = bytes.fromhex(digits)
        except ValueError:
            raise UsageError("the install code is not hexadecimal", do=do) from None
        code, check = data[:-2], data[-2:]
        if len(code) not in LENGTHS:
            raise UsageError(f"an install code has 8, 10, 14 or 18 octets with its check, not {len(data)}", do=do)
        if crc(code) != check:
            raise UsageError("the check digits of the install code do not fit: a digit is wrong", do=do)
        return cls(code, eui64)


def device_of(code: InstallCode, names: Sequence[str]) -> bytes:
    """The EUI64 of the device a code is for: as its label says, else the first of its ``names`` that is one. Raises
    UsageError."""
    if code.eui64 is not None:
        return code.eui64
    for name in names:
        with contextlib.suppress(UsageError):
            return eui64(name)
    raise UsageError(
        f"none of its names is an EUI64: {', '.join(names) or 'it has none'}",
        do="name it by the 16 digits of its label",
    )


def crc(code: bytes) -> bytes:
    """The two octets after a code, low one first."""
    return x25(code).to_bytes(2, "little")


def eui64(text: str) -> bytes:
    """A device's EUI64 as printed, high octet first: 16 digits, parted or not. Raises UsageError."""
    digits = re.sub(r"[\s:.-]", "", text)
    if not re.fullmatch(r"[0-9A-Fa-f]{16}", digits):
        raise UsageError(f"{text!r} is no EUI64", do="type the 16 hexadecimal digits of the label")
    return bytes.fromhex(digits)
