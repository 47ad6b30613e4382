"""A link as this protocol uses it: conversations carried out, the line at 300 Bd before and after."""

from __future__ import annotations

import asyncio

from drivers.driver import Context
from drivers.errors import BadFrame, UsageError
from drivers.iec62056_21 import parity
from drivers.iec62056_21.actions import Conversation, Finished, Receive, Send, SetBaud
from drivers.iec62056_21.timing import SETTLE_S, START_BAUD
from drivers.link.link import LineSettings, Link
from drivers.link.opening import open_link
from drivers.meter_url import MeterUrl


class Line:
    """An open link. ``hardware_parity`` leaves the parity bit to the UART (7E1)."""

    def __init__(self, link: Link, hardware_parity: bool = False) -> None:
        self.link = link
        self._hardware_parity = hardware_parity
        self._loop = asyncio.get_running_loop()
        self._quiet_until = 0.0

    def now(self) -> float:
        """Seconds of the clock that conversations are told."""
        return self._loop.time()

    async def start(self) -> None:
        """At the speed where every session begins."""
        await self._quiet()
        await self.set_baud(START_BAUD)

    async def close(self) -> None:
        """Close the link, once whoever comes next may speak."""
        await self._quiet()
        await self.link.close()

    def keep_quiet(self, seconds: float) -> None:
        """Nothing is said for so long: the meter has been sent away and is on its way to 300 Bd."""
        self._quiet_until = self.now() + seconds

    async def _quiet(self) -> None:
        await asyncio.sleep(self._quiet_until - self.now())

    async def set_baud(self, baud: int) -> None:
        """Change the speed in place."""
        await self.link.set_line(self._settings(baud))

    async def converse(self, conversation: Conversation) -> None:
        """Do what the conversation says until it is finished. Raises what it raises, and LinkLost."""
        while not isinstance(action := conversation.next_action(self.now()), Finished):
            match action:
                case Send(data, hidden):
                    self.link.discard_input()
                    conversation.sent(await self.send(data, hidden))
                case SetBaud(baud):
                    await self.set_baud(baud)
                case Receive(until):
                    conversation.received(await self.link.receive(until), self.now())

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        """Send characters that carry their parity bit. Returns the moment of the last stop bit."""
        if self._hardware_parity:
            data, hidden = parity.strip(data), parity.strip(hidden)
        return await self.link.send(data, hidden)

    async def pause(self, seconds: float) -> None:
        """Keep silent."""
        await asyncio.sleep(seconds)

    async def settle(self) -> None:
        """Let the meter fall back to 300 Bd: until the line has been quiet for as long as it may take."""
        for _ in range(1000):
            if not await self.link.receive(self.now() + SETTLE_S):
                return
        raise BadFrame("the line does not fall silent", do="is another device talking on it?")

    def _settings(self, baud: int) -> LineSettings:
        return LineSettings(baud, 7, "E") if self._hardware_parity else LineSettings(baud)


async def open_line(url: MeterUrl, context: Context, *, hardware_parity: bool = False) -> Line:
    """Open the link of ``url`` at 300 Bd. Raises LinkLost, UsageError."""
    settings = LineSettings(START_BAUD, 7, "E") if hardware_parity else LineSettings(START_BAUD)
    return Line(await open_link(url, context, settings), hardware_parity)


def address_of(url: MeterUrl) -> str:
    """The parameter ``address``. Raises UsageError when it can be no meter's address (6.3.1)."""
    address = url.get("address")
    if len(address) > 32 or any(
        not (character.isascii() and character.isprintable()) or character in "/!()" for character in address
    ):
        raise UsageError("an address has at most 32 printable characters, none of them / ! ( )", where=str(url))
    return address
