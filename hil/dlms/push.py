"""Serves meters that push DLMS by themselves: HDLC (UI frames, in one, in segments, in general blocks), M-Bus, wrapper."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from hil.catalogue import EmulateArguments, data_file
from hil.dlms import gbt, gcm
from hil.dlms import hdlc_frame as hdlc
from hil.dlms.axdr import length
from hil.dlms.hdlc_frame import Frame
from hil.dlms.meter_clock import MeterClock
from hil.dlms.profile import load
from hil.dlms.push_body import Element, PushedList
from hil.dlms.security import GENERAL_GLO
from hil.dlms.wrapper import Wrapped
from hil.faults import Faults
from hil.pty_line import PtyLine
from hil.push.loop import FAULTS as PUSH_FAULTS
from hil.push.loop import PushLine, serve_on_pty
from hil.wire import wire

#: name -> (default value, what it does). Durations are ms.
FAULTS: dict[str, tuple[str, str]] = {
    **PUSH_FAULTS,
    "wrong-key": ("", "ciphered with another key than the profile's"),
    "wrong-tag": ("", "the tag of every ciphered telegram is wrong"),
}

_LLC = bytes.fromhex("E6E700")
_HOST = "127.0.0.1"


async def serve(arguments: EmulateArguments) -> None:
    """Serve ``arguments.profile`` until cancelled. Raises ValueError for a fault it does not know."""
    data, faults = load(data_file(arguments.profile)), Faults(arguments.faults, FAULTS)
    meter = PushingMeter(data, faults)
    given = data["line"]
    settings = PushLine(
        given["baud"],
        given["every_s"],
        given.get("bits", "8N1"),
        _frames if "gap_s" in given else None,
        given.get("gap_s", 0),
    )
    if given.get("link") == "tcp":
        await _serve_tcp(arguments, settings, meter)
        return
    bits = 11 if settings.bits == "8E1" else 10
    line = PtyLine(settings.baud, wire(faults, real=arguments.real, character_bits=bits), arguments.link)
    await serve_on_pty(settings, meter.telegram, faults, line, arguments.announce)


async def _serve_tcp(arguments: EmulateArguments, settings: PushLine, meter: PushingMeter) -> None:
    """Whoever connects gets every telegram, as from a serial converter."""

    async def client(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        try:
            while True:
                writer.write(meter.telegram(number, False))
                await writer.drain()
                number += 1
                await asyncio.sleep(settings.every_s if arguments.real else 0.02)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, _HOST, 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        arguments.announce(f"{host}:{port}")
        await server.serve_forever()


class PushingMeter:
    """Makes telegram after telegram; lists take turns as ``[[list]]`` says, each ``every`` so many telegrams."""

    def __init__(self, data: Mapping[str, Any], faults: Faults) -> None:
        self.clock = MeterClock(**data.get("clock", {}))
        self._framing = _FRAMINGS[data["framing"]["kind"]]
        self._settings = {key: value for key, value in data["framing"].items() if key != "kind"}
        self._lists = [(_pushed(entry), entry.get("every", 1)) for entry in data["list"]]
        self._security = data.get("security")
        self._title = bytes.fromhex(data["meter"].get("system_title", ""))
        self._faults = faults

    def telegram(self, number: int, wrong: bool) -> bytes:
        """Telegram ``number``; with a wrong check when that is asked for."""
        # The rarest list that is due comes.
        pushed = max((each for each in self._lists if number % each[1] == 0), key=lambda each: each[1])[0]
        apdu = pushed.notification(self.clock, self.clock.now(), number)
        made = self._framing(self._protected(apdu, number), **self._settings)
        return _spoiled(made) if wrong else made

    def _protected(self, apdu: bytes, number: int) -> bytes:
        if self._security is None:
            return apdu
        key, ak = (bytes.fromhex(self._security.get(name, "")) for name in ("ek", "ak"))
        if "wrong-key" in self._faults:
            key = key[::-1]
        control, counter = self._security.get("control", 0x30), self._security.get("counter", 1) + number
        sealed = gcm.seal(key, ak, self._title, control, counter, apdu)
        if "wrong-tag" in self._faults:
            sealed = _spoiled(sealed, 1)
        return bytes([GENERAL_GLO, len(self._title)]) + self._title + length(len(sealed)) + sealed


def _pushed(entry: Mapping[str, Any]) -> PushedList:
    elements = [Element.of(element) for element in entry["elements"]]
    return PushedList(entry["kind"], elements, entry.get("date", "none"), entry.get("name", ""))


def _spoiled(data: bytes, from_end: int = 3) -> bytes:
    """One byte changed, by default in the check of the last frame."""
    made = bytearray(data)
    made[-from_end] ^= 0x15
    return bytes(made)


# Framings


def _hdlc(apdu: bytes, destination: str, source: str, control: int = 0x13) -> bytes:
    """One frame. A UI frame has control 13, Kaifa's 10."""
    return Frame(bytes.fromhex(destination), bytes.fromhex(source), control, _LLC + apdu).encode()


def _hdlc_segments(apdu: bytes, destination: str, source: str, size: int = 144) -> bytes:
    """UI frames with the segmentation bit, LLC in the first only, the final bit in the last only (Iskraemeco AM550)."""
    whole, made = _LLC + apdu, b""
    for at in range(0, len(whole), size):
        piece, more = whole[at : at + size], at + size < len(whole)
        control = hdlc.UI if more else hdlc.UI | hdlc.POLL_FINAL
        made += Frame(bytes.fromhex(destination), bytes.fromhex(source), control, piece, more).encode()
    return made


def _hdlc_blocks(apdu: bytes, destination: str, source: str, size: int = 119) -> bytes:
    """General blocks, each in a UI frame: all streaming, the last too, window 0, LLC in the first only (L+G E450)."""
    made = b""
    for at in range(0, len(apdu), size):
        block, last = apdu[at : at + size], at + size >= len(apdu)
        head = bytes([gbt.TAG, 0xC0 if last else 0x40]) + (at // size + 1).to_bytes(2, "big") + b"\0\0"
        information = (b"" if at else _LLC) + head + length(len(block)) + block
        control = hdlc.UI | hdlc.POLL_FINAL
        made += Frame(bytes.fromhex(destination), bytes.fromhex(source), control, information).encode()
    return made


def _frames(telegram: bytes) -> list[bytes]:
    """The HDLC frames of a telegram, apart."""
    made = []
    while telegram:
        size = (int.from_bytes(telegram[1:3], "big") & 0x7FF) + 2
        made.append(telegram[:size])
        telegram = telegram[size:]
    return made


def _mbus(apdu: bytes, control: int = 0x53, address: int = 0xFF, size: int = 245) -> bytes:
    """M-Bus long frames: CI is the number of the segment, 10 set on the last; then the SAPs 01 (meter) and 67 (consumer)."""
    made = b""
    pieces = [apdu[at : at + size] for at in range(0, len(apdu), size)]
    for number, piece in enumerate(pieces):
        last = 0x10 if number == len(pieces) - 1 else 0
        content = bytes([control, address, number | last, 0x01, 0x67]) + piece
        made += bytes([0x68, len(content), len(content), 0x68]) + content + bytes([sum(content) & 0xFF, 0x16])
    return made


def _wrapper(apdu: bytes, source: int = 1, destination: int = 102) -> bytes:
    return Wrapped(source, destination, apdu).encode()


def _bare(apdu: bytes) -> bytes:
    return apdu


_FRAMINGS: dict[str, Callable[..., bytes]] = {
    "hdlc": _hdlc,
    "hdlc-segments": _hdlc_segments,
    "hdlc-blocks": _hdlc_blocks,
    "mbus": _mbus,
    "wrapper": _wrapper,
    "bare": _bare,
}
