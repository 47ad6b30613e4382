"""Text telegrams from data files: P1 in its countries' forms, encrypted or not, and data sets pushed in mode D.

In a file's ``telegram``, ``{time}`` is the meter's clock (local, ``YYMMDDhhmmss`` and S or W), which goes on by the
period from telegram to telegram, and ``{0123.456+0.002}`` a register that grows by so much each time.
"""

from __future__ import annotations

import re
import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hil.catalogue import EmulateArguments, data_file
from hil.faults import Faults
from hil.pty_line import PtyLine
from hil.push.checks import CRCS
from hil.push.loop import FAULTS, PushLine, serve_on_pty
from hil.wire import wire

_GROWING = re.compile(r"\{(\d+\.?\d*)\+(\d+\.?\d*)\}")
#: Length of a truncated GCM tag, and the security control byte of an encrypted and authenticated APDU (DLMS suite 0).
_TAG_BYTES = 12
_SECURITY = b"\x30"


class TextMeter:
    """Makes the telegrams of one data file."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.line = PushLine(**data["line"])
        self._text = data["telegram"].strip("\n").replace("\n", "\r\n") + "\r\n"
        self._check = data.get("check", "none")
        self._check_form = data.get("check_form", "{:04X}")
        self._clock = datetime(2026, 4, 12, 10, 15, tzinfo=ZoneInfo(data.get("zone", "Europe/Amsterdam")))
        self._cipher = data.get("encrypted")

    def telegram(self, number: int, wrong: bool = False) -> bytes:
        """The telegram of that number; with a wrong check if so asked."""
        data = self._plain(number)
        if self._check != "none":
            # The check covers all from `/` to `!`, both included.
            data = data[: data.rindex(b"!") + 1]
            crc = CRCS[self._check](data) ^ (0x5A5A if wrong else 0)
            data += self._check_form.format(crc).encode() + b"\r\n"
        if self._cipher is None:
            return data
        return _encrypted(data, self._cipher, number, wrong)

    def _plain(self, number: int) -> bytes:
        now = self._clock + timedelta(seconds=int(number * self.line.every_s))
        text = self._text.replace("{time}", f"{now:%y%m%d%H%M%S}{'S' if now.dst() else 'W'}")
        return _GROWING.sub(lambda match: _grown(match[1], match[2], number), text).encode()


def _grown(start: str, step: str, number: int) -> str:
    value = Decimal(start) + number * Decimal(step)
    decimals = len(start.partition(".")[2])
    return f"{value:0{len(start)}.{decimals}f}"


def _encrypted(plain: bytes, cipher: dict[str, Any], number: int, wrong: bool) -> bytes:
    """``DB 08 title 82 length 30 counter ciphertext tag``, AES-128-GCM with the tag cut to 12 bytes."""
    title = bytes.fromhex(cipher["system_title"])
    counter = (int(cipher["first_counter"]) + number).to_bytes(4, "big")
    associated = _SECURITY + bytes.fromhex(cipher["authentication_key"])
    sealed = AESGCM(bytes.fromhex(cipher["key"])).encrypt(title + counter, plain, associated)
    sealed = sealed[: len(plain) + _TAG_BYTES]
    if wrong:
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 0x5A])
    body = _SECURITY + counter + sealed
    return b"\xdb" + bytes([len(title)]) + title + b"\x82" + len(body).to_bytes(2, "big") + body


async def serve(arguments: EmulateArguments) -> None:
    """Push the telegrams of ``arguments.profile`` until cancelled. Raises ValueError for an unknown fault."""
    meter = TextMeter(tomllib.loads(data_file(arguments.profile).read_text()))
    faults = Faults(arguments.faults, FAULTS)
    line = PtyLine(meter.line.baud, wire(faults, real=arguments.real), arguments.link)
    await serve_on_pty(meter.line, meter.telegram, faults, line, arguments.announce)
