"""An emulated COSEM meter on a pty: HDLC from the first byte, or after the sign-on of IEC 62056-21 mode E."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from hil.catalogue import EmulateArguments
from hil.dlms.faults import DlmsFaults
from hil.dlms.hdlc_station import Station
from hil.dlms.meter import Meter
from hil.dlms.profile import LineRule
from hil.dlms.session import Dropped
from hil.dlms.sessions import Sessions
from hil.faults import Faults
from hil.iec62056_21.faults import FAULTS as SIGN_ON_FAULTS
from hil.iec62056_21.frames import START_BAUD
from hil.iec62056_21.meter import EmulatedMeter
from hil.iec62056_21.profile import MeterProfile
from hil.pty_line import PtyLine
from hil.wire import wire

#: How long a station waits for a frame before it takes the link for dead (IEC 62056-46, inactivity time-out).
_INACTIVE_S = 120.0


async def serve_serial(arguments: EmulateArguments, meter: Meter, rule: LineRule, faults: DlmsFaults) -> None:
    """HDLC at once, at the line's baud, for ever."""
    line = PtyLine(rule.baud, wire(faults, real=arguments.real), arguments.link)
    station, sessions = _station(meter, rule, faults)
    try:
        arguments.announce(line.path)
        while True:
            await _hear_and_say(line, station, sessions, rule, float("inf"))
    finally:
        line.close()


async def serve_mode_e(
    arguments: EmulateArguments, meter: Meter, rule: LineRule, faults: DlmsFaults, sign_on: Mapping[str, Any]
) -> None:
    """Sign-on at 300 Bd; option select 2 Z 2 brings HDLC at baud Z until the link is taken down or nothing is heard."""
    profile = MeterProfile(what="", mode="E", **sign_on)
    line = PtyLine(START_BAUD, wire(faults, real=arguments.real), arguments.link)
    loop = asyncio.get_running_loop()

    async def binary(_: EmulatedMeter) -> None:
        station, sessions = _station(meter, rule, faults)
        connected = False
        while station.connected or not connected:
            if not await _hear_and_say(line, station, sessions, rule, loop.time() + _INACTIVE_S):
                break
            connected = connected or station.connected
        station.drop()

    try:
        emulated = EmulatedMeter(profile, line, Faults({}, SIGN_ON_FAULTS), None, binary)
        arguments.announce(line.path)
        await emulated.run()
    finally:
        line.close()


def _station(meter: Meter, rule: LineRule, faults: DlmsFaults) -> tuple[Station, Sessions]:
    sessions = Sessions(meter, faults)
    return Station(rule.station, sessions.answer, sessions.close, faults), sessions


async def _hear_and_say(line: PtyLine, station: Station, sessions: Sessions, rule: LineRule, deadline: float) -> bool:
    """One exchange. False when nothing came until the deadline."""
    heard = await line.receive(deadline)
    if not heard:
        return False
    try:
        answer = station.feed(heard)
    except Dropped:
        return True
    if answer:
        await line.until(line.heard_at + rule.reaction_ms / 1000)
        await line.pause(sessions.late_s)
        await line.send(answer)
    return True
