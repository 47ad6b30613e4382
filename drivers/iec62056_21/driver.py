"""The driver: a session run on a link, and the next try at a lower speed when one fails after the baud change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Self

from drivers.driver import Context
from drivers.errors import AccessDenied, BadFrame, MeterError, NoAnswer, UsageError
from drivers.iec62056_21 import parity
from drivers.iec62056_21.data_set import DataSet, parse
from drivers.iec62056_21.identification import Mode
from drivers.iec62056_21.readings import Circumstances, records
from drivers.iec62056_21.session import (
    START_BAUD,
    Action,
    Answer,
    Finished,
    ReadoutSession,
    Receive,
    Send,
    SetBaud,
    State,
)
from drivers.link.link import LineSettings, Link
from drivers.link.opening import open_link
from drivers.meter_url import MeterUrl
from drivers.reading import Meter, Obis, Reading, Record, Text

#: Speeds of the next tries when data came garbled or not at all: probes lie about what they can (field).
_FALL_BACK = (4800, START_BAUD)
#: A meter that got no option select goes back to 300 Bd, and may first send its data: t_t is 2.2 s at most (6.4.3.2).
_SETTLE_S = 2.3


@dataclass(slots=True)
class Learned:
    """What worked with this meter. Kept by the caller and given to the next driver: ``most_baud`` skips vain tries."""

    most_baud: int = 115200


class Iec62056_21:
    """A meter of IEC 62056-21 on one link. Made by ``driver``."""

    def __init__(self, url: MeterUrl, context: Context, learned: Learned | None = None) -> None:
        url.known(("address", "baud", "7e1"))
        self._url = url
        self._context = context
        self._address = _address(url)
        self.learned = learned or Learned()
        self._most_baud = url.integer("baud", 115200, 300, 115200)
        self._hardware_parity = url.flag("7e1")
        self._link: Link | None = None

    async def __aenter__(self) -> Self:
        self._link = await open_link(self._url, self._context, self._line(START_BAUD))
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._link is not None:
            await self._link.close()
            self._link = None

    async def identify(self) -> Meter:
        """Who is there, from its readout: the identification message alone names no serial number."""
        async for record in self.registers():
            if isinstance(record, Meter):
                return record
        raise NoAnswer("the meter gave nothing", where=str(self._url))

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """The data block: every register the meter lists, or of those the wanted ones."""
        answer = await self._bounded()
        parts = list(parse(answer.text))
        _refused(parts, self._url)
        around = Circumstances(str(self._url), self._context.now(), self._context.zone, answer.checked)
        for record in records(parts, answer.identification, around):
            if wanted and isinstance(record, Reading | Text) and record.obis not in wanted:
                continue
            yield record

    async def _bounded(self) -> Answer:
        try:
            async with asyncio.timeout(self._context.timeout):
                return await self._tries()
        except TimeoutError:
            raise NoAnswer(
                f"no whole answer within {self._context.timeout:g} s",
                where=str(self._url),
                do="give it more with --timeout",
            ) from None
        except MeterError as error:
            raise error.at(str(self._url)) from error.__cause__

    async def _tries(self) -> Answer:
        """Read; when it fails after the change of speed, read again slower. What failed first is what is told."""
        most = min(self._most_baud, self.learned.most_baud)
        first: NoAnswer | BadFrame | None = None
        while True:
            session = ReadoutSession(self._address, most)
            try:
                answer = await self._run(session)
            except (NoAnswer, BadFrame) as error:
                first = first or error
                slower = [baud for baud in _FALL_BACK if baud < session.baud]
                if not _was_switched(session) or not slower:
                    raise first from error
                most = slower[0]
                await self._settle()
            else:
                if first is not None:
                    self.learned.most_baud = most
                return answer

    async def _run(self, session: ReadoutSession) -> Answer:
        link = self._opened()
        loop = asyncio.get_running_loop()
        await link.set_line(self._line(START_BAUD))
        while not isinstance(action := session.next_action(loop.time()), Finished):
            await self._do(link, session, action, loop)
        assert session.answer is not None  # noqa: S101 - Finished says so
        return session.answer

    async def _do(self, link: Link, session: ReadoutSession, action: Action, loop: asyncio.AbstractEventLoop) -> None:
        match action:
            case Send(data):
                link.discard_input()
                session.sent(await link.send(parity.strip(data) if self._hardware_parity else data))
            case SetBaud(baud):
                await link.set_line(self._line(baud))
            case Receive(until):
                session.received(await link.receive(until), loop.time())

    async def _settle(self) -> None:
        """Let the meter fall back to 300 Bd: until the line has been quiet for as long as it may take."""
        link, loop = self._opened(), asyncio.get_running_loop()
        for _ in range(1000):
            if not await link.receive(loop.time() + _SETTLE_S):
                return
        raise BadFrame("the line does not fall silent", do="is another device talking on it?")

    def _opened(self) -> Link:
        if self._link is None:
            raise RuntimeError("use the driver with `async with`")
        return self._link

    def _line(self, baud: int) -> LineSettings:
        return LineSettings(baud, 7, "E") if self._hardware_parity else LineSettings(baud)


def driver(url: MeterUrl, context: Context) -> Iec62056_21:
    """The driver of ``iec62056-21:`` URLs. Parameters: ``address`` (of the meter, at most 32 characters), ``baud`` (the
    highest speed to agree to), ``7e1`` (let the UART do parity). Raises UsageError."""
    return Iec62056_21(url, context)


def _address(url: MeterUrl) -> str:
    address = url.get("address")
    if len(address) > 32 or any(
        not (character.isascii() and character.isprintable()) or character in "/!()" for character in address
    ):
        raise UsageError("an address has at most 32 printable characters, none of them / ! ( )", where=str(url))
    return address


def _was_switched(session: ReadoutSession) -> bool:
    identification = session.identification
    return session.stage is State.READING and identification is not None and identification.mode is Mode.C


def _refused(parts: Sequence[object], url: MeterUrl) -> None:
    """A block that holds an error and nothing else is the meter's refusal."""
    sets = [part for part in parts if isinstance(part, DataSet)]
    if len(sets) == 1 and not sets[0].address and sets[0].values[0].text.upper().startswith("ER"):
        raise AccessDenied(
            f"the meter answers ({sets[0].values[0].text})",
            where=str(url),
            do="it may not give this readout; see its manual",
        )
