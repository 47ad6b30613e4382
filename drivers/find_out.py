"""What is on a serial device that nobody has described: listen, call, listen again, and hand the line to its driver.

``PROBES`` is tried in its order. What is heard at a wrong speed is noise, and noise tells much: that something pushes,
and by how long it lasted at which speed. So noise sends the search up a ladder of speeds, where each is listened to
until the next telegram. A whole telegram, or an identification message, ends it; nothing that was heard is heard twice.

Seconds until it is known what is there, measured from the opening of the port:

    telegram every second                  2 to 6
    telegram every 4 s at 9600 Bd          up to 12
    answers a sign-on                      up to 5
    telegram every 10 s at 115200 Bd       up to 15
    telegram every 10 s at another speed   up to 27
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

from drivers.d0 import decode as d0_decode
from drivers.driver import Context, Driver, Identifies, Listens, ReadsRegisters
from drivers.errors import BadFrame, NoAnswer, NotSupported
from drivers.iec62056_21 import parity
from drivers.iec62056_21.identification import parse as parse_identification
from drivers.iec62056_21.telegram import Finder
from drivers.link.begun import BegunLink
from drivers.link.link import LineSettings, Link
from drivers.link.opening import open_link
from drivers.meter_url import MeterUrl, parse
from drivers.p1 import decode as p1_decode
from drivers.p1.encryption import FrameFinder as SealedFinder
from drivers.reading import Meter, Obis, Record
from drivers.registry import factory
from drivers.sml import decode as sml_decode
from drivers.sml.transport import FrameFinder

#: A telegram is over when nothing comes for this long.
_QUIET_S = 0.3
#: What lasted less than this is a telegram at 115200 Bd: at 9600 Bd none is so short.
_FAST_S = 0.2
#: Two telegrams of the longest kind.
_MOST_BYTES = 1 << 14
#: The speed a scheme takes when its URL names none.
_USUAL = {"p1": 115200, "d0": 9600, "sml": 9600}
#: The longest usual period, and some more.
_PERIOD_S = 11.0
#: Speeds at which meters push, the usual first; the line to start with after long noise, and after short.
_LADDER = (9600, 115200, 2400, 4800, 19200, 38400)
_FAST_LADDER = (115200, 9600, 38400, 19200, 4800, 2400)
#: So much of a text must be printable to be one. At a wrong speed three quarters are, once bit 7 is taken off.
_TEXT_SHARE = 0.9
_PRINTABLE = frozenset(range(0x20, 0x7F)) | {0x0A, 0x0D}
_SIGN_ON = parity.add(b"/?!\r\n")
_IDENTIFICATION = re.compile(rb"/[^\r\n/?]*\r?\n")


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to try: at ``baud``, say ``send``, then listen for ``listen_s``. ``recognise`` gives the scheme of what is
    heard, "" as long as it cannot tell.
    """

    what: str
    baud: int
    listen_s: float
    recognise: Callable[[bytes], str]
    send: bytes = b""


def pushed(data: bytes) -> str:
    """The scheme of a meter that pushes, once a whole telegram of it is there."""
    if any(frame.kind for frame in FrameFinder().feed(data)):
        return "sml" if sml_decode.recognises(data) else ""
    if SealedFinder().feed(data):
        return "p1"
    if any(telegram.whole for telegram in Finder().feed(data)):
        for scheme, decoder in (("p1", p1_decode), ("d0", d0_decode)):
            if decoder.recognises(data):
                return scheme
    return ""


def signed_on(data: bytes) -> str:
    """``iec62056-21`` once an identification message is there."""
    for match in _IDENTIFICATION.finditer(parity.strip(data)):
        try:
            parse_identification(match.group().strip(b"\r\n"))
        except ValueError:
            continue
        return "iec62056-21"
    return ""


#: In this order. A protocol that is asked and answers (DLMS over HDLC, Modbus) is one more line here.
PROBES: tuple[Probe, ...] = (
    Probe("a telegram at 9600 Bd", 9600, 1.3, pushed),
    # The answer may take 1.5 s to begin, and 80 characters at 300 Bd to end.
    Probe("an answer to a sign-on at 300 Bd", 300, 2.2, signed_on, _SIGN_ON),
    Probe("a telegram at 115200 Bd", 115200, _PERIOD_S, pushed),
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one probe heard: the ``scheme`` it is of, "" for none; ``lasted_s`` from its first byte to its last."""

    scheme: str
    data: bytes
    sent_at: float = 0.0
    lasted_s: float = 0.0


class FindOut:
    """The driver of a bare device path. Once it is open, it is the driver of what was found."""

    def __init__(self, url: MeterUrl, context: Context) -> None:
        url.known(())
        self._url = url
        self._context = context
        self._driver: Driver | None = None

    async def __aenter__(self) -> Self:
        link = await open_link(self._url, self._context, LineSettings(PROBES[0].baud))
        try:
            found, begun = await self._found(link)
            self._driver = factory(found.scheme)(found, replace(self._context, link=begun))
            await self._driver.__aenter__()
        except BaseException:
            await link.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._driver is not None:
            await self._driver.__aexit__(*exc)
            self._driver = None

    async def identify(self) -> Meter:
        return await cast(Identifies, self._opened()).identify()

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        async for record in cast(ReadsRegisters, self._opened()).registers(wanted):
            yield record

    async def listen(self) -> AsyncIterator[Record]:
        """As the driver of what was found. Raises NotSupported when that is no meter that pushes."""
        driver = self._opened()
        if not isinstance(driver, Listens):
            raise NotSupported("this meter does not push", where=str(self._url), do="read it instead")
        async for record in driver.listen():
            yield record

    async def _found(self, link: Link) -> tuple[MeterUrl, Link]:
        """The URL of what is there, and the link with what was heard on it."""
        characters = 0
        for probe in PROBES:
            heard = await _try(link, probe)
            if heard.scheme:
                return self._handed(link, probe, heard)
            if heard.data:
                characters = len(heard.data)
                break
        for baud in (_FAST_LADDER if heard.lasted_s < _FAST_S else _LADDER) if characters else ():
            rung = Probe(f"a telegram at {baud} Bd", baud, _PERIOD_S, pushed)
            if baud == probe.baud:
                continue
            heard = await _try(link, rung)
            if heard.scheme:
                return self._handed(link, rung, heard)
            characters += len(heard.data)
        if characters:
            raise BadFrame(
                f"{characters} characters that are of no known kind at any speed",
                where=str(self._url),
                do="is it another protocol? name it, such as modbus: or dlms:",
            )
        raise NoAnswer(
            f"nothing was heard (tried {', '.join(probe.what for probe in PROBES)})",
            where=str(self._url),
            do="look at the probe and its place on the meter; one that waits to be asked must be named: dlms:, modbus:",
        )

    def _handed(self, link: Link, probe: Probe, heard: _Heard) -> tuple[MeterUrl, Link]:
        """The URL of what was found, and the link with what was heard on it."""
        baud = f"?baud={probe.baud}" if not probe.send and probe.baud != _USUAL.get(heard.scheme) else ""
        url = parse(f"{heard.scheme}:{self._url.path}{baud}")
        return url, BegunLink(link, heard.data, probe.send, heard.sent_at)

    def _opened(self) -> Driver:
        if self._driver is None:
            raise RuntimeError("use the driver with `async with`")
        return self._driver


async def _try(link: Link, probe: Probe) -> _Heard:
    """Do what the probe says. What is plainly noise is not waited for any longer."""
    loop = asyncio.get_running_loop()
    await link.set_line(LineSettings(probe.baud))
    link.discard_input()
    sent_at = await link.send(probe.send) if probe.send else loop.time()
    deadline = sent_at + probe.listen_s
    heard = _Heard("", b"", sent_at)
    while True:
        burst = await _burst(link, deadline, heard.data, probe)
        data = heard.data + burst.data
        if probe.send and data.startswith(probe.send):
            data = data[len(probe.send) :]  # a probe that echoes
        heard = replace(heard, data=data, scheme=probe.recognise(data), lasted_s=burst.lasted_s)
        if heard.scheme or not burst.data:
            return heard
        if data and (probe.send or not _promising(data)):
            return heard
        if data:
            # The end of a telegram at this speed: the next one is worth waiting for, whole.
            deadline = loop.time() + _PERIOD_S


async def _burst(link: Link, deadline: float, before: bytes, probe: Probe) -> _Heard:
    """What comes in one go: until it is quiet again, or is recognised. Nothing when nothing begins by the deadline."""
    loop = asyncio.get_running_loop()
    data = await link.receive(deadline)
    began = last = loop.time()
    while data and len(before) + len(data) < _MOST_BYTES and not probe.recognise(before + data):
        piece = await link.receive(last + _QUIET_S)
        if not piece:
            break
        data += piece
        last = loop.time()
    return _Heard("", data, lasted_s=last - began)


def _promising(data: bytes) -> bool:
    """Whether what was heard may be the end of a telegram at this speed: text, or the end of a frame of SML."""
    if b"\x1b\x1b\x1b\x1b" in data:
        return True
    plain = parity.strip(data)
    return sum(byte in _PRINTABLE for byte in plain) >= _TEXT_SHARE * len(plain)


def driver(url: MeterUrl, context: Context) -> FindOut:
    """The driver of a bare device path. Raises UsageError."""
    return FindOut(url, context)
