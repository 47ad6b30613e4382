"""The driver: readouts, and what is read and written in programming mode, each one sign-on on the link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypeVar

from drivers.driver import Context
from drivers.errors import AccessDenied, BadFrame, MeterError, NoAnswer, UsageError
from drivers.iec62056_21.clock import zone_of
from drivers.iec62056_21.data_set import DataSet, parse
from drivers.iec62056_21.exchange import Answer, Exchange
from drivers.iec62056_21.identification import Identification
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.line import Line, address_of, open_line
from drivers.iec62056_21.load_profile import Found
from drivers.iec62056_21.meter_map import MeterMap, map_of
from drivers.iec62056_21.programming import programming_mode
from drivers.iec62056_21.readings import Circumstances, records
from drivers.iec62056_21.session import MeterSession
from drivers.iec62056_21.sign_on import SignOn, Want
from drivers.iec62056_21.tries import Try, signed_on
from drivers.memory import remembered
from drivers.meter_url import MeterUrl
from drivers.reading import ClockReading, Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Series, Text

PARAMETERS = ("address", "baud", "7e1", "table", "wake", "repair")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Readout:
    """A data block and who sent it."""

    identification: Identification
    answer: Answer


class Iec62056_21:
    """A meter of IEC 62056-21 on one link. Made by ``driver``.

    ``learned`` is what worked with this meter; the caller keeps it and gives it to the next driver.
    """

    def __init__(self, url: MeterUrl, context: Context, learned: Learned | None = None) -> None:
        url.known(PARAMETERS)
        self._url = url
        self._context = context
        self._address = address_of(url)
        self._most_baud = url.integer("baud", 115200, 300, 115200)
        self._hardware_parity = url.flag("7e1")
        self._call = _call(url)
        self._named = map_of(context.meter_map, None)
        self._mend = url.flag("repair")
        self._wake = url.flag("wake", False)
        self._line: Line | None = None
        self.learned = learned or remembered(context.memory, Learned)
        self._spare(self._named)

    async def __aenter__(self) -> Self:
        self._line = await open_line(self._url, self._context, hardware_parity=self._hardware_parity)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._line is not None:
            await self._line.close()
            self._line = None

    async def identify(self) -> Meter:
        """Who is there, from its readout: the identification message alone names no serial number."""
        async for record in self.registers():
            if isinstance(record, Meter):
                return record
        raise NoAnswer("the meter gave nothing", where=str(self._url))

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """The data block: every register the meter lists, or of those the wanted ones."""
        readout = await self._bounded(self._read_out)
        known = map_of(self._context.meter_map, readout.identification.raw)
        parts = list(parse(readout.answer.text))
        _refused(parts, self._url)
        zone = zone_of(known.clock, self._context.zone)
        around = Circumstances(str(self._url), self._context.now(), zone, readout.answer.checked, objects=known.objects)
        for record in records(parts, readout.identification, around):
            if wanted and isinstance(record, Reading | Text) and record.obis not in wanted:
                continue
            yield record

    async def profile(self, profile: Obis, since: datetime | None, until: datetime | None) -> AsyncIterator[Series]:
        """The rows of a load profile (P.01 is 1-0:99.1.0) or archive whose end lies in the span, both ends included.

        Rows that were cut on their way are refused: what is whole comes first, then BadFrame.
        """

        async def read(session: MeterSession) -> Found:
            return await session.profile(profile, since, until, (await session.meter()).key)

        found = await self._programming(read)
        for series in found.series:
            yield series
        if found.refused:
            raise BadFrame(
                f"{len(found.refused)} rows of {profile} were refused, the first: {found.refused[0]}",
                where=str(self._url),
                do="read that span again",
            )

    async def events(self, since: datetime | None, until: datetime | None) -> AsyncIterator[MeterEvent | NotUnderstood]:
        """The entries of the meter's logs (P.98 and those of its map), and what is no entry of a log."""

        async def read(session: MeterSession) -> list[MeterEvent | NotUnderstood]:
            return await session.events(since, until, (await session.meter()).key)

        for event in await self._programming(read):
            yield event

    async def clock(self) -> ClockReading:
        """The meter's clock, read in programming mode."""

        async def read(session: MeterSession) -> ClockReading:
            return await session.clock((await session.meter()).key)

        return await self._programming(read)

    async def set_clock(self, to: datetime) -> ClockReading:
        """Set the clock to ``to``, the time of this moment, and read it back. The password is ``<meter>/password``."""
        asked_at = self._context.now()

        async def write(session: MeterSession) -> ClockReading:
            meter = await session.meter()
            return await session.set_clock(to + (self._context.now() - asked_at), meter.key)

        return await self._programming(write)

    # How it is done

    def _spare(self, known: MeterMap) -> None:
        """A meter that lives on its battery is read only where the site says so. Raises UsageError."""
        self.learned.battery |= known.battery
        if self.learned.battery and not self._wake:
            raise UsageError(
                "this meter lives on its battery, and each reading shortens that life",
                where=str(self._url),
                do="say that it is wanted with ?wake=yes",
            )

    async def _read_out(self) -> Readout:
        return await signed_on(self._opened(), self._most_baud, self.learned, self._sign_on(Want.READOUT), self._block)

    async def _block(self, sign_on: SignOn) -> Readout:
        # It answered without having been woken, and is not called again.
        self._spare(map_of(self._context.meter_map, sign_on.who.raw))
        line = self._opened()
        block = Exchange(
            readout=True,
            reaction_s=sign_on.who.reaction_s,
            baud=sign_on.baud,
            now=line.now(),
            left=sign_on.left,
            parity_bits=sign_on.parity_bits,
            mend=self._mend,
        )
        await line.converse(block)
        return Readout(sign_on.who, block.result)

    async def _programming(self, do: Callable[[MeterSession], Awaitable[T]]) -> T:
        async def stay() -> T:
            sign_on = self._sign_on(Want.PROGRAMMING)
            async with programming_mode(self._opened(), sign_on, self._most_baud, self.learned) as mode:
                known = map_of(self._context.meter_map, mode.identification.raw)
                self._spare(known)
                return await do(MeterSession(mode, known, self._context, self.learned, str(self._url)))

        return await self._bounded(stay)

    def _sign_on(self, want: Want) -> Callable[[Try], SignOn]:
        return lambda attempt: SignOn(
            self._address,
            attempt.most_baud,
            self._call,
            want,
            attempt.reaction_s,
            wake=self._wake or self._named.wake_up,
        )

    async def _bounded(self, do: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._context.timeout):
                return await do()
        except TimeoutError:
            raise NoAnswer(
                f"no whole answer within {self._context.timeout:g} s",
                where=str(self._url),
                do="give it more with --timeout",
            ) from None
        except MeterError as error:
            raise error.at(str(self._url)) from error.__cause__

    def _opened(self) -> Line:
        if self._line is None:
            raise RuntimeError("use the driver with `async with`")
        return self._line


def driver(url: MeterUrl, context: Context) -> Iec62056_21:
    """The driver of ``iec62056-21:`` URLs. Parameters: ``address`` (of the meter, at most 32 characters), ``baud`` (the
    highest speed to agree to), ``7e1`` (let the UART do parity), ``table`` (1 to 4: another data block, of meters that
    have one), ``wake`` (wake a battery meter, which costs it life), ``repair`` (put a single damaged bit of a readout
    right, and mark all its values). Raises UsageError."""
    return Iec62056_21(url, context)


def _call(url: MeterUrl) -> str:
    """What stands after ``/`` of the request: ``?``, or the digit of a table."""
    table = url.integer("table", 0, 0, 9)
    return str(table) if table else "?"


def _refused(parts: Sequence[object], url: MeterUrl) -> None:
    """A block that holds an error and nothing else is the meter's refusal."""
    sets = [part for part in parts if isinstance(part, DataSet)]
    if len(sets) == 1 and not sets[0].address and sets[0].values[0].text.upper().startswith("ER"):
        raise AccessDenied(
            f"the meter answers ({sets[0].values[0].text})",
            where=str(url),
            do="it may not give this readout; see its manual",
        )
