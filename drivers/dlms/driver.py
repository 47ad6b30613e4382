"""The driver: opens the link a URL names, associates, does one thing, and always releases and disconnects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Self

from drivers.dlms import cosem_time, meter_logs, unasked
from drivers.dlms import meter_control as control
from drivers.dlms.axdr_encode import octet_string
from drivers.dlms.client import Client
from drivers.dlms.connecting import Connecting
from drivers.dlms.cosem import Attribute, ClassId
from drivers.dlms.listening import listen, listen_once
from drivers.dlms.meter_map import map_for
from drivers.dlms.meter_objects import devices, states
from drivers.dlms.meter_profiles import MeterProfiles
from drivers.dlms.meter_reading import CLOCK, Learned, MeterReading
from drivers.dlms.reach import Reach
from drivers.dlms.settings import association, settings
from drivers.dlms.view_table import view_sweep, view_table
from drivers.driver import Context, Found
from drivers.errors import AccessDenied, BadFrame, LinkLost, MeterError, NoAnswer, UsageError
from drivers.link.link import Link
from drivers.memory import remembered
from drivers.meter_url import MeterUrl
from drivers.reading import ClockReading, Meter, MeterEvent, Obis, Reading, Record, Series, Text

#: How often in a row a link that fails within one day of a profile is opened again, and after which pause each time more.
RESUMES, RESUME_PAUSE_S = 3, 1.0


class Dlms:
    """A COSEM meter on one link. Made by ``driver``. Each public method is one association."""

    def __init__(self, url: MeterUrl, context: Context, learned: Learned | None = None) -> None:
        self._url = url
        self._context = context
        self._map = map_for(context.meter_map)
        self._settings = settings(url, self._map)
        self._connecting = Connecting(url, context, self._settings)
        self.learned = learned or remembered(context.memory, Learned)
        self._link: Link | None = None
        self._client: Client | None = None
        self._reading: MeterReading | None = None

    async def __aenter__(self) -> Self:
        self._link = await self._connecting.link()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._end()

    async def _end(self) -> None:
        try:
            if self._reading is not None:
                unasked.keep(self.learned, self._reading.client.association)
            if self._client is not None:
                await self._client.close()
        finally:
            self._client = self._reading = None
            if self._link is not None:
                await self._link.close()
                self._link = None

    # -- what is asked ------------------------------------------------------------------------------------------------

    async def identify(self) -> Meter:
        """Who is there."""
        async with self._session() as reading:
            return reading.meter

    async def listen(self) -> AsyncIterator[Record]:
        """What the meter pushes, without having been asked: HDLC, M-Bus or the wrapper, encrypted or not."""
        async for record in listen(self._opened(), self._context, str(self._url)):
            yield record

    async def _pushed(self, wanted: Sequence[Obis]) -> AsyncIterator[Record]:
        """The records of the next notification."""
        async with aclosing(listen_once(self._opened(), self._context, str(self._url))) as records:
            async for record in records:
                if not wanted or not isinstance(record, Reading | Text) or record.obis in wanted:
                    yield record

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """The Meter, then its registers; with ``push=yes`` those of the next notification."""
        if self._settings.push:
            async for record in self._pushed(wanted):
                yield record
            return
        async with self._session() as reading:
            yield reading.meter
            async for record in reading.registers(wanted):
                yield record
            if not wanted and any(one.class_id == ClassId.MBUS_CLIENT for one in self.learned.objects):
                async for record in devices(reading):
                    yield record
            for record in unasked.records(self.learned, reading, self._context):
                yield record

    async def profile(self, profile: Obis, since: datetime | None, until: datetime | None) -> AsyncIterator[Series]:
        """A load profile, in pieces of days. Where the link is lost, the meter falls silent or what comes stays damaged, the link
        is opened again and the reading goes on with the day it stopped in. The error is raised when it comes in the same piece
        once more than ``RESUMES`` times, or before the meter was associated at all."""
        reach, failures = Reach(), 0
        while True:
            before = reach.until
            try:
                if failures:
                    await self._reopen(RESUME_PAUSE_S * failures)
                async with self._session() as reading:
                    async for series in MeterProfiles(reading).profile(profile, since, until, reach):
                        yield series
                return
            except (LinkLost, NoAnswer, BadFrame):
                if reach.until == before and ((self._reading is None and not failures) or failures == RESUMES):
                    raise
                failures = 1 if reach.until != before else failures + 1
                reach.interrupted()

    async def clock(self) -> ClockReading:
        """The meter's clock beside the gateway's, at the middle of the exchange."""
        async with self._session() as reading:
            before = self._context.now()
            raw = await reading.clock_octets()
            read_at = before + (self._context.now() - before) / 2
            if len(raw) != 12:
                raise AccessDenied("the meter does not tell its time", where=str(self._url))
            stamp = reading.around().stamp(raw)
            return ClockReading(reading.meter.key, stamp.text, stamp.time, read_at, stamp.doubts)

    async def set_clock(self, to: datetime) -> ClockReading:
        """Set the clock to ``to``, written as the meter writes its time, and read it back."""
        async with self._session() as reading:
            raw = await reading.clock_octets()
            try:
                octets = cosem_time.like(raw, to, self._context.zone, deviation_reversed=self._map.deviation_reversed)
            except ValueError as error:
                raise UsageError(
                    f"the clock is not set: {error.args[0]}", do="say the meter's zone with --zone"
                ) from None
            refusal = await reading.client.put(Attribute(ClassId.CLOCK, CLOCK, 2), octet_string(octets))
            if refusal is not None:
                raise AccessDenied(f"the clock was not set: {refusal.what}", where=str(self._url))
        return await self.clock()

    async def shift_clock(self, by: timedelta) -> ClockReading:
        """Shift the clock by whole seconds, at most a quarter of an hour, and read it back."""
        async with self._session() as reading:
            await control.shift_clock(reading, by)
        return await self.clock()

    async def events(self, since: datetime | None, until: datetime | None) -> AsyncIterator[MeterEvent]:
        """The entries of the meter's event logs."""
        async with self._session() as reading:
            async for event in meter_logs.events(reading, since, until):
                yield event

    async def switch_state(self) -> str:
        """The supply switch, in the words of COSEM."""
        async with self._session() as reading:
            return await control.switch_state(reading)

    async def connect(self) -> str:
        """Connect the supply. Returns the state read back."""
        async with self._session() as reading:
            return await control.switch(reading, connect=True)

    async def disconnect(self) -> str:
        """Disconnect the supply. Returns the state read back."""
        async with self._session() as reading:
            return await control.switch(reading, connect=False)

    async def arm(self) -> str:
        """Make the switch ready for reconnection by hand. Raises NotSupported where a remote reconnection closes it."""
        async with self._session() as reading:
            return await control.arm(reading)

    async def demand_reset(self) -> None:
        """End the billing period. It cannot be undone."""
        async with self._session() as reading:
            await control.demand_reset(reading)

    async def scan(self) -> AsyncIterator[Found]:
        """The association view of the client that the URL names, with rights; values of registers; states."""
        async with self._session() as reading:
            objects = await reading.objects()
            records: list[Record] = [reading.meter]
            failed = ""
            try:
                records += [record async for record in reading.registers()]
                records += [record async for record in states(reading)]
                records += [record async for record in devices(reading)]
            except AccessDenied as error:
                failed = str(error)
            yield Found(
                url=str(self._url),
                says=f"{reading.logical_device_name}, {len(objects)} objects\n{view_table(objects)}",
                maps=(reading.map.name,) if reading.map.name else (),
                records=tuple(records),
                failed=failed,
                sweep=None if reading.map.name else view_sweep(reading.logical_device_name, objects),
            )

    # -- how ----------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[MeterReading]:
        """The association, opened at the first use and closed with the driver. Errors get the meter's place."""
        try:
            if self._reading is None:
                self._reading = await self._associate()
            yield self._reading
        except MeterError as error:
            if isinstance(error, BadFrame) and not error.do:
                error.do = "read again; if it stays so, --trace shows what the meter sends"
            raise error.at(str(self._url)) from error.__cause__

    async def _reopen(self, pause_s: float) -> None:
        """Another link in place of the lost one. Raises LinkLost."""
        await self._end()
        await asyncio.sleep(pause_s)
        self._link = await self._connecting.link()

    async def _associate(self) -> MeterReading:
        link = self._opened()
        at_least = await self._connecting.counter(link)
        wanted = association(self._settings, self._context, at_least)
        client = self._connecting.client(link, wanted, self._settings.client)
        await client.open()
        self._client = client
        reading = MeterReading(client, self._map, self.learned, self._context.zone, str(self._url), self._context.now())
        await reading.identify()
        if not self._map.name:
            reading.map = map_for(self._context.meter_map, reading.logical_device_name)
        self.learned.meter = reading.meter
        return reading

    def _opened(self) -> Link:
        if self._link is None:
            raise RuntimeError("use the driver with `async with`")
        return self._link


def driver(url: MeterUrl, context: Context) -> Dlms:
    """The driver of ``dlms`` URLs; its parameters are those of ``drivers.dlms.settings``. Raises UsageError."""
    return Dlms(url, context)
